#include "tools/load/transport/ip_address.h"

#include <arpa/inet.h>

#include <cstring>

#include "storage/base/bytes.h"

namespace gatepost::tools {

Result<IpAddress> ip_address_from_text(std::string_view text) {
    IpAddress address;
    std::string terminated(text);
    if (::inet_pton(AF_INET, terminated.c_str(), address.octets.data()) == 1) return address;
    address.ipv6 = true;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.octets.data()) == 1) return address;
    return fail(ErrorCode::usage, "\"{}\" is not an IP address", text);
}

IpAddress ip_address_of(const Endpoint& endpoint) {
    IpAddress address;
    address.ipv6 = endpoint.family() == AF_INET6;
    if (address.ipv6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &endpoint.address, sizeof v6);
        std::memcpy(address.octets.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    } else {
        sockaddr_in v4;
        std::memcpy(&v4, &endpoint.address, sizeof v4);
        std::memcpy(address.octets.data(), &v4.sin_addr, sizeof v4.sin_addr);
    }
    return address;
}

std::string ip_address_to_text(const IpAddress& address) {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(address.ipv6 ? AF_INET6 : AF_INET, address.octets.data(), text, sizeof text);
    return text;
}

Result<IpAddress> ip_address_after(const IpAddress& address, uint32_t steps) {
    IpAddress out = address;
    uint8_t* last = out.octets.data() + out.length() - 4;
    uint32_t number = load_be32(last);
    if (number + steps < number)
        return fail(ErrorCode::usage, "there are no {} addresses behind {}", steps,
                    ip_address_to_text(address));
    store_be32(last, number + steps);
    return out;
}

}  // namespace gatepost::tools
