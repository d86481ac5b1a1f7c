// Patterns of LIST (RFC 9051 §6.3.9): "*" is any text, "%" any without the separator of levels.
#pragma once

#include <string_view>

namespace gatepost::dataplane {

inline constexpr char kLevelSeparator = '/';

// INBOX is matched in any case. Takes time by the product of both lengths at most.
bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace gatepost::dataplane
