// Commands whose arguments are names and words.
#include "dataplane/auth/sasl.h"
#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

// RFC 6154 §2, RFC 8457 §2, as they are written.
constexpr std::string_view kSpecialUses[] = {"\\All",  "\\Archive", "\\Drafts", "\\Flagged",
                                             "\\Junk", "\\Sent",    "\\Trash",  "\\Important"};

bool parse_other(ImapScanner& scanner, ImapCommand& out) {
    out.has_other = true;
    return scanner.space() && scanner.astring(out.other);
}

bool parse_mailbox_argument(ImapScanner& scanner, const ParseContext& context, std::string& out) {
    return scanner.space() && parse_mailbox(scanner, context, out);
}

// RFC 9051 §6.3.4: "/" at the end says that mailboxes will be created below it.
void drop_hierarchy_delimiter(std::string& name) {
    if (name.size() > 1 && name.ends_with('/')) name.pop_back();
}

// "(USE (\Sent))" (RFC 6154 §3)
bool parse_create_parameters(ImapScanner& scanner, ImapCommand& out) {
    auto use = [&] {
        std::string_view word;
        if (!scanner.expect('\\') || !scanner.atom(word)) return false;
        for (std::string_view known : kSpecialUses) {
            if (!equal_ignoring_case(known.substr(1), word)) continue;
            if (!out.special_use.empty() && out.special_use != known)
                return scanner.refuse("USEATTR", "A mailbox has one special use.");
            out.special_use = known;
            return true;
        }
        return scanner.refuse("USEATTR", "There is no such special use.");
    };
    return parse_list(scanner, 1, [&] {
        if (!scanner.take_keyword("USE")) return scanner.fail("there is no such parameter");
        return scanner.space() && parse_list(scanner, 0, use);
    });
}

bool parse_create(ImapScanner& scanner, const ParseContext& context, ImapCommand& out) {
    if (!parse_mailbox_argument(scanner, context, out.name)) return false;
    drop_hierarchy_delimiter(out.name);
    while (scanner.take(' ')) continue;
    return scanner.at_end() || parse_create_parameters(scanner, out);
}

bool parse_rename(ImapScanner& scanner, const ParseContext& context, ImapCommand& out) {
    out.has_other = true;
    if (!parse_mailbox_argument(scanner, context, out.name)) return false;
    if (!parse_mailbox_argument(scanner, context, out.other)) return false;
    drop_hierarchy_delimiter(out.other);
    return true;
}

bool parse_authenticate(ImapScanner& scanner, ImapCommand& out) {
    std::string_view mechanism;
    if (!scanner.space() || !scanner.atom(mechanism)) return false;
    out.name = mechanism;
    while (scanner.take(' ')) continue;
    if (scanner.at_end()) return true;
    // RFC 4959 §3: an initial response in base64, "=" where it is empty.
    std::optional<std::string> response =
        decode_initial_response(scanner.take_while(kAstringCharacter));
    if (!response) return scanner.fail("the initial response is no base64");
    out.other = std::move(*response);
    return out.has_other = true;
}

// RFC 2971 §3.1: "(\"name\" \"Thunderbird\" \"version\" NIL)", or NIL.
bool parse_id(ImapScanner& scanner, ImapCommand& out) {
    if (!scanner.space()) return false;
    if (scanner.take_keyword("NIL")) return true;
    return parse_list(scanner, 0, [&] {
        std::optional<std::string> value;
        auto& [field, text] = out.pairs.emplace_back();
        if (!scanner.string(field) || !scanner.space() || !scanner.nstring(value)) return false;
        if (value) text = std::move(*value);
        return true;
    });
}

// RFC 9208 §4.1.3: "(STORAGE 512)".
bool parse_quota_limits(ImapScanner& scanner, ImapCommand& out) {
    return scanner.space() && parse_list(scanner, 0, [&] {
               std::string_view resource;
               uint64_t limit = 0;
               if (!scanner.atom(resource) || !scanner.space() || !scanner.number64(limit))
                   return false;
               out.pairs.emplace_back(resource, std::to_string(limit));
               return true;
           });
}

bool parse_enable(ImapScanner& scanner, ImapCommand& out) {
    do {
        std::string_view word;
        if (!scanner.space() || !scanner.atom(word)) return false;
        out.words.emplace_back(word);
        ImapScanner ahead(scanner);
        if (ahead.end()) break;
    } while (!scanner.at_end());
    return true;
}

bool parse_copy(ImapScanner& scanner, const ParseContext& context, ImapCommand& out) {
    return scanner.space() && parse_sequence_set(scanner, out.set) &&
           parse_mailbox_argument(scanner, context, out.name);
}

// RFC 4314 §3.1: "+lrs", "" takes all away.
bool parse_set_acl(ImapScanner& scanner, const ParseContext& context, ImapCommand& out) {
    return parse_mailbox_argument(scanner, context, out.name) && parse_other(scanner, out) &&
           scanner.space() && scanner.astring(out.words.emplace_back());
}

}  // namespace

bool parse_plain_arguments(ImapScanner& scanner, const ParseContext& context, ImapCommand& out) {
    std::string_view word;
    switch (out.verb) {
        case ImapVerb::login:
            return scanner.space() && scanner.astring(out.name) && parse_other(scanner, out);
        case ImapVerb::authenticate:
            return parse_authenticate(scanner, out);
        case ImapVerb::id:
            return parse_id(scanner, out);
        case ImapVerb::enable:
            return parse_enable(scanner, out);
        case ImapVerb::create:
            return parse_create(scanner, context, out);
        case ImapVerb::rename:
            return parse_rename(scanner, context, out);
        case ImapVerb::remove:
        case ImapVerb::subscribe:
        case ImapVerb::unsubscribe:
        case ImapVerb::get_quota_root:
        case ImapVerb::get_acl:
        case ImapVerb::my_rights:
            return parse_mailbox_argument(scanner, context, out.name);
        case ImapVerb::status:
            return parse_mailbox_argument(scanner, context, out.name) && scanner.space() &&
                   parse_status_items(scanner, out.status);
        case ImapVerb::get_quota:
            return scanner.space() && scanner.astring(out.name);
        case ImapVerb::set_quota:
            return scanner.space() && scanner.astring(out.name) && parse_quota_limits(scanner, out);
        case ImapVerb::set_acl:
            return parse_set_acl(scanner, context, out);
        case ImapVerb::delete_acl:
        case ImapVerb::list_rights:
            return parse_mailbox_argument(scanner, context, out.name) && parse_other(scanner, out);
        case ImapVerb::compress:
            if (!scanner.space() || !scanner.atom(word)) return false;
            out.name = word;
            return true;
        case ImapVerb::copy:
        case ImapVerb::move:
            return parse_copy(scanner, context, out);
        case ImapVerb::expunge:  // RFC 9051 §6.4.9: UID EXPUNGE
            return !out.by_uid || (scanner.space() && parse_sequence_set(scanner, out.set));
        default:
            return true;
    }
}

}  // namespace gatepost::dataplane
