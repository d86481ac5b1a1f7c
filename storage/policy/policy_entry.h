// What the directory says of the policy for mail: EntryKind::mail_policy, key "policy". One entry
// has it all, so that a change of several rules takes effect as a whole.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/policy/policy_rule.h"

namespace gatepost::storage {

inline constexpr std::string_view kPolicyKey = "policy";

struct PolicyNetwork {
    bool ipv6 = false;
    uint8_t bits = 0;                      // of the prefix: at most 32 or 128
    std::array<uint8_t, 16> address = {};  // network order; the first four of IPv4; zeros behind
                                           // the prefix

    auto operator<=>(const PolicyNetwork&) const = default;
};

// A set of answers of a list: a prefix of 127.0.0.0/8.
struct DnsListCode {
    uint32_t address = 0;  // host order
    uint8_t bits = 32;

    auto operator<=>(const DnsListCode&) const = default;
};

struct DnsList {
    enum class Kind : uint8_t {
        address,  // of the client
        domain,   // of the client's name, the greeting and the sender
    };
    std::string zone;  // in lower case without the last dot
    Kind kind = Kind::address;
    PolicyMode mode = PolicyMode::monitor;
    int32_t score = 1;                    // negative: a list of the welcome
    std::vector<DnsListCode> codes = {};  // none: every answer counts

    bool operator==(const DnsList&) const = default;
};

inline constexpr size_t kDnsListsMax = 64;              // asked for every client at once
inline constexpr size_t kDnsListCodesMax = 64;          // of a list
inline constexpr size_t kPolicyExemptionsMax = 50'000;  // 18 octets each, of an entry of 1 MiB

struct PolicyEntry {
    std::array<PolicyMode, kPolicyRules> modes;
    std::array<int64_t, kPolicySettings> settings;
    std::vector<DnsList> lists;
    std::vector<PolicyNetwork> exemptions;

    // As built in: no lists, no exemptions.
    PolicyEntry();
    PolicyMode mode(PolicyRule rule) const { return modes[static_cast<size_t>(rule)]; }
    int64_t setting(PolicySetting setting) const { return settings[static_cast<size_t>(setting)]; }
    bool operator==(const PolicyEntry&) const = default;
};

// Of an entry within the limits above.
std::vector<uint8_t> encode(const PolicyEntry& entry);
// Refuses (invalid) what is cut off, out of its range or of an unknown version.
Result<PolicyEntry> decode_policy_entry(Bytes value);

}  // namespace gatepost::storage
