// The policy for mail in the database: rules, lists asked by DNS, networks that are let off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"
#include "storage/policy/policy_entry.h"

namespace gatepost::controlplane {

struct PolicyRuleState {
    std::string name;
    std::string mode;
    std::string settings;  // JSON: those that are set
    uint64_t hits = 0;
    uint64_t monitored = 0;
    std::string last_hit_at;  // RFC 3339; "": never
};

struct DnsListState {
    std::string zone;
    std::string kind = "address";
    std::string mode = "monitor";
    std::vector<std::string> codes = {};
    int32_t score = 1;
    bool active = true;

    bool operator==(const DnsListState&) const = default;
};

struct PolicyExemption {
    std::string network;
    std::string comment;
};

// In the order of their names, and so below.
Result<std::vector<PolicyRuleState>> policy_list(Connection& connection);
Result<std::vector<DnsListState>> dns_list_list(Connection& connection);
Result<std::vector<PolicyExemption>> policy_exemption_list(Connection& connection);

struct PolicyRuleChange {
    std::optional<storage::PolicyMode> mode;
    // nullopt: back to what is built in.
    std::vector<std::pair<std::string, std::optional<int64_t>>> settings;
};

// Each gives a position that an edge has reached when it shows the change; 0 after a dry run, or
// where nothing changed.
Result<Lsn> policy_set(Connection& connection, storage::PolicyRule rule,
                       const PolicyRuleChange& change, const WriteOptions& options);
// In place of one of that zone.
Result<Lsn> dns_list_set(Connection& connection, const DnsListState& list,
                         const WriteOptions& options);
Result<Lsn> dns_list_remove(Connection& connection, std::string_view zone,
                            const WriteOptions& options);
Result<Lsn> policy_exempt(Connection& connection, const PolicyExemption& exemption,
                          const WriteOptions& options);
Result<Lsn> policy_unexempt(Connection& connection, std::string_view network,
                            const WriteOptions& options);

}  // namespace gatepost::controlplane
