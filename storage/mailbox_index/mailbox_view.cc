#include "storage/mailbox_index/mailbox_view.h"

#include <algorithm>

#include "storage/arena/slot_table.h"
#include "storage/base/check.h"
#include "storage/mailbox_index/mailbox_index_header.h"

namespace gatepost::storage {

namespace {

constexpr std::string_view kInbox = "INBOX";

const AccountRecord& account_at(const uint8_t* record) {
    return *reinterpret_cast<const AccountRecord*>(record);
}

const MailboxRecord& mailbox_at(const uint8_t* record) {
    return *reinterpret_cast<const MailboxRecord*>(record);
}

MailboxListing listing_of(const AccountRecord& account, const ListingRecord& listing) {
    return {.mailbox_id = listing.mailbox_id,
            .owner_id = listing.owner_id,
            .name = account.name(listing),
            .special_use = listing.special_use,
            .subscribed = listing.subscribed != 0,
            .rights = listing.rights};
}

// The first entry whose UID is not below that one, in its chunk.
const MailboxEntry* first_from(std::span<const MailboxEntry> entries, uint32_t uid) {
    return std::lower_bound(
        entries.data(), entries.data() + entries.size(), uid,
        [](const MailboxEntry& entry, uint32_t wanted) { return entry.uid < wanted; });
}

// The chunk that has that UID if any has; nullptr: it is below all.
const ChunkRef* chunk_with(std::span<const ChunkRef> chunks, uint32_t uid) {
    const auto behind = std::upper_bound(
        chunks.begin(), chunks.end(), uid,
        [](uint32_t wanted, const ChunkRef& chunk) { return wanted < chunk.first_uid; });
    return behind == chunks.begin() ? nullptr : &*std::prev(behind);
}

const uint8_t* find_record(const uint8_t* base, MailboxRecordKind kind, uint64_t id) {
    const auto* header = reinterpret_cast<const MailboxIndexHeader*>(base);
    const uint32_t tag = tag_of(header->secret(), kind, id);
    const auto* table = at_ref<SlotTable>(base, header->table.load(std::memory_order_acquire));
    for (uint32_t i = tag;; ++i) {
        // Acquires all that the writer had written before it linked the record.
        const Slot slot = table->at(i);
        if (slot == 0) return nullptr;
        if (slot_tag(slot) != tag || slot_ref(slot) == kSlotDeleted) continue;
        const auto* head = at_ref<RecordHead>(base, slot_ref(slot));
        if (head->is(kind, id)) return reinterpret_cast<const uint8_t*>(head);
    }
}

}  // namespace

uint64_t AccountView::account_id() const {
    return account_at(record_).head.id;
}

uint64_t AccountView::serial() const {
    return account_at(record_).serial;
}

size_t AccountView::size() const {
    return account_at(record_).count;
}

MailboxListing AccountView::at(size_t index) const {
    const AccountRecord& account = account_at(record_);
    GATEPOST_CHECK(index < account.count);
    return listing_of(account, account.listings()[index]);
}

std::optional<MailboxListing> AccountView::find(std::string_view name) const {
    // RFC 9051 §5.1: INBOX in any case is INBOX.
    if (equals_in_any_case(name, kInbox)) name = kInbox;
    const AccountRecord& account = account_at(record_);
    const ListingRecord* end = account.listings() + account.count;
    const ListingRecord* found = std::lower_bound(
        account.listings(), end, name, [&](const ListingRecord& listing, std::string_view wanted) {
            return account.name(listing) < wanted;
        });
    if (found == end || account.name(*found) != name) return std::nullopt;
    return listing_of(account, *found);
}

std::optional<MailboxListing> AccountView::find(uint64_t mailbox_id) const {
    if (mailbox_id == 0) return std::nullopt;  // names without a mailbox
    const AccountRecord& account = account_at(record_);
    const uint32_t* end = account.by_id() + account.count;
    const uint32_t* found =
        std::lower_bound(account.by_id(), end, mailbox_id, [&](uint32_t place, uint64_t wanted) {
            return account.listings()[place].mailbox_id < wanted;
        });
    if (found == end || account.listings()[*found].mailbox_id != mailbox_id) return std::nullopt;
    return listing_of(account, account.listings()[*found]);
}

MailboxStatus MailboxView::status() const {
    return mailbox_at(record_).status;
}

bool MailboxView::has_messages() const {
    return mailbox_at(record_).is_resident();
}

uint64_t MailboxView::expunge_modseq() const {
    return mailbox_at(record_).expunge_modseq;
}

size_t MailboxView::size() const {
    return mailbox_at(record_).size;
}

size_t MailboxView::chunk_count() const {
    return mailbox_at(record_).chunk_count;
}

MailboxChunk MailboxView::chunk(size_t index) const {
    const auto chunks = chunks_of(base_, mailbox_at(record_));
    GATEPOST_CHECK(index < chunks.size());
    return {entries_of(base_, chunks[index]), chunks[index].modseq_max};
}

const MailboxEntry* MailboxView::find(uint32_t uid) const {
    const ChunkRef* chunk = chunk_with(chunks_of(base_, mailbox_at(record_)), uid);
    if (chunk == nullptr) return nullptr;
    const auto entries = entries_of(base_, *chunk);
    const MailboxEntry* found = first_from(entries, uid);
    return found == entries.data() + entries.size() || found->uid != uid ? nullptr : found;
}

size_t MailboxView::lower_bound(uint32_t uid) const {
    const ChunkRef* chunk = chunk_with(chunks_of(base_, mailbox_at(record_)), uid);
    if (chunk == nullptr) return 0;
    const auto entries = entries_of(base_, *chunk);
    return chunk->first_index + static_cast<size_t>(first_from(entries, uid) - entries.data());
}

const MailboxEntry& MailboxView::at(size_t index) const {
    GATEPOST_CHECK(index < size());
    const auto chunks = chunks_of(base_, mailbox_at(record_));
    const auto behind = std::upper_bound(
        chunks.begin(), chunks.end(), index,
        [](size_t wanted, const ChunkRef& chunk) { return wanted < chunk.first_index; });
    const ChunkRef& chunk = *std::prev(behind);
    return entries_of(base_, chunk)[index - chunk.first_index];
}

size_t MailboxView::keyword_count() const {
    const Ref keywords = mailbox_at(record_).keywords;
    return keywords == 0 ? 0 : at_ref<KeywordsRecord>(base_, keywords)->count;
}

std::string_view MailboxView::keyword(size_t bit) const {
    GATEPOST_CHECK(bit < keyword_count());
    return at_ref<KeywordsRecord>(base_, mailbox_at(record_).keywords)->name(bit);
}

std::optional<size_t> MailboxView::find_keyword(std::string_view name) const {
    const size_t count = keyword_count();
    for (size_t bit = 0; bit < count; ++bit)
        if (equals_in_any_case(keyword(bit), name)) return bit;
    return std::nullopt;
}

Bytes MailboxView::summary(const MailboxEntry& entry) const {
    if (entry.summary == 0) return {};
    return {at_ref<uint8_t>(base_, entry.summary), entry.summary_size};
}

std::optional<AccountView> MailboxIndexView::account(uint64_t account_id) const {
    const uint8_t* record = find_record(base_, MailboxRecordKind::account, account_id);
    if (record == nullptr) return std::nullopt;
    return AccountView(base_, record);
}

std::optional<MailboxView> MailboxIndexView::mailbox(uint64_t mailbox_id) const {
    const uint8_t* record = find_record(base_, MailboxRecordKind::mailbox, mailbox_id);
    if (record == nullptr) return std::nullopt;
    return MailboxView(base_, record);
}

}  // namespace gatepost::storage
