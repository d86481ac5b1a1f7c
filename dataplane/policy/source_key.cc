#include "dataplane/policy/source_key.h"

#include <cstring>
#include <string>

#include "dataplane/dns/siphash.h"

namespace gatepost::dataplane {

namespace {

size_t prefix_octets(Family family, SourcePrefix prefix) {
    const bool ipv4 = family == Family::ipv4;
    switch (prefix) {
        case SourcePrefix::host:
            return ipv4 ? 4 : 8;
        case SourcePrefix::network:
            return ipv4 ? 3 : 7;
        case SourcePrefix::mail_pool:
            break;
    }
    return ipv4 ? 3 : 8;
}

}  // namespace

uint64_t source_hash(const SourceSecret& secret, SourceKind kind, const PeerAddress& address,
                     SourcePrefix prefix, std::initializer_list<std::string_view> texts) {
    const size_t length = prefix_octets(address.family, prefix);
    std::string input;
    input += static_cast<char>(kind);
    input += static_cast<char>(length);
    input.append(reinterpret_cast<const char*>(address.octets), length);
    for (const std::string_view text : texts) {
        input += '\0';  // in no address
        input += text;
    }
    return siphash24(secret.data(), reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

uint64_t account_hash(const SourceSecret& secret, SourceKind kind, uint64_t account_id) {
    uint8_t input[1 + sizeof account_id] = {static_cast<uint8_t>(kind)};
    std::memcpy(input + 1, &account_id, sizeof account_id);
    return siphash24(secret.data(), input, sizeof input);
}

}  // namespace gatepost::dataplane
