#include "storage/mailbox_index/account_record.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace gatepost::storage {

namespace {

std::vector<const MailboxListing*> sorted(std::span<const MailboxListing> mailboxes) {
    std::vector<const MailboxListing*> order;
    order.reserve(mailboxes.size());
    for (const MailboxListing& mailbox : mailboxes) order.push_back(&mailbox);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto* a, const auto* b) { return a->name < b->name; });
    const auto last = std::unique(order.begin(), order.end(),
                                  [](const auto* a, const auto* b) { return a->name == b->name; });
    order.erase(last, order.end());
    return order;
}

}  // namespace

std::vector<uint8_t> make_account_record(uint64_t account_id,
                                         std::span<const MailboxListing> mailboxes) {
    const auto order = sorted(mailboxes);
    size_t size = sizeof(AccountRecord) + order.size() * (sizeof(ListingRecord) + sizeof(uint32_t));
    size_t name_at = size;
    for (const MailboxListing* mailbox : order) size += mailbox->name.size();
    std::vector<uint8_t> octets(size);
    auto& record = *reinterpret_cast<AccountRecord*>(octets.data());
    record.head = {.id = account_id,
                   .size_bytes = static_cast<uint32_t>(size),
                   .kind = MailboxRecordKind::account};
    record.count = order.size();
    for (size_t i = 0; i < order.size(); ++i) {
        const MailboxListing& mailbox = *order[i];
        record.listings()[i] = {.mailbox_id = mailbox.mailbox_id,
                                .owner_id = mailbox.owner_id,
                                .name_begin = static_cast<uint32_t>(name_at),
                                .name_length = static_cast<uint32_t>(mailbox.name.size()),
                                .rights = mailbox.rights,
                                .special_use = mailbox.special_use,
                                .subscribed = mailbox.subscribed ? uint8_t{1} : uint8_t{0}};
        std::copy(mailbox.name.begin(), mailbox.name.end(), octets.begin() + name_at);
        name_at += mailbox.name.size();
    }
    std::iota(record.by_id(), record.by_id() + order.size(), 0u);
    std::stable_sort(record.by_id(), record.by_id() + order.size(), [&](uint32_t a, uint32_t b) {
        return record.listings()[a].mailbox_id < record.listings()[b].mailbox_id;
    });
    return octets;
}

}  // namespace gatepost::storage
