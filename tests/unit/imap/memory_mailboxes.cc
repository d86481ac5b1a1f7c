#include "tests/unit/imap/memory_mailboxes.h"

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::tests {

using dataplane::MailboxWatcher;
using dataplane::Task;
using storage::FlagAction;
using storage::MailboxOutcome;
using storage::MailboxReply;
using storage::UidSet;

std::string account_name(uint64_t account_id) {
    return account_id == 1 ? "ada@example.org" : "bob@example.org";
}

bool in_set(const UidSet& set, uint32_t uid) {
    return std::ranges::any_of(set, [uid](const storage::UidRange& range) {
        return range.first <= uid && uid <= range.last;
    });
}

MemoryMailboxes::MemoryMailboxes() : qsbr_(std::make_unique<storage::Qsbr>()) {
    auto segment =
        storage::Segment::create("mailboxes", size_t{64} << 20, storage::PageKind::plain);
    GATEPOST_CHECK(segment.has_value());
    auto writer = storage::MailboxIndexWriter::create(std::move(*segment), *qsbr_, 1);
    GATEPOST_CHECK(writer.has_value());
    writer_ = std::move(*writer);
}

uint64_t MemoryMailboxes::add_mailbox(uint64_t account_id, std::string name,
                                      storage::SpecialUse use) {
    const uint64_t id = next_id_++;
    MemoryMailbox& mailbox = mailboxes_[id];
    mailbox.id = id;
    mailbox.owner_id = account_id;
    mailbox.name = std::move(name);
    mailbox.special_use = use;
    mailbox.uid_validity = static_cast<uint32_t>(1000 + id);
    publish_account(account_id);
    return id;
}

MemoryMailbox* MemoryMailboxes::find(uint64_t account_id, std::string_view name) {
    for (auto& [id, mailbox] : mailboxes_)
        if (mailbox.owner_id == account_id && mailbox.name == name) return &mailbox;
    return nullptr;
}

storage::MailboxMessage MemoryMailboxes::message_of(const MemoryMessage& message,
                                                    uint32_t uid) const {
    storage::MailboxMessage out;
    out.entry.modseq = message.modseq;
    out.entry.internal_date_s = message.given.internal_date_us / 1'000'000;
    out.entry.save_date_s = message.save_date_s;
    out.entry.blob = message.given.blob;
    out.entry.offset = message.given.body.offset;
    out.entry.segment = message.given.body.segment;
    out.entry.uid = uid;
    out.entry.size = static_cast<uint32_t>(message.given.body.size);
    out.entry.summary_size = static_cast<uint32_t>(message.given.summary.size());
    out.entry.flags = message.flags;
    if (!summaries_come_later) out.summary = message.given.summary;
    for (const std::string& keyword : message.keywords) out.keywords.push_back(keyword);
    return out;
}

storage::MailboxStatus MemoryMailboxes::status_of(const MemoryMailbox& mailbox) const {
    storage::MailboxStatus status{.mailbox_id = mailbox.id,
                                  .account_id = mailbox.owner_id,
                                  .uid_validity = mailbox.uid_validity,
                                  .uid_next = mailbox.uid_next,
                                  .highest_modseq = mailbox.modseq,
                                  .messages = mailbox.messages.size()};
    for (const auto& [uid, message] : mailbox.messages) {
        status.unseen += (message.flags & storage::kFlagSeen) == 0 ? 1 : 0;
        status.deleted += (message.flags & storage::kFlagDeleted) != 0 ? 1 : 0;
        status.octets += message.given.body.size;
    }
    return status;
}

void MemoryMailboxes::publish(const MemoryMailbox& mailbox, const std::vector<uint32_t>& changed,
                              const std::vector<uint32_t>& expunged) {
    changed_.insert(mailbox.id);
    storage::MailboxUpdate update{.status = status_of(mailbox)};
    const auto view = writer_->view().mailbox(mailbox.id);
    if (!view) return;
    if (!view->has_messages()) {
        GATEPOST_CHECK(writer_->put_status(update.status).has_value());
        return;
    }
    for (const uint32_t uid : changed)
        update.messages.push_back(message_of(mailbox.messages.at(uid), uid));
    update.expunged = expunged;
    GATEPOST_CHECK(writer_->apply(update).has_value());
}

void MemoryMailboxes::publish_list(uint64_t account_id) {
    std::vector<storage::MailboxListing> listings;
    std::vector<std::string> names;
    names.reserve(mailboxes_.size());
    for (const auto& [id, mailbox] : mailboxes_) {
        storage::MailboxListing listing;
        listing.mailbox_id = id;
        listing.owner_id = mailbox.owner_id;
        if (mailbox.owner_id == account_id) {
            names.push_back(mailbox.name);
            listing.special_use = mailbox.special_use;
            listing.subscribed = mailbox.subscribed;
        } else {
            const auto rights = mailbox.rights.find(account_id);
            if (rights == mailbox.rights.end()) continue;
            names.push_back(std::string(storage::kOthersPrefix) + account_name(mailbox.owner_id) +
                            "/" + mailbox.name);
            listing.rights = rights->second;
        }
        listing.name = names.back();
        listings.push_back(listing);
        const auto view = writer_->view().mailbox(id);
        if (!view) GATEPOST_CHECK(writer_->put_status(status_of(mailbox)).has_value());
    }
    GATEPOST_CHECK(writer_->put_account(account_id, listings).has_value());
}

void MemoryMailboxes::publish_account(uint64_t account_id) {
    std::set<uint64_t> accounts = {account_id};
    for (const auto& [id, mailbox] : mailboxes_)
        for (const auto& [other, rights] : mailbox.rights) accounts.insert(other);
    for (const uint64_t account : accounts) {
        changed_accounts_.insert(account);
        if (writer_->view().account(account)) publish_list(account);
    }
}

uint32_t MemoryMailboxes::add_message(uint64_t mailbox_id, storage::AppendedMessage message) {
    MemoryMailbox& into = mailbox(mailbox_id);
    const uint32_t uid = into.uid_next++;
    MemoryMessage& added = into.messages[uid];
    added.flags = message.flags;
    added.keywords = {message.keywords.begin(), message.keywords.end()};
    added.save_date_s = now_s;
    added.modseq = ++into.modseq;
    added.given = std::move(message);
    publish(into, {uid}, {});
    return uid;
}

void MemoryMailboxes::expunge(MemoryMailbox& from, const std::vector<uint32_t>& uids) {
    if (uids.empty()) return;
    ++from.modseq;
    for (const uint32_t uid : uids) {
        from.messages.erase(uid);
        from.expunged.emplace_back(from.modseq, uid);
    }
    publish(from, {}, uids);
}

void MemoryMailboxes::change_flags(uint64_t mailbox_id, uint32_t uid, uint8_t toggled) {
    MemoryMailbox& of = mailbox(mailbox_id);
    MemoryMessage& message = of.messages.at(uid);
    message.flags ^= toggled;
    message.modseq = ++of.modseq;
    publish(of, {uid}, {});
}

void MemoryMailboxes::expunge_message(uint64_t mailbox_id, uint32_t uid) {
    expunge(mailbox(mailbox_id), {uid});
}

void MemoryMailboxes::remove_mailbox(uint64_t id) {
    const uint64_t owner = mailbox(id).owner_id;
    writer_->remove_mailbox(id);
    mailboxes_.erase(id);
    changed_.insert(id);
    publish_account(owner);
}

void MemoryMailboxes::share(uint64_t mailbox_id, uint64_t account_id, uint16_t rights) {
    mailbox(mailbox_id).rights[account_id] = rights;
    publish_account(mailbox(mailbox_id).owner_id);
}

void MemoryMailboxes::evict(uint64_t mailbox_id) {
    writer_->evict(mailbox_id);
}

void MemoryMailboxes::move_body(uint64_t mailbox_id, uint32_t uid,
                                const storage::BodyLocation& to) {
    MemoryMailbox& of = mailbox(mailbox_id);
    of.messages.at(uid).given.body = to;
    publish(of, {uid}, {});
}

void MemoryMailboxes::tell() {
    const auto mailboxes = std::exchange(changed_, {});
    const auto accounts = std::exchange(changed_accounts_, {});
    for (const auto& [watcher, watch] : std::map(watchers_)) {
        for (const uint64_t id : mailboxes)
            if (watch.mailboxes.contains(id) && watchers_.contains(watcher))
                watcher->on_mailbox_changed(id);
        if (accounts.contains(watch.account_id) && watchers_.contains(watcher))
            watcher->on_account_changed();
    }
}

void MemoryMailboxes::disconnect(uint64_t account_id, const std::string& reason) {
    for (const auto& [watcher, watch] : std::map(watchers_))
        if (watch.account_id == account_id && watchers_.contains(watcher))
            watcher->on_disconnect(reason);
}

std::vector<storage::SessionNote> MemoryMailboxes::notes() const {
    std::vector<storage::SessionNote> notes;
    for (const auto& [watcher, watch] : watchers_) watcher->describe(notes.emplace_back());
    return notes;
}

std::optional<storage::MailboxIndexView> MemoryMailboxes::index() {
    if (on_look) on_look();
    return writer_->view();
}

Task<MailboxReply> MemoryMailboxes::ask(storage::MailboxRequest request) {
    asked.push_back(request);
    if (disturb) disturb();
    if (!available) co_return failed(MailboxOutcome::unavailable);
    MailboxReply reply = std::visit([this](const auto& what) { return execute(what); }, request);
    if (loses_answers && !storage::only_reads(request)) reply = failed(MailboxOutcome::unknown);
    if (disturb) disturb();
    // What views gave before the wait is gone.
    writer_->reclaim();
    co_return reply;
}

void MemoryMailboxes::add_watcher(MailboxWatcher& watcher, uint64_t account_id) {
    watchers_[&watcher].account_id = account_id;
}

void MemoryMailboxes::watch_mailbox(MailboxWatcher& watcher, uint64_t mailbox_id) {
    GATEPOST_CHECK(watchers_.at(&watcher).mailboxes.insert(mailbox_id).second);
}

void MemoryMailboxes::unwatch_mailbox(MailboxWatcher& watcher, uint64_t mailbox_id) {
    GATEPOST_CHECK(watchers_.at(&watcher).mailboxes.erase(mailbox_id) == 1);
}

void MemoryMailboxes::remove_watcher(MailboxWatcher& watcher) {
    GATEPOST_CHECK(watchers_.at(&watcher).mailboxes.empty());
    watchers_.erase(&watcher);
}

}  // namespace gatepost::tests
