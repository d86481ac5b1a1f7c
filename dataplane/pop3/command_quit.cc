// QUIT, and what it does to the mailbox (RFC 1939 §6).
#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

Task<Pop3Session::Next> Pop3Session::quit() {
    session_.end = storage::StreamEnd::server;
    const storage::MailboxOutcome deleted = co_await delete_marked();
    // RFC 1939 §6: it may be that it could not be done; the client sees the messages next time.
    Next said = Next::command;
    if (deleted == storage::MailboxOutcome::ok)
        said = ok("Goodbye");
    else if (deleted == storage::MailboxOutcome::unknown)
        said = unavailable("Some messages may not be removed: look the next time");
    else
        said = unavailable("The messages cannot be deleted now");
    if (said == Next::command) co_await push(0);
    co_return Next::end;
}

// All of them or none.
Task<storage::MailboxOutcome> Pop3Session::delete_marked() {
    storage::ExpungeMessages expunge{.mailbox_id = maildrop_.mailbox_id(),
                                     .uids = maildrop_.deleted_uids(),
                                     .deleted_only = false};
    // Without UIDs it would be all messages.
    if (expunge.uids.empty()) co_return storage::MailboxOutcome::ok;
    // Under another UIDVALIDITY they would be other messages.
    std::optional<storage::MailboxView> mailbox;
    const bool opened = co_await open_maildrop(mailbox);
    if (!opened) co_return storage::MailboxOutcome::unavailable;
    storage::MailboxRequest request = std::move(expunge);
    const storage::MailboxReply reply = co_await environment_.mailboxes().ask(std::move(request));
    co_return reply.outcome;
}

// \Seen of what RETR has sent, as Dovecot sets it: other clients of the mailbox show it so. Where
// it cannot be done the messages stay unseen.
Task<> Pop3Session::flag_read() {
    storage::StoreFlags store{.mailbox_id = maildrop_.mailbox_id(),
                              .uids = maildrop_.read_uids(),
                              .action = storage::FlagAction::add,
                              .flags = storage::kFlagSeen};
    if (store.uids.empty()) co_return;
    std::optional<storage::MailboxView> mailbox;
    const bool opened = co_await open_maildrop(mailbox);
    if (!opened) co_return;
    storage::MailboxRequest request = std::move(store);
    co_await environment_.mailboxes().ask(std::move(request));
}

}  // namespace gatepost::dataplane
