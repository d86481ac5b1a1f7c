// FETCH and STORE (RFC 9051 §6.4.5, §6.4.6).
#include <algorithm>

#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

using Item = FetchItem::Kind;

// Those without a section.
constexpr struct {
    std::string_view name;
    Item kind;
    bool sets_seen = false;
} kItems[] = {
    {"FLAGS", Item::flags},
    {"UID", Item::uid},
    {"INTERNALDATE", Item::internal_date},
    {"RFC822.SIZE", Item::rfc822_size},
    {"ENVELOPE", Item::envelope},
    {"BODY", Item::body},
    {"BODYSTRUCTURE", Item::body_structure},
    {"RFC822", Item::rfc822, true},
    {"RFC822.HEADER", Item::rfc822_header},
    {"RFC822.TEXT", Item::rfc822_text, true},
    {"MODSEQ", Item::modseq},
    {"SAVEDATE", Item::save_date},
    {"EMAILID", Item::email_id},
    {"THREADID", Item::thread_id},
    {"PREVIEW", Item::preview},
};

// Those in front of "[".
constexpr struct {
    std::string_view name;
    Item kind;
    bool peek;
} kSectionItems[] = {
    {"BODY", Item::body_section, false},      {"BODY.PEEK", Item::body_section, true},
    {"BINARY", Item::binary, false},          {"BINARY.PEEK", Item::binary, true},
    {"BINARY.SIZE", Item::binary_size, true},
};

// "(From To)"
bool parse_field_names(ImapScanner& scanner, std::vector<std::string>& out) {
    return scanner.space() && parse_list(scanner, 1, [&] {
               std::string& name = out.emplace_back();
               if (!scanner.astring(name)) return false;
               if (!name.empty() && std::ranges::all_of(name, is_field_name_character)) return true;
               return scanner.fail("no header field has that name");
           });
}

bool parse_section_text(ImapScanner& scanner, FetchSection& out) {
    using Text = FetchSection::Text;
    const std::string_view word = scanner.take_while(kWordCharacter);
    auto is_it = [&](std::string_view name) { return equal_ignoring_case(word, name); };
    if (is_it("HEADER")) {
        out.text = Text::header;
    } else if (is_it("TEXT")) {
        out.text = Text::text;
    } else if (is_it("MIME") && !out.part.empty()) {  // RFC 9051 §6.4.5.1: of a part alone
        out.text = Text::mime;
    } else if (is_it("HEADER.FIELDS") || is_it("HEADER.FIELDS.NOT")) {
        out.text = is_it("HEADER.FIELDS") ? Text::header_fields : Text::header_fields_not;
        return parse_field_names(scanner, out.fields);
    } else {
        return scanner.fail("there is no such section");
    }
    return true;
}

// "[1.2.HEADER]"; of BINARY only "[1.2]".
bool parse_section(ImapScanner& scanner, bool binary, FetchSection& out) {
    if (!scanner.expect('[')) return false;
    bool more = true;
    while (more && is_imap_digit(scanner.peek())) {
        if (!scanner.nz_number(out.part.emplace_back())) return false;
        more = scanner.take('.');
    }
    const bool text_follows = out.part.empty() ? scanner.peek() != ']' : more;
    if (text_follows) {
        if (binary) return scanner.fail("a section of BINARY is a part's number");
        if (!parse_section_text(scanner, out)) return false;
    }
    return scanner.expect(']');
}

// "<0.100>". RFC 9051 has 63 bits; no message has more than 32.
bool parse_partial(ImapScanner& scanner, std::optional<FetchPartial>& out) {
    if (!scanner.take('<')) return true;
    uint64_t first = 0;
    uint64_t octets = 0;
    if (!scanner.number64(first) || !scanner.expect('.') || !scanner.number64(octets)) return false;
    if (octets == 0) return scanner.fail("a range of octets is empty");
    auto bounded = [](uint64_t n) {
        return static_cast<uint32_t>(std::min<uint64_t>(n, UINT32_MAX));
    };
    out = FetchPartial{bounded(first), bounded(octets)};
    return scanner.expect('>');
}

bool parse_section_item(ImapScanner& scanner, std::string_view word, FetchItem& out) {
    const auto* found = std::ranges::find_if(
        kSectionItems, [&](const auto& item) { return equal_ignoring_case(item.name, word); });
    if (found == std::end(kSectionItems)) return scanner.fail("that has no sections");
    out.kind = found->kind;
    out.peek = found->peek;
    if (!parse_section(scanner, out.kind != Item::body_section, out.section)) return false;
    return out.kind == Item::binary_size || parse_partial(scanner, out.partial);
}

// RFC 9051 §6.4.5: ALL, FULL, and FAST.
bool add_macro(std::string_view word, std::vector<FetchItem>& items) {
    const bool full = equal_ignoring_case(word, "FULL");
    const bool all = full || equal_ignoring_case(word, "ALL");
    if (!all && !equal_ignoring_case(word, "FAST")) return false;
    for (Item kind : {Item::flags, Item::internal_date, Item::rfc822_size})
        items.push_back({.kind = kind, .peek = true});
    if (all) items.push_back({.kind = Item::envelope, .peek = true});
    if (full) items.push_back({.kind = Item::body, .peek = true});
    return true;
}

bool parse_items(ImapScanner& scanner, std::vector<FetchItem>& items) {
    auto one = [&] {
        FetchItem item;
        return parse_fetch_item(scanner, item) && add_fetch_item(scanner, std::move(item), items);
    };
    if (scanner.peek() == '(') return parse_list(scanner, 1, one);
    ImapScanner ahead = scanner;
    if (!add_macro(ahead.take_while(kWordCharacter), items)) return one();
    scanner.take_while(kWordCharacter);
    return true;
}

void require_item(Item kind, std::vector<FetchItem>& items) {
    if (std::ranges::find(items, kind, &FetchItem::kind) == items.end())
        items.insert(items.begin(), {.kind = kind, .peek = true});
}

// "(CHANGEDSINCE 12345 VANISHED)"
bool parse_fetch_modifiers(ImapScanner& scanner, bool by_uid, FetchArguments& out) {
    auto modifier = [&] {
        if (scanner.take_keyword("CHANGEDSINCE")) {
            uint64_t modseq = 0;
            if (!scanner.space() || !scanner.number64(modseq)) return false;
            out.changed_since = modseq;
            return true;
        }
        if (by_uid && scanner.take_keyword("VANISHED")) return out.vanished = true;
        // RFC 9394 §3.3: a modifier of UID FETCH.
        if (by_uid && scanner.take_keyword("PARTIAL")) {
            auto& [first, last] = out.partial.emplace();
            return scanner.space() && parse_partial_range(scanner, first, last);
        }
        return scanner.fail("there is no such modifier of this command");
    };
    if (!parse_list(scanner, 1, modifier)) return false;
    // RFC 7162 §3.2.6: VANISHED only together with CHANGEDSINCE.
    if (out.vanished && !out.changed_since) return scanner.fail("VANISHED needs CHANGEDSINCE");
    return true;
}

}  // namespace

bool parse_fetch_item(ImapScanner& scanner, FetchItem& out) {
    const std::string_view word = scanner.take_while(kWordCharacter);
    if (scanner.peek() == '[') return parse_section_item(scanner, word, out);
    const auto* found = std::ranges::find_if(
        kItems, [&](const auto& item) { return equal_ignoring_case(item.name, word); });
    if (found == std::end(kItems)) return scanner.fail("there is no such item of a message");
    out.kind = found->kind;
    out.peek = !found->sets_seen;
    if (out.kind != Item::preview) return true;
    // RFC 8970 §3.1: "PREVIEW (LAZY)".
    ImapScanner ahead = scanner;
    if (!ahead.take(' ') || ahead.peek() != '(') return true;
    ahead.take('(');
    if (!ahead.take_keyword("LAZY")) return true;
    scanner.space();
    out.lazy = true;
    return parse_list(scanner, 1, [&] {
        return scanner.take_keyword("LAZY") || scanner.fail("PREVIEW has no such modifier");
    });
}

bool add_fetch_item(ImapScanner& scanner, FetchItem item, std::vector<FetchItem>& items) {
    if (std::ranges::find(items, item) != items.end()) return true;
    if (items.size() == kFetchItemsMax)
        return scanner.refuse("LIMIT", "Too many items are fetched at once.");
    items.push_back(std::move(item));
    return true;
}

bool parse_fetch(ImapScanner& scanner, bool by_uid, FetchArguments& out) {
    if (!scanner.space() || !parse_sequence_set(scanner, out.set)) return false;
    if (!scanner.space() || !parse_items(scanner, out.items)) return false;
    while (scanner.take(' ')) continue;
    if (!scanner.at_end() && !parse_fetch_modifiers(scanner, by_uid, out)) return false;
    // RFC 7162 §3.1.4.1: CHANGEDSINCE has MODSEQ in the answer.
    if (out.changed_since) require_item(Item::modseq, out.items);
    // RFC 9051 §6.4.9: UID FETCH has UID in the answer.
    if (by_uid) require_item(Item::uid, out.items);
    return true;
}

bool parse_store(ImapScanner& scanner, StoreArguments& out) {
    if (!scanner.space() || !parse_sequence_set(scanner, out.set) || !scanner.space()) return false;
    if (scanner.peek() == '(') {  // RFC 7162 §3.1.3
        auto modifier = [&] {
            uint64_t modseq = 0;
            if (!scanner.take_keyword("UNCHANGEDSINCE"))
                return scanner.fail("there is no such modifier of this command");
            if (!scanner.space() || !scanner.number64(modseq)) return false;
            out.unchanged_since = modseq;
            return true;
        };
        if (!parse_list(scanner, 1, modifier) || !scanner.space()) return false;
    }
    if (scanner.take('+'))
        out.action = StoreArguments::Action::add;
    else if (scanner.take('-'))
        out.action = StoreArguments::Action::remove;
    const std::string_view word = scanner.take_while(kWordCharacter);
    out.silent = equal_ignoring_case(word, "FLAGS.SILENT");
    if (!out.silent && !equal_ignoring_case(word, "FLAGS"))
        return scanner.fail("only FLAGS can be stored");
    if (!scanner.space()) return false;
    const bool parsed = scanner.peek() == '(' ? parse_flag_list(scanner, out.flags)
                                              : parse_bare_flags(scanner, out.flags);
    // RFC 3501 §2.3.2: the client cannot alter it.
    if (parsed && out.flags.recent) return scanner.fail("\\Recent is not for clients to change");
    return parsed;
}

}  // namespace gatepost::dataplane
