#include "dataplane/http/redirect_location.h"

#include <algorithm>

namespace gatepost::dataplane {

namespace {

char lower_letter(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(text, result.begin(), lower_letter);
    return result;
}

void append_target(std::string& url, const HttpRequest& request) {
    url.append(request.path);
    if (!request.has_query) return;
    url.push_back('?');
    url.append(request.query);
}

struct UrlParts {
    std::string scheme;
    std::string host;  // with the port, unless it is the scheme's own
    std::string rest;  // path and query
};

// "https://Host:443" and "https://host/" are the same.
UrlParts take_apart(std::string_view url) {
    UrlParts parts;
    size_t mark = url.find("://");
    if (mark == std::string_view::npos) return parts;
    parts.scheme = lower(url.substr(0, mark));
    std::string_view rest = url.substr(mark + 3);
    size_t path = std::min(rest.find_first_of("/?#"), rest.size());
    parts.host = lower(rest.substr(0, path));
    std::string_view port = parts.scheme == "https" ? ":443" : ":80";
    if (parts.host.ends_with(port)) parts.host.resize(parts.host.size() - port.size());
    if (parts.host.ends_with('.')) parts.host.pop_back();
    rest = rest.substr(path);
    rest = rest.substr(0, rest.find('#'));
    parts.rest = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
    return parts;
}

// What may stand in a header, and in a URL.
bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string_view host_key(const HttpRequest& request, char (&room)[kHostKeyMax]) {
    auto host = host_of_authority(request.authority);
    if (!host || host->size() > kHostKeyMax) return {};
    std::ranges::transform(*host, room, lower_letter);
    return {room, host->size()};
}

std::optional<std::string> redirect_location(const storage::Redirect& redirect,
                                             const HttpRequest& request, std::string_view scheme) {
    std::string location(redirect.url);
    if (!is_printable(location)) return std::nullopt;
    // Behind a query or a fragment, a path has no place.
    if (redirect.keep_path && location.find_first_of("?#") == std::string::npos) {
        if (location.ends_with('/')) location.pop_back();
        append_target(location, request);
    }
    std::string here(scheme);
    here.append("://").append(request.authority);
    append_target(here, request);
    UrlParts there = take_apart(location);
    UrlParts now = take_apart(here);
    if (there.scheme == now.scheme && there.host == now.host && there.rest == now.rest)
        return std::nullopt;
    return location;
}

std::optional<std::string> https_location(const HttpRequest& request, uint16_t port) {
    auto host = host_of_authority(request.authority);
    if (!host) return std::nullopt;
    std::string location = "https://";
    location.append(*host);
    if (port != 443) location.append(":").append(std::to_string(port));
    append_target(location, request);
    return location;
}

}  // namespace gatepost::dataplane
