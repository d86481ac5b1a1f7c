#include "storage/mail_address/path.h"

#include <algorithm>

namespace gatepost::storage {
namespace {

constexpr std::string_view kPostmaster = "postmaster";

bool is_postmaster(std::string_view text) {
    return text.size() == kPostmaster.size() &&
           std::ranges::equal(text, kPostmaster, [](char a, char b) { return (a | 0x20) == b; });
}

// Octets of a source route and its colon; 0: there is none, or it is none.
// RFC 5321 §4.1.2: A-d-l = At-domain *( "," At-domain ), then ":".
size_t source_route_length(std::string_view text, AddressForm form) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return 0;
    for (size_t at = 0; at < colon;) {
        if (text[at] != '@') return 0;
        const size_t comma = std::min(text.find(',', at), colon);
        if (!read_mail_domain(text.substr(at + 1, comma - at - 1), form)) return 0;
        // A comma before the colon would be followed by nothing.
        if (comma + 1 == colon) return 0;
        at = comma + 1;
    }
    return colon + 1;
}

// Where the path ends: behind its '>', which quotes may hide, or npos.
size_t path_end(std::string_view text) {
    if (!text.starts_with('<')) return std::string_view::npos;
    size_t begin = 1;
    if (text.substr(begin).starts_with('@')) begin = std::min(text.find(':'), text.size() - 1) + 1;
    const auto local_part = local_part_length(text.substr(begin));
    if (!local_part) return std::string_view::npos;
    const size_t close = text.find('>', begin + *local_part);
    return close == std::string_view::npos ? close : close + 1;
}

std::string_view without_spaces_around(std::string_view text) {
    const size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

tl::expected<Path, MailAddressFault> parse_path(std::string_view text, AddressForm form,
                                                PathKind without_domain) {
    const size_t end = path_end(text);
    if (end == std::string_view::npos) return tl::unexpected(MailAddressFault::syntax);
    Path path;
    // RFC 5321 §4.1.2: a space separates the parameters.
    if (end < text.size() && text[end] != ' ') return tl::unexpected(MailAddressFault::syntax);
    path.parameters = without_spaces_around(text.substr(end));
    path.mailbox = text.substr(1, end - 2);
    if (path.mailbox.starts_with('@')) {
        const size_t route = source_route_length(path.mailbox, form);
        if (route == 0) return tl::unexpected(MailAddressFault::syntax);
        path.mailbox.remove_prefix(route);
    }
    if (without_domain == PathKind::null && end == 2) {
        path.kind = PathKind::null;
        return path;
    }
    if (without_domain == PathKind::postmaster && is_postmaster(path.mailbox)) {
        path.kind = PathKind::postmaster;
        path.address.local_part = kPostmaster;
        return path;
    }
    auto address = read_mail_address(path.mailbox, form);
    if (!address) return tl::unexpected(address.error());
    path.address = *std::move(address);
    return path;
}

}  // namespace

tl::expected<Path, MailAddressFault> parse_reverse_path(std::string_view text, AddressForm form) {
    return parse_path(text, form, PathKind::null);
}

tl::expected<Path, MailAddressFault> parse_forward_path(std::string_view text, AddressForm form) {
    return parse_path(text, form, PathKind::postmaster);
}

}  // namespace gatepost::storage
