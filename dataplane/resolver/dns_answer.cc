#include "dataplane/resolver/dns_answer.h"

#include <algorithm>
#include <optional>

namespace gatepost::dataplane {

namespace {

constexpr size_t kHeader = 12;             // RFC 1035 §4.1.1
constexpr uint16_t kIsReply = 0x8000;      // QR
constexpr uint16_t kIsTruncated = 0x0200;  // TC
constexpr uint16_t kRcode = 0x000f;
constexpr uint16_t kNoError = 0;
constexpr uint16_t kNameError = 3;
constexpr uint16_t kClassIn = 1;
constexpr uint16_t kTypeSoa = 6;
constexpr uint8_t kPointer = 0xc0;        // RFC 1035 §4.1.4
constexpr uint32_t kTtlMax = 0x7fffffff;  // RFC 2181 §8: what is larger counts as 0

char lower(uint8_t octet) {
    return static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet - 'A' + 'a' : octet);
}

bool is_name_octet(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

// Reads the name at `in`, which stays behind it. nullopt: malformed, then in.ok() is false, or with
// octets that the name of a host does not have.
std::optional<std::string> read_name(ByteReader& in, Bytes reply) {
    std::string name;
    bool usable = true;
    ByteReader other{Bytes()};
    ByteReader* at = &in;
    // A pointer leads to what stands in front of it: so it ends.
    size_t before = in.position();
    for (;;) {
        const uint8_t length = at->u8();
        if (!at->ok()) break;
        if (length == 0) return usable ? std::optional(std::move(name)) : std::nullopt;
        if ((length & kPointer) == kPointer) {
            const size_t target = size_t{length & ~unsigned{kPointer}} << 8 | at->u8();
            if (!at->ok() || target >= before) break;
            before = target;
            other = ByteReader(reply.subspan(target));
            at = &other;
            continue;
        }
        if (length > kDnsLabelMax) break;
        const Bytes label = at->bytes(length);
        if (!at->ok()) break;
        if (!name.empty()) name += '.';
        for (const uint8_t octet : label) {
            name += lower(octet);
            usable = usable && is_name_octet(name.back());
        }
        if (name.size() > kDnsNameMax) break;
    }
    in.fail();
    return std::nullopt;
}

void take_address(ByteReader data, DnsType type, DnsAnswer& answer) {
    DnsAddress address{.ipv6 = type == DnsType::aaaa};
    const Bytes octets = data.bytes(address.ipv6 ? 16 : 4);
    if (!data.ok() || !data.at_end()) return;
    std::ranges::copy(octets, address.octets.begin());
    answer.addresses.push_back(address);
}

// RFC 1035 §3.3.14: character-strings.
void take_text(ByteReader data, DnsAnswer& answer) {
    std::string text;
    while (data.ok() && !data.at_end()) {
        const Bytes part = data.bytes(data.u8());
        text.append(part.begin(), part.end());
    }
    if (data.ok() && text.size() <= kDnsTextMax) answer.texts.push_back(std::move(text));
}

// The reader of the reply stands at the record's data, whose names may lead out of it.
void take_record(ByteReader in, size_t length, Bytes reply, DnsType type, DnsAnswer& answer) {
    if (answer.addresses.size() + answer.texts.size() >= kDnsRecordsMax) return;
    switch (type) {
        case DnsType::a:
        case DnsType::aaaa:
            return take_address(ByteReader(in.bytes(length)), type, answer);
        case DnsType::txt:
            return take_text(ByteReader(in.bytes(length)), answer);
        case DnsType::mx:
            in.u16();  // the preference
            [[fallthrough]];
        case DnsType::ptr:
            if (auto name = read_name(in, reply)) answer.texts.push_back(std::move(*name));
    }
}

struct RecordHead {
    uint16_t type = 0;
    uint16_t rr_class = 0;
    uint32_t ttl_s = 0;
    uint16_t length = 0;  // octets of data
};

RecordHead read_head(ByteReader& in, Bytes reply) {
    (void)read_name(in, reply);
    RecordHead head{in.u16(), in.u16(), in.u32(), in.u16()};
    if (head.ttl_s > kTtlMax) head.ttl_s = 0;
    if (head.length > in.left()) in.fail();
    return head;
}

// RFC 2308 §5: how long it counts that there is nothing, by the SOA of the authority section.
uint32_t negative_ttl(ByteReader in, uint16_t records, Bytes reply) {
    for (uint16_t i = 0; in.ok() && i < records; ++i) {
        const RecordHead head = read_head(in, reply);
        const Bytes data = in.bytes(head.length);
        constexpr size_t kMinimum = 4;  // the last field (RFC 1035 §3.3.13)
        if (!in.ok() || head.type != kTypeSoa || data.size() < kMinimum) continue;
        return std::min(head.ttl_s, load_be32(data.data() + data.size() - kMinimum));
    }
    return 0;
}

}  // namespace

bool is_dns_name(std::string_view name) {
    if (name.empty() || name.size() > kDnsNameMax) return false;
    size_t label = 0;
    for (const char c : name) {
        if (c == '.' && label == 0) return false;
        if (c != '.' && (!is_name_octet(c) || label == kDnsLabelMax)) return false;
        label = c == '.' ? 0 : label + 1;
    }
    return label != 0;
}

DnsAnswer parse_dns_reply(Bytes reply, DnsType type) {
    if (reply.size() < kHeader) return {};
    ByteReader in(reply);
    in.u16();  // the identifier: whoever received it has looked at it
    const uint16_t flags = in.u16();
    const uint16_t questions = in.u16();
    const uint16_t answers = in.u16();
    const uint16_t authorities = in.u16();
    in.u16();
    const uint16_t rcode = flags & kRcode;
    if ((flags & kIsReply) == 0 || (flags & kIsTruncated) != 0 ||
        (rcode != kNoError && rcode != kNameError))
        return {};
    for (uint16_t i = 0; in.ok() && i < questions; ++i) {
        (void)read_name(in, reply);
        in.bytes(4);  // type and class
    }
    DnsAnswer answer;
    uint32_t ttl_s = kTtlMax;
    for (uint16_t i = 0; in.ok() && i < answers; ++i) {
        const RecordHead head = read_head(in, reply);
        if (in.ok() && head.rr_class == kClassIn) {
            ttl_s = std::min(ttl_s, head.ttl_s);  // of aliases as well
            if (head.type == static_cast<uint16_t>(type))
                take_record(in, head.length, reply, type, answer);
        }
        in.bytes(head.length);
    }
    if (!in.ok()) return {};
    const bool found = !answer.addresses.empty() || !answer.texts.empty();
    answer.status = found ? DnsAnswer::Status::found : DnsAnswer::Status::none;
    answer.ttl_s = found ? ttl_s : negative_ttl(in, authorities, reply);
    return answer;
}

}  // namespace gatepost::dataplane
