// GETACL, SETACL, DELETEACL, LISTRIGHTS, MYRIGHTS (RFC 4314).
#include <array>
#include <utility>

#include "dataplane/imap_account/account_support.h"

namespace gatepost::dataplane {

namespace {

using storage::FlagAction;
using storage::MailboxReply;
using storage::MailboxRequest;

constexpr uint16_t kOldCreate = storage::kRightCreate;
constexpr uint16_t kOldDelete =
    storage::kRightDeleteMailbox | storage::kRightDeleteMessages | storage::kRightExpunge;
constexpr std::array<std::pair<char, uint16_t>, 13> kLetters = {{
    {'l', storage::kRightLookup},
    {'r', storage::kRightRead},
    {'s', storage::kRightSeen},
    {'w', storage::kRightWrite},
    {'i', storage::kRightInsert},
    {'p', storage::kRightPost},
    {'k', storage::kRightCreate},
    {'x', storage::kRightDeleteMailbox},
    {'t', storage::kRightDeleteMessages},
    {'e', storage::kRightExpunge},
    {'a', storage::kRightAdminister},
    // RFC 4314 §2.1.1: of RFC 2086.
    {'c', kOldCreate},
    {'d', kOldDelete},
}};

// nullopt: a letter that is no right.
std::optional<uint16_t> rights_of(std::string_view letters) {
    uint16_t rights = 0;
    for (const char letter : letters) {
        bool known = false;
        for (const auto& [name, right] : kLetters) {
            if (letter != name) continue;
            rights = static_cast<uint16_t>(rights | right);
            known = true;
        }
        if (!known) return std::nullopt;
    }
    return rights;
}

Task<ImapReply> get_acl(AccountContext& context, const ImapCommand& command, uint64_t mailbox_id) {
    const MailboxRequest request = storage::GetAcl{mailbox_id};
    const MailboxReply reply = co_await context.mailboxes.ask(request);
    if (!reply.ok()) co_return reply_of(reply);
    std::string& out = context.out;
    out += "* ACL ";
    append_mailbox_name(out, command.name, context.utf8);
    for (const auto& [identifier, letters] : reply.values) {
        const auto rights = rights_of(letters);
        out += ' ';
        append_astring(out, identifier, context.utf8);
        out += ' ';
        append_astring(out, rights ? rights_text(*rights) : letters, context.utf8);
    }
    out += "\r\n";
    co_return imap_ok("these are all");
}

Task<ImapReply> set_acl(AccountContext& context, const ImapCommand& command, uint64_t mailbox_id) {
    storage::SetAcl change;
    change.mailbox_id = mailbox_id;
    change.identifier = command.other;
    // RFC 4314 §2: negative rights are for servers that want them.
    if (change.identifier.starts_with('-'))
        co_return imap_no("CANNOT", "rights are given here, not taken away by an entry of its own");
    if (command.verb == ImapVerb::set_acl) {
        std::string_view letters = command.words.empty() ? std::string_view() : command.words[0];
        if (letters.starts_with('+')) change.action = FlagAction::add;
        if (letters.starts_with('-')) change.action = FlagAction::remove;
        if (change.action != FlagAction::replace) letters.remove_prefix(1);
        const auto rights = rights_of(letters);
        if (!rights) co_return imap_bad("there is no such right");
        change.rights = *rights;
    }
    const MailboxRequest request = std::move(change);
    const MailboxReply reply = co_await context.mailboxes.ask(request);
    if (!reply.ok()) co_return reply_of(reply);
    co_return imap_ok("done");
}

void append_my_rights(AccountContext& context, const ImapCommand& command, uint16_t rights) {
    context.out += "* MYRIGHTS ";
    append_mailbox_name(context.out, command.name, context.utf8);
    context.out += ' ';
    append_astring(context.out, rights_text(rights), context.utf8);
    context.out += "\r\n";
}

// RFC 4314 §3.7: none is always there, and each may be given alone.
void append_list_rights(AccountContext& context, const ImapCommand& command) {
    context.out += "* LISTRIGHTS ";
    append_mailbox_name(context.out, command.name, context.utf8);
    context.out += ' ';
    append_astring(context.out, command.other, context.utf8);
    context.out += " \"\" l r s w i p k x t e a c d\r\n";
}

}  // namespace

std::string rights_text(uint16_t rights) {
    std::string text;
    for (const auto& [letter, right] : kLetters)
        if ((rights & right) != 0) text += letter;
    return text;
}

Task<ImapReply> run_acl(AccountContext& context, const ImapCommand& command) {
    const auto mailbox = find_mailbox(context, command.name);
    if (!mailbox) co_return no_such_mailbox();
    if (command.verb == ImapVerb::my_rights) {
        append_my_rights(context, command, mailbox->rights);
        co_return imap_ok("these are yours");
    }
    // RFC 4314 §4.
    if ((mailbox->rights & storage::kRightAdminister) == 0) co_return no_permission("a");
    ImapReply reply = imap_ok("these may be given");
    const uint64_t mailbox_id = mailbox->id;
    if (command.verb == ImapVerb::get_acl)
        reply = co_await get_acl(context, command, mailbox_id);
    else if (command.verb == ImapVerb::list_rights)
        append_list_rights(context, command);
    else
        reply = co_await set_acl(context, command, mailbox_id);
    co_return reply;
}

}  // namespace gatepost::dataplane
