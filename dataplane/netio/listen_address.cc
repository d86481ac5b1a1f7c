#include "dataplane/netio/listen_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace gatepost::dataplane {

namespace {

struct Parts {
    std::string_view host;
    std::string_view port;
};

// `[host]:port`, `host@port` or `host:port`; an IPv6 address without brackets needs the `@`.
std::optional<Parts> split(std::string_view text) {
    if (text.starts_with('[')) {
        size_t end = text.find(']');
        if (end == std::string_view::npos || end + 1 >= text.size()) return std::nullopt;
        if (text[end + 1] != ':' && text[end + 1] != '@') return std::nullopt;
        return Parts{text.substr(1, end - 1), text.substr(end + 2)};
    }
    size_t at = text.rfind('@');
    if (at == std::string_view::npos) {
        at = text.find(':');
        if (at == std::string_view::npos || text.find(':', at + 1) != std::string_view::npos)
            return std::nullopt;
    }
    return Parts{text.substr(0, at), text.substr(at + 1)};
}

sockaddr_in& as_v4(sockaddr_storage& address) {
    return reinterpret_cast<sockaddr_in&>(address);
}
sockaddr_in6& as_v6(sockaddr_storage& address) {
    return reinterpret_cast<sockaddr_in6&>(address);
}
const sockaddr_in& as_v4(const sockaddr_storage& address) {
    return reinterpret_cast<const sockaddr_in&>(address);
}
const sockaddr_in6& as_v6(const sockaddr_storage& address) {
    return reinterpret_cast<const sockaddr_in6&>(address);
}

bool set_host_v6(std::string_view host, ListenAddress& out) {
    sockaddr_in6& v6 = as_v6(out.address);
    size_t percent = host.find('%');
    if (percent != std::string_view::npos) {  // RFC 4007 §11: the zone of a link-local address
        v6.sin6_scope_id = ::if_nametoindex(std::string(host.substr(percent + 1)).c_str());
        if (v6.sin6_scope_id == 0) return false;
        host = host.substr(0, percent);
    }
    if (::inet_pton(AF_INET6, std::string(host).c_str(), &v6.sin6_addr) != 1) return false;
    v6.sin6_family = AF_INET6;
    out.length = sizeof(sockaddr_in6);
    return true;
}

bool set_host(std::string_view host, ListenAddress& out) {
    sockaddr_in& v4 = as_v4(out.address);
    if (::inet_pton(AF_INET, std::string(host).c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        out.length = sizeof(sockaddr_in);
        return true;
    }
    return set_host_v6(host, out);
}

Result<ListenAddress> unix_address(std::string_view path) {
    ListenAddress out;
    auto& local = reinterpret_cast<sockaddr_un&>(out.address);
    if (path.size() >= sizeof local.sun_path)
        return fail(ErrorCode::usage, "the socket path '{}' has {} octets; at most {} (unix(7))",
                    path, path.size(), sizeof local.sun_path - 1);
    local.sun_family = AF_UNIX;
    path.copy(local.sun_path, path.size());
    out.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return out;
}

}  // namespace

uint16_t ListenAddress::port() const {
    if (is_unix()) return 0;
    return ntohs(family() == AF_INET ? as_v4(address).sin_port : as_v6(address).sin6_port);
}

void ListenAddress::set_port(uint16_t port) {
    if (is_unix()) return;
    (family() == AF_INET ? as_v4(address).sin_port : as_v6(address).sin6_port) = htons(port);
}

bool ListenAddress::is_wildcard() const {
    if (is_unix()) return false;
    if (family() == AF_INET) return as_v4(address).sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&as_v6(address).sin6_addr);
}

std::string ListenAddress::text() const {
    if (is_unix()) return reinterpret_cast<const sockaddr_un&>(address).sun_path;
    char host[INET6_ADDRSTRLEN] = "";
    const void* octets = family() == AF_INET ? static_cast<const void*>(&as_v4(address).sin_addr)
                                             : static_cast<const void*>(&as_v6(address).sin6_addr);
    ::inet_ntop(family(), octets, host, sizeof host);
    char zone[IF_NAMESIZE + 1] = "";
    if (family() == AF_INET6 && as_v6(address).sin6_scope_id != 0) {
        zone[0] = '%';
        if (::if_indextoname(as_v6(address).sin6_scope_id, zone + 1) == nullptr) zone[0] = '\0';
    }
    return fmt::format("{}{}@{}", host, zone, port());
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
    constexpr std::string_view kHow =
        "write it as 192.0.2.1@53, 192.0.2.1:53, 2001:db8::1@53 or [2001:db8::1]:53";
    if (text.starts_with('/')) return unix_address(text);
    std::optional<Parts> parts = split(text);
    if (!parts || parts->port.empty())
        return fail(ErrorCode::usage, "listen address '{}' has no port; {}", text, kHow);
    uint16_t port = 0;
    const char* end = parts->port.data() + parts->port.size();
    auto [stop, error] = std::from_chars(parts->port.data(), end, port);
    if (error != std::errc() || stop != end)
        return fail(ErrorCode::usage, "listen address '{}': '{}' is not a port from 0 to 65535",
                    text, parts->port);
    ListenAddress address;
    if (!set_host(parts->host, address))
        return fail(ErrorCode::usage, "listen address '{}': '{}' is not an IP address; {}", text,
                    parts->host, kHow);
    address.set_port(port);
    return address;
}

Result<ListenAddress> local_address(int fd) {
    ListenAddress local;
    local.length = sizeof local.address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local.address), &local.length) != 0)
        return fail(ErrorCode::refused, "asking descriptor {} for its address: {}", fd,
                    std::strerror(errno));
    if (local.family() != AF_INET && local.family() != AF_INET6 && !local.is_unix())
        return fail(ErrorCode::usage, "descriptor {} is neither an Internet nor a unix socket", fd);
    return local;
}

}  // namespace gatepost::dataplane
