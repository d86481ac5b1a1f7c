#include "dataplane/imap_syntax/search_parser.h"

#include <algorithm>

#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/mail/header_field.h"
#include "storage/mailbox_index/mailbox_entry.h"

namespace gatepost::dataplane {
namespace {

using Kind = SearchKey::Kind;

enum class Operand : uint8_t {
    none,
    text,        // converted from the charset
    field_text,  // a field's name and a text
    keyword,
    date,
    number,  // also 0
    interval,
    set,
    object_id,
    modseq,
};

constexpr struct KeyName {
    std::string_view name;
    Kind kind;
    Operand operand = Operand::none;
    uint8_t flag = 0;
    bool negated = false;
    std::string_view field = {};
} kKeys[] = {
    {"UID", Kind::uid, Operand::set},
    {"ALL", Kind::all},
    {"SEEN", Kind::flag, Operand::none, storage::kFlagSeen},
    {"UNSEEN", Kind::flag, Operand::none, storage::kFlagSeen, true},
    {"DELETED", Kind::flag, Operand::none, storage::kFlagDeleted},
    {"UNDELETED", Kind::flag, Operand::none, storage::kFlagDeleted, true},
    {"ANSWERED", Kind::flag, Operand::none, storage::kFlagAnswered},
    {"UNANSWERED", Kind::flag, Operand::none, storage::kFlagAnswered, true},
    {"FLAGGED", Kind::flag, Operand::none, storage::kFlagFlagged},
    {"UNFLAGGED", Kind::flag, Operand::none, storage::kFlagFlagged, true},
    {"DRAFT", Kind::flag, Operand::none, storage::kFlagDraft},
    {"UNDRAFT", Kind::flag, Operand::none, storage::kFlagDraft, true},
    {"KEYWORD", Kind::keyword, Operand::keyword},
    {"UNKEYWORD", Kind::keyword, Operand::keyword, 0, true},
    // RFC 3501 §6.4.4: NEW is RECENT and UNSEEN, OLD is NOT RECENT.
    {"NEW", Kind::recent},
    {"RECENT", Kind::recent},
    {"OLD", Kind::recent, Operand::none, 0, true},
    {"SUBJECT", Kind::header, Operand::text, 0, false, "subject"},
    {"FROM", Kind::header, Operand::text, 0, false, "from"},
    {"TO", Kind::header, Operand::text, 0, false, "to"},
    {"CC", Kind::header, Operand::text, 0, false, "cc"},
    {"BCC", Kind::header, Operand::text, 0, false, "bcc"},
    {"HEADER", Kind::header, Operand::field_text},
    {"BODY", Kind::body, Operand::text},
    {"TEXT", Kind::text, Operand::text},
    {"LARGER", Kind::larger, Operand::number},
    {"SMALLER", Kind::smaller, Operand::number},
    {"BEFORE", Kind::before, Operand::date},
    {"ON", Kind::on, Operand::date},
    {"SINCE", Kind::since, Operand::date},
    {"SENTBEFORE", Kind::sent_before, Operand::date},
    {"SENTON", Kind::sent_on, Operand::date},
    {"SENTSINCE", Kind::sent_since, Operand::date},
    {"SAVEDBEFORE", Kind::saved_before, Operand::date},
    {"SAVEDON", Kind::saved_on, Operand::date},
    {"SAVEDSINCE", Kind::saved_since, Operand::date},
    {"SAVEDATESUPPORTED", Kind::save_date_supported},
    {"OLDER", Kind::older, Operand::interval},
    {"YOUNGER", Kind::younger, Operand::interval},
    {"MODSEQ", Kind::modseq, Operand::modseq},
    {"EMAILID", Kind::email_id, Operand::object_id},
    {"THREADID", Kind::thread_id, Operand::object_id},
};

// RFC 9051 §7.1: BADCHARSET may name those that there are.
constexpr std::string_view kBadCharset = "BADCHARSET (UTF-8 US-ASCII)";

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = utf8_sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

void negate(SearchKey& key) {
    SearchKey inner = std::move(key);
    key = SearchKey{.kind = Kind::none_of};
    key.children.push_back(std::move(inner));
}

}  // namespace

bool SearchParser::read_charset() {
    if (!scanner_.astring(charset_)) return false;
    const bool known = context_.charsets != nullptr ? context_.charsets->knows(charset_)
                                                    : equal_ignoring_case(charset_, "UTF-8") ||
                                                          equal_ignoring_case(charset_, "US-ASCII");
    return known || scanner_.refuse(kBadCharset, "That charset is not known here.");
}

bool SearchParser::read_keys(SearchKey& out) {
    return read_group(out, 0, false);
}

// Deeper ones are refused, as each level takes stack, here and where they are searched.
bool SearchParser::count_key(int depth) {
    if (depth > static_cast<int>(kSearchDepthMax)) return scanner_.fail("keys are nested too deep");
    if (++keys_ > kSearchKeysMax) return scanner_.fail("there are too many keys");
    return true;
}

bool SearchParser::read_group(SearchKey& out, int depth, bool parenthesized) {
    out.kind = Kind::all_of;
    for (;;) {
        while (scanner_.take(' ')) continue;
        if (!read_key(out.children.emplace_back(), depth + 1)) return false;
        const bool spaced = scanner_.peek() == ' ';
        while (scanner_.take(' ')) continue;
        if (parenthesized && scanner_.take(')')) return true;
        if (scanner_.at_end())
            return !parenthesized || scanner_.fail("a closing parenthesis is missing");
        if (!spaced) return scanner_.space();
    }
}

bool SearchParser::read_key(SearchKey& out, int depth) {
    // NOT NOT NOT … without a level for each.
    bool negated = false;
    while (scanner_.take_keyword("NOT")) {
        if (!scanner_.space()) return false;
        negated = !negated;
    }
    if (negated) ++depth;
    if (!count_key(depth)) return false;
    const char c = scanner_.peek();
    bool ok = false;
    if (scanner_.take('(')) {
        ok = read_group(out, depth, true);
    } else if (c == '*' || c == '$' || is_imap_digit(c)) {
        out.kind = Kind::sequence;
        ok = parse_sequence_set(scanner_, out.set);
    } else if (scanner_.take_keyword("OR")) {
        ok = read_any_of(out, depth);
    } else {
        ok = read_named_key(out, depth);
    }
    if (ok && negated) negate(out);
    return ok;
}

// "OR a OR b c" is any of three: clients that look for one of many make long chains of them.
bool SearchParser::read_any_of(SearchKey& out, int depth) {
    out.kind = Kind::any_of;
    for (size_t missing = 2; missing > 0;) {
        if (!scanner_.space()) return false;
        if (scanner_.take_keyword("OR")) {
            if (++missing > kSearchKeysMax) return scanner_.fail("there are too many keys");
            continue;
        }
        if (!read_key(out.children.emplace_back(), depth + 1)) return false;
        --missing;
    }
    return true;
}

bool SearchParser::read_named_key(SearchKey& out, int depth) {
    std::string_view word;
    if (!scanner_.atom(word)) return false;
    const auto* key = std::ranges::find_if(
        kKeys, [&](const KeyName& name) { return equal_ignoring_case(name.name, word); });
    if (key == std::end(kKeys)) return scanner_.fail("there is no such search key");
    if (key->negated && !count_key(depth + 1)) return false;
    out.kind = key->kind;
    out.flag = key->flag;
    out.field = key->field;
    bool ok = key->operand == Operand::none || scanner_.space();
    switch (ok ? key->operand : Operand::none) {
        case Operand::none:
            break;
        case Operand::field_text:
            ok = scanner_.astring(out.field) && scanner_.space() && read_text(out.text);
            out.field = to_lower(out.field);
            break;
        case Operand::text:
            ok = read_text(out.text);
            break;
        case Operand::keyword: {
            std::string_view keyword;
            ok = scanner_.atom(keyword);
            out.text = keyword;
            break;
        }
        case Operand::date:
            ok = parse_date(scanner_, out.day);
            break;
        case Operand::number:
            ok = scanner_.number64(out.number);
            break;
        case Operand::interval: {  // RFC 5032 §3: nz-number
            uint32_t seconds = 0;
            ok = scanner_.nz_number(seconds);
            out.number = seconds;
            break;
        }
        case Operand::set:
            ok = parse_sequence_set(scanner_, out.set);
            break;
        case Operand::object_id:
            ok = scanner_.astring(out.text);
            break;
        case Operand::modseq:
            ok = read_modseq(out);
            break;
    }
    if (ok && key->negated) negate(out);
    return ok;
}

// RFC 7162 §3.1.5: "MODSEQ "/flags/\\draft" all 620162338": there is one mod-sequence for a whole
// message, so that which flag it is of makes no difference.
bool SearchParser::read_modseq(SearchKey& out) {
    has_modseq_ = true;
    if (scanner_.peek() == '"') {
        std::string entry;
        if (!scanner_.string(entry) || !scanner_.space()) return false;
        if (!scanner_.take_keyword("all") && !scanner_.take_keyword("priv") &&
            !scanner_.take_keyword("shared"))
            return scanner_.fail("the type of an entry is missing");
        if (!scanner_.space()) return false;
    }
    return scanner_.number64(out.number);
}

bool SearchParser::read_text(std::string& out) {
    if (!scanner_.astring(out)) return false;
    // Much that calls itself US-ASCII is UTF-8.
    if (equal_ignoring_case(charset_, "UTF-8") || equal_ignoring_case(charset_, "US-ASCII"))
        return is_utf8(out) || scanner_.fail("a text is not of its charset");
    std::string converted;
    context_.charsets->append_utf8(charset_, out, converted);
    out = std::move(converted);
    return true;
}

}  // namespace gatepost::dataplane
