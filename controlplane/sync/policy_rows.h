// Rows of the tables of the policy for mail; see rows.h for the way columns are found.
#pragma once

#include "controlplane/directory/policy_tables.h"
#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

class PolicyRuleColumns {
  public:
    static constexpr std::string_view kTable = "policy_rules";
    static constexpr std::array<std::string_view, 3> kNames = {"name", "mode", "settings"};

    static Result<PolicyRuleColumns> resolve(std::span<const std::string_view> columns);
    Result<PolicyRuleRow> row(Tuple tuple) const;
    Result<PolicyRuleKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class DnsListColumns {
  public:
    static constexpr std::string_view kTable = "dns_lists";
    static constexpr std::array<std::string_view, 6> kNames = {"zone",  "kind",  "mode",
                                                               "codes", "score", "active"};

    static Result<DnsListColumns> resolve(std::span<const std::string_view> columns);
    Result<DnsListRow> row(Tuple tuple) const;
    Result<DnsListKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class PolicyExemptionColumns {
  public:
    static constexpr std::string_view kTable = "policy_exemptions";
    static constexpr std::array<std::string_view, 1> kNames = {"network"};

    static Result<PolicyExemptionColumns> resolve(std::span<const std::string_view> columns);
    Result<PolicyExemptionRow> row(Tuple tuple) const;
    Result<PolicyExemptionKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

}  // namespace gatepost::controlplane
