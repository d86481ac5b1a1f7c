// STATUS (RFC 9051 §6.3.11).
#include <optional>

#include "dataplane/imap_account/account_support.h"

namespace gatepost::dataplane {

namespace {

using storage::MailboxStatus;

std::optional<MailboxStatus> find_status(const AccountContext& context, uint64_t mailbox_id) {
    const auto index = context.mailboxes.index();
    const auto mailbox = index ? index->mailbox(mailbox_id) : std::nullopt;
    return mailbox ? std::optional(mailbox->status()) : std::nullopt;
}

void append_items(const AccountContext& context, const MailboxStatus& status,
                  const StatusItems& items) {
    std::string& out = context.out;
    bool first = true;
    const auto add = [&](bool wanted, std::string_view name, const std::string& value) {
        if (!wanted) return;
        if (!first) out += ' ';
        first = false;
        out += name;
        out += ' ';
        out += value;
    };
    const auto number = [&](bool wanted, std::string_view name, uint64_t value) {
        if (wanted) add(true, name, std::to_string(value));
    };
    out += " (";
    number(items.messages, "MESSAGES", status.messages);
    number(items.recent, "RECENT", 0);  // no message is: RFC 9051, appendix E
    number(items.uid_next, "UIDNEXT", status.uid_next);
    number(items.uid_validity, "UIDVALIDITY", status.uid_validity);
    number(items.unseen, "UNSEEN", status.unseen);
    number(items.deleted, "DELETED", status.deleted);
    number(items.size, "SIZE", status.octets);
    number(items.highest_modseq, "HIGHESTMODSEQ", status.highest_modseq);
    number(items.append_limit, "APPENDLIMIT", context.options.message_octets_max);
    add(items.mailbox_id, "MAILBOXID", "(" + mailbox_object_id(status.mailbox_id) + ")");
    out += ")\r\n";
}

}  // namespace

Task<ImapReply> append_status(AccountContext& context, std::string_view name,
                              const NamedMailbox& mailbox, const StatusItems& items) {
    std::optional<MailboxStatus> status = find_status(context, mailbox.id);
    if (!status) {
        // Of somebody else: her list has it.
        ImapReply opened = co_await open_account(context.mailboxes, mailbox.owner_id);
        if (opened.kind != ImapReply::Kind::ok) co_return opened;
        status = find_status(context, mailbox.id);
    }
    if (!status) {
        const storage::MailboxRequest request = storage::OpenMailbox{mailbox.id};
        const storage::MailboxReply reply = co_await context.mailboxes.ask(request);
        if (!reply.ok()) co_return reply_of(reply);
        status = find_status(context, mailbox.id);
    }
    if (!status) co_return imap_no("UNAVAILABLE", "the mailbox cannot be read now; try again");
    context.out += "* STATUS ";
    append_mailbox_name(context.out, name, context.utf8);
    append_items(context, *status, items);
    co_return imap_ok("that is it");
}

Task<ImapReply> run_status(AccountContext& context, const ImapCommand& command) {
    const auto found = find_mailbox(context, command.name);
    if (!found) co_return no_such_mailbox();
    if ((found->rights & storage::kRightRead) == 0) co_return no_permission("r");
    const NamedMailbox mailbox = *found;
    ImapReply reply = co_await append_status(context, command.name, mailbox, command.status);
    co_return reply;
}

}  // namespace gatepost::dataplane
