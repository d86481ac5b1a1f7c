// Encoded words in fields (RFC 2047): "=?utf-8?Q?J=C3=B6rg?=".
#pragma once

#include <string>
#include <string_view>

#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {

// The value for people: unfolded, encoded words decoded, valid UTF-8 whatever it was. What is no
// encoded word stays. Linear in the length.
std::string decode_encoded_words(std::string_view value, const Charsets& charsets);

}  // namespace gatepost::dataplane
