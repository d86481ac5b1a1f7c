// SEARCH, ESEARCH, SORT and THREAD (RFC 9051 §6.4.4, RFC 7377, RFC 5256).
#include <algorithm>
#include <iterator>

#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/imap_syntax/search_parser.h"

namespace gatepost::dataplane {
namespace {

constexpr struct {
    std::string_view name;
    SortCriterion::Kind kind;
} kCriteria[] = {
    {"ARRIVAL", SortCriterion::Kind::arrival},
    {"CC", SortCriterion::Kind::cc},
    {"DATE", SortCriterion::Kind::date},
    {"FROM", SortCriterion::Kind::from},
    {"SIZE", SortCriterion::Kind::size},
    {"SUBJECT", SortCriterion::Kind::subject},
    {"TO", SortCriterion::Kind::to},
    {"DISPLAYFROM", SortCriterion::Kind::display_from},
    {"DISPLAYTO", SortCriterion::Kind::display_to},
};

bool parse_return_option(ImapScanner& scanner, SearchReturn& out) {
    if (scanner.take_keyword("MIN")) return out.min = true;
    if (scanner.take_keyword("MAX")) return out.max = true;
    if (scanner.take_keyword("ALL")) return out.all = true;
    if (scanner.take_keyword("COUNT")) return out.count = true;
    if (scanner.take_keyword("SAVE")) return out.save = true;
    if (scanner.take_keyword("PARTIAL") && !out.partial) {
        out.partial = true;
        return scanner.space() && parse_partial_range(scanner, out.partial_first, out.partial_last);
    }
    return scanner.fail("there is no such thing to return");
}

// "RETURN (MIN COUNT) ", where it is there.
bool parse_return(ImapScanner& scanner, SearchReturn& out) {
    if (!scanner.take_keyword("RETURN")) return true;
    out.given = true;
    auto option = [&] { return parse_return_option(scanner, out); };
    if (!scanner.space() || !parse_list(scanner, 0, option)) return false;
    // RFC 9051 §6.4.4: "()" is ALL.
    if (!out.min && !out.max && !out.count && !out.save && !out.partial) out.all = true;
    // RFC 9394 §3.1: MUST NOT have both.
    if (out.partial && out.all) return scanner.fail("PARTIAL and ALL exclude one another");
    return scanner.space();
}

bool parse_criterion(ImapScanner& scanner, std::vector<SortCriterion>& out) {
    SortCriterion criterion;
    if (scanner.take_keyword("REVERSE")) {
        criterion.reverse = true;
        if (!scanner.space()) return false;
    }
    for (const auto& known : kCriteria) {
        if (!scanner.take_keyword(known.name)) continue;
        criterion.kind = known.kind;
        // What is equal by the first of a kind is equal by the next, in reverse order as well.
        if (std::ranges::find(out, known.kind, &SortCriterion::kind) == out.end())
            out.push_back(criterion);
        return true;
    }
    return scanner.fail("there is no such criterion to sort by");
}

// "RETURN (MIN) CHARSET UTF-8 SUBJECT x"
bool parse_search_program(ImapScanner& scanner, const ParseContext& context, SearchArguments& out) {
    SearchParser parser(scanner, context);
    if (!parse_return(scanner, out.returned)) return false;
    if (scanner.take_keyword("CHARSET")) {
        // RFC 6855 §3: MUST be refused after ENABLE UTF8=ACCEPT; RFC 9051 has it nevertheless.
        if (context.utf8_accepted && !context.rev2)
            return scanner.fail("with UTF8=ACCEPT the charset is UTF-8");
        if (!scanner.space() || !parser.read_charset() || !scanner.space()) return false;
    }
    if (!parser.read_keys(out.key)) return false;
    out.has_modseq = parser.has_modseq();
    return true;
}

using Filter = MailboxFilter::Kind;

// A name; of a subtree also "", which all mailboxes are below.
bool parse_searched_name(ImapScanner& scanner, const ParseContext& context,
                         std::vector<MailboxFilter>& sources) {
    const bool is_root = sources.back().kind != Filter::mailboxes;
    size_t names = 0;
    for (const MailboxFilter& source : sources)
        if ((source.kind != Filter::mailboxes) == is_root) names += source.mailboxes.size();
    if (names == (is_root ? kSearchedSubtreesMax : kSearchedNamesMax))
        return scanner.refuse("LIMIT", "Those are too many mailboxes.");
    std::string& name = sources.back().mailboxes.emplace_back();
    ImapScanner ahead(scanner);
    if (is_root && ahead.string(name) && name.empty()) return scanner.string(name);
    return parse_mailbox(scanner, context, name);
}

bool parse_source(ImapScanner& scanner, const ParseContext& context,
                  std::vector<MailboxFilter>& sources) {
    if (sources.size() == kSearchSourcesMax)
        return scanner.refuse("LIMIT", "Those are too many sources.");
    MailboxFilter& out = sources.emplace_back();
    // RFC 7377 §2.2: SELECTED-DELAYED, which NOTIFY has, is none of them.
    if (!take_mailbox_filter(scanner, out.kind) || out.kind == Filter::selected_delayed)
        return scanner.fail("there is no such choice of mailboxes");
    if (!out.has_names()) return true;
    auto name = [&] { return parse_searched_name(scanner, context, sources); };
    if (!scanner.space()) return false;
    if (!(scanner.peek() == '(' ? parse_list(scanner, 1, name) : name())) return false;
    std::ranges::sort(out.mailboxes);
    return true;
}

}  // namespace

bool parse_search(ImapScanner& scanner, const ParseContext& context, SearchArguments& out) {
    return scanner.space() && parse_search_program(scanner, context, out);
}

bool parse_multi_search(ImapScanner& scanner, const ParseContext& context,
                        MultiSearchArguments& out) {
    if (!scanner.space()) return false;
    if (scanner.take_keyword("IN")) {
        // RFC 7377 §2.2: options of the scope may follow the mailboxes; there are none yet.
        auto source = [&] { return parse_source(scanner, context, out.sources); };
        if (!scanner.space() || !parse_list(scanner, 1, source) || !scanner.space()) return false;
    }
    if (!parse_search_program(scanner, context, out.search)) return false;
    // RFC 7377 §2.2: what is saved is of the selected mailbox, and of no other.
    const bool others = std::ranges::any_of(
        out.sources, [](const MailboxFilter& source) { return !source.is_selected(); });
    return !others || !out.search.returned.save ||
           scanner.fail("only of the selected mailbox results are saved");
}

bool parse_sort(ImapScanner& scanner, const ParseContext& context, SortArguments& out) {
    SearchParser parser(scanner, context);
    if (!scanner.space() || !parse_return(scanner, out.returned)) return false;
    if (!parse_list(scanner, 1, [&] { return parse_criterion(scanner, out.criteria); }))
        return false;
    if (!scanner.space() || !parser.read_charset() || !scanner.space()) return false;
    if (!parser.read_keys(out.key)) return false;
    out.has_modseq = parser.has_modseq();
    return true;
}

bool parse_thread(ImapScanner& scanner, const ParseContext& context, ThreadArguments& out) {
    SearchParser parser(scanner, context);
    if (!scanner.space()) return false;
    if (scanner.take_keyword("ORDEREDSUBJECT"))
        out.algorithm = ThreadAlgorithm::ordered_subject;
    else if (!scanner.take_keyword("REFERENCES"))
        return scanner.fail("there is no such way to make threads");
    if (!scanner.space() || !parser.read_charset() || !scanner.space()) return false;
    return parser.read_keys(out.key);
}

}  // namespace gatepost::dataplane
