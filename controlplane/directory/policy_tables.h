// The tables of the policy for mail on their way into the directory: one entry has them all.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "controlplane/directory/directory_entries.h"
#include "storage/policy/policy_entry.h"

namespace gatepost::controlplane {

// Of gatepost.policy_rules.
struct PolicyRuleKey {
    std::string name;
    bool operator==(const PolicyRuleKey&) const = default;
};
struct PolicyRuleRow {
    PolicyRuleKey key;
    std::string mode;
    std::string settings;  // JSON
};

// Of gatepost.dns_lists.
struct DnsListKey {
    std::string zone;
    bool operator==(const DnsListKey&) const = default;
};
struct DnsListRow {
    DnsListKey key;
    std::string kind;
    std::string mode;
    std::vector<std::string> codes;
    int32_t score = 0;
    bool active = true;
};

// Of gatepost.policy_exemptions.
struct PolicyExemptionKey {
    storage::PolicyNetwork network;
    bool operator==(const PolicyExemptionKey&) const = default;
};
struct PolicyExemptionRow {
    PolicyExemptionKey key;
};

class PolicyTables {
  public:
    // `entries` outlives this.
    explicit PolicyTables(DirectoryEntries& entries) : entries_(entries) {}

    // Note a row; the entry is made by the next finish().
    void put(const PolicyRuleRow& row);
    void put(const DnsListRow& row);
    void put(const PolicyExemptionRow& row);
    void remove(const PolicyRuleKey& key);
    void remove(const DnsListKey& key);
    void remove(const PolicyExemptionKey& key);
    // Where a row cannot be followed, or the arena is full, the entry stays as it was, and is held.
    void finish();

  private:
    Result<storage::PolicyEntry> make_entry() const;

    DirectoryEntries& entries_;
    std::map<std::string, PolicyRuleRow> rules_;
    std::map<std::string, DnsListRow> lists_;
    std::set<storage::PolicyNetwork> exemptions_;
    bool changed_ = false;  // since the entry was made
};

}  // namespace gatepost::controlplane
