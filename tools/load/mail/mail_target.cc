#include "tools/load/mail/mail_target.h"

#include <netdb.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>
#include <memory>

#include "tools/gatepost/config/endpoint.h"

namespace gatepost::tools {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";

Result<MailTarget> unix_target(std::string_view path) {
    MailTarget target;
    auto& address = reinterpret_cast<sockaddr_un&>(target.address);
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::usage, "{}: a UNIX socket's path has 1 to {} octets", path,
                    sizeof address.sun_path - 1);
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    target.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    target.text = path;
    return target;
}

Result<MailTarget> named_target(std::string_view text, uint16_t default_port) {
    std::string host(text.substr(0, text.rfind(':')));
    std::string_view digits = host.size() == text.size() ? "" : text.substr(host.size() + 1);
    uint16_t port = default_port;
    if (host.size() != text.size()) {
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
            return fail(ErrorCode::usage, "{}: no port from 1 to 65535 behind the colon", text);
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (error != 0) return fail(ErrorCode::unreachable, "{}: {}", host, ::gai_strerror(error));
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    MailTarget target;
    std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
    target.length = found->ai_addrlen;
    target.text = fmt::format("{}@{}", host, port);
    return target;
}

}  // namespace

Result<MailTarget> mail_target_from_text(std::string_view text, uint16_t default_port) {
    if (text.starts_with(kUnixPrefix)) return unix_target(text.substr(kUnixPrefix.size()));
    if (text.find('/') != std::string_view::npos) return unix_target(text);
    auto endpoint = endpoint_from_text(text, default_port);
    if (!endpoint) {
        // A text of digits, dots and brackets alone is an address with a mistake in it.
        if (text.empty() || text.find_first_not_of("0123456789.:[]@") == std::string_view::npos)
            return tl::unexpected(std::move(endpoint).error());
        return named_target(text, default_port);
    }
    if (endpoint->is_wildcard() || endpoint->port() == 0)
        return fail(ErrorCode::usage, "nobody can be reached at {}", endpoint->text());
    MailTarget target;
    std::memcpy(&target.address, &endpoint->address, endpoint->length);
    target.length = endpoint->length;
    target.text = endpoint->text();
    return target;
}

}  // namespace gatepost::tools
