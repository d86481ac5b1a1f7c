// Which media types a client takes (RFC 9110 §12.5.1).
#pragma once

#include <span>
#include <string_view>

#include "dataplane/http/request.h"

namespace gatepost::dataplane {

// How much the client wants `type` ("application/dns-message"), in thousandths: the quality of the
// most specific range that matches, 0 where none does. 1000 where there is no Accept header.
int accepted_quality(const HttpRequest& request, std::string_view type);

// The media type of a Content-Type header without its parameters.
std::string_view media_type(std::string_view content_type);

}  // namespace gatepost::dataplane
