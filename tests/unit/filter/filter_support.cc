#include "tests/unit/filter/filter_support.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controlplane/filter/filter_compiler.h"
#include "storage/base/check.h"

namespace gatepost::test {

using controlplane::FilterRuleRow;
using controlplane::FilterSource;
using dataplane::FilterDatabase;
using dataplane::FilterVerdict;

namespace {

std::shared_ptr<const FilterDatabase> fitted(std::shared_ptr<const FilterDatabase> database,
                                             dataplane::FilterScratch& scratch) {
    GATEPOST_CHECK(scratch.fit(*database).has_value());
    return database;
}

}  // namespace

FilterRuleRow filter_rule(std::string_view name, std::string_view field, std::string_view kind,
                          std::string_view pattern) {
    FilterRuleRow rule;
    rule.name = name;
    rule.field = field;
    rule.kind = kind;
    rule.pattern = pattern;
    rule.action = "score";
    rule.score = 1;
    rule.mode = "enforce";
    return rule;
}

FilterRuleRow header_rule(std::string_view name, std::string_view header_name,
                          std::string_view kind, std::string_view pattern) {
    FilterRuleRow rule = filter_rule(name, "header", kind, pattern);
    rule.header_name = header_name;
    return rule;
}

std::shared_ptr<const FilterDatabase> filter_database(const FilterSource& source) {
    auto compiled = controlplane::compile_filter(source);
    GATEPOST_CHECK(compiled.has_value());
    for (const auto& held : compiled->held) ADD_FAILURE() << held.what << ": " << held.reason;
    auto database = FilterDatabase::create(std::move(compiled->image));
    GATEPOST_CHECK(database.has_value());
    return *database;
}

FilterRun::FilterRun(std::shared_ptr<const FilterDatabase> database)
    : scan_(fitted(database, scratch_), scratch_, charsets_, counters_),
      parser_(charsets_, &scan_) {}

void FilterRun::feed(std::string_view octets, size_t piece) {
    while (!octets.empty()) {
        const size_t size = std::min(piece, octets.size());
        // Of its own memory, so that reading beyond it is found.
        const std::vector<uint8_t> copy(octets.begin(), octets.begin() + static_cast<long>(size));
        scan_.take(copy);
        parser_.feed(copy);
        octets.remove_prefix(size);
    }
}

FilterVerdict FilterRun::judge(const storage::Envelope& envelope) {
    const dataplane::MessageSummary summary = parser_.finish();
    return scan_.judge(envelope, summary.attachment_names);
}

FilterVerdict filter_verdict(const FilterSource& source, std::string_view message,
                             const storage::Envelope& envelope, size_t piece) {
    FilterRun run(filter_database(source));
    run.feed(message, piece);
    return run.judge(envelope);
}

std::vector<std::string> filter_matches(std::vector<FilterRuleRow> rules, std::string_view message,
                                        size_t piece) {
    return filter_verdict({.rules = std::move(rules)}, message, {}, piece).rules;
}

}  // namespace gatepost::test
