// The small fields of master-file entries: TTLs, classes, words for messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::storage {

// Seconds as a number, or with units as in "1w2d3h4m5s" (BIND's form, RFC 2308 §4 examples use it).
Result<uint32_t> ttl_from_text(std::string_view text);

// The number of a class mnemonic or CLASSnnn (RFC 3597 §5); none where the word is not a class.
std::optional<uint16_t> class_from_text(std::string_view text);

bool equal_without_case(std::string_view a, std::string_view b);  // ASCII

// A word of the text for a message: shortened, octets outside printable ASCII as \DDD, in single
// quotes.
std::string shown(std::string_view word);

// \X and \DDD escapes undone; a broken one stays as it is.
std::string unescaped(std::string_view word);

}  // namespace gatepost::storage
