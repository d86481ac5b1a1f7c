// Message IDs in fields (RFC 5322 §3.6.4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::dataplane {

// The valid ones of a value, folded or not, without brackets, and alike where they mean the same
// (RFC 5256 §3: a quoted local part, and one that need not be quoted). Comments, phrases and what
// has no "@" or more than 998 octets is passed over. Linear in the length.
std::vector<std::string> message_ids(std::string_view value);

}  // namespace gatepost::dataplane
