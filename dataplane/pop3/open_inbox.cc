// The mailbox that a session is about, in the index.
#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

using storage::MailboxOutcome;
using storage::MailboxView;

std::optional<uint64_t> Pop3Session::find_inbox(uint64_t account_id) const {
    const auto index = environment_.mailboxes().index();
    const auto account = index ? index->account(account_id) : std::nullopt;
    const auto inbox = account ? account->find("INBOX") : std::nullopt;
    if (!inbox || inbox->mailbox_id == 0) return std::nullopt;
    return inbox->mailbox_id;
}

std::optional<MailboxView> Pop3Session::view(uint64_t mailbox_id) const {
    const auto index = environment_.mailboxes().index();
    auto mailbox = index ? index->mailbox(mailbox_id) : std::nullopt;
    if (!mailbox || !mailbox->has_messages()) return std::nullopt;
    return mailbox;
}

std::optional<MailboxView> Pop3Session::maildrop_view() const {
    auto mailbox = view(maildrop_.mailbox_id());
    // Another mailbox's UIDs would mean other messages.
    if (mailbox && mailbox->status().uid_validity != maildrop_.uid_validity()) return std::nullopt;
    return mailbox;
}

Task<MailboxOutcome> Pop3Session::open_inbox(uint64_t account_id) {
    auto inbox = find_inbox(account_id);
    if (!inbox) {
        const storage::MailboxRequest request = storage::OpenAccount{account_id};
        const storage::MailboxReply reply = co_await environment_.mailboxes().ask(request);
        if (!reply.ok()) co_return reply.outcome;
        inbox = find_inbox(account_id);
        if (!inbox) co_return MailboxOutcome::not_found;
    }
    auto mailbox = view(*inbox);
    if (!mailbox) {
        const storage::MailboxRequest request = storage::OpenMailbox{*inbox};
        const storage::MailboxReply reply = co_await environment_.mailboxes().ask(request);
        if (!reply.ok()) co_return reply.outcome;
        mailbox = view(*inbox);
        if (!mailbox) co_return MailboxOutcome::unavailable;
    }
    maildrop_ = Maildrop(*mailbox);
    co_return MailboxOutcome::ok;
}

Task<bool> Pop3Session::open_maildrop() {
    if (maildrop_view()) co_return true;
    const storage::MailboxRequest request = storage::OpenMailbox{maildrop_.mailbox_id()};
    co_await environment_.mailboxes().ask(request);
    co_return maildrop_view().has_value();
}

}  // namespace gatepost::dataplane
