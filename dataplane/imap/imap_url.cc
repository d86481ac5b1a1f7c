#include "dataplane/imap/imap_url.h"

#include <strings.h>

#include <charconv>

namespace gatepost::dataplane {

namespace {

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!same(text.substr(0, prefix.size()), prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::optional<uint32_t> number_of(std::string_view text) {
    uint32_t number = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc() || at != end) return std::nullopt;
    return number;
}

// RFC 3986 §2.1.
std::optional<std::string> decode_percent(std::string_view text) {
    std::string octets;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            octets += text[i];
            continue;
        }
        unsigned octet = 0;
        if (i + 2 >= text.size()) return std::nullopt;
        const char* digits = text.data() + i + 1;
        if (std::from_chars(digits, digits + 2, octet, 16).ptr != digits + 2 || octet == 0)
            return std::nullopt;
        octets += static_cast<char>(octet);
        i += 2;
    }
    return octets;
}

// "1.2.MIME"
bool read_section(std::string_view text, FetchSection& section) {
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        const auto part = number_of(text.substr(0, text.find('.')));
        if (!part || *part == 0) return false;
        section.part.push_back(*part);
        if (text.find('.') == std::string_view::npos) return true;
        text.remove_prefix(text.find('.') + 1);
    }
    if (same(text, "HEADER")) section.text = FetchSection::Text::header;
    if (same(text, "TEXT")) section.text = FetchSection::Text::text;
    if (same(text, "MIME") && !section.part.empty()) section.text = FetchSection::Text::mime;
    return section.text != FetchSection::Text::all;
}

// "0.100", or "100": all from there on.
bool read_partial(std::string_view text, FetchItem& item) {
    const size_t dot = text.find('.');
    const auto first = number_of(text.substr(0, dot));
    if (!first) return false;
    std::optional<uint32_t> octets = UINT32_MAX;
    if (dot != std::string_view::npos) octets = number_of(text.substr(dot + 1));
    if (!octets || *octets == 0) return false;
    item.partial = FetchPartial{*first, *octets};
    return true;
}

bool read_parameter(std::string_view parameter, ImapUrl& url) {
    if (take_prefix(parameter, "UID=")) {
        const auto uid = number_of(parameter);
        url.uid = uid.value_or(0);
        return url.uid != 0;
    }
    const auto value = decode_percent(parameter);
    if (!value || url.uid == 0) return false;
    std::string_view text = *value;
    if (take_prefix(text, "SECTION=")) return read_section(text, url.item.section);
    if (take_prefix(text, "PARTIAL=")) return read_partial(text, url.item);
    return false;
}

}  // namespace

std::optional<ImapUrl> parse_imap_url(std::string_view text, std::string_view server_name) {
    if (take_prefix(text, "imap://")) {
        const size_t slash = text.find('/');
        if (slash == std::string_view::npos) return std::nullopt;
        std::string_view host = text.substr(0, slash);
        host.remove_prefix(host.find('@') == std::string_view::npos ? 0 : host.find('@') + 1);
        if (!same(host.substr(0, host.find(':')), server_name)) return std::nullopt;
        text.remove_prefix(slash);
    }
    if (text.starts_with('/')) text.remove_prefix(1);
    size_t at = text.find("/;");
    if (at == std::string_view::npos) return std::nullopt;
    ImapUrl url;
    std::string_view place = text.substr(0, at);
    const size_t semicolon = place.rfind(';');
    if (semicolon != std::string_view::npos) {
        std::string_view validity = place.substr(semicolon + 1);
        if (!take_prefix(validity, "UIDVALIDITY=")) return std::nullopt;
        url.uid_validity = number_of(validity);
        if (!url.uid_validity) return std::nullopt;
        place = place.substr(0, semicolon);
    }
    auto mailbox = decode_percent(place);
    if (!mailbox || mailbox->empty()) return std::nullopt;
    url.mailbox = *std::move(mailbox);
    while (at != std::string_view::npos) {
        text.remove_prefix(at + 2);
        at = text.find("/;");
        if (!read_parameter(text.substr(0, at), url)) return std::nullopt;
    }
    if (url.uid == 0) return std::nullopt;
    return url;
}

}  // namespace gatepost::dataplane
