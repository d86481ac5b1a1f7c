// Rows of the tables that the filter is compiled from; see rows.h for the way columns are found.
#pragma once

#include "controlplane/filter/filter_source.h"
#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

class FilterRuleColumns {
  public:
    static constexpr std::string_view kTable = "filter_rules";
    static constexpr std::array<std::string_view, 13> kNames = {
        "id",     "name",  "field",  "header_name", "kind",   "pattern", "case_sensitive",
        "action", "score", "folder", "mode",        "active", "position"};

    static Result<FilterRuleColumns> resolve(std::span<const std::string_view> columns);
    Result<FilterRuleRow> row(Tuple tuple) const;
    Result<FilterRuleKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class FilterSettingsColumns {
  public:
    static constexpr std::string_view kTable = "filter_settings";
    static constexpr std::array<std::string_view, 3> kNames = {"only_row", "junk_score",
                                                               "reject_score"};

    static Result<FilterSettingsColumns> resolve(std::span<const std::string_view> columns);
    Result<FilterSettingsRow> row(Tuple tuple) const;
    Result<FilterSettingsKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class FilingRuleColumns {
  public:
    static constexpr std::string_view kTable = "filing_rules";
    static constexpr std::array<std::string_view, 7> kNames = {
        "id", "account_id", "field", "contains", "folder", "position", "active"};

    static Result<FilingRuleColumns> resolve(std::span<const std::string_view> columns);
    Result<FilingRuleRow> row(Tuple tuple) const;
    Result<FilingRuleKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

}  // namespace gatepost::controlplane
