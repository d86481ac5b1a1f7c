// STORE (RFC 9051 §6.4.6) with UNCHANGEDSINCE (RFC 7162 §3.1.3).
#include <utility>

#include "dataplane/imap/flag_rights.h"
#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/uid_sets.h"
#include "dataplane/imap_syntax/imap_text.h"
#include "dataplane/imap_view/message_walk.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;
using storage::FlagAction;
using storage::MailboxEntry;
using storage::MailboxView;
using storage::UidRange;
using storage::UidSet;

FlagAction action_of(StoreArguments::Action action) {
    switch (action) {
        case StoreArguments::Action::add:
            return FlagAction::add;
        case StoreArguments::Action::remove:
            return FlagAction::remove;
        case StoreArguments::Action::replace:
            break;
    }
    return FlagAction::replace;
}

struct OldFlags {
    uint64_t keywords = 0;
    uint8_t flags = 0;
    bool told = false;  // the client knows them
};

// Those of the messages, in their order; of one that has gone, none.
std::vector<OldFlags> flags_before(const MailboxView& mailbox, const UidSet& uids,
                                   uint64_t told_modseq) {
    std::vector<OldFlags> flags;
    flags.reserve(count_uids(uids));
    MessageWalk walk(mailbox, 0);
    for (const UidRange& range : uids) {
        walk.seek(range.first);
        for (uint64_t uid = range.first; uid <= range.last; ++uid) {
            const MailboxEntry* entry = walk.entry();
            const bool there = entry != nullptr && entry->uid == uid;
            OldFlags& old = flags.emplace_back();
            if (there) old = {entry->keywords, entry->flags, entry->modseq <= told_modseq};
            if (there) walk.next();
        }
    }
    return flags;
}

template <typename Bits>
Bits after(FlagAction action, Bits before, Bits given) {
    switch (action) {
        case FlagAction::add:
            return before | given;
        case FlagAction::remove:
            return before & static_cast<Bits>(~given);
        case FlagAction::replace:
            break;
    }
    return given;
}

// Messages that are now as the client thinks they are, having asked for it in silence.
UidSet as_expected(const MailboxView& mailbox, const storage::StoreFlags& request,
                   const std::vector<OldFlags>& before) {
    uint64_t keywords = 0;
    for (const std::string& keyword : request.keywords)
        if (const auto bit = mailbox.find_keyword(keyword)) keywords |= uint64_t{1} << *bit;
    UidSet expected;
    size_t n = 0;
    MessageWalk walk(mailbox, 0);
    for (const UidRange& range : request.uids) {
        walk.seek(range.first);
        for (uint64_t uid = range.first; uid <= range.last; ++uid, ++n) {
            if (walk.entry() == nullptr || walk.entry()->uid != uid) continue;
            const MailboxEntry& entry = *walk.entry();
            walk.next();
            if (before[n].told &&
                entry.flags == after(request.action, before[n].flags, request.flags) &&
                entry.keywords == after(request.action, before[n].keywords, keywords))
                storage::add_uid(expected, entry.uid);
        }
    }
    return expected;
}

}  // namespace

Task<ImapReply> ImapSession::store(const ImapCommand& command) {
    const auto& arguments = std::get<StoreArguments>(command.arguments);
    if (arguments.unchanged_since) enable_condstore();
    if (selected_->read_only())
        co_return ImapReply{Kind::no, "NOPERM", "The mailbox is opened for reading only"};
    bool bad = false;
    storage::StoreFlags request{.mailbox_id = selected_->id(),
                                .uids = selected_->numbers().resolve(arguments.set, command.by_uid,
                                                                     selected_->saved(), bad),
                                .action = action_of(arguments.action),
                                .flags = arguments.flags.flags,
                                .keywords = arguments.flags.keywords,
                                .unchanged_since = arguments.unchanged_since};
    if (bad) co_return ImapReply{Kind::bad, "", "There is no message of that number"};
    const uint16_t rights = selected_rights();
    const uint8_t allowed = flags_allowed(rights);
    const bool all = allowed == storage::kAllFlags;
    const bool nothing = (allowed & request.flags) == 0 && (rights & storage::kRightWrite) == 0;
    if (allowed == 0 || (nothing && request.action != FlagAction::replace))
        co_return ImapReply{Kind::no, "NOPERM", "You may not change these flags"};
    if (request.uids.empty()) co_return ImapReply{Kind::ok, "", "STORE completed: no messages"};
    std::optional<MailboxView> now;
    View view = co_await open_selected(now);
    if (view == View::gone) co_return ImapReply{};
    std::vector<OldFlags> before;
    if (arguments.silent && view == View::ready)
        before = flags_before(*now, request.uids, selected_->told_modseq());
    storage::MailboxReply reply;
    if (all) {
        storage::StoreFlags asked = request;
        reply = co_await store_in_pieces(std::move(asked));
    } else {
        reply = co_await store_partly(request, allowed, (rights & storage::kRightWrite) != 0);
    }
    if (!reply.ok()) co_return reply_of(reply);
    ImapReply done{Kind::ok, "", "STORE completed"};
    if (!reply.modified.empty()) {
        done = {Kind::ok, "MODIFIED ", "Conditional STORE failed for some"};
        append_sequence_set(done.code,
                            command.by_uid ? reply.modified : numbers_of(reply.modified));
    }
    view = co_await open_selected(now);
    if (view == View::gone) co_return ImapReply{};
    // It is done; the flags are told once the mailbox is in the index again.
    if (view == View::unavailable) co_return done;
    MailboxChanges changes = selected_->take_changes(*now, command.by_uid);
    UidSet quiet;
    if (arguments.silent && !before.empty() && all)
        quiet = uids_within(as_expected(*now, request, before), changes.changed);
    if (!arguments.silent)
        changes.changed = union_of(changes.changed, uids_without(request.uids, reply.modified));
    changes.changed = uids_without(changes.changed, quiet);
    const bool missing = any_missing(*now, request.uids);
    bool told = co_await tell(*now, changes);
    // RFC 7162 §3.1.3: in silence, too, the new MODSEQ is told.
    if (told && condstore_ && !quiet.empty()) told = co_await tell_flags(quiet, false);
    if (!told) co_return ImapReply{};
    if (missing && !command.by_uid && reply.modified.empty())
        co_return ImapReply{Kind::no, "EXPUNGEISSUED", "Some of the messages are no more"};
    co_return done;
}

// RFC 9051 §6.4.6 does not ask for all or nothing: of very many messages some are done before
// others, and those before an error stay done.
Task<storage::MailboxReply> ImapSession::store_in_pieces(storage::StoreFlags request) {
    const UidSet uids = std::exchange(request.uids, {});
    UidSet modified;
    storage::MailboxReply reply;
    for (UidSet& piece : in_pieces(uids, options_.changed_at_once)) {
        request.uids = std::move(piece);
        storage::MailboxRequest asked = request;
        reply = co_await ask_mailboxes(std::move(asked));
        if (!reply.ok()) co_return reply;
        modified = union_of(modified, reply.modified);
    }
    reply.modified = std::move(modified);
    co_return reply;
}

// RFC 4314 §4: what may not be changed stays as it is, where somebody has some of the rights.
Task<storage::MailboxReply> ImapSession::store_partly(const storage::StoreFlags& request,
                                                      uint8_t allowed, bool with_keywords) {
    storage::StoreFlags part = request;
    part.flags = request.flags & allowed;
    if (!with_keywords) part.keywords.clear();
    if (request.action != FlagAction::replace) {
        storage::MailboxReply reply = co_await store_in_pieces(std::move(part));
        co_return reply;
    }
    part.action = FlagAction::remove;
    part.flags = static_cast<uint8_t>(allowed & ~request.flags);
    part.keywords.clear();
    storage::MailboxReply reply;
    if (with_keywords) {
        std::optional<MailboxView> mailbox;
        const View view = co_await open_selected(mailbox);
        reply.outcome = storage::MailboxOutcome::unavailable;
        if (view != View::ready) co_return reply;
        for (size_t bit = 0; bit < mailbox->keyword_count(); ++bit)
            part.keywords.emplace_back(mailbox->keyword(bit));
    }
    reply = co_await store_in_pieces(std::move(part));
    if (!reply.ok()) co_return reply;
    storage::StoreFlags rest = request;
    rest.action = FlagAction::add;
    rest.flags = request.flags & allowed;
    if (!with_keywords) rest.keywords.clear();
    // What the first one has left as it is, because of others, stays so.
    rest.uids = uids_without(request.uids, reply.modified);
    rest.unchanged_since.reset();
    if (rest.uids.empty() || (rest.flags == 0 && rest.keywords.empty())) co_return reply;
    storage::MailboxReply second = co_await store_in_pieces(std::move(rest));
    if (second.ok()) second.modified = std::move(reply.modified);
    co_return second;
}

}  // namespace gatepost::dataplane
