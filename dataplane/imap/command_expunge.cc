// EXPUNGE, UID EXPUNGE, COPY, MOVE (RFC 9051 §6.4.3, §6.4.7 to §6.4.9).
#include <fmt/format.h>

#include <utility>

#include "dataplane/imap/flag_rights.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/uid_sets.h"
#include "dataplane/imap_syntax/imap_text.h"
#include "dataplane/imap_view/message_walk.h"

namespace gatepost::dataplane {

using Kind = ImapReply::Kind;
using storage::UidSet;

namespace {

// All UIDs, cut so that no piece has more than `size` messages with \Deleted.
std::vector<UidSet> cut_at_deleted(const storage::MailboxView& mailbox, uint32_t size) {
    std::vector<UidSet> pieces;
    uint32_t first = 1;
    uint32_t count = 0;
    for (MessageWalk walk(mailbox, 0); walk.entry() != nullptr; walk.next()) {
        if ((walk.entry()->flags & storage::kFlagDeleted) == 0 || ++count % size != 0) continue;
        pieces.push_back({{first, walk.entry()->uid}});
        first = walk.entry()->uid + 1;
    }
    if (first != 0) pieces.push_back({{first, UINT32_MAX}});
    return pieces;
}

// RFC 9051 §7.1: COPYUID; "" where nothing was copied.
std::string copy_uid(const storage::MailboxReply& reply) {
    if (reply.uids.empty()) return {};
    std::string code = fmt::format("COPYUID {} ", reply.uid_validity);
    append_sequence_set(code, reply.source_uids);
    code += ' ';
    append_sequence_set(code, reply.uids);
    return code;
}

ImapReply copy_refusal(const storage::MailboxReply& reply) {
    if (reply.outcome == storage::MailboxOutcome::not_found)
        return {Kind::no, "TRYCREATE", "There is no such mailbox any more"};
    return reply_of(reply);
}

}  // namespace

Task<ImapReply> ImapSession::expunge(const ImapCommand& command) {
    if (selected_->read_only() || (selected_rights() & storage::kRightExpunge) == 0)
        co_return ImapReply{Kind::no, "NOPERM", "You may not expunge messages here"};
    UidSet uids;
    if (command.by_uid) {
        bool bad = false;
        uids = selected_->numbers().resolve(command.set, true, selected_->saved(), bad);
        if (uids.empty()) co_return ImapReply{Kind::ok, "", "EXPUNGE completed"};
    }
    const storage::MailboxReply reply = co_await expunge_in_pieces(std::move(uids));
    if (!reply.ok()) co_return reply_of(reply);
    ImapReply done{Kind::ok, "", "EXPUNGE completed"};
    // RFC 7162 §3.2.9: the client has seen everything up to here once VANISHED has told it.
    if (condstore_ && !reply.uids.empty())
        done.code = fmt::format("HIGHESTMODSEQ {}", reply.modseq);
    co_return done;
}

// Of those UIDs; without any, of all messages. Messages go one by one (RFC 9051 §7.5.1): of very
// many some are gone before others, and those before an error stay away. Gives the last piece's
// reply, with the UIDs of all.
Task<storage::MailboxReply> ImapSession::expunge_in_pieces(UidSet uids) {
    const uint64_t mailbox_id = selected_->id();
    std::vector<UidSet> pieces = {std::move(uids)};
    const auto mailbox = selected_view();
    if (mailbox && mailbox->status().deleted > options_.changed_at_once)
        pieces = pieces[0].empty() ? cut_at_deleted(*mailbox, options_.changed_at_once)
                                   : in_pieces(pieces[0], options_.changed_at_once);
    UidSet gone;
    storage::MailboxReply reply;
    for (UidSet& piece : pieces) {
        storage::ExpungeMessages request{.mailbox_id = mailbox_id, .uids = std::move(piece)};
        storage::MailboxRequest asked = std::move(request);
        reply = co_await ask_mailboxes(std::move(asked));
        if (!reply.ok()) break;
        gone = union_of(gone, reply.uids);
    }
    reply.uids = std::move(gone);
    co_return reply;
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
    if (move) {
        ImapReply moved = co_await move_in_pieces(std::move(request));
        co_return moved;
    }
    storage::MailboxRequest asked = std::move(request);
    const storage::MailboxReply reply = co_await ask_mailboxes(std::move(asked));
    if (!reply.ok()) co_return copy_refusal(reply);
    co_return ImapReply{Kind::ok, copy_uid(reply), "COPY completed"};
}

// RFC 6851 §3.3: a message is moved as a whole; of very many some are moved before others, and
// those before an error stay there.
Task<ImapReply> ImapSession::move_in_pieces(storage::CopyMessages request) {
    const UidSet uids = std::exchange(request.uids, {});
    ImapReply done{Kind::ok, "", "MOVE completed"};
    bool any = false;
    for (UidSet& piece : in_pieces(uids, options_.changed_at_once)) {
        request.uids = std::move(piece);
        storage::MailboxRequest asked = request;
        const storage::MailboxReply reply = co_await ask_mailboxes(std::move(asked));
        if (!reply.ok()) co_return copy_refusal(reply);
        // RFC 6851 §4.3: before the messages are said to have gone.
        const std::string code = copy_uid(reply);
        if (!code.empty()) say("* OK [" + code + "] Moved\r\n");
        any = any || !code.empty();
    }
    if (!any) co_return done;
    // RFC 7162 §3.2.9: that of the mailbox which the messages have left; the reply's is the
    // target's.
    if (const auto left = selected_view(); condstore_ && left)
        done.code = fmt::format("HIGHESTMODSEQ {}", left->status().highest_modseq);
    co_return done;
}

}  // namespace gatepost::dataplane
