#include "tools/load/transport/route.h"

#include <linux/neighbour.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "storage/base/unique_fd.h"
#include "tools/load/transport/netlink.h"

namespace gatepost::tools {

namespace {

constexpr unsigned kNeighborTries = 60;
constexpr useconds_t kNeighborPause = 50'000;  // us between them
constexpr uint16_t kDiscard = 9;               // RFC 863
constexpr uint16_t kUsable =
    NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

uint8_t family_of(const IpAddress& address) {
    return address.ipv6 ? AF_INET6 : AF_INET;
}

Bytes octets_of(const IpAddress& address) {
    return {address.octets.data(), address.length()};
}

bool read_address(Bytes value, IpAddress& out) {
    if (value.size() != out.length()) return false;
    std::memcpy(out.octets.data(), value.data(), value.size());
    return true;
}

Result<std::optional<MacAddress>> look_up(unsigned interface, const IpAddress& address) {
    NetlinkRequest request(RTM_GETNEIGH, NLM_F_DUMP);
    ndmsg about{};
    about.ndm_family = family_of(address);
    request.body(about);
    std::optional<MacAddress> found;
    Status asked = netlink_ask(std::move(request), [&](const NetlinkMessage& message) {
        ndmsg entry{};
        if (message.type != RTM_NEWNEIGH || message.body.size() < sizeof entry) return;
        std::memcpy(&entry, message.body.data(), sizeof entry);
        Bytes destination = netlink_attribute(message, sizeof entry, NDA_DST);
        Bytes mac = netlink_attribute(message, sizeof entry, NDA_LLADDR);
        if (static_cast<unsigned>(entry.ndm_ifindex) != interface ||
            (entry.ndm_state & kUsable) == 0 || mac.size() != sizeof(MacAddress) ||
            destination.size() != address.length() ||
            std::memcmp(destination.data(), address.octets.data(), destination.size()) != 0)
            return;
        found.emplace();
        std::memcpy(found->data(), mac.data(), mac.size());
    });
    if (!asked) return tl::unexpected(std::move(asked).error());
    return found;
}

// Whatever becomes of it: only the kernel's search for the neighbor is wanted.
void provoke(const std::string& interface, const IpAddress& target) {
    UniqueFd fd(::socket(family_of(target), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                 static_cast<socklen_t>(interface.size()));
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v6.sin6_family = AF_INET6;
    v4.sin_port = v6.sin6_port = htons(kDiscard);
    std::memcpy(&v4.sin_addr, target.octets.data(), sizeof v4.sin_addr);
    std::memcpy(&v6.sin6_addr, target.octets.data(), sizeof v6.sin6_addr);
    v6.sin6_scope_id = ::if_nametoindex(interface.c_str());
    const auto* to = target.ipv6 ? reinterpret_cast<const sockaddr*>(&v6)
                                 : reinterpret_cast<const sockaddr*>(&v4);
    static_cast<void>(
        ::sendto(fd.get(), nullptr, 0, MSG_DONTWAIT, to, target.ipv6 ? sizeof v6 : sizeof v4));
}

}  // namespace

Result<Route> find_route(const std::string& interface, const IpAddress& target) {
    unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) return fail(ErrorCode::usage, "there is no interface \"{}\"", interface);
    NetlinkRequest request(RTM_GETROUTE, 0);
    rtmsg about{};
    about.rtm_family = family_of(target);
    about.rtm_dst_len = static_cast<uint8_t>(target.length() * 8);
    request.body(about);
    request.attribute(RTA_DST, octets_of(target));
    request.attribute(RTA_OIF, {reinterpret_cast<const uint8_t*>(&index), sizeof index});
    Route route;
    route.next_hop = target;
    route.source.ipv6 = target.ipv6;
    bool has_source = false;
    Status asked = netlink_ask(std::move(request), [&](const NetlinkMessage& message) {
        rtmsg entry{};
        if (message.type != RTM_NEWROUTE || message.body.size() < sizeof entry) return;
        std::memcpy(&entry, message.body.data(), sizeof entry);
        route.local = entry.rtm_type == RTN_LOCAL;
        read_address(netlink_attribute(message, sizeof entry, RTA_GATEWAY), route.next_hop);
        has_source =
            read_address(netlink_attribute(message, sizeof entry, RTA_PREFSRC), route.source);
    });
    if (!asked)
        return fail(ErrorCode::unreachable,
                    "no route to {} over {}: {}; give the interface an address in its network, or "
                    "give --source and --gateway-mac",
                    ip_address_to_text(target), interface, asked.error().message);
    if (!has_source)
        return fail(ErrorCode::unreachable, "{} has no address to ask {} from; give --source",
                    interface, ip_address_to_text(target));
    return route;
}

Result<MacAddress> find_neighbor(const std::string& interface, const IpAddress& next_hop,
                                 const IpAddress& target) {
    unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) return fail(ErrorCode::usage, "there is no interface \"{}\"", interface);
    for (unsigned i = 0; i < kNeighborTries; ++i) {
        auto found = look_up(index, next_hop);
        if (!found) return tl::unexpected(std::move(found).error());
        if (*found) return **found;
        if (i == 0) provoke(interface, target);
        ::usleep(kNeighborPause);
    }
    return fail(ErrorCode::unreachable,
                "nobody on {} answers for {}; is it up? Otherwise give --gateway-mac", interface,
                ip_address_to_text(next_hop));
}

Result<MacAddress> mac_address_from_text(std::string_view text) {
    MacAddress mac{};
    bool good = text.size() == 17;
    for (size_t i = 0; good && i < text.size(); ++i) {
        if (i % 3 == 2) {
            good = text[i] == ':' || text[i] == '-';
            continue;
        }
        char c = static_cast<char>(text[i] | 0x20);
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        good = digit >= 0;
        mac[i / 3] = static_cast<uint8_t>(mac[i / 3] << 4 | (digit & 15));
    }
    if (!good)
        return fail(ErrorCode::usage,
                    "\"{}\" is not a MAC address, expected one such as 02:00:00:00:00:01", text);
    return mac;
}

std::string mac_address_to_text(const MacAddress& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                       mac[4], mac[5]);
}

}  // namespace gatepost::tools
