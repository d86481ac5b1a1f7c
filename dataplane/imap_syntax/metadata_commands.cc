// GETMETADATA and SETMETADATA (RFC 5464).
#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

bool parse_depth(ImapScanner& scanner, uint32_t& out) {
    if (scanner.take_keyword("infinity")) {
        out = UINT32_MAX;
        return true;
    }
    if (scanner.take_keyword("0")) {
        out = 0;
        return true;
    }
    out = 1;
    return scanner.take_keyword("1") || scanner.fail("DEPTH is 0, 1 or infinity");
}

bool parse_options(ImapScanner& scanner, MetadataArguments& out) {
    return parse_list(scanner, 1, [&] {
        if (scanner.take_keyword("DEPTH"))
            return scanner.space() && parse_depth(scanner, out.depth);
        if (!scanner.take_keyword("MAXSIZE"))
            return scanner.fail("there is no such option of this command");
        return scanner.space() && scanner.number64(out.size_max.emplace());
    });
}

// "" is the server; else a mailbox.
bool parse_metadata_mailbox(ImapScanner& scanner, const ParseContext& context, std::string& out) {
    if (!scanner.space()) return false;
    ImapScanner ahead = scanner;
    if (ahead.take('"') && ahead.take('"')) return scanner.string(out);
    return parse_mailbox(scanner, context, out);
}

bool add_entry(ImapScanner& scanner, MetadataArguments& out) {
    if (out.entries.size() == kMetadataEntriesMax)
        return scanner.refuse("METADATA TOOMANY", "There are too many entries.");
    return parse_metadata_entry(scanner, out.entries.emplace_back().first);
}

}  // namespace

bool parse_metadata_entry(ImapScanner& scanner, std::string& out) {
    if (!scanner.astring(out)) return false;
    out = to_lower(out);  // RFC 5464 §3: entry names are not case sensitive
    // RFC 5464 §3: begins with "/", no "//", no "/" at the end, no wildcards, printable ASCII.
    bool ok = out.size() > 1 && out.front() == '/' && out.back() != '/';
    for (size_t i = 0; i < out.size() && ok; ++i)
        ok = out[i] > 0x1f && out[i] < 0x7f && out[i] != '*' && out[i] != '%' &&
             (out[i] != '/' || out[i + 1] != '/');
    return ok || scanner.fail("no entry has that name");
}

bool parse_get_metadata(ImapScanner& scanner, const ParseContext& context, MetadataArguments& out) {
    ImapScanner first(scanner);
    if (first.take(' ') && first.peek() == '(' &&
        (!scanner.space() || !parse_options(scanner, out)))
        return false;
    if (!parse_metadata_mailbox(scanner, context, out.mailbox) || !scanner.space()) return false;
    // RFC 5464 §4.2.1 shows the options behind the mailbox, its grammar has them before it.
    ImapScanner ahead(scanner);
    if (ahead.take('(') && (ahead.take_keyword("MAXSIZE") || ahead.take_keyword("DEPTH")) &&
        (!parse_options(scanner, out) || !scanner.space()))
        return false;
    if (scanner.peek() != '(') return add_entry(scanner, out);
    return parse_list(scanner, 1, [&] { return add_entry(scanner, out); });
}

bool parse_set_metadata(ImapScanner& scanner, const ParseContext& context, MetadataArguments& out) {
    if (!parse_metadata_mailbox(scanner, context, out.mailbox) || !scanner.space()) return false;
    return parse_list(scanner, 1, [&] {
        return add_entry(scanner, out) && scanner.space() &&
               scanner.nstring_or_binary(out.entries.back().second);
    });
}

}  // namespace gatepost::dataplane
