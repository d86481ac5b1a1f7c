// An IP address without a port, of either version.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "tools/gatepost/config/endpoint.h"

namespace gatepost::tools {

struct IpAddress {
    bool ipv6 = false;
    std::array<uint8_t, 16> octets{};  // in wire order; IPv4: the first four

    size_t length() const { return ipv6 ? 16 : 4; }  // octets
    bool operator==(const IpAddress&) const = default;
};

Result<IpAddress> ip_address_from_text(std::string_view text);
IpAddress ip_address_of(const Endpoint& endpoint);
std::string ip_address_to_text(const IpAddress& address);
// The address `steps` further on; an error where its last 32 bits would run over.
Result<IpAddress> ip_address_after(const IpAddress& address, uint32_t steps);

}  // namespace gatepost::tools
