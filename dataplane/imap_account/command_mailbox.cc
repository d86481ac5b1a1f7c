// CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 §6.3.4 to §6.3.8).
#include <array>
#include <utility>

#include "dataplane/imap_account/account_support.h"

namespace gatepost::dataplane {

namespace {

using storage::MailboxReply;
using storage::MailboxRequest;
using storage::SpecialUse;

constexpr std::array<std::pair<std::string_view, SpecialUse>, 7> kSpecialUses = {{
    {"\\all", SpecialUse::all},
    {"\\archive", SpecialUse::archive},
    {"\\drafts", SpecialUse::drafts},
    {"\\flagged", SpecialUse::flagged},
    {"\\junk", SpecialUse::junk},
    {"\\sent", SpecialUse::sent},
    {"\\trash", SpecialUse::trash},
}};

std::optional<SpecialUse> special_use_of(std::string_view text) {
    std::string lower(text);
    for (char& octet : lower)
        if (octet >= 'A' && octet <= 'Z') octet = static_cast<char>(octet - 'A' + 'a');
    for (const auto& [name, use] : kSpecialUses)
        if (lower == name) return use;
    return std::nullopt;
}

Task<ImapReply> create(AccountContext& context, const ImapCommand& command) {
    SpecialUse use = SpecialUse::none;
    if (!command.special_use.empty()) {
        const auto wanted = special_use_of(command.special_use);
        // RFC 6154 §3.
        if (!wanted) co_return imap_no("USEATTR", "that special use is not known here");
        use = *wanted;
    }
    const auto place = place_of(context, command.name);
    if (!place || place->name.empty()) co_return no_permission("k");
    storage::CreateMailbox create;
    create.account_id = place->owner_id;
    create.name = place->name;
    create.special_use = use;
    const MailboxRequest request = std::move(create);
    const MailboxReply reply = co_await context.mailboxes.ask(request);
    if (!reply.ok()) co_return reply_of(reply);
    // RFC 8474 §4.1.
    co_return imap_ok("the mailbox is there",
                      "MAILBOXID (" + mailbox_object_id(reply.mailbox_id) + ")");
}

Task<ImapReply> remove(AccountContext& context, const ImapCommand& command) {
    const auto mailbox = find_mailbox(context, command.name);
    if (!mailbox) co_return no_such_mailbox();
    if (mailbox->owner_name == "INBOX")
        co_return imap_no("CANNOT", "INBOX is where mail comes to: it cannot be deleted");
    if ((mailbox->rights & storage::kRightDeleteMailbox) == 0) co_return no_permission("x");
    const MailboxRequest request = storage::DeleteMailbox{mailbox->id};
    const MailboxReply reply = co_await context.mailboxes.ask(request);
    if (!reply.ok()) co_return reply_of(reply);
    co_return imap_ok("the mailbox is gone");
}

Task<ImapReply> rename(AccountContext& context, const ImapCommand& command) {
    const auto target = place_of(context, command.other);
    if (!target || target->name.empty()) co_return no_permission("k");
    const auto mailbox = find_mailbox(context, command.name);
    storage::RenameMailbox rename;
    rename.new_name = target->name;
    if (mailbox) {
        if ((mailbox->rights & storage::kRightDeleteMailbox) == 0) co_return no_permission("x");
        rename.mailbox_id = mailbox->id;
        rename.account_id = mailbox->owner_id;
        rename.name = mailbox->owner_name;
    } else {
        // A name that is there for those below it alone. The database says whether there are any.
        if (name_of_others(command.name)) co_return no_such_mailbox();
        rename.account_id = context.account_id;
        rename.name = command.name;
    }
    if (rename.account_id != target->owner_id)
        co_return imap_no("CANNOT", "a mailbox stays with its owner: copy the messages");
    const MailboxRequest request = std::move(rename);
    const MailboxReply reply = co_await context.mailboxes.ask(request);
    if (!reply.ok()) co_return reply_of(reply);
    co_return imap_ok("renamed");
}

Task<ImapReply> subscribe(AccountContext& context, const ImapCommand& command) {
    const bool wanted = command.verb == ImapVerb::subscribe;
    // RFC 9051 §6.3.7: the name is checked; a subscription may outlive its mailbox all the same.
    if (wanted && !find_mailbox(context, command.name)) co_return no_such_mailbox();
    storage::SubscribeMailbox subscribe;
    subscribe.account_id = context.account_id;
    subscribe.name = command.name;
    subscribe.subscribed = wanted;
    const MailboxRequest request = std::move(subscribe);
    const MailboxReply reply = co_await context.mailboxes.ask(request);
    // To end what has not begun is no error.
    if (!reply.ok() && (wanted || reply.outcome != storage::MailboxOutcome::not_found))
        co_return reply_of(reply);
    co_return imap_ok(wanted ? "subscribed" : "unsubscribed");
}

}  // namespace

Task<ImapReply> run_mailbox_change(AccountContext& context, const ImapCommand& command) {
    ImapReply reply;
    switch (command.verb) {
        case ImapVerb::create:
            reply = co_await create(context, command);
            break;
        case ImapVerb::remove:
            reply = co_await remove(context, command);
            break;
        case ImapVerb::rename:
            reply = co_await rename(context, command);
            break;
        default:
            reply = co_await subscribe(context, command);
            break;
    }
    co_return reply;
}

}  // namespace gatepost::dataplane
