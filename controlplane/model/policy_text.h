// The policy's values as the database and people write them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/policy/policy_entry.h"

namespace gatepost::controlplane {

using PolicySettings = std::array<int64_t, storage::kPolicySettings>;

// Whether the rule has a setting of that name with that value: "delay_s" and 300.
Status check_policy_setting(storage::PolicyRule rule, std::string_view name, int64_t value);
// A JSON object of the rule's settings, {"delay_s": 300}; true and false are 1 and 0. Those that
// are left out stay as they are.
Status read_policy_settings(storage::PolicyRule rule, std::string_view json,
                            PolicySettings& settings);

// "127.0.0.2" or "127.0.0.0/28".
Result<storage::DnsListCode> parse_dns_list_code(std::string_view text);

}  // namespace gatepost::controlplane
