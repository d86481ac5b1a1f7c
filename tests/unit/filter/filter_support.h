// Rules, compiled as the control plane does, and messages through them as a worker does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/filter/filter_source.h"
#include "dataplane/filter/filter_scan.h"
#include "dataplane/mail/mime_parser.h"

namespace gatepost::test {

// A rule that finds `pattern` and scores 1.
controlplane::FilterRuleRow filter_rule(std::string_view name, std::string_view field,
                                        std::string_view kind, std::string_view pattern);
// The same for a header field by its name.
controlplane::FilterRuleRow header_rule(std::string_view name, std::string_view header_name,
                                        std::string_view kind, std::string_view pattern);

std::shared_ptr<const dataplane::FilterDatabase> filter_database(
    const controlplane::FilterSource& source);

// One message, in pieces of `piece` octets.
class FilterRun {
  public:
    explicit FilterRun(std::shared_ptr<const dataplane::FilterDatabase> database);

    void feed(std::string_view octets, size_t piece = SIZE_MAX);
    dataplane::FilterVerdict judge(const storage::Envelope& envelope = {});
    const dataplane::FilterCounters& counters() const { return counters_; }

  private:
    dataplane::Charsets charsets_;
    dataplane::FilterScratch scratch_;
    dataplane::FilterCounters counters_{};
    dataplane::FilterScan scan_;
    dataplane::MimeParser parser_;
};

// What these rules say of that message.
dataplane::FilterVerdict filter_verdict(const controlplane::FilterSource& source,
                                        std::string_view message,
                                        const storage::Envelope& envelope = {},
                                        size_t piece = SIZE_MAX);
// The names of those that matched.
std::vector<std::string> filter_matches(std::vector<controlplane::FilterRuleRow> rules,
                                        std::string_view message, size_t piece = SIZE_MAX);

}  // namespace gatepost::test
