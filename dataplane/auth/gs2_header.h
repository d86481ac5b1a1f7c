// What SCRAM's and OAUTHBEARER's first message begins with (RFC 5801 §4, RFC 5802 §7):
// channel-binding flag and authorization identity.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

struct Gs2Header {
    char flag = 'n';           // 'n': not supported, 'y': not offered, 'p': wanted
    std::string binding_name;  // "tls-exporter", with 'p'
    std::string authzid;       // decoded; "": none
    size_t length = 0;         // octets of it, with its last comma

    // nullopt: `message` does not begin with one.
    static std::optional<Gs2Header> parse(std::string_view message);
};

// saslname of RFC 5802 §7: "=2C" is a comma, "=3D" an equals sign, and neither stands for itself.
std::optional<std::string> decode_saslname(std::string_view text);

}  // namespace gatepost::dataplane
