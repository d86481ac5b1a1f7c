// Networks of addresses: "192.0.2.0/24", "2001:db8::/32", an address alone.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::controlplane {

class NetworkList {
  public:
    static Result<NetworkList> parse(const std::vector<std::string>& networks);

    bool is_empty() const { return networks_.empty(); }
    // False as well for what is no address. IPv4 in IPv6 (RFC 4291 §2.5.5.2) is IPv4.
    bool contains(std::string_view address) const;

  private:
    using Address = std::array<uint8_t, 16>;  // IPv4 mapped into IPv6
    struct Network {
        Address address{};
        unsigned bits = 0;
    };
    static bool parse_address(const std::string& text, Address& address);

    std::vector<Network> networks_;
};

// 127.0.0.0/8 and ::1 (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
bool is_loopback(std::string_view address);

}  // namespace gatepost::controlplane
