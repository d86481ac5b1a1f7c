#include "controlplane/commit/rule_hits.h"

#include "controlplane/commit/clean_text.h"

namespace gatepost::controlplane {

const std::string kCountHitsSql = "SELECT gatepost.count_filter_hits($1)";

void RuleHits::add(const std::vector<std::string>& rules) {
    for (const std::string& rule : rules)
        if (names_.size() < kHitsMax) names_.push_back(clean_text(rule));
}

BinaryParams RuleHits::params() const {
    BinaryArray names(PgType::text);
    for (const std::string& name : names_) names.add_text(name);
    BinaryParams params;
    params.add(std::move(names));
    return params;
}

}  // namespace gatepost::controlplane
