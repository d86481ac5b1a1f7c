// SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051 §6.3.2, §6.4.1; RFC 7162 §3.2.5).
#include <fmt/format.h>

#include <iterator>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/uid_sets.h"
#include "dataplane/imap_syntax/imap_text.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;
using storage::MailboxEntry;
using storage::MailboxListing;
using storage::MailboxView;
using storage::UidSet;

// RFC 4314 §5.2: without one of these nothing in the mailbox can be changed.
constexpr uint16_t kChangingRights = storage::kRightInsert | storage::kRightExpunge |
                                     storage::kRightDeleteMessages | storage::kRightSeen |
                                     storage::kRightWrite;

// Number of the first message that has not been seen; 0: there is none.
uint32_t first_unseen(const MailboxView& mailbox) {
    if (mailbox.status().unseen == 0) return 0;
    uint32_t number = 0;
    for (size_t i = 0; i < mailbox.chunk_count(); ++i)
        for (const MailboxEntry& entry : mailbox.chunk(i).entries) {
            ++number;
            if ((entry.flags & storage::kFlagSeen) == 0) return number;
        }
    return 0;
}

// Those of the numbers that RFC 7162 §3.2.5.2 has the client send with their UIDs: up to which UID
// nothing has gone since. 0: something may have from the first on.
uint32_t match_numbers(const SelectArguments::Qresync& known, const MessageNumbers& numbers) {
    if (!known.known_numbers) return 0;
    const auto& [known_numbers, known_uids] = *known.known_numbers;
    uint32_t matched = 0;
    size_t uid_range = 0;
    uint64_t uid_offset = 0;
    for (const SequenceRange& range : known_numbers.ranges) {
        for (uint64_t number = range.first; number <= range.last; ++number) {
            if (uid_range == known_uids.ranges.size()) return matched;
            const SequenceRange& uids = known_uids.ranges[uid_range];
            const uint64_t uid = uids.first + uid_offset;
            if (number == 0 || number > numbers.size() ||
                numbers.uid_at(static_cast<uint32_t>(number)) != uid)
                return matched;
            matched = static_cast<uint32_t>(uid);
            if (uid == uids.last)
                ++uid_range, uid_offset = 0;
            else
                ++uid_offset;
        }
    }
    return matched;
}

}  // namespace

Task<ImapReply> ImapSession::select(const ImapCommand& command) {
    const auto& arguments = std::get<SelectArguments>(command.arguments);
    const bool examine = command.verb == ImapVerb::examine;
    if (arguments.qresync && !qresync_)
        co_return ImapReply{Kind::bad, "", "ENABLE QRESYNC comes first"};
    // RFC 9051 §6.3.2: whatever becomes of it, the mailbox selected before is not any more.
    if (selected_ != nullptr) {
        unselect();
        // RFC 7162 §3.2.11, RFC 9051 §7.1.
        if (!say("* OK [CLOSED] The mailbox before is closed\r\n")) co_return ImapReply{};
    }
    if (arguments.condstore || arguments.qresync) condstore_ = true;
    ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
    if (opened.kind != Kind::ok) co_return opened;
    auto listing = find_listing(arguments.mailbox);
    if (!listing || (listing->rights & (storage::kRightLookup | storage::kRightRead)) == 0)
        co_return ImapReply{Kind::no, "NONEXISTENT", "There is no such mailbox"};
    if ((listing->rights & storage::kRightRead) == 0)
        co_return ImapReply{Kind::no, "NOPERM", "You may not read that mailbox"};
    const uint64_t mailbox_id = listing->mailbox_id;
    std::optional<MailboxView> mailbox;
    opened = co_await open_mailbox(mailbox_id, mailbox);
    if (opened.kind != Kind::ok) co_return opened;
    // The list may have gone, or be another one, since.
    listing = find_listing(arguments.mailbox);
    if (!listing || listing->mailbox_id != mailbox_id)
        co_return ImapReply{Kind::no, "UNAVAILABLE", "The mailbox cannot be read now; try again"};
    const bool read_only = examine || (listing->rights & kChangingRights) == 0;
    selected_ = std::make_unique<SelectedMailbox>(std::string(listing->name), read_only, *mailbox);
    selected_->set_rights(listing->rights);
    if (notify_ == nullptr || !notify_->watches(mailbox_id))
        environment_.mailboxes().watch_mailbox(*this, mailbox_id);
    std::string out;
    append_selected(out, *mailbox, *listing);
    const bool said = co_await say_piece(out);
    if (!said) co_return ImapReply{};
    if (arguments.qresync) {
        const bool told = co_await resynchronize(*arguments.qresync);
        if (!told) co_return ImapReply{};
    }
    co_return ImapReply{Kind::ok, read_only ? "READ-ONLY" : "READ-WRITE",
                        examine ? "EXAMINE completed" : "SELECT completed"};
}

void ImapSession::append_selected(std::string& out, const MailboxView& mailbox,
                                  const MailboxListing& listing) {
    const auto status = mailbox.status();
    auto to = std::back_inserter(out);
    append_flag_lists(out, mailbox);
    fmt::format_to(to, "* {} EXISTS\r\n", selected_->numbers().size());
    if (rev2_) {
        // RFC 9051 §6.3.2.
        out += "* LIST () \"/\" ";
        append_mailbox_name(out, listing.name, true);
        out += "\r\n";
    } else {
        out += "* 0 RECENT\r\n";
        const uint32_t unseen = uid_only_ ? 0 : first_unseen(mailbox);
        if (unseen != 0) fmt::format_to(to, "* OK [UNSEEN {}] First unseen\r\n", unseen);
    }
    fmt::format_to(to, "* OK [UIDVALIDITY {}] UIDs are valid\r\n", status.uid_validity);
    fmt::format_to(to, "* OK [UIDNEXT {}] Predicted next UID\r\n", status.uid_next);
    fmt::format_to(to, "* OK [HIGHESTMODSEQ {}] Highest\r\n", status.highest_modseq);
    out += "* OK [MAILBOXID (" + mailbox_object_id(status.mailbox_id) + ")] Its name for good\r\n";
    const std::string mechanisms = url_mechanisms();
    if (!mechanisms.empty()) out += "* OK [" + mechanisms + "] URLs are signed by it\r\n";
}

// RFC 7162 §3.2.5: what has changed since the client was here.
Task<bool> ImapSession::resynchronize(const SelectArguments::Qresync& known) {
    if (known.uid_validity != selected_->uid_validity()) co_return true;
    const uint32_t last_uid = selected_->numbers().last_uid();
    UidSet asked;
    if (known.known_uids) {
        asked = uids_of(*known.known_uids, 0);
    } else {
        // §3.2.5.1: all that there may have been.
        const auto mailbox = selected_view();
        const uint64_t next = mailbox ? mailbox->status().uid_next : uint64_t{last_uid} + 1;
        if (next > 1) asked = {{1, static_cast<uint32_t>(next - 1)}};
    }
    const uint32_t matched = match_numbers(known, selected_->numbers());
    if (matched != 0) asked = uids_without(asked, {{1, matched}});
    const auto vanished = co_await find_vanished(known.modseq, asked);
    std::string out;
    if (vanished && !vanished->empty()) {
        out = "* VANISHED (EARLIER) ";
        append_sequence_set(out, *vanished);
        out += "\r\n";
        const bool said = co_await say_piece(out);
        if (!said) co_return false;
    }
    std::optional<MailboxView> mailbox;
    const View view = co_await open_selected(mailbox);
    // What has changed since cannot be told later: the client would take what it has for true.
    if (view == View::unavailable)
        part("[UNAVAILABLE] The mailbox cannot be read now; connect again",
             storage::StreamEnd::server);
    if (view != View::ready) co_return false;
    UidSet changed;
    for (size_t i = 0; i < mailbox->chunk_count(); ++i) {
        const auto chunk = mailbox->chunk(i);
        if (chunk.modseq_max <= known.modseq) continue;
        for (const MailboxEntry& entry : chunk.entries)
            if (entry.modseq > known.modseq && selected_->numbers().number_of(entry.uid) != 0)
                storage::add_uid(changed, entry.uid);
    }
    if (known.known_uids) changed = uids_within(changed, uids_of(*known.known_uids, 0));
    co_return co_await tell_flags(changed);
}

// UIDs of `known` that have gone since then; nullopt: it cannot be found out now.
Task<std::optional<UidSet>> ImapSession::find_vanished(uint64_t since, const UidSet& known) {
    const auto mailbox = selected_view();
    if (known.empty()) co_return UidSet{};
    // Nothing has gone since: what is not there has been told to be gone before.
    if (mailbox && mailbox->expunge_modseq() <= since) co_return UidSet{};
    storage::FindExpunged find{
        .mailbox_id = selected_->id(), .since_modseq = since, .known = known};
    storage::MailboxRequest request = std::move(find);
    const storage::MailboxReply reply = co_await ask_mailboxes(std::move(request));
    if (reply.ok()) co_return uids_within(reply.uids, known);
    // RFC 7162 §3.2.5.1: everything that is not there may be told.
    co_return uids_without(known, selected_->numbers().uids());
}

Task<ImapReply> ImapSession::close(bool expunging) {
    // RFC 9051 §6.4.1, RFC 4314 §4: without the right it is no error.
    const bool may = !selected_->read_only() && (selected_rights() & storage::kRightExpunge) != 0;
    const auto mailbox = selected_view();
    const bool any = !mailbox || mailbox->status().deleted != 0;
    if (expunging && may && any) {
        const storage::MailboxReply reply = co_await expunge_in_pieces({});
        if (!reply.ok()) co_return reply_of(reply);
    }
    unselect();
    co_return ImapReply{Kind::ok, "", expunging ? "CLOSE completed" : "UNSELECT completed"};
}

}  // namespace gatepost::dataplane
