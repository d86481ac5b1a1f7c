#include "tools/gatepost/imap_client/server_address.h"

#include <algorithm>
#include <charconv>

namespace gatepost::tools {

namespace {

constexpr uint16_t kImapPort = 143;
constexpr uint16_t kImapsPort = 993;

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':' || c == '%';
}

tl::unexpected<Error> wrong(std::string_view text) {
    return fail(ErrorCode::usage,
                "\"{}\" is no IMAP server, expected one such as imaps://imap.example.org or "
                "imap://imap.example.org:143; the user's name is given with --imap-user",
                text);
}

}  // namespace

std::string ServerAddress::text() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

Result<ServerAddress> server_address_from_text(std::string_view text) {
    ServerAddress address;
    std::string_view rest = text;
    if (rest.starts_with("imap://")) {
        address.privacy = ServerAddress::Privacy::start_tls;
        rest.remove_prefix(7);
    } else if (rest.starts_with("imaps://")) {
        rest.remove_prefix(8);
    } else if (rest.find("://") != std::string_view::npos) {
        return wrong(text);
    }
    if (rest.ends_with('/')) rest.remove_suffix(1);
    std::string_view port;
    if (rest.starts_with('[')) {  // RFC 3986 §3.2.2
        const size_t end = rest.find(']');
        if (end == std::string_view::npos) return wrong(text);
        address.host = rest.substr(1, end - 1);
        port = rest.substr(end + 1);
    } else {
        const size_t colon = std::ranges::count(rest, ':') == 1 ? rest.find(':') : rest.size();
        address.host = rest.substr(0, colon);
        port = rest.substr(colon);
    }
    address.port = address.privacy == ServerAddress::Privacy::start_tls ? kImapPort : kImapsPort;
    if (!port.empty()) {
        const char* end = port.data() + port.size();
        const auto read = std::from_chars(port.data() + 1, end, address.port);
        if (port.front() != ':' || read.ec != std::errc() || read.ptr != end || address.port == 0)
            return wrong(text);
    }
    if (address.host.empty() || !std::ranges::all_of(address.host, is_host_character))
        return wrong(text);
    return address;
}

}  // namespace gatepost::tools
