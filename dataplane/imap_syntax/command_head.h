// A command's beginning: its tag and its verb.
#pragma once

#include <optional>
#include <string_view>

#include "dataplane/imap_syntax/command.h"
#include "dataplane/imap_syntax/imap_scanner.h"

namespace gatepost::dataplane {

// RFC 9051 §3, §6: which state the connection is in for a command; each later one has the commands
// of the former, but for `not_authenticated`.
enum class ImapState : uint8_t { any, not_authenticated, authenticated, selected };

struct CommandHead {
    std::string_view tag;  // a view into the text; "" where it could not be read
    ImapVerb verb = ImapVerb::noop;
    bool by_uid = false;
};

ImapState state_of(ImapVerb verb);
// "FETCH"
std::string_view verb_name(ImapVerb verb);

// Takes "A1 UID FETCH" and leaves the rest. False: the scanner has the error; the tag may be there.
bool parse_command_head(ImapScanner& scanner, CommandHead& out);

// Whether its literals are messages, so that it is an AppendParser's: APPEND and REPLACE.
bool carries_message(const CommandText& text);

}  // namespace gatepost::dataplane
