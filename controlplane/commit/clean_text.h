// Text from messages for the database, which takes valid UTF-8 without U+0000 only.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::controlplane {

// What is not such a character becomes U+FFFD (The Unicode Standard 15.0, §3.9: one for each
// maximal part of an ill-formed sequence).
std::string clean_text(std::string_view text);

}  // namespace gatepost::controlplane
