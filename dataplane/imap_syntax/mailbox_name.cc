// Names of mailboxes, and patterns of them.
#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/imap_syntax/modified_utf7.h"
#include "dataplane/mail/charset.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

// RFC 9051 §5.1: valid UTF-8 (Net-Unicode), without control characters, U+2028 and U+2029.
bool is_mailbox_text(std::string_view text) {
    while (!text.empty()) {
        const size_t length = utf8_sequence_length(text);
        if (length == 0) return false;
        const auto first = static_cast<uint8_t>(text[0]);
        if (first < 0x20 || first == 0x7f) return false;
        if (first == 0xc2 && static_cast<uint8_t>(text[1]) < 0xa0) return false;
        if (text.starts_with("\u2028") || text.starts_with("\u2029")) return false;
        text.remove_prefix(length);
    }
    return true;
}

// RFC 9051 §5.1: all case variants of "INBOX" are INBOX.
void normalize_inbox(std::string& name) {
    constexpr std::string_view kInbox = "INBOX";
    if (name.size() > kInbox.size() && name[kInbox.size()] != '/') return;
    if (!equal_ignoring_case(std::string_view(name).substr(0, kInbox.size()), kInbox)) return;
    name.replace(0, kInbox.size(), kInbox);
}

}  // namespace

bool decode_mailbox_text(ImapScanner& scanner, const ParseContext& context, std::string& text) {
    if (!context.utf8_names()) {
        std::optional<std::string> decoded = decode_modified_utf7(text);
        if (!decoded) return scanner.fail("a mailbox name is no modified UTF-7");
        text = std::move(*decoded);
    }
    if (!is_mailbox_text(text))
        return scanner.fail("a mailbox name has control characters, or is no UTF-8");
    return true;
}

bool parse_mailbox(ImapScanner& scanner, const ParseContext& context, std::string& out) {
    if (!scanner.astring(out) || !decode_mailbox_text(scanner, context, out)) return false;
    if (out.empty()) return scanner.fail("a mailbox name is empty");
    if (out.size() > kMailboxNameMax)
        return scanner.refuse("CANNOT", "Mailbox names have at most 1000 octets.");
    normalize_inbox(out);
    return true;
}

}  // namespace gatepost::dataplane
