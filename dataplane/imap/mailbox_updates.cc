// The selected mailbox between commands: that it is in the index, and that the client is told what
// has changed in it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/uid_sets.h"
#include "dataplane/imap_syntax/imap_text.h"
#include "dataplane/imap_view/message_walk.h"

namespace gatepost::dataplane {

using storage::MailboxEntry;
using storage::MailboxView;
using storage::UidRange;
using storage::UidSet;

namespace {

// The index may let go of a mailbox at once where memory is short: then it is asked for again.
constexpr int kOpenTriesMax = 4;

}  // namespace

std::optional<MailboxView> ImapSession::selected_view() {
    const auto index = environment_.mailboxes().index();
    if (!index) return std::nullopt;
    auto view = index->mailbox(selected_->id());
    if (!view || !view->has_messages() || !selected_->is_of(*view)) return std::nullopt;
    return view;
}

Task<ImapReply> ImapSession::open_mailbox(uint64_t mailbox_id,
                                          std::optional<MailboxView>& mailbox) {
    for (int tries = 0; tries < kOpenTriesMax; ++tries) {
        const auto index = environment_.mailboxes().index();
        mailbox = index ? index->mailbox(mailbox_id) : std::nullopt;
        if (mailbox && mailbox->has_messages()) co_return ImapReply{};
        storage::MailboxRequest request = storage::OpenMailbox{mailbox_id};
        const storage::MailboxReply reply = co_await ask_mailboxes(std::move(request));
        if (!reply.ok()) co_return reply_of(reply);
    }
    co_return ImapReply{ImapReply::Kind::no, "UNAVAILABLE", "The mailbox cannot be read now"};
}

Task<ImapSession::View> ImapSession::open_selected(std::optional<MailboxView>& mailbox) {
    storage::MailboxOutcome outcome = storage::MailboxOutcome::ok;
    bool replaced = false;  // with another UIDVALIDITY
    for (int tries = 0; tries < kOpenTriesMax; ++tries) {
        const auto index = environment_.mailboxes().index();
        mailbox = index ? index->mailbox(selected_->id()) : std::nullopt;
        const bool there = mailbox && mailbox->has_messages();
        if (there && selected_->is_of(*mailbox)) co_return View::ready;
        replaced = there;
        if (there || outcome != storage::MailboxOutcome::ok) break;
        storage::MailboxRequest request = storage::OpenMailbox{selected_->id()};
        const storage::MailboxReply reply = co_await ask_mailboxes(std::move(request));
        outcome = reply.outcome;
    }
    if (outcome != storage::MailboxOutcome::not_found && !replaced) co_return View::unavailable;
    // What the client knows of it is of no use any more; no response says so but this.
    part(replaced ? "[UNAVAILABLE] The selected mailbox has been replaced; connect again"
                  : "[UNAVAILABLE] The selected mailbox has been deleted; connect again",
         storage::StreamEnd::server);
    co_return View::gone;
}

bool ImapSession::is_unchanged() {
    const auto index = environment_.mailboxes().index();
    const auto view = index ? index->mailbox(selected_->id()) : std::nullopt;
    if (!view) return false;
    const storage::MailboxStatus status = view->status();
    return status.uid_validity == selected_->uid_validity() &&
           status.highest_modseq == selected_->told_modseq() && !selected_->has_untold() &&
           status.messages == selected_->numbers().size();
}

Task<bool> ImapSession::tell_changes(bool with_expunged) {
    changed_ = false;
    if (is_unchanged()) co_return true;
    std::optional<MailboxView> mailbox;
    const View view = co_await open_selected(mailbox);
    if (view == View::gone) co_return false;
    // The client is told later: what it has been told stays true.
    if (view == View::unavailable) co_return true;
    const MailboxChanges changes = selected_->take_changes(*mailbox, with_expunged);
    co_return co_await tell(*mailbox, changes);
}

// `mailbox` is good until the first wait in here.
Task<bool> ImapSession::tell(MailboxView mailbox, const MailboxChanges& changes) {
    if (changes.keywords) {
        std::string text;
        append_flag_lists(text, mailbox);
        if (!say(text)) co_return false;
    }
    if (!changes.expunged.empty()) {
        const bool told = co_await tell_expunged(changes.expunged);
        if (!told) co_return false;
    }
    if (!changes.arrived.empty() &&
        !say(fmt::format("* {} EXISTS\r\n", selected_->numbers().size())))
        co_return false;
    if (notify_ != nullptr && !changes.arrived.empty()) co_await fetch_arrived(changes.arrived);
    if (changes.changed.empty() || ended_) co_return !ended_;
    co_return co_await tell_flags(changes.changed);
}

Task<bool> ImapSession::tell_expunged(const UidSet& expunged) {
    std::string out;
    // RFC 7162 §3.2.10, RFC 9586 §3.3.
    if (qresync_ || uid_only_) {
        out = "* VANISHED ";
        append_sequence_set(out, expunged);
        out += "\r\n";
        selected_->forget(expunged);
        co_return co_await say_piece(out);
    }
    // From the last to the first none of the numbers changes.
    const MessageNumbers& numbers = selected_->numbers();
    for (size_t i = expunged.size(); i-- > 0;) {
        const uint32_t first = numbers.number_of(expunged[i].first);
        const uint32_t count = expunged[i].last - expunged[i].first + 1;
        for (uint32_t n = count; n-- > 0;) {
            fmt::format_to(std::back_inserter(out), "* {} EXPUNGE\r\n", first + n);
            if (out.size() < kImapPiece) continue;
            const bool said = co_await say_piece(out);
            if (!said) co_return false;
        }
    }
    selected_->forget(expunged);
    co_return co_await say_piece(out);
}

std::vector<FetchItem> ImapSession::flag_items(bool with_flags) const {
    std::vector<FetchItem> items;
    if (with_flags) items.push_back({.kind = FetchItem::Kind::flags});
    // RFC 7162 §3.2.4, RFC 9051 §7.5.2: the UID goes with what nobody asked for; §6.4.9: and with
    // all that a UID command says.
    if ((qresync_ || rev2_ || condstore_ || by_uid_) && !uid_only_)
        items.push_back({.kind = FetchItem::Kind::uid});
    if (condstore_) items.push_back({.kind = FetchItem::Kind::modseq});
    return items;
}

Task<bool> ImapSession::tell_flags(const UidSet& uids, bool with_flags) {
    std::vector<FetchItem> items = flag_items(with_flags);
    const FetchPlan plan(std::move(items), {.utf8 = utf8_, .uid_only = uid_only_});
    std::string out;
    for (const UidRange& range : uids) {
        uint64_t next = range.first;
        while (next <= range.last) {
            std::optional<MailboxView> mailbox;
            const View view = co_await open_selected(mailbox);
            if (view == View::gone) co_return false;
            if (view == View::unavailable) {
                const UidSet rest = {{static_cast<uint32_t>(next), UINT32_MAX}};
                selected_->tell_later(uids_within(uids, rest));
                co_return co_await say_piece(out);
            }
            MessageWalk walk(*mailbox, static_cast<uint32_t>(next));
            next = uint64_t{range.last} + 1;
            for (; walk.entry() != nullptr && walk.entry()->uid <= range.last; walk.next()) {
                const MailboxEntry& entry = *walk.entry();
                if (out.size() >= kImapPiece) {
                    next = entry.uid;
                    break;
                }
                const uint32_t number = selected_->numbers().number_of(entry.uid);
                if (number != 0) write_fetch(plan, number, *mailbox, entry, out);
            }
            if (out.size() < kImapPiece) continue;
            const bool said = co_await say_piece(out);
            if (!said) co_return false;
        }
    }
    co_return co_await say_piece(out);
}

// RFC 9051 §7.3.5, §7.1: FLAGS and PERMANENTFLAGS.
void ImapSession::append_flag_lists(std::string& out, const MailboxView& mailbox) {
    std::string keywords;
    for (size_t bit = 0; bit < mailbox.keyword_count(); ++bit)
        keywords.append(" ").append(mailbox.keyword(bit));
    out += "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft" + keywords + ")\r\n";
    const uint16_t rights = selected_->read_only() ? uint16_t{0} : selected_rights();
    std::string permanent;
    if ((rights & storage::kRightWrite) != 0) permanent = " \\Answered \\Flagged \\Draft";
    if ((rights & storage::kRightDeleteMessages) != 0) permanent += " \\Deleted";
    if ((rights & storage::kRightSeen) != 0) permanent += " \\Seen";
    if ((rights & storage::kRightWrite) != 0) {
        permanent += keywords;
        if (mailbox.keyword_count() < storage::kKeywordsMax) permanent += " \\*";
    }
    out += "* OK [PERMANENTFLAGS (" + (permanent.empty() ? permanent : permanent.substr(1)) +
           ")] " + (permanent.empty() ? "Nothing may be changed" : "These stay") + "\r\n";
}

void ImapSession::unselect() {
    if (selected_ == nullptr) return;
    const uint64_t mailbox_id = selected_->id();
    selected_.reset();
    if (notify_ == nullptr || !notify_->watches(mailbox_id))
        environment_.mailboxes().unwatch_mailbox(*this, mailbox_id);
    changed_ = false;
}

// As they are now; where the account's list is not in the index, as they were.
uint16_t ImapSession::selected_rights() {
    const auto index = environment_.mailboxes().index();
    const auto account = index ? index->account(account_id_) : std::nullopt;
    if (!account) return selected_->rights();
    const auto listing = account->find(selected_->id());
    selected_->set_rights(listing ? listing->rights : uint16_t{0});
    return selected_->rights();
}

Task<storage::MailboxReply> ImapSession::ask_mailboxes(storage::MailboxRequest request) {
    storage::MailboxReply reply = co_await environment_.mailboxes().ask(std::move(request));
    if (reply.outcome == storage::MailboxOutcome::unavailable)
        storage::count(counters_.unavailable);
    co_return reply;
}

bool ImapSession::any_missing(const MailboxView& mailbox, const UidSet& uids) {
    for (const UidRange& range : uids) {
        const size_t end =
            range.last == UINT32_MAX ? mailbox.size() : mailbox.lower_bound(range.last + 1);
        if (end - mailbox.lower_bound(range.first) != uint64_t{range.last} - range.first + 1)
            return true;
    }
    return false;
}

// Numbers of messages that the client knows, as a set.
UidSet ImapSession::numbers_of(const UidSet& uids) const {
    UidSet numbers;
    for (const UidRange& range : uids)
        for (uint64_t uid = range.first; uid <= range.last; ++uid) {
            const uint32_t number = selected_->numbers().number_of(static_cast<uint32_t>(uid));
            if (number != 0) storage::add_uid(numbers, number);
        }
    return numbers;
}

std::optional<storage::MailboxListing> ImapSession::find_listing(std::string_view name) {
    const auto index = environment_.mailboxes().index();
    const auto account = index ? index->account(account_id_) : std::nullopt;
    auto listing = account ? account->find(name) : std::nullopt;
    if (!listing || listing->mailbox_id == 0) return std::nullopt;
    return listing;
}

}  // namespace gatepost::dataplane
