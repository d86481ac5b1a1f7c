// Text as it is compared: i;unicode-casemap (RFC 5051), whatever the case, the composition and the
// width of letters.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::dataplane {

// Appends what RFC 5051 §2 makes of UTF-8: each character titlecased, then decomposed. Letters of
// ASCII stay in the case that they have, as whoever looks for something takes both (TextNeedle).
// What is no UTF-8 stays as it is. Linear in the length.
void append_casemapped(std::string_view text, std::string& out);

// The same with letters of ASCII in upper case: equal texts are equal octets, and sort by them.
std::string collation_key(std::string_view text);

}  // namespace gatepost::dataplane
