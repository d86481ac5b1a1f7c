// NOTIFY (RFC 5465).
#include <algorithm>

#include "dataplane/imap/imap_session.h"
#include "dataplane/imap_account/account_support.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;
using Group = NotifySettings::Group;
using Watched = NotifySettings::Watched;

bool watches_messages(const Group& group) {
    return group.message_new || group.message_expunge || group.flag_change;
}

// RFC 5465 §5.4: what has become of its name, or of the subscription to it.
void append_listing(std::string& out, const Watched& mailbox, std::string_view old_name, bool gone,
                    bool utf8) {
    out += gone ? "* LIST (\\NonExistent" : "* LIST (";
    if (mailbox.subscribed) out += gone ? " \\Subscribed" : "\\Subscribed";
    out += ") \"/\" ";
    append_mailbox_name(out, mailbox.name, utf8);
    if (!old_name.empty()) {
        out += " (\"OLDNAME\" (";
        append_mailbox_name(out, old_name, utf8);
        out += "))";
    }
    out += "\r\n";
}

}  // namespace

Task<ImapReply> ImapSession::notify(ImapCommand& command) {
    auto& arguments = std::get<NotifyArguments>(command.arguments);
    end_notify();
    if (arguments.none) co_return ImapReply{Kind::ok, "", "NOTIFY completed"};
    const bool annotations =
        std::ranges::any_of(arguments.groups, &NotifyArguments::Group::annotation_change);
    // RFC 5465 §5.8.
    if (annotations)
        co_return ImapReply{Kind::no,
                            "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName "
                            "SubscriptionChange)",
                            "Nothing is told of annotations"};
    const ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
    if (opened.kind != Kind::ok) co_return opened;
    notify_ = std::make_unique<NotifySettings>(std::move(arguments));
    std::string out;
    find_watched(out);
    // RFC 5465 §3.1: STATUS is of everything that is not selected.
    if (notify_->arguments().status)
        for (Watched& mailbox : notify_->watched()) mailbox.changed = mailbox.messages;
    co_return ImapReply{Kind::ok, "", "NOTIFY completed"};
}

void ImapSession::end_notify() {
    if (notify_ == nullptr) return;
    for (const Watched& mailbox : notify_->watched())
        if (selected_ == nullptr || selected_->id() != mailbox.mailbox_id)
            environment_.mailboxes().unwatch_mailbox(*this, mailbox.mailbox_id);
    notify_.reset();
}

// The account's mailboxes as they are now; what has become of their names goes to `out`.
void ImapSession::find_watched(std::string& out) {
    const auto index = environment_.mailboxes().index();
    const auto account = index ? index->account(account_id_) : std::nullopt;
    if (!account || account->serial() == notify_->serial) return;
    const bool first = notify_->serial == 0;
    notify_->serial = account->serial();
    std::vector<Watched> now;
    for (size_t i = 0; i < account->size(); ++i) {
        const storage::MailboxListing listing = account->at(i);
        const Group* group = notify_->group_of(listing, account_id_);
        if (group == nullptr || listing.mailbox_id == 0) continue;
        // RFC 4314 §4: who may not look it up, or not read it, is told nothing of it.
        if ((listing.rights & storage::kRightLookup) == 0) continue;
        const bool readable = (listing.rights & storage::kRightRead) != 0;
        const auto mailbox = index->mailbox(listing.mailbox_id);
        now.push_back({.mailbox_id = listing.mailbox_id,
                       .name = std::string(listing.name),
                       .subscribed = listing.subscribed,
                       .messages = readable && watches_messages(*group),
                       .group = group,
                       .modseq = mailbox ? mailbox->status().highest_modseq : 0});
    }
    std::ranges::sort(now, {}, &Watched::mailbox_id);
    std::swap(now, notify_->watched());
    compare_watched(now, first, out);
}

void ImapSession::compare_watched(const std::vector<Watched>& before, bool first,
                                  std::string& out) {
    MailboxPort& mailboxes = environment_.mailboxes();
    const auto find = [](const std::vector<Watched>& in, uint64_t id) {
        const auto at = std::ranges::lower_bound(in, id, {}, &Watched::mailbox_id);
        return at == in.end() || at->mailbox_id != id ? nullptr : &*at;
    };
    for (Watched& mailbox : notify_->watched()) {
        const Watched* old = find(before, mailbox.mailbox_id);
        if (old == nullptr && !is_selected(mailbox.mailbox_id))
            mailboxes.watch_mailbox(*this, mailbox.mailbox_id);
        if (old != nullptr) mailbox.modseq = old->modseq, mailbox.changed = old->changed;
        const bool named =
            mailbox.group->mailbox_name && (old == nullptr || old->name != mailbox.name);
        const bool subscribed = mailbox.group->subscription_change && old != nullptr &&
                                old->subscribed != mailbox.subscribed;
        if (first || (!named && !subscribed)) continue;
        const bool renamed = old != nullptr && old->name != mailbox.name;
        append_listing(out, mailbox, renamed ? old->name : "", false, utf8_);
    }
    for (const Watched& mailbox : before) {
        if (find(notify_->watched(), mailbox.mailbox_id) != nullptr) continue;
        if (!is_selected(mailbox.mailbox_id)) mailboxes.unwatch_mailbox(*this, mailbox.mailbox_id);
        if (mailbox.group->mailbox_name) append_listing(out, mailbox, "", true, utf8_);
    }
}

// Between commands and at their ends.
Task<bool> ImapSession::tell_notifications(bool between_commands) {
    std::string out;
    const ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
    if (opened.kind != Kind::ok) co_return true;
    find_watched(out);
    const Group* selected = notify_->selected();
    if (between_commands && changed_ && selected_ != nullptr && selected != nullptr) {
        const bool told =
            co_await tell_changes(selected->filter.kind == MailboxFilter::Kind::selected);
        if (!told) co_return false;
    }
    AccountContext context{.mailboxes = environment_.mailboxes(),
                           .options = options_,
                           .account_id = account_id_,
                           .user = user_,
                           .utf8 = utf8_,
                           .rev2 = rev2_,
                           .out = out};
    for (size_t i = 0; i < notify_->watched().size(); ++i) {
        Watched& mailbox = notify_->watched()[i];
        if (!mailbox.changed || !mailbox.messages || is_selected(mailbox.mailbox_id)) continue;
        mailbox.changed = false;
        // RFC 5465 §5.1 to §5.3.
        const StatusItems items{.messages = true,
                                .uid_next = true,
                                .uid_validity = true,
                                .unseen = true,
                                .highest_modseq = condstore_};
        const std::string name = mailbox.name;
        NamedMailbox named;
        named.id = mailbox.mailbox_id;
        co_await append_status(context, name, named, items);
    }
    co_return co_await say_piece(out);
}

// RFC 5465 §5.2: what MessageNew asks for of new messages in the selected mailbox.
Task<> ImapSession::fetch_arrived(const storage::UidSet& arrived) {
    const Group* group = notify_->selected();
    if (group == nullptr || group->new_items.empty()) co_return;
    const FetchPlan plan(group->new_items, {.utf8 = utf8_, .uid_only = uid_only_});
    Fetching fetching{.plan = plan};
    co_await fetch_messages(fetching, arrived);
}

}  // namespace gatepost::dataplane
