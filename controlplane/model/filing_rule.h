// Rules that file messages into folders, and their form in files: a line "Field, Contains, Folder"
// each, as CSV (RFC 4180).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct FilingRule {
    std::string field;  // of the header: "List-Id"
    std::string contains;
    std::string folder;
    bool active = true;

    bool operator==(const FilingRule&) const = default;
};

// Spaces around a value do not count, nor does the colon behind a field's name. A first line
// "Field, Contains, Folder" is a heading. `name` is the file's, for errors.
Result<std::vector<FilingRule>> filing_rules_from_csv(std::string_view text, std::string_view name);
// Reads back to the same rules.
std::string filing_rules_to_csv(const std::vector<FilingRule>& rules);
// A script of Sieve (RFC 5228) that does what the active ones do.
std::string filing_rules_to_sieve(const std::vector<FilingRule>& rules);

// In their order.
Result<std::vector<FilingRule>> filing_rule_list(Connection& connection, std::string_view address);

struct FilingRuleResult {
    size_t added = 0;
    size_t removed = 0;
    size_t kept = 0;
    Lsn lsn = 0;  // 0 after a dry run, or where nothing changed
};
// Behind those that are there; with `reset` in their place.
Result<FilingRuleResult> filing_rule_import(Connection& connection, std::string_view address,
                                            const std::vector<FilingRule>& rules, bool reset,
                                            const WriteOptions& options);

}  // namespace gatepost::controlplane
