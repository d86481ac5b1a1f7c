// The mailbox that a session is about, in the index.
#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

using storage::MailboxOutcome;
using storage::MailboxView;

namespace {

// The index may let go of a mailbox at once where memory is short: then it is asked for again.
constexpr int kOpenTriesMax = 4;

}  // namespace

std::optional<MailboxView> Pop3Session::view(uint64_t mailbox_id) const {
    const auto index = environment_.mailboxes().index();
    auto mailbox = index ? index->mailbox(mailbox_id) : std::nullopt;
    if (!mailbox || !mailbox->has_messages()) return std::nullopt;
    return mailbox;
}

Task<MailboxOutcome> Pop3Session::open_inbox(uint64_t account_id) {
    for (int tries = 0; tries < kOpenTriesMax; ++tries) {
        const auto index = environment_.mailboxes().index();
        const auto account = index ? index->account(account_id) : std::nullopt;
        const auto inbox = account ? account->find("INBOX") : std::nullopt;
        if (account && (!inbox || inbox->mailbox_id == 0)) co_return MailboxOutcome::not_found;
        const auto mailbox = inbox ? view(inbox->mailbox_id) : std::nullopt;
        if (mailbox) {
            maildrop_ = Maildrop(*mailbox);
            co_return MailboxOutcome::ok;
        }
        storage::MailboxRequest request = storage::OpenAccount{account_id};
        if (inbox) request = storage::OpenMailbox{inbox->mailbox_id};
        const storage::MailboxReply reply = co_await environment_.mailboxes().ask(request);
        if (!reply.ok()) co_return reply.outcome;
    }
    co_return MailboxOutcome::unavailable;
}

Task<bool> Pop3Session::open_maildrop(std::optional<MailboxView>& mailbox) {
    for (int tries = 0; tries < kOpenTriesMax; ++tries) {
        mailbox = view(maildrop_.mailbox_id());
        // Another mailbox's UIDs would mean other messages.
        if (mailbox) co_return mailbox->status().uid_validity == maildrop_.uid_validity();
        const storage::MailboxRequest request = storage::OpenMailbox{maildrop_.mailbox_id()};
        const storage::MailboxReply reply = co_await environment_.mailboxes().ask(request);
        if (!reply.ok()) co_return false;
    }
    co_return false;
}

}  // namespace gatepost::dataplane
