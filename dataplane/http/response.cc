#include "dataplane/http/response.h"

#include <fmt/format.h>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

template <size_t size, typename... Args>
std::string_view print(char (&room)[size], fmt::format_string<Args...> format, Args&&... args) {
    auto done = fmt::format_to_n(room, size, format, std::forward<Args>(args)...);
    GATEPOST_CHECK(done.size <= size);
    return {room, done.size};
}

}  // namespace

void HttpResponse::refuse(int code, std::string_view line) {
    status = code;
    content_type = "text/plain; charset=utf-8";
    no_store = true;
    max_age.reset();
    body = Bytes(reinterpret_cast<const uint8_t*>(line.data()), line.size());
    text.clear();
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 425:
            return "Too Early";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Unknown";
    }
}

ResponseFields::ResponseFields(const HttpResponse& response, const DateClock& date) {
    add("date", date.text());
    if (!response.content_type.empty()) add("content-type", response.content_type);
    if (status_has_body(response.status))
        add("content-length", print(length_, "{}", response.length()));
    if (response.no_store)
        add("cache-control", "no-store");
    else if (response.max_age)
        add("cache-control", print(max_age_, "max-age={}", *response.max_age));
    // Text that came from elsewhere is not to be taken for a page or a script.
    if (response.content_type.starts_with("text/")) add("x-content-type-options", "nosniff");
    if (response.any_origin) add("access-control-allow-origin", "*");
    if (!response.allow.empty()) add("allow", response.allow);
    if (!response.location.empty()) add("location", response.location);
    if (!response.client_address.empty()) add("ip", response.client_address);
    if (response.authenticate) add("www-authenticate", "Bearer");
    if (response.transport_security_s != 0)
        add("strict-transport-security",
            print(transport_security_, "max-age={}", response.transport_security_s));
}

void ResponseFields::add(std::string_view name, std::string_view value) {
    GATEPOST_CHECK(count_ < kCountMax);
    fields_[count_++] = {name, value};
}

}  // namespace gatepost::dataplane
