#include "controlplane/queue_api/network_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gatepost::controlplane {

namespace {

constexpr unsigned kMappedBits = 96;  // ::ffff:0:0/96
constexpr unsigned kAllBits = 128;

}  // namespace

bool NetworkList::parse_address(const std::string& text, Address& address) {
    address.fill(0);
    if (::inet_pton(AF_INET, text.c_str(), address.data() + kMappedBits / 8) == 1) {
        address[10] = address[11] = 0xff;
        return true;
    }
    return ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

Result<NetworkList> NetworkList::parse(const std::vector<std::string>& networks) {
    NetworkList list;
    for (const std::string& text : networks) {
        const size_t slash = text.find('/');
        const std::string host = text.substr(0, slash);
        Network network;
        unsigned bits = kAllBits;
        bool good = parse_address(host, network.address);
        const bool is_v4 = host.find(':') == std::string::npos;
        if (good && slash != std::string::npos) {
            const char* const end = text.data() + text.size();
            const auto [at, error] = std::from_chars(text.data() + slash + 1, end, bits);
            good = error == std::errc() && at == end;
            if (is_v4) bits += kMappedBits;
        }
        if (!good || bits > kAllBits)
            return fail(ErrorCode::usage, "\"{}\" is no network, expected one such as 192.0.2.0/24",
                        text);
        network.bits = bits;
        list.networks_.push_back(network);
    }
    return list;
}

bool NetworkList::contains(std::string_view text) const {
    Address address;
    if (!parse_address(std::string(text), address)) return false;
    return std::ranges::any_of(networks_, [&](const Network& network) {
        const size_t whole = network.bits / 8;
        if (std::memcmp(address.data(), network.address.data(), whole) != 0) return false;
        const unsigned rest = network.bits % 8;
        return rest == 0 || (address[whole] ^ network.address[whole]) >> (8 - rest) == 0;
    });
}

bool is_loopback(std::string_view address) {
    static const NetworkList kLoopback = *NetworkList::parse({"127.0.0.0/8", "::1"});
    return kLoopback.contains(address);
}

}  // namespace gatepost::controlplane
