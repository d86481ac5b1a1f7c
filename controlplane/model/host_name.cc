#include "controlplane/model/host_name.h"

#include <algorithm>

namespace gatepost::controlplane {

namespace {

constexpr size_t kHostMax = 253;  // RFC 1035 §2.3.4, in presentation form without the last dot
constexpr size_t kLabelMax = 63;
constexpr std::string_view kWildcard = "*.";

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
}

}  // namespace

bool is_host_name(std::string_view name) {
    if (name.size() > kHostMax) return false;
    if (name.starts_with(kWildcard)) name.remove_prefix(kWildcard.size());
    while (true) {
        const size_t dot = name.find('.');
        if (!is_label(name.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        name.remove_prefix(dot + 1);
    }
}

Result<std::string> host_from_text(std::string_view text) {
    std::string host(text);
    if (host.size() > 1 && host.back() == '.') host.pop_back();
    for (char& c : host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!is_host_name(host))
        return fail(ErrorCode::usage,
                    "\"{}\" is not the name of a host, expected one such as mail.example.org or "
                    "*.example.org (names in other scripts as xn--…)",
                    text);
    return host;
}

bool names_cover(const std::vector<std::string>& names, std::string_view host) {
    const size_t dot = host.find('.');
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        if (name == host) return true;
        return name.starts_with(kWildcard) && dot != std::string_view::npos && dot > 0 &&
               name.substr(kWildcard.size()) == host.substr(dot + 1);
    });
}

}  // namespace gatepost::controlplane
