#include "dataplane/http/request.h"

#include <algorithm>
#include <array>

namespace gatepost::dataplane {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_alphanumeric(char c) {
    char l = lower(c);
    return is_digit(c) || (l >= 'a' && l <= 'z');
}

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

struct NamedHeader {
    std::string_view text;
    HeaderName name;
};
constexpr std::array kHeaders = {
    NamedHeader{"accept", HeaderName::accept},
    NamedHeader{"authorization", HeaderName::authorization},
    NamedHeader{"connection", HeaderName::connection},
    NamedHeader{"content-length", HeaderName::content_length},
    NamedHeader{"content-type", HeaderName::content_type},
    NamedHeader{"expect", HeaderName::expect},
    NamedHeader{"host", HeaderName::host},
    NamedHeader{"transfer-encoding", HeaderName::transfer_encoding},
    NamedHeader{"x-forwarded-for", HeaderName::x_forwarded_for},
};

// The host names that HTTP meets are ASCII: letters, digits, '-', '.', and '_' of service names.
bool is_host_name(std::string_view host) {
    return !host.empty() && host.size() <= 253 && host.front() != '.' &&
           host.find("..") == std::string_view::npos && std::ranges::all_of(host, [](char c) {
               return is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
           });
}

bool is_port(std::string_view port) {
    return port.size() <= 5 && std::ranges::all_of(port, is_digit);
}

}  // namespace

std::string_view HttpRequest::header(HeaderName name) const {
    for (const HttpField& field : headers)
        if (field.name == name) return field.value;
    return {};
}

HttpMethod method_from_text(std::string_view text) {
    if (text == "GET") return HttpMethod::get;
    if (text == "POST") return HttpMethod::post;
    if (text == "HEAD") return HttpMethod::head;
    for (std::string_view known : {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"})
        if (text == known) return HttpMethod::other;
    return HttpMethod::unknown;
}

std::optional<HeaderName> header_from_text(std::string_view text) {
    for (const NamedHeader& header : kHeaders)
        if (equals_ignoring_case(text, header.text)) return header.name;
    return std::nullopt;
}

void set_target(HttpRequest& request, std::string_view target) {
    size_t mark = target.find('?');
    request.has_query = mark != std::string_view::npos;
    request.path = target.substr(0, mark);
    request.query = request.has_query ? target.substr(mark + 1) : std::string_view();
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim_blanks(std::string_view text) {
    size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return is_alphanumeric(c) ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

std::string_view next_element(std::string_view& list, char separator) {
    size_t end = std::min(list.find(separator), list.size());
    std::string_view element = trim_blanks(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    return element;
}

std::optional<std::string_view> host_of_authority(std::string_view authority) {
    if (authority.starts_with('[')) {
        size_t close = authority.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        std::string_view rest = authority.substr(close + 1);
        bool in_range = std::ranges::all_of(authority.substr(1, close - 1), [](char c) {
            return hex_value(c) >= 0 || c == ':' || c == '.';
        });
        bool port_follows = rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
        if (!in_range || close < 3 || !port_follows) return std::nullopt;
        return authority.substr(0, close + 1);
    }
    size_t colon = authority.find(':');
    std::string_view host = authority.substr(0, colon);
    if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1)))
        return std::nullopt;
    if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
    if (!is_host_name(host)) return std::nullopt;
    return host;
}

std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        std::string_view pair = next_element(query, '&');
        size_t equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) == name) return pair.substr(std::min(equals + 1, pair.size()));
    }
    return std::nullopt;
}

std::optional<size_t> decode_percent(std::string_view text, bool plus, uint8_t* room) {
    uint8_t* at = room;
    for (size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (text.size() - i < 3) return std::nullopt;
            int high = hex_value(text[i + 1]);
            int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            *at++ = static_cast<uint8_t>(high << 4 | low);
            i += 2;
        } else {
            *at++ = static_cast<uint8_t>(plus && c == '+' ? ' ' : c);
        }
    }
    return static_cast<size_t>(at - room);
}

}  // namespace gatepost::dataplane
