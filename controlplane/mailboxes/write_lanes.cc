#include "controlplane/mailboxes/write_lanes.h"

#include <algorithm>
#include <utility>

namespace gatepost::controlplane {

namespace {

using namespace gatepost::storage;

uint64_t count_uids(const UidSet& set) {
    uint64_t count = 0;
    for (const UidRange& range : set) count += uint64_t{range.last} - range.first + 1;
    return count;
}

}  // namespace

WriteLanes::WriteLanes(MailboxContext& context, DatabaseLink& changes, DatabaseLink& bulk,
                       MailboxLoader& loader, AccountLister& lister, int32_t edge)
    : context_(context),
      quick_(context, changes, loader, lister, {.edge = edge}),
      bulk_(context, bulk, loader, lister, {.edge = edge, .batch_max = 1}) {
    const auto again = [this](PendingWrite request) { add(std::move(request)); };
    quick_.on_loaded(again);
    bulk_.on_loaded(again);
}

void WriteLanes::on_finished(std::function<void()> call) {
    quick_.on_finished(call);
    bulk_.on_finished(std::move(call));
}

void WriteLanes::add(PendingWrite request) {
    if (messages_of(request.request) > kBulkMessages) return large_.push_back(std::move(request));
    if (is_reserved(request.request)) return held_.push_back(std::move(request));
    quick_.add(std::move(request));
}

void WriteLanes::pump() {
    // What a lane drops or answers at once ends in no transaction, and nothing would come to go on.
    do {
        if (bulk_.is_idle()) {
            // Behind each large one the small ones of its accounts have their turn.
            if (std::exchange(is_large_under_way_, false)) release_held();
            begin_large();
        }
        quick_.pump();
        bulk_.pump();
    } while (bulk_.is_idle() && quick_.is_idle() && !(large_.empty() && held_.empty()));
}

void WriteLanes::begin_large() {
    if (large_.empty()) return;
    const std::vector<uint64_t> accounts = accounts_of(large_.front().request);
    reserved_ = {accounts.begin(), accounts.end()};
    // Its lock would be waited for, and all others of the batch with it.
    const bool is_blocked =
        quick_.any_of([this](const PendingWrite& request) { return is_reserved(request.request); });
    if (is_blocked) return;
    // One that comes back from the loader has been counted.
    if (large_.front().attempts == 0) ++bulk_requests_;
    is_large_under_way_ = true;
    bulk_.add(std::move(large_.front()));
    large_.pop_front();
}

void WriteLanes::release_held() {
    reserved_.clear();
    for (PendingWrite& request : std::exchange(held_, {})) add(std::move(request));
}

bool WriteLanes::is_reserved(const MailboxRequest& request) const {
    if (reserved_.empty()) return false;
    return std::ranges::any_of(accounts_of(request),
                               [this](uint64_t id) { return reserved_.contains(id); });
}

std::optional<WriteLanes::Clock::time_point> WriteLanes::due() const {
    const auto quick = quick_.due();
    const auto bulk = bulk_.due();
    return quick && bulk ? std::min(*quick, *bulk) : quick ? quick : bulk;
}

WriteCounters WriteLanes::counters() const {
    WriteCounters sum = quick_.counters();
    const WriteCounters& bulk = bulk_.counters();
    sum.requests += bulk.requests;
    sum.refused += bulk.refused;
    sum.unavailable += bulk.unavailable;
    sum.transactions += bulk.transactions;
    sum.late += bulk.late;
    sum.locked += bulk.locked;
    sum.dropped += bulk.dropped;
    sum.repeats += bulk.repeats;
    sum.conflicts += bulk.conflicts;
    sum.gaps += bulk.gaps;
    return sum;
}

std::optional<MailboxStatus> WriteLanes::status_of(uint64_t mailbox_id) const {
    const auto mailbox = context_.arena->view().mailbox(mailbox_id);
    return mailbox ? std::optional(mailbox->status()) : std::nullopt;
}

std::vector<uint64_t> WriteLanes::accounts_of(const MailboxRequest& request) const {
    std::vector<uint64_t> accounts;
    const auto owner = [&](uint64_t mailbox_id) {
        if (const auto status = status_of(mailbox_id)) accounts.push_back(status->account_id);
    };
    std::visit(
        [&](const auto& about) {
            if constexpr (requires { about.account_id; })
                if (about.account_id != 0) accounts.push_back(about.account_id);
            if constexpr (requires { about.mailbox_id; }) owner(about.mailbox_id);
            if constexpr (requires { about.target_id; }) owner(about.target_id);
            if constexpr (requires { about.replaced_mailbox_id; }) owner(about.replaced_mailbox_id);
        },
        request);
    return accounts;
}

uint64_t WriteLanes::messages_of(const MailboxRequest& request) const {
    if (const auto* store = std::get_if<StoreFlags>(&request)) return count_uids(store->uids);
    if (const auto* copy = std::get_if<CopyMessages>(&request)) return count_uids(copy->uids);
    if (const auto* append = std::get_if<AppendMessages>(&request)) return append->messages.size();
    if (const auto* expunge = std::get_if<ExpungeMessages>(&request)) {
        const auto status = status_of(expunge->mailbox_id);
        const uint64_t of_set = expunge->uids.empty() ? UINT64_MAX : count_uids(expunge->uids);
        if (!status) return expunge->uids.empty() ? 0 : of_set;
        return std::min(of_set, expunge->deleted_only ? status->deleted : status->messages);
    }
    uint64_t mailbox_id = 0;
    if (const auto* removed = std::get_if<DeleteMailbox>(&request))
        mailbox_id = removed->mailbox_id;
    if (const auto* renamed = std::get_if<RenameMailbox>(&request))
        mailbox_id = renamed->mailbox_id;
    const auto status = mailbox_id == 0 ? std::nullopt : status_of(mailbox_id);
    return status ? status->messages : 0;
}

}  // namespace gatepost::controlplane
