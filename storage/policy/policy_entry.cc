// The form in the arena, numbers in network order:
//
//   version (1) | rules (1) | a mode each (1) | settings (1) | a value each (8)
//   | lists (1) | lists | exemptions (4) | exemptions
//   list:      kind (1) | mode (1) | score (4) | length of the zone (1) | zone
//              | codes (1) | codes: address (4), bits (1)
//   exemption: IPv6 (1) | bits (1) | address (4 or 16)
#include "storage/policy/policy_entry.h"

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kZoneMax = 253;  // octets of a name as text
constexpr uint8_t kIpv4Bits = 32;
constexpr uint8_t kIpv6Bits = 128;

void write_list(ByteWriter& out, const DnsList& list) {
    out.u8(static_cast<uint8_t>(list.kind));
    out.u8(static_cast<uint8_t>(list.mode));
    out.u32(static_cast<uint32_t>(list.score));
    out.u8(static_cast<uint8_t>(list.zone.size()));
    out.bytes({reinterpret_cast<const uint8_t*>(list.zone.data()), list.zone.size()});
    out.u8(static_cast<uint8_t>(list.codes.size()));
    for (const DnsListCode& code : list.codes) {
        out.u32(code.address);
        out.u8(code.bits);
    }
}

PolicyMode read_mode(ByteReader& in) {
    const uint8_t mode = in.u8();
    if (mode > static_cast<uint8_t>(PolicyMode::enforce)) in.fail();
    return static_cast<PolicyMode>(mode);
}

DnsList read_list(ByteReader& in) {
    DnsList list;
    const uint8_t kind = in.u8();
    if (kind > static_cast<uint8_t>(DnsList::Kind::domain)) in.fail();
    list.kind = static_cast<DnsList::Kind>(kind);
    list.mode = read_mode(in);
    list.score = static_cast<int32_t>(in.u32());
    const uint8_t length = in.u8();
    if (length == 0 || length > kZoneMax) in.fail();
    const Bytes zone = in.bytes(length);
    list.zone.assign(zone.begin(), zone.end());
    const uint8_t codes = in.u8();
    if (codes > kDnsListCodesMax) in.fail();
    for (uint8_t i = 0; in.ok() && i < codes; ++i) {
        const DnsListCode code{in.u32(), in.u8()};
        if (code.bits > kIpv4Bits) in.fail();
        list.codes.push_back(code);
    }
    return list;
}

PolicyNetwork read_network(ByteReader& in) {
    PolicyNetwork network;
    const uint8_t ipv6 = in.u8();
    network.ipv6 = ipv6 != 0;
    network.bits = in.u8();
    if (ipv6 > 1 || network.bits > (network.ipv6 ? kIpv6Bits : kIpv4Bits)) in.fail();
    const Bytes address = in.bytes(network.ipv6 ? 16 : 4);
    std::copy(address.begin(), address.end(), network.address.begin());
    return network;
}

}  // namespace

PolicyEntry::PolicyEntry() {
    for (size_t i = 0; i < kPolicyRules; ++i) modes[i] = about(static_cast<PolicyRule>(i)).mode;
    for (size_t i = 0; i < kPolicySettings; ++i)
        settings[i] = about(static_cast<PolicySetting>(i)).otherwise;
}

std::vector<uint8_t> encode(const PolicyEntry& entry) {
    GATEPOST_CHECK(entry.lists.size() <= kDnsListsMax &&
                   entry.exemptions.size() <= kPolicyExemptionsMax);
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u8(kVersion);
    out.u8(kPolicyRules);
    for (const PolicyMode mode : entry.modes) out.u8(static_cast<uint8_t>(mode));
    out.u8(kPolicySettings);
    for (const int64_t value : entry.settings) out.u64(static_cast<uint64_t>(value));
    out.u8(static_cast<uint8_t>(entry.lists.size()));
    for (const DnsList& list : entry.lists) {
        GATEPOST_CHECK(!list.zone.empty() && list.zone.size() <= kZoneMax &&
                       list.codes.size() <= kDnsListCodesMax);
        write_list(out, list);
    }
    out.u32(static_cast<uint32_t>(entry.exemptions.size()));
    for (const PolicyNetwork& network : entry.exemptions) {
        out.u8(network.ipv6 ? 1 : 0);
        out.u8(network.bits);
        out.bytes(Bytes(network.address).first(network.ipv6 ? 16 : 4));
    }
    return octets;
}

Result<PolicyEntry> decode_policy_entry(Bytes value) {
    ByteReader in(value);
    PolicyEntry entry;
    if (in.u8() != kVersion || in.u8() != kPolicyRules) in.fail();
    for (PolicyMode& mode : entry.modes) mode = read_mode(in);
    if (in.u8() != kPolicySettings) in.fail();
    for (size_t i = 0; i < kPolicySettings; ++i) {
        const PolicySettingAbout& known = about(static_cast<PolicySetting>(i));
        const auto number = static_cast<int64_t>(in.u64());
        if (number < known.least || number > known.most) in.fail();
        entry.settings[i] = number;
    }
    const uint8_t lists = in.u8();
    if (lists > kDnsListsMax) in.fail();
    for (uint8_t i = 0; in.ok() && i < lists; ++i) entry.lists.push_back(read_list(in));
    const uint32_t exemptions = in.u32();
    if (exemptions > kPolicyExemptionsMax) in.fail();
    for (uint32_t i = 0; in.ok() && i < exemptions; ++i)
        entry.exemptions.push_back(read_network(in));
    if (!in.ok() || !in.at_end())
        return fail(ErrorCode::invalid,
                    "the mail policy of {} octets is not one: the directory is damaged",
                    value.size());
    return entry;
}

}  // namespace gatepost::storage
