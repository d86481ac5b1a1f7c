// EXPUNGE, UID EXPUNGE, COPY, MOVE (RFC 9051 §6.4.3, §6.4.7 to §6.4.9).
#include <fmt/format.h>

#include "dataplane/imap/flag_rights.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/uid_sets.h"
#include "dataplane/imap_syntax/imap_text.h"

namespace gatepost::dataplane {

using Kind = ImapReply::Kind;
using storage::UidSet;

Task<ImapReply> ImapSession::expunge(const ImapCommand& command) {
    if (selected_->read_only() || (selected_rights() & storage::kRightExpunge) == 0)
        co_return ImapReply{Kind::no, "NOPERM", "You may not expunge messages here"};
    storage::ExpungeMessages request{.mailbox_id = selected_->id()};
    if (command.by_uid) {
        bool bad = false;
        request.uids = selected_->numbers().resolve(command.set, true, selected_->saved(), bad);
        if (request.uids.empty()) co_return ImapReply{Kind::ok, "", "EXPUNGE completed"};
    }
    storage::MailboxRequest asked = std::move(request);
    const storage::MailboxReply reply = co_await ask_mailboxes(std::move(asked));
    if (!reply.ok()) co_return reply_of(reply);
    ImapReply done{Kind::ok, "", "EXPUNGE completed"};
    // RFC 7162 §3.2.9: the client has seen everything up to here once VANISHED has told it.
    if (condstore_ && !reply.uids.empty())
        done.code = fmt::format("HIGHESTMODSEQ {}", reply.modseq);
    co_return done;
}

Task<ImapReply> ImapSession::copy(const ImapCommand& command) {
    const bool move = command.verb == ImapVerb::move;
    bool bad = false;
    storage::CopyMessages request{
        .mailbox_id = selected_->id(),
        .uids = selected_->numbers().resolve(command.set, command.by_uid, selected_->saved(), bad),
        .move = move};
    if (bad) co_return ImapReply{Kind::bad, "", "There is no message of that number"};
    const ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
    if (opened.kind != Kind::ok) co_return opened;
    const auto target = find_listing(command.name);
    // RFC 9051 §6.4.7.
    if (!target || (target->rights & storage::kRightLookup) == 0)
        co_return ImapReply{Kind::no, "TRYCREATE", "There is no such mailbox"};
    if ((target->rights & storage::kRightInsert) == 0)
        co_return ImapReply{Kind::no, "NOPERM", "You may not put messages there"};
    // RFC 6851 §4.4.
    constexpr uint16_t kTaking = storage::kRightDeleteMessages | storage::kRightExpunge;
    if (move && (selected_->read_only() || (selected_rights() & kTaking) != kTaking))
        co_return ImapReply{Kind::no, "NOPERM", "You may not take messages away here"};
    request.target_id = target->mailbox_id;
    request.flags_kept = flags_allowed(target->rights);
    request.keywords_kept = (target->rights & storage::kRightWrite) != 0;
    std::optional<storage::MailboxView> mailbox;
    const View view = co_await open_selected(mailbox);
    if (view == View::gone) co_return ImapReply{};
    if (view == View::unavailable)
        co_return ImapReply{Kind::no, "UNAVAILABLE", "The mailbox cannot be read now; try again"};
    const bool missing = any_missing(*mailbox, request.uids);
    // RFC 2180 §4.4: all of them or none.
    if (missing && !command.by_uid)
        co_return ImapReply{Kind::no, "EXPUNGEISSUED", "Some of the messages are no more"};
    if (request.uids.empty()) co_return ImapReply{Kind::ok, "", "There is no such message"};
    storage::MailboxRequest asked = std::move(request);
    const storage::MailboxReply reply = co_await ask_mailboxes(std::move(asked));
    if (reply.outcome == storage::MailboxOutcome::not_found)
        co_return ImapReply{Kind::no, "TRYCREATE", "There is no such mailbox any more"};
    if (!reply.ok()) co_return reply_of(reply);
    ImapReply done{Kind::ok, "", move ? "MOVE completed" : "COPY completed"};
    if (reply.uids.empty()) co_return done;
    // RFC 9051 §7.1: COPYUID.
    std::string code = fmt::format("COPYUID {} ", reply.uid_validity);
    append_sequence_set(code, reply.source_uids);
    code += ' ';
    append_sequence_set(code, reply.uids);
    if (!move) {
        done.code = std::move(code);
        co_return done;
    }
    // RFC 6851 §4.3: before the messages are said to have gone.
    say("* OK [" + code + "] Moved\r\n");
    // RFC 7162 §3.2.9: that of the mailbox which the messages have left; the reply's is the
    // target's.
    if (const auto left = selected_view(); condstore_ && left)
        done.code = fmt::format("HIGHESTMODSEQ {}", left->status().highest_modseq);
    co_return done;
}

}  // namespace gatepost::dataplane
