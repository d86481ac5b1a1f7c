// SELECT, STATUS, LIST and LSUB.
#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"

namespace gatepost::dataplane {
namespace {

constexpr struct {
    std::string_view name;
    bool StatusItems::*item;
} kStatusItems[] = {
    {"MESSAGES", &StatusItems::messages},
    {"UIDNEXT", &StatusItems::uid_next},
    {"UIDVALIDITY", &StatusItems::uid_validity},
    {"UNSEEN", &StatusItems::unseen},
    {"DELETED", &StatusItems::deleted},
    {"SIZE", &StatusItems::size},
    {"RECENT", &StatusItems::recent},
    {"HIGHESTMODSEQ", &StatusItems::highest_modseq},
    {"APPENDLIMIT", &StatusItems::append_limit},
    {"MAILBOXID", &StatusItems::mailbox_id},
};

constexpr struct {
    std::string_view name;
    bool ListArguments::*option;
} kSelectionOptions[] =
    {
        {"SUBSCRIBED", &ListArguments::subscribed_only},
        {"REMOTE", &ListArguments::remote},
        {"RECURSIVEMATCH", &ListArguments::recursive_match},
        {"SPECIAL-USE", &ListArguments::special_use_only},
},
  kReturnOptions[] = {
      {"SUBSCRIBED", &ListArguments::return_subscribed},
      {"CHILDREN", &ListArguments::return_children},
      {"SPECIAL-USE", &ListArguments::return_special_use},
      {"MYRIGHTS", &ListArguments::return_my_rights},
};

// RFC 7162 §3.2.5: "(67890007 20050715194045000 41,43:211 (1:3 5:7))", the first two required.
bool parse_qresync(ImapScanner& scanner, SelectArguments& out) {
    SelectArguments::Qresync& qresync = out.qresync.emplace();
    if (!scanner.space() || !scanner.expect('(')) return false;
    if (!scanner.nz_number(qresync.uid_validity) || !scanner.space()) return false;
    if (!scanner.number64(qresync.modseq)) return false;
    if (scanner.take(')')) return true;
    if (!scanner.space()) return false;
    if (scanner.peek() != '(') {
        if (!parse_sequence_set(scanner, qresync.known_uids.emplace(), Star::refused)) return false;
        if (scanner.take(')')) return true;
        if (!scanner.space()) return false;
    }
    auto& [numbers, uids] = qresync.known_numbers.emplace();
    if (!scanner.expect('(') || !parse_sequence_set(scanner, numbers, Star::refused)) return false;
    if (!scanner.space() || !parse_sequence_set(scanner, uids, Star::refused)) return false;
    return scanner.expect(')') && scanner.expect(')');
}

bool parse_selection_options(ImapScanner& scanner, ListArguments& out) {
    out.extended = true;
    auto option = [&] {
        for (const auto& known : kSelectionOptions)
            if (scanner.take_keyword(known.name)) return out.*known.option = true;
        return scanner.fail("there is no such selection option");
    };
    if (!parse_list(scanner, 0, option) || !scanner.space()) return false;
    // RFC 5258 §3.1: RECURSIVEMATCH says something of another option, which REMOTE is not.
    if (out.recursive_match && !out.subscribed_only && !out.special_use_only)
        return scanner.fail("RECURSIVEMATCH needs another selection option");
    return true;
}

bool parse_pattern(ImapScanner& scanner, const ParseContext& context, ListArguments& out) {
    if (out.patterns.size() == kListPatternsMax)
        return scanner.refuse("LIMIT", "Too many patterns are listed at once.");
    std::string& pattern = out.patterns.emplace_back();
    if (!scanner.list_mailbox(pattern) || !decode_mailbox_text(scanner, context, pattern))
        return false;
    // Each of their octets is compared with each octet of every name.
    size_t octets = 0;
    for (const std::string& one : out.patterns) octets += out.reference.size() + one.size();
    return octets <= kListPatternOctetsMax || scanner.refuse("LIMIT", "The patterns are too long.");
}

bool parse_return_option(ImapScanner& scanner, ListArguments& out) {
    for (const auto& known : kReturnOptions)
        if (scanner.take_keyword(known.name)) return out.*known.option = true;
    if (scanner.take_keyword("STATUS"))  // RFC 5819
        return scanner.space() && parse_status_items(scanner, out.return_status.emplace());
    if (!scanner.take_keyword("METADATA")) return scanner.fail("there is no such return option");
    out.return_metadata_given = true;  // RFC 9590 §3
    return scanner.space() && parse_list(scanner, 1, [&] {
               if (out.return_metadata.size() == kMetadataEntriesMax)
                   return scanner.fail("there are too many entries");
               return parse_metadata_entry(scanner, out.return_metadata.emplace_back());
           });
}

bool parse_reference(ImapScanner& scanner, const ParseContext& context, ListArguments& out) {
    return scanner.astring(out.reference) && decode_mailbox_text(scanner, context, out.reference) &&
           scanner.space();
}

}  // namespace

bool parse_status_items(ImapScanner& scanner, StatusItems& out) {
    return parse_list(scanner, 1, [&] {
        for (const auto& known : kStatusItems)
            if (scanner.take_keyword(known.name)) return out.*known.item = true;
        return scanner.fail("there is no such status item");
    });
}

bool parse_select(ImapScanner& scanner, const ParseContext& context, SelectArguments& out) {
    if (!scanner.space() || !parse_mailbox(scanner, context, out.mailbox)) return false;
    while (scanner.take(' ')) continue;
    if (scanner.at_end()) return true;
    return parse_list(scanner, 1, [&] {
        if (scanner.take_keyword("CONDSTORE")) return out.condstore = true;
        if (scanner.take_keyword("QRESYNC")) return parse_qresync(scanner, out);
        return scanner.fail("there is no such parameter of this command");
    });
}

bool parse_list_command(ImapScanner& scanner, const ParseContext& context, ListArguments& out) {
    if (!scanner.space()) return false;
    if (scanner.peek() == '(' && !parse_selection_options(scanner, out)) return false;
    if (!parse_reference(scanner, context, out)) return false;
    if (scanner.peek() == '(') {
        out.extended = true;
        auto pattern = [&] { return parse_pattern(scanner, context, out); };
        if (!parse_list(scanner, 1, pattern)) return false;
    } else if (!parse_pattern(scanner, context, out)) {
        return false;
    }
    while (scanner.take(' ')) continue;
    if (scanner.at_end()) return true;
    if (!scanner.take_keyword("RETURN")) return scanner.fail("RETURN is missing");
    out.extended = true;
    return scanner.space() &&
           parse_list(scanner, 0, [&] { return parse_return_option(scanner, out); });
}

bool parse_lsub(ImapScanner& scanner, const ParseContext& context, ListArguments& out) {
    return scanner.space() && parse_reference(scanner, context, out) &&
           parse_pattern(scanner, context, out);
}

}  // namespace gatepost::dataplane
