// Where a request for a host that is redirected is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/http/request.h"
#include "storage/directory/redirect.h"

namespace gatepost::dataplane {

// The Location of the response. nullopt: it would lead the client to where it is, for ever, or the
// URL is none. `scheme` is that of the request: "http" or "https".
std::optional<std::string> redirect_location(const storage::Redirect& redirect,
                                             const HttpRequest& request, std::string_view scheme);

// "https://HOST/path?query" of the same request; nullopt: it names no host.
std::optional<std::string> https_location(const HttpRequest& request, uint16_t port);

// A host name as the directory has it: lower case, no port, no last dot; written into `room`.
// Empty: the request has none.
inline constexpr size_t kHostKeyMax = 256;  // octets; names have 253
std::string_view host_key(const HttpRequest& request, char (&room)[kHostKeyMax]);

}  // namespace gatepost::dataplane
