// A line that a client sends (RFC 1939 §3), taken apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

enum class Pop3Verb : uint8_t {
    // ---- RFC 1939
    user,
    pass,
    stat,
    list,
    retr,
    dele,
    noop,
    rset,
    quit,
    top,
    uidl,
    // ---- extensions
    auth,  // RFC 5034
    capa,  // RFC 2449
    stls,  // RFC 2595
    utf8,  // RFC 6856
    unknown,
};

// Views of the line.
struct Pop3Command {
    Pop3Verb verb = Pop3Verb::unknown;
    // What stands behind the verb and one blank, without blanks at its end but for that of PASS,
    // which is a password octet for octet (RFC 1939 §7).
    std::string_view argument;
};

// `line` is without its ending.
Pop3Command parse_pop3_command(std::string_view line);

// Takes the first word off an argument.
std::string_view take_pop3_word(std::string_view& argument);
// The whole of it as a number. nullopt: it is none, or above 2^32 - 1.
std::optional<uint32_t> parse_pop3_number(std::string_view text);

}  // namespace gatepost::dataplane
