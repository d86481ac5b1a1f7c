// Where requests for a host are sent instead: the value of an entry of kind redirect.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::storage {

struct Redirect {
    std::string_view url;
    uint16_t code = 308;    // 301, 302, 307 or 308 (RFC 9110 §15.4)
    bool keep_path = true;  // the request's path and query are appended to the URL
};

std::vector<uint8_t> encode_redirect(const Redirect& redirect);
// `url` of the result points into `octets`. Refused (invalid) where they are not what encode made.
Result<Redirect> decode_redirect(Bytes octets);

// Of those statuses that redirects are made with.
bool is_redirect_code(int code);

}  // namespace gatepost::storage
