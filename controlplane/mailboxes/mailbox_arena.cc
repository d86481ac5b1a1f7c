#include "controlplane/mailboxes/mailbox_arena.h"

#include <algorithm>
#include <bit>
#include <thread>
#include <utility>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::microseconds;
using storage::MailboxStatus;

// What is evicted can be used once every reader has moved on, which takes a worker no longer than
// one turn of its loop.
constexpr unsigned kRoomAttempts = 40;
// Mailboxes that are gone are remembered for as long as an older answer may be under way.
constexpr size_t kGoneMax = 100'000;
constexpr microseconds kReadersMoveOn{500};
// Keywords of a mailbox from which on unused ones are looked for, and how many of them are worth
// loading it anew while there is still room for others.
constexpr size_t kKeywordsCrowded = 48;
constexpr int kKeywordsUnusedMax = 8;

// UIDVALIDITY only grows (011_mailboxes.sql), and what comes with another one is later.
bool comes_after(const MailboxStatus& status, const MailboxStatus& known) {
    return status.uid_validity != known.uid_validity ? status.uid_validity > known.uid_validity
                                                     : status.highest_modseq > known.highest_modseq;
}

}  // namespace

Result<std::unique_ptr<MailboxArena>> MailboxArena::create(uint64_t size_max, uint64_t octets_max,
                                                           Clock::duration kept,
                                                           uint64_t generation,
                                                           storage::Qsbr& qsbr) {
    auto segment =
        storage::Segment::create("gatepost-mailboxes", size_max, storage::PageKind::plain);
    if (!segment) return tl::unexpected(std::move(segment).error());
    auto writer = storage::MailboxIndexWriter::create(std::move(*segment), qsbr, generation);
    if (!writer) return tl::unexpected(std::move(writer).error());
    return std::unique_ptr<MailboxArena>(new MailboxArena(std::move(*writer), octets_max, kept));
}

uint64_t MailboxArena::modseq_of(uint64_t mailbox_id) const {
    const auto mailbox = view().mailbox(mailbox_id);
    return mailbox ? mailbox->status().highest_modseq : 0;
}

bool MailboxArena::is_resident(uint64_t mailbox_id) const {
    return resident_.contains(mailbox_id);
}

std::optional<MailboxStatus> MailboxArena::seen_of(uint64_t mailbox_id) const {
    const auto found = seen_.find(mailbox_id);
    std::optional<MailboxStatus> seen;
    if (found != seen_.end()) seen = found->second;
    if (!is_resident(mailbox_id)) return seen;
    const MailboxStatus shown = view().mailbox(mailbox_id)->status();
    return !seen || comes_after(shown, *seen) ? shown : *seen;
}

MailboxWant MailboxArena::want_of(uint64_t mailbox_id) const {
    if (!is_resident(mailbox_id)) return {mailbox_id, 0, 0};
    const MailboxStatus status = view().mailbox(mailbox_id)->status();
    return {mailbox_id, status.highest_modseq, status.uid_next};
}

std::vector<uint64_t> MailboxArena::known_mailboxes() const {
    return {known_.begin(), known_.end()};
}

std::vector<uint64_t> MailboxArena::resident_mailboxes() const {
    std::vector<uint64_t> ids;
    for (const auto& [id, resident] : resident_) ids.push_back(id);
    return ids;
}

std::vector<uint64_t> MailboxArena::accounts() const {
    std::vector<uint64_t> ids;
    for (const auto& [id, mailboxes] : accounts_) ids.push_back(id);
    return ids;
}

std::vector<uint64_t> MailboxArena::accounts_that_list(uint64_t mailbox_id) const {
    const auto found = listed_by_.find(mailbox_id);
    return found == listed_by_.end() ? std::vector<uint64_t>() : found->second;
}

void MailboxArena::touch(uint64_t mailbox_id, Clock::time_point now) {
    const auto found = resident_.find(mailbox_id);
    if (found == resident_.end()) return;
    by_age_.erase({found->second.asked_at, mailbox_id});
    found->second.asked_at = now;
    by_age_.emplace(now, mailbox_id);
}

void MailboxArena::unlist(uint64_t account_id) {
    const auto found = accounts_.find(account_id);
    if (found == accounts_.end()) return;
    for (const uint64_t mailbox : found->second) {
        std::erase(listed_by_[mailbox], account_id);
        if (listed_by_[mailbox].empty()) listed_by_.erase(mailbox);
    }
    accounts_.erase(found);
}

Status MailboxArena::put_account(const AccountList& list) {
    Status put =
        with_room(0, [&] { return writer_->put_account(list.account_id, list.mailboxes); });
    if (!put) {
        // One that is not as it should be is no use to anybody.
        remove_account(list.account_id);
        return put;
    }
    unlist(list.account_id);
    std::vector<uint64_t>& mailboxes = accounts_[list.account_id];
    for (const storage::MailboxListing& listing : list.mailboxes) {
        if (listing.mailbox_id == 0) continue;
        mailboxes.push_back(listing.mailbox_id);
        listed_by_[listing.mailbox_id].push_back(list.account_id);
    }
    return {};
}

void MailboxArena::remove_account(uint64_t account_id) {
    writer_->remove_account(account_id);
    unlist(account_id);
}

MailboxArena::Applied MailboxArena::put_status(const MailboxStatus& status) {
    if (is_gone(status)) return Applied::gone;
    const auto known = view().mailbox(status.mailbox_id);
    if (known && !comes_after(status, known->status())) return Applied::nothing;
    if (!is_resident(status.mailbox_id)) return put_status_back(status);
    if (known->status().uid_validity == status.uid_validity) return Applied::gap;
    return start_over(status);
}

MailboxArena::Applied MailboxArena::put_status_back(const MailboxStatus& status) {
    const uint64_t id = status.mailbox_id;
    if (is_gone(status)) return Applied::gone;
    if (is_resident(id)) return Applied::nothing;
    const auto seen = seen_.find(id);
    if (seen != seen_.end() && seen->second.uid_validity < status.uid_validity) seen_.erase(seen);
    if (with_room(0, [&] { return writer_->put_status(status); })) {
        known_.insert(id);
        return Applied::changed;
    }
    if (modseq_of(id) != 0) {
        ++counters_.dropped;
        remove_mailbox(id);
    }
    return Applied::full;
}

MailboxArena::Applied MailboxArena::start_over(const MailboxStatus& status) {
    ++counters_.replaced;
    let_go(status.mailbox_id);
    return put_status_back(status);
}

Status MailboxArena::add(uint64_t mailbox_id, storage::MailboxFilling& filling,
                         std::span<const storage::MailboxMessage> messages) {
    return with_room(mailbox_id, [&] { return writer_->add(filling, messages); });
}

MailboxArena::Applied MailboxArena::end_load(storage::MailboxFilling& filling,
                                             const MailboxStatus& status) {
    const uint64_t id = status.mailbox_id;
    if (is_gone(status)) return Applied::gone;
    const uint64_t have = modseq_of(id);
    if (!with_room(id, [&] { return writer_->end_load(filling, status); })) return Applied::full;
    known_.insert(id);
    forget_resident(id);
    const Clock::time_point now = Clock::now();
    resident_[id] = {now, 0};
    by_age_.emplace(now, id);
    count(id);
    // Older than the status that is known: what it lacks comes with the next one.
    return have > status.highest_modseq ? Applied::gap : Applied::changed;
}

MailboxArena::Applied MailboxArena::apply(const MailboxDelta& delta) {
    const uint64_t id = delta.mailbox_id;
    const MailboxStatus& status = delta.update.status;
    if (delta.is_gone) forget_for_ever(id);
    if (delta.is_gone || is_gone(status)) return Applied::gone;
    const uint64_t have = modseq_of(id);
    if (!is_resident(id)) return put_status(status);
    const MailboxStatus known = view().mailbox(id)->status();
    if (!comes_after(status, known)) return Applied::nothing;
    if (known.uid_validity != status.uid_validity) return start_over(status);
    if (delta.from_modseq > have) return Applied::gap;
    if (delta.is_behind_floor) {
        ++counters_.behind_floor;
        let_go(id);
        return put_status(status);
    }
    const uint64_t left_out = writer_->stats().keywords_left_out;
    if (with_room(id, [&] { return writer_->apply(delta.update); })) {
        count(id);
        if (writer_->stats().keywords_left_out != left_out || is_crowded(id)) {
            ++counters_.crowded;
            let_go(id);
        }
        return Applied::changed;
    }
    // What is behind the database misleads: whoever needs it asks for it again.
    ++counters_.dropped;
    let_go(id);
    (void)put_status(status);
    return Applied::full;
}

bool MailboxArena::is_crowded(uint64_t mailbox_id) const {
    const auto mailbox = view().mailbox(mailbox_id);
    const size_t count = mailbox->keyword_count();
    if (count < kKeywordsCrowded) return false;
    const uint64_t all = count < 64 ? (uint64_t{1} << count) - 1 : UINT64_MAX;
    uint64_t used = 0;
    for (size_t i = 0; i < mailbox->chunk_count() && used != all; ++i)
        for (const storage::MailboxEntry& entry : mailbox->chunk(i).entries) used |= entry.keywords;
    const int unused = std::popcount(all & ~used);
    return unused >= (count == storage::kKeywordsMax ? 1 : kKeywordsUnusedMax);
}

void MailboxArena::remove_mailbox(uint64_t mailbox_id) {
    forget_resident(mailbox_id);
    seen_.erase(mailbox_id);
    if (known_.erase(mailbox_id) != 0) writer_->remove_mailbox(mailbox_id);
}

void MailboxArena::forget_for_ever(uint64_t mailbox_id) {
    const auto known = view().mailbox(mailbox_id);
    Gone gone{known ? known->status().uid_validity : UINT32_MAX, seen_of(mailbox_id)};
    remove_mailbox(mailbox_id);
    if (gone_.size() >= kGoneMax) gone_.clear();
    gone_[mailbox_id] = std::move(gone);
}

bool MailboxArena::is_gone(const MailboxStatus& status) const {
    const auto found = gone_.find(status.mailbox_id);
    return found != gone_.end() && status.uid_validity <= found->second.uid_validity;
}

std::vector<MailboxStatus> MailboxArena::forget_gone() {
    std::vector<MailboxStatus> seen;
    for (const auto& [id, gone] : std::exchange(gone_, {}))
        if (gone.seen) seen.push_back(*gone.seen);
    return seen;
}

void MailboxArena::move_bodies(std::span<const MovedMessage> messages) {
    const uint64_t id = messages.empty() ? 0 : messages.front().mailbox_id;
    if (!is_resident(id)) return;
    const auto mailbox = view().mailbox(id);
    storage::MailboxUpdate update;
    update.status = mailbox->status();
    for (const MovedMessage& moved : messages) {
        const storage::MailboxEntry* known = mailbox->find(moved.uid);
        if (known == nullptr || known->segment != moved.from_segment ||
            known->offset != moved.from_offset)
            continue;
        if (!update.messages.empty() && update.messages.back().entry.uid == moved.uid) continue;
        storage::MailboxMessage& message = update.messages.emplace_back();
        message.entry = *known;
        message.entry.segment = moved.to_segment;
        message.entry.offset = moved.to_offset;
    }
    if (update.messages.empty()) return;
    if (with_room(id, [&] { return writer_->apply(update); })) return;
    ++counters_.dropped;
    let_go(id);
}

Status MailboxArena::add_summaries(uint64_t mailbox_id,
                                   std::span<const std::pair<uint32_t, Bytes>> summaries) {
    if (!is_resident(mailbox_id)) return {};
    Status added =
        with_room(mailbox_id, [&] { return writer_->add_summaries(mailbox_id, summaries); });
    count(mailbox_id);
    return added;
}

void MailboxArena::count(uint64_t mailbox_id) {
    const auto found = resident_.find(mailbox_id);
    if (found == resident_.end()) return;
    octets_ -= found->second.octets;
    found->second.octets = writer_->octets_of(mailbox_id);
    octets_ += found->second.octets;
}

void MailboxArena::forget_resident(uint64_t mailbox_id) {
    const auto found = resident_.find(mailbox_id);
    if (found == resident_.end()) return;
    octets_ -= found->second.octets;
    by_age_.erase({found->second.asked_at, mailbox_id});
    resident_.erase(found);
}

void MailboxArena::let_go(uint64_t mailbox_id) {
    if (!is_resident(mailbox_id)) return;
    seen_[mailbox_id] = *seen_of(mailbox_id);
    writer_->evict(mailbox_id);
    forget_resident(mailbox_id);
}

bool MailboxArena::evict_one(uint64_t but, Clock::time_point now) {
    auto oldest = by_age_.begin();
    if (oldest != by_age_.end() && oldest->second == but) ++oldest;
    if (oldest == by_age_.end() || oldest->first + kept_ > now) return false;
    const uint64_t id = oldest->second;
    let_go(id);
    ++counters_.evictions;
    log_debug("mailboxes.evicted").field("mailbox", id);
    return true;
}

void MailboxArena::keep_budget(Clock::time_point now) {
    while (octets_ > octets_max_ && evict_one(0, now)) {
    }
}

Status MailboxArena::with_room(uint64_t mailbox_id, const std::function<Status()>& step) {
    Status done = step();
    for (unsigned attempt = 0; !done && attempt < kRoomAttempts; ++attempt) {
        if (done.error().code != ErrorCode::refused) break;
        const bool evicted = evict_one(mailbox_id, Clock::now());
        if (!evicted && writer_->stats().retired_bytes == 0) break;
        std::this_thread::sleep_for(kReadersMoveOn);
        writer_->reclaim();
        done = step();
    }
    if (!done) {
        ++counters_.full;
        log_warning("mailboxes.arena_full").field("error", done.error().message);
    }
    return done;
}

}  // namespace gatepost::controlplane
