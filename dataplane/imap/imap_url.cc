#include "dataplane/imap/imap_url.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!equal_ignoring_case(text.substr(0, prefix.size()), prefix)) return false;
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
    if (equal_ignoring_case(text, "HEADER")) section.text = FetchSection::Text::header;
    if (equal_ignoring_case(text, "TEXT")) section.text = FetchSection::Text::text;
    if (equal_ignoring_case(text, "MIME") && !section.part.empty())
        section.text = FetchSection::Text::mime;
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

// So many digits, and the character behind them unless it is '\0'.
bool take_digits(std::string_view& text, size_t digits, char end, int& out) {
    const size_t size = digits + (end == '\0' ? 0 : 1);
    if (text.size() < size || (end != '\0' && text[digits] != end)) return false;
    const auto number = number_of(text.substr(0, digits));
    if (!number) return false;
    out = static_cast<int>(*number);
    text.remove_prefix(size);
    return true;
}

// RFC 3339 §5.6 time-offset, in minutes.
bool take_offset(std::string_view text, int& minutes) {
    if (equal_ignoring_case(text, "Z")) return true;
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
    const bool is_west = text.front() == '-';
    text.remove_prefix(1);
    int hour = 0;
    int minute = 0;
    if (!take_digits(text, 2, ':', hour) || !take_digits(text, 2, '\0', minute)) return false;
    if (!text.empty() || hour > 23 || minute > 59) return false;
    minutes = (is_west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

// RFC 3339 §5.6 date-time: seconds since 1970.
std::optional<int64_t> read_date_time(std::string_view text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0;
    if (!take_digits(text, 4, '-', year) || !take_digits(text, 2, '-', month) ||
        !take_digits(text, 2, '\0', day))
        return std::nullopt;
    if (!take_prefix(text, "T")) return std::nullopt;
    if (!take_digits(text, 2, ':', hour) || !take_digits(text, 2, ':', minute) ||
        !take_digits(text, 2, '\0', second))
        return std::nullopt;
    if (text.starts_with('.')) {
        const size_t end = text.find_first_not_of("0123456789", 1);
        if (end == std::string_view::npos || end == 1) return std::nullopt;
        text.remove_prefix(end);
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    // §5.7: a leap second is the 60th.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60 || !take_offset(text, offset))
        return std::nullopt;
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * 86'400 + hour * 3600 + (minute - offset) * 60 + second;
}

// "user+bob%40example.org"
bool read_access(std::string_view text, UrlAuthorization& out) {
    using Access = UrlAuthorization::Access;
    if (equal_ignoring_case(text, "authuser")) return true;
    if (equal_ignoring_case(text, "anonymous")) {
        out.access = Access::any_connection;
        return true;
    }
    out.access = Access::user;
    if (take_prefix(text, "submit+"))
        out.access = Access::submit;
    else if (!take_prefix(text, "user+"))
        return false;
    auto user = decode_percent(text);
    if (!user || user->empty()) return false;
    out.user = *std::move(user);
    return true;
}

// Where ";NAME=" begins; it cannot stand in a name or a section, where ";" is encoded (RFC 5092
// §11).
size_t find_parameter(std::string_view text, std::string_view name) {
    for (size_t at = text.find(';'); at != std::string_view::npos; at = text.find(';', at + 1))
        if (equal_ignoring_case(text.substr(at, name.size()), name)) return at;
    return std::string_view::npos;
}

// Cuts the authorization off the end of `text`, which is all of a URL from `begin` on. False: there
// is a wrong one.
bool take_authorization(std::string_view& text, size_t begin, ImapUrl& url) {
    constexpr std::string_view kExpire = ";EXPIRE=";
    constexpr std::string_view kUrlAuth = ";URLAUTH=";
    const size_t at = find_parameter(text, kUrlAuth);
    const size_t expire = find_parameter(text, kExpire);
    // RFC 4467 §9: one stands in front of the other, and not alone.
    if (at == std::string_view::npos) return expire == std::string_view::npos;
    UrlAuthorization& out = url.authorization.emplace();
    size_t end = at;
    if (expire != std::string_view::npos) {
        if (expire > at) return false;
        const size_t date = expire + kExpire.size();
        out.last_second = read_date_time(text.substr(date, at - date));
        if (!out.last_second) return false;
        end = expire;
    }
    std::string_view rest = text.substr(at + kUrlAuth.size());
    const size_t colon = rest.find(':');
    if (!read_access(rest.substr(0, colon), out)) return false;
    out.signed_octets = begin + text.size() - rest.size() + std::min(colon, rest.size());
    text = text.substr(0, end);
    if (colon == std::string_view::npos) return true;
    rest.remove_prefix(colon + 1);
    const size_t second = rest.find(':');
    if (second == std::string_view::npos) return false;
    out.mechanism = rest.substr(0, second);
    out.token = rest.substr(second + 1);
    return !out.mechanism.empty() && !out.token.empty();
}

// "joe;AUTH=PLAIN@host:143": whose mailboxes, and on which server.
bool read_server(std::string_view text, std::string_view server_name, ImapUrl& url) {
    // A careless client leaves the "@" of an address as it is; a host has none.
    const size_t at = text.rfind('@');
    if (at != std::string_view::npos) {
        const std::string_view user = text.substr(0, at);
        auto owner = decode_percent(user.substr(0, user.find(';')));
        if (!owner) return false;
        url.owner = *std::move(owner);
        text.remove_prefix(at + 1);
    }
    url.is_absolute = true;
    return equal_ignoring_case(text.substr(0, text.find(':')), server_name);
}

}  // namespace

std::optional<ImapUrl> parse_imap_url(std::string_view text, std::string_view server_name) {
    const size_t octets = text.size();
    ImapUrl url;
    if (take_prefix(text, "imap://")) {
        const size_t slash = text.find('/');
        if (slash == std::string_view::npos) return std::nullopt;
        if (!read_server(text.substr(0, slash), server_name, url)) return std::nullopt;
        text.remove_prefix(slash);
    }
    if (text.starts_with('/')) text.remove_prefix(1);
    if (!take_authorization(text, octets - text.size(), url)) return std::nullopt;
    size_t at = text.find("/;");
    if (at == std::string_view::npos) return std::nullopt;
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
