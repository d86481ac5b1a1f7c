#include "dataplane/http/forwarded_for.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace gatepost::dataplane {

namespace {

bool is_trusted(const PeerAddress& peer, std::span<const AddressPrefix> trusted) {
    ClientAddress address{peer.octets, static_cast<uint8_t>(peer.family == Family::ipv4 ? 4 : 16)};
    return std::ranges::any_of(trusted,
                               [&](const AddressPrefix& prefix) { return prefix.covers(address); });
}

// "192.0.2.1", "192.0.2.1:1234", "2001:db8::1", "[2001:db8::1]:1234".
bool parse(std::string_view text, PeerAddress& out) {
    if (text.starts_with('[')) {
        size_t close = text.find(']');
        if (close == std::string_view::npos) return false;
        text = text.substr(1, close - 1);
    } else if (std::ranges::count(text, ':') == 1) {
        text = text.substr(0, text.find(':'));
    }
    char copy[INET6_ADDRSTRLEN] = {};
    if (text.size() >= sizeof copy) return false;
    std::memcpy(copy, text.data(), text.size());
    PeerAddress address;
    bool six = text.find(':') != std::string_view::npos;
    address.family = six ? Family::ipv6 : Family::ipv4;
    if (::inet_pton(six ? AF_INET6 : AF_INET, copy, address.octets) != 1) return false;
    out = address;
    return true;
}

}  // namespace

PeerAddress client_behind_proxies(const HttpRequest& request,
                                  std::span<const AddressPrefix> trusted) {
    PeerAddress client = *request.client;
    for (size_t i = request.headers.size(); i-- > 0;) {
        if (request.headers[i].name != HeaderName::x_forwarded_for) continue;
        std::string_view list = request.headers[i].value;
        while (!list.empty() && is_trusted(client, trusted)) {
            size_t comma = list.rfind(',');
            bool last = comma == std::string_view::npos;
            std::string_view element = trim_blanks(last ? list : list.substr(comma + 1));
            list = last ? std::string_view() : list.substr(0, comma);
            if (!parse(element, client)) return client;
        }
    }
    return client;
}

}  // namespace gatepost::dataplane
