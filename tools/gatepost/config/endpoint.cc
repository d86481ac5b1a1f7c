#include "tools/gatepost/config/endpoint.h"

#include <arpa/inet.h>

namespace gatepost::tools {

namespace {

// An address alone is IPv4 without a colon, or what inet_pton takes for IPv6 as it stands.
bool has_no_port(const std::string& text) {
    if (text.starts_with('/')) return false;  // a unix socket
    in6_addr ignored;
    if (text.find('@') != std::string::npos) return false;
    if (text.starts_with('[')) return text.ends_with(']');
    return text.find(':') == std::string::npos ||
           inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &ignored) == 1;
}

}  // namespace

Result<Endpoint> endpoint_from_text(std::string_view text, uint16_t default_port) {
    std::string address(text);
    if (has_no_port(address))
        address += fmt::format("{}{}", address.starts_with('[') ? ':' : '@', default_port);
    auto endpoint = dataplane::parse_listen_address(address);
    if (!endpoint)
        return fail(ErrorCode::invalid,
                    "\"{}\" is not an address, expected one such as 192.0.2.1@53, 192.0.2.1:53 or "
                    "[2001:db8::1]:53",
                    text);
    return endpoint;
}

std::string endpoint_host(const Endpoint& endpoint) {
    const std::string text = endpoint.text();
    return text.substr(0, text.rfind('@'));
}

}  // namespace gatepost::tools
