#include "dataplane/imap_syntax/command_head.h"

#include <algorithm>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

// Those in use all the time come first, as they are looked for one after the other.
constexpr struct VerbName {
    std::string_view name;
    ImapVerb verb;
    ImapState state = ImapState::authenticated;
    bool has_uid = false;
} kVerbs[] = {
    {"FETCH", ImapVerb::fetch, ImapState::selected, true},
    {"STORE", ImapVerb::store, ImapState::selected, true},
    {"NOOP", ImapVerb::noop, ImapState::any},
    {"IDLE", ImapVerb::idle},
    {"SELECT", ImapVerb::select},
    {"STATUS", ImapVerb::status},
    {"SEARCH", ImapVerb::search, ImapState::selected, true},
    {"LIST", ImapVerb::list},
    {"APPEND", ImapVerb::append},
    {"COPY", ImapVerb::copy, ImapState::selected, true},
    {"MOVE", ImapVerb::move, ImapState::selected, true},
    {"EXPUNGE", ImapVerb::expunge, ImapState::selected, true},
    {"CLOSE", ImapVerb::close, ImapState::selected},
    {"LOGOUT", ImapVerb::logout, ImapState::any},
    {"LOGIN", ImapVerb::login, ImapState::not_authenticated},
    {"CAPABILITY", ImapVerb::capability, ImapState::any},
    {"AUTHENTICATE", ImapVerb::authenticate, ImapState::not_authenticated},
    {"STARTTLS", ImapVerb::starttls, ImapState::not_authenticated},
    {"ID", ImapVerb::id, ImapState::any},
    {"ENABLE", ImapVerb::enable},
    {"NAMESPACE", ImapVerb::namespaces},
    {"EXAMINE", ImapVerb::examine},
    {"LSUB", ImapVerb::lsub},
    {"CREATE", ImapVerb::create},
    {"DELETE", ImapVerb::remove},
    {"RENAME", ImapVerb::rename},
    {"SUBSCRIBE", ImapVerb::subscribe},
    {"UNSUBSCRIBE", ImapVerb::unsubscribe},
    {"UNSELECT", ImapVerb::unselect, ImapState::selected},
    {"CHECK", ImapVerb::check, ImapState::selected},
    {"SORT", ImapVerb::sort, ImapState::selected, true},
    {"THREAD", ImapVerb::thread, ImapState::selected, true},
    {"REPLACE", ImapVerb::replace, ImapState::selected, true},
    {"NOTIFY", ImapVerb::notify},
    {"COMPRESS", ImapVerb::compress},
    {"ESEARCH", ImapVerb::multi_search},
    {"URLFETCH", ImapVerb::url_fetch},
    {"GENURLAUTH", ImapVerb::gen_url_auth},
    {"RESETKEY", ImapVerb::reset_key},
    {"GETQUOTA", ImapVerb::get_quota},
    {"GETQUOTAROOT", ImapVerb::get_quota_root},
    {"SETQUOTA", ImapVerb::set_quota},
    {"GETMETADATA", ImapVerb::get_metadata},
    {"SETMETADATA", ImapVerb::set_metadata},
    {"GETACL", ImapVerb::get_acl},
    {"SETACL", ImapVerb::set_acl},
    {"DELETEACL", ImapVerb::delete_acl},
    {"LISTRIGHTS", ImapVerb::list_rights},
    {"MYRIGHTS", ImapVerb::my_rights},
    {"UNAUTHENTICATE", ImapVerb::unauthenticate},
};

const VerbName& entry_of(ImapVerb verb) {
    return *std::ranges::find(kVerbs, verb, &VerbName::verb);
}

}  // namespace

ImapState state_of(ImapVerb verb) {
    return entry_of(verb).state;
}

std::string_view verb_name(ImapVerb verb) {
    return entry_of(verb).name;
}

bool parse_command_head(ImapScanner& scanner, CommandHead& out) {
    out.tag = scanner.take_while(kTagCharacter);
    if (out.tag.empty()) return scanner.fail("a tag is missing");
    if (scanner.peek() != ' ') {
        out.tag = {};
        return scanner.fail("a tag has a character that it cannot have");
    }
    std::string_view word;
    if (!scanner.space() || !scanner.atom(word)) return false;
    if (equal_ignoring_case(word, "UID")) {
        out.by_uid = true;
        if (!scanner.space() || !scanner.atom(word)) return false;
    }
    const auto* found = std::ranges::find_if(
        kVerbs, [&](const VerbName& verb) { return equal_ignoring_case(verb.name, word); });
    if (found == std::end(kVerbs)) return scanner.fail("there is no such command");
    if (out.by_uid && !found->has_uid) return scanner.fail("there is no such command with UIDs");
    out.verb = found->verb;
    return true;
}

bool carries_message(const CommandText& text) {
    ImapScanner scanner(text);
    CommandHead head;
    return parse_command_head(scanner, head) &&
           (head.verb == ImapVerb::append || head.verb == ImapVerb::replace);
}

}  // namespace gatepost::dataplane
