// Bearer tokens (RFC 6750 §2.1).
#pragma once

#include <string_view>

#include "dataplane/http/request.h"

namespace gatepost::dataplane {

// Whether the request has that token. Takes the same time for every token of a length.
bool has_bearer_token(const HttpRequest& request, std::string_view token);

}  // namespace gatepost::dataplane
