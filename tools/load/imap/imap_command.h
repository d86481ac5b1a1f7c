// The commands of a run, as octets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "tools/load/imap/imap_operation.h"

namespace gatepost::tools {

// One command that is to be sent, or is under way.
struct ImapCommand {
    ImapOperation operation = ImapOperation::noop;
    uint64_t begun_ns = 0;
    uint32_t tag = 0;
    uint32_t number = 0;  // of a message in the mailbox
    uint8_t flags = 0;    // append: of the message; store: what is to be true of it afterwards
    bool add = false;     // store: \Flagged is set, or else taken away
    uint64_t draw = 0;    // what is drawn at random about it: the words of a search
};

// RFC 9051 §4.3: a quoted string, or where that cannot be a literal that does not wait.
void append_imap_string(std::string& out, std::string_view text);

// What goes behind the tag and a blank, with its CRLF. Not for login, append, idle and watch.
void append_imap_command(std::string& out, const ImapCommand& command, std::string_view mailbox);

// "APPEND INBOX (\Seen) {4096+}", the message and a CRLF. RFC 7888: LITERAL+.
void append_imap_append(std::string& out, const ImapCommand& command, std::string_view mailbox,
                        std::string_view head, Bytes body);

}  // namespace gatepost::tools
