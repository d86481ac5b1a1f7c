// Commands about mailboxes as a whole, and what is kept beside them: LIST, STATUS, CREATE, QUOTA
// and their like. They need an account that has logged in, and no selected mailbox.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/imap_port/imap_environment.h"
#include "dataplane/imap_port/imap_reply.h"
#include "dataplane/imap_syntax/command.h"
#include "storage/mailbox_frames/mailbox_reply.h"

namespace gatepost::dataplane {

struct AccountContext {
    MailboxPort& mailboxes;
    const ImapOptions& options;
    uint64_t account_id = 0;
    std::string_view user;             // the account's address
    bool utf8 = false;                 // mailbox names go out as UTF-8, else in modified UTF-7
    bool rev2 = false;                 // IMAP4rev2 is enabled: no RECENT
    uint64_t selected_mailbox_id = 0;  // 0: none
    std::string& out;                  // untagged responses are appended here
};

// Whether run_account_command() has it.
bool is_account_command(ImapVerb verb);
// Both live until the task is done.
Task<ImapReply> run_account_command(AccountContext& context, const ImapCommand& command);

// For other commands as well.

// A mailbox name, or any other string, as it goes out: an atom is quoted, too; what cannot be
// quoted is a literal.
void append_astring(std::string& out, std::string_view text, bool utf8);
void append_mailbox_name(std::string& out, std::string_view name, bool utf8);
// "M42" (RFC 8474 §4: MAILBOXID).
std::string mailbox_object_id(uint64_t mailbox_id);
// Has the account's list brought into the index where it is not there. `ok`, or why not.
Task<ImapReply> open_account(MailboxPort& mailboxes, uint64_t account_id);
// The NO for a change that did not come about, the BYE for one that may have.
ImapReply reply_of(const storage::MailboxReply& reply);

}  // namespace gatepost::dataplane
