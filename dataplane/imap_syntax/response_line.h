// What a client of IMAP has to know of a response before all of it has come (RFC 9051 §7).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

enum class ResponseStatus : uint8_t { none, ok, no, bad, bye, preauth };

// RFC 9051 §7.1: the word that `text`, what follows "* " or a tag, begins with; `none`: it is data.
ResponseStatus response_status(std::string_view text);

// `text`: what has come of a response, up to the end of a line, that with it; of its literals not
// the octets. What it ends with: octets of the literal that follows, at most kNumber64Max;
// nullopt: there is none, and the response is complete.
std::optional<uint64_t> literal_behind(std::string_view text);

}  // namespace gatepost::dataplane
