// A request's head, as HTTP/1.1 and HTTP/2 alike give it to those who answer. Everything refers to
// octets that stay until the next wait of the session.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

enum class HttpVersion : uint8_t { http1, http2 };

// Those that any site has a use for; the others of the registry are `other`.
enum class HttpMethod : uint8_t { get, head, post, other, unknown };

// The headers that somebody looks at; the rest is not kept.
enum class HeaderName : uint8_t {
    accept,
    authorization,
    connection,
    content_length,
    content_type,
    expect,
    host,
    transfer_encoding,
    x_forwarded_for,
};

struct HttpField {
    HeaderName name = HeaderName::accept;
    std::string_view value;  // without blanks around it
};

struct HttpRequest {
    HttpVersion version = HttpVersion::http1;
    HttpMethod method = HttpMethod::unknown;
    bool early_data = false;     // anybody can have replayed it (RFC 8470)
    std::string_view authority;  // host and port, as the client knows them
    std::string_view path;       // "/dns-query", with its escapes
    std::string_view query;      // behind the '?'
    bool has_query = false;
    std::span<const HttpField> headers;  // in the order of their arrival
    const PeerAddress* client = nullptr;

    bool is_read() const { return method == HttpMethod::get || method == HttpMethod::head; }
    // The first of that name; empty: there is none.
    std::string_view header(HeaderName name) const;
};

HttpMethod method_from_text(std::string_view text);
// Without regard to case; nullopt: nobody looks at it.
std::optional<HeaderName> header_from_text(std::string_view text);
// Splits a target of origin form into path and query.
void set_target(HttpRequest& request, std::string_view target);

bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim_blanks(std::string_view text);  // SP and HTAB (RFC 9110 §5.6.3)
bool is_token(std::string_view text);                 // RFC 9110 §5.6.2
// Takes the next element off a list that is separated by `separator`; blanks around it are gone.
std::string_view next_element(std::string_view& list, char separator = ',');

// The host of "host", "host:port" and "[v6]:port", without the last dot of a name; nullopt: that is
// no authority (RFC 9110 §4.2, RFC 3986 §3.2).
std::optional<std::string_view> host_of_authority(std::string_view authority);

// A parameter of a query in the form of HTML's forms: "a=b&c=d". As it stands there, with escapes;
// nullopt: it is not there.
std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name);
// Decodes %XX, and '+' as a blank where `plus` says so, into `room`, which has text.size() octets
// at least. Gives the length; nullopt: a broken escape.
std::optional<size_t> decode_percent(std::string_view text, bool plus, uint8_t* room);

}  // namespace gatepost::dataplane
