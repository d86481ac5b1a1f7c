// Arguments that several commands have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dataplane/imap_syntax/command.h"
#include "dataplane/imap_syntax/imap_scanner.h"
#include "dataplane/imap_syntax/parse_context.h"

namespace gatepost::dataplane {

// Keywords of one list. A mailbox has at most 64 (storage::kKeywordsMax): more come to nothing.
inline constexpr size_t kListedKeywordsMax = 64;
// Octets of a mailbox name in UTF-8, as the schema has it.
inline constexpr size_t kMailboxNameMax = 1000;

enum class Star : uint8_t { allowed, refused };

// "1:4,7,12:*", or "$" where `star` is allowed.
bool parse_sequence_set(ImapScanner& scanner, SequenceSet& out, Star star = Star::allowed);

// A name as the store has it: UTF-8, "INBOX" in upper case, also in front of "/". "" is refused.
bool parse_mailbox(ImapScanner& scanner, const ParseContext& context, std::string& out);
// The same of what is a name or a part of one already read: "" and patterns pass.
bool decode_mailbox_text(ImapScanner& scanner, const ParseContext& context, std::string& text);

// "SUBTREE": the word that says which mailboxes are meant. Without an error where there is none.
bool take_mailbox_filter(ImapScanner& scanner, MailboxFilter::Kind& out);

// "(\Seen $Forwarded)". \Recent is told apart: it is no client's to set (RFC 3501 §2.3.2).
bool parse_flag_list(ImapScanner& scanner, FlagList& out);
// "\Seen $Forwarded", until the end.
bool parse_bare_flags(ImapScanner& scanner, FlagList& out);

// "1-Feb-1994", quoted or not: days since 1970-01-01.
bool parse_date(ImapScanner& scanner, int32_t& day);
// "\"17-Jul-1996 02:44:25 -0700\"": seconds since 1970, of UTC.
bool parse_date_time(ImapScanner& scanner, int64_t& seconds);

// "1:500" or "-1:-100" (RFC 9394 §3.1), the end nearer to 0 first.
bool parse_partial_range(ImapScanner& scanner, int64_t& first, int64_t& last);

// Calls `item` for each of "(a b c)", at its beginning. `least`: how many there must be.
template <typename Item>
bool parse_list(ImapScanner& scanner, size_t least, Item item) {
    if (!scanner.expect('(')) return false;
    size_t count = 0;
    while (scanner.take(' ')) continue;
    while (!scanner.take(')')) {
        if (count > 0 && !scanner.space()) return false;
        if (count > 0 && scanner.take(')')) break;
        if (!item()) return false;
        ++count;
    }
    return count >= least || scanner.fail("a list is empty");
}

}  // namespace gatepost::dataplane
