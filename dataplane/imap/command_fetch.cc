// FETCH (RFC 9051 §6.4.5) with CHANGEDSINCE and VANISHED (RFC 7162), PARTIAL (RFC 9394).
#include <algorithm>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/uid_sets.h"
#include "dataplane/imap_fetch/find_body.h"
#include "dataplane/imap_syntax/imap_text.h"
#include "dataplane/imap_view/message_walk.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;
using storage::MailboxEntry;
using storage::MailboxView;
using storage::UidRange;
using storage::UidSet;

// Summaries that are asked for at once: some hundred KiB.
constexpr uint32_t kSummariesAhead = 500;
// A client takes a message at this rate at least, once kImapWriteMs have passed.
constexpr uint64_t kOctetsPerSecondMin = 8 << 10;

// In front of the others, where it is not among them.
void add_item(std::vector<FetchItem>& items, FetchItem::Kind kind) {
    if (std::ranges::find(items, kind, &FetchItem::kind) == items.end())
        items.insert(items.begin(), FetchItem{.kind = kind});
}

std::vector<FetchItem> items_of(const FetchArguments& arguments, bool with_uid, bool with_modseq) {
    std::vector<FetchItem> items = arguments.items;
    if (with_modseq) add_item(items, FetchItem::Kind::modseq);
    if (with_uid) add_item(items, FetchItem::Kind::uid);
    return items;
}

// Those of them that have changed since.
UidSet uids_changed_since(const MailboxView& mailbox, const UidSet& uids, uint64_t modseq) {
    UidSet changed;
    MessageWalk walk(mailbox, 0);
    for (const UidRange& range : uids) {
        walk.seek(range.first);
        for (; walk.entry() != nullptr && walk.entry()->uid <= range.last; walk.next())
            if (walk.entry()->modseq > modseq) storage::add_uid(changed, walk.entry()->uid);
    }
    return changed;
}

}  // namespace

Task<ImapReply> ImapSession::fetch(const ImapCommand& command) {
    const auto& arguments = std::get<FetchArguments>(command.arguments);
    const bool asks_modseq = std::ranges::find(arguments.items, FetchItem::Kind::modseq,
                                               &FetchItem::kind) != arguments.items.end();
    // RFC 7162 §3.1: these turn CONDSTORE on.
    if (arguments.changed_since || asks_modseq) enable_condstore();
    // RFC 7162 §3.2.6.
    if (arguments.vanished && (!qresync_ || !command.by_uid || !arguments.changed_since))
        co_return ImapReply{Kind::bad, "", "VANISHED needs QRESYNC, UID FETCH and CHANGEDSINCE"};
    bool bad = false;
    UidSet uids =
        selected_->numbers().resolve(arguments.set, command.by_uid, selected_->saved(), bad);
    if (bad) co_return ImapReply{Kind::bad, "", "There is no message of that number"};
    if (arguments.partial)
        uids = uids_at_places(uids, arguments.partial->first, arguments.partial->second);
    // RFC 9051 §6.4.9: UID FETCH gives UIDs; RFC 7162 §3.1.4.1: CHANGEDSINCE gives MODSEQ.
    const FetchPlan plan(
        items_of(arguments, command.by_uid && !uid_only_, arguments.changed_since.has_value()),
        {.utf8 = utf8_, .uid_only = uid_only_});
    if (arguments.vanished) {
        const bool told = co_await tell_vanished(arguments);
        if (!told) co_return ImapReply{};
    }
    Fetching fetching{.plan = plan, .changed_since = arguments.changed_since.value_or(0)};
    std::optional<FetchPlan> plan_with_flags;
    if (plan.sets_seen()) {
        co_await set_seen(fetching, uids);
        std::vector<FetchItem> items = plan.items();
        for (const FetchItem& item : flag_items(true)) add_item(items, item.kind);
        fetching.plan_with_flags = &plan_with_flags.emplace(std::move(items), plan.options());
    }
    if (!ended_) co_await fetch_messages(fetching, uids);
    const UidSet untold = uids_without(fetching.seen, fetching.told);
    if (!ended_ && !untold.empty()) co_await tell_flags(untold);
    if (ended_) co_return ImapReply{};
    switch (fetching.status) {
        case FetchStatus::unknown_encoding:
            co_return ImapReply{Kind::no, "UNKNOWN-CTE", "A part cannot be decoded"};
        case FetchStatus::unreadable:
            co_return ImapReply{Kind::no, "UNAVAILABLE", "A message cannot be read now"};
        default:
            break;
    }
    // RFC 2180 §4.1, RFC 5530: the client is told at the next command that allows it.
    if (fetching.found < count_uids(uids) && !command.by_uid)
        co_return ImapReply{Kind::no, "EXPUNGEISSUED", "Some of the messages are no more"};
    co_return ImapReply{Kind::ok, "", "FETCH completed"};
}

Task<bool> ImapSession::tell_vanished(const FetchArguments& arguments) {
    std::optional<MailboxView> mailbox;
    const View view = co_await open_selected(mailbox);
    if (view == View::gone) co_return false;
    const uint64_t next = mailbox ? mailbox->status().uid_next : 1;
    const uint32_t last = next > 1 ? static_cast<uint32_t>(next - 1) : 0;
    const UidSet known = uids_within(uids_of(arguments.set, last), UidSet{{1, UINT32_MAX}});
    const auto vanished = co_await find_vanished(*arguments.changed_since, known);
    if (!vanished || vanished->empty()) co_return true;
    std::string out = "* VANISHED (EARLIER) ";
    append_sequence_set(out, *vanished);
    out += "\r\n";
    co_return co_await say_piece(out);
}

// RFC 9051 §6.4.5: BODY[…] sets \Seen, in one request before the first body is sent. Where it
// cannot be set, the messages are read all the same.
Task<> ImapSession::set_seen(Fetching& fetching, UidSet& uids) {
    std::optional<MailboxView> mailbox;
    View view = co_await open_selected(mailbox);
    if (view != View::ready) co_return;
    // What \Seen changes is not what the client asks for with CHANGEDSINCE.
    const uint64_t changed_since = std::exchange(fetching.changed_since, 0);
    if (changed_since != 0) uids = uids_changed_since(*mailbox, uids, changed_since);
    if (selected_->read_only() || (selected_rights() & storage::kRightSeen) == 0) co_return;
    storage::StoreFlags request{.mailbox_id = selected_->id(), .flags = storage::kFlagSeen};
    MessageWalk walk(*mailbox, 0);
    for (const UidRange& range : uids) {
        walk.seek(range.first);
        for (; walk.entry() != nullptr && walk.entry()->uid <= range.last; walk.next())
            if ((walk.entry()->flags & storage::kFlagSeen) == 0)
                storage::add_uid(request.uids, walk.entry()->uid);
    }
    if (request.uids.empty()) co_return;
    storage::StoreFlags asked = request;
    co_await store_in_pieces(std::move(asked));
    view = co_await open_selected(mailbox);
    if (view != View::ready) co_return;
    // What others have done meanwhile comes first.
    MailboxChanges changes = selected_->take_changes(*mailbox, false);
    fetching.seen = uids_within(changes.changed, request.uids);
    changes.changed = uids_without(changes.changed, fetching.seen);
    co_await tell(*mailbox, changes);
}

Task<> ImapSession::fetch_messages(Fetching& fetching, const UidSet& uids) {
    std::string out;
    for (const UidRange& range : uids) {
        fetching.next_uid = range.first;
        while (fetching.next_uid <= range.last) {
            std::optional<MailboxView> mailbox;
            const View view = co_await open_selected(mailbox);
            if (view != View::ready) {
                fetching.status = FetchStatus::unreadable;
                co_return;
            }
            const Fetching::Stop stop = fetch_quickly(fetching, *mailbox, range.last, out);
            const bool said = co_await say_piece(out);
            if (!said) co_return;
            if (stop == Fetching::Stop::summary)
                co_await load_summaries(fetching, range.last);
            else if (stop == Fetching::Stop::body)
                co_await fetch_with_body(fetching);
            if (ended_) co_return;
        }
    }
}

// What the index has, without a wait: up to a message that needs more, or a full piece.
ImapSession::Fetching::Stop ImapSession::fetch_quickly(Fetching& fetching,
                                                       const MailboxView& mailbox,
                                                       uint32_t last_uid, std::string& out) {
    const FetchPlan& plan = fetching.plan;
    const bool needs_summary = plan.needs_summary();
    const bool needs_body = plan.needs_body();
    MessageWalk walk(mailbox, static_cast<uint32_t>(fetching.next_uid));
    for (; walk.entry() != nullptr && walk.entry()->uid <= last_uid; walk.next()) {
        const MailboxEntry& entry = *walk.entry();
        if (out.size() >= kImapPiece) return Fetching::Stop::full;
        const uint32_t number = selected_->numbers().number_of(entry.uid);
        const bool wanted = number != 0 && entry.modseq > fetching.changed_since;
        const bool lacks_summary = needs_summary && mailbox.summary(entry).empty();
        if (wanted && (needs_body || lacks_summary)) {
            fetching.next_uid = entry.uid;
            const bool loads = entry.has_summary_to_load() && entry.uid > fetching.loaded_uid;
            return lacks_summary && loads ? Fetching::Stop::summary : Fetching::Stop::body;
        }
        // A summary that cannot be read: the message has it all.
        if (wanted && !write_fetch(plan, number, mailbox, entry, out)) {
            fetching.next_uid = entry.uid;
            return Fetching::Stop::body;
        }
        if (number != 0) ++fetching.found;
        if (wanted) storage::count(counters_.fetched);
        fetching.next_uid = uint64_t{entry.uid} + 1;
    }
    fetching.next_uid = uint64_t{last_uid} + 1;
    return Fetching::Stop::full;
}

Task<> ImapSession::fetch_with_body(Fetching& fetching) {
    std::optional<MailboxView> mailbox;
    const View view = co_await open_selected(mailbox);
    if (view != View::ready) {
        fetching.status = FetchStatus::unreadable;
        co_return;
    }
    const auto uid = static_cast<uint32_t>(fetching.next_uid++);
    const MailboxEntry* entry = mailbox->find(uid);
    const uint32_t number = selected_->numbers().number_of(uid);
    if (entry == nullptr || number == 0) co_return;
    const bool with_flags = contains_uid(fetching.seen, uid);
    const FetchPlan& plan = with_flags ? *fetching.plan_with_flags : fetching.plan;
    FetchedMessage message = copy_message(number, *mailbox, *entry, plan.needs_summary());
    message.find_again = [this, uid] {
        return find_body(environment_.mailboxes(), selected_->id(), selected_->uid_validity(), uid);
    };
    stream_.expect_within(kImapWriteMs + uint64_t{entry->size} * 1000 / kOctetsPerSecondMin);
    const FetchResult result = co_await write_fetch_with_body(
        plan, std::move(message), environment_.store(), environment_.charsets(), stream_);
    storage::count(counters_.body_octets, result.body_octets);
    ++fetching.found;
    if (result.status == FetchStatus::ok) {
        if (with_flags) storage::add_uid(fetching.told, uid);
        storage::count(counters_.fetched);
        co_return;
    }
    if (result.status == FetchStatus::stream) {
        session_.end = result.stream_status == StreamStatus::timeout
                           ? storage::StreamEnd::not_read
                           : stream_end(result.stream_status);
        ended_ = true;
        co_return;
    }
    fetching.status = result.status;
}

// Once for each message: what does not come is worked out of the message itself.
Task<> ImapSession::load_summaries(Fetching& fetching, uint32_t last_uid) {
    const auto mailbox = selected_view();
    // It may have gone while the client took what came before: it is opened again.
    if (!mailbox) co_return;
    const auto first = static_cast<uint32_t>(fetching.next_uid);
    uint32_t last = first;
    const size_t begin = mailbox->lower_bound(first);
    const size_t end = std::min(mailbox->size(), begin + kSummariesAhead);
    if (end > begin) last = std::min(last_uid, mailbox->at(end - 1).uid);
    fetching.loaded_uid = std::max(first, last);
    storage::MailboxRequest request =
        storage::LoadSummaries{selected_->id(), first, fetching.loaded_uid};
    co_await ask_mailboxes(std::move(request));
}

}  // namespace gatepost::dataplane
