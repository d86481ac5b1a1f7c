#include "storage/directory/directory_writer.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

namespace gatepost::storage {

DirectoryWriter::DirectoryWriter(Segment segment, Qsbr& qsbr, uint64_t generation)
    : segment_(std::move(segment)),
      qsbr_(qsbr),
      blocks_(segment_, qsbr),
      header_(new (segment_.data()) DirectoryHeader{}),
      slots_(segment_, blocks_, header_->table) {
    header_->image.magic = kDirectoryMagic;
    header_->image.format_version = kDirectoryFormatVersion;
    header_->image.generation = generation;
}

Result<std::unique_ptr<DirectoryWriter>> DirectoryWriter::create(Segment segment, Qsbr& qsbr,
                                                                 uint64_t generation,
                                                                 size_t entries_expected) {
    std::unique_ptr<DirectoryWriter> writer(
        new DirectoryWriter(std::move(segment), qsbr, generation));
    auto& secret = writer->header_->hash_secret;
    if (::getrandom(secret, sizeof secret, 0) != static_cast<ssize_t>(sizeof secret))
        return fail(ErrorCode::refused,
                    "the kernel gives no random octets for the directory's hash");
    if (!writer->slots_.lay_out(entries_expected)) return tl::unexpected(writer->full().error());
    return writer;
}

Status DirectoryWriter::full() const {
    return fail(ErrorCode::refused, "the directory is full at {} MiB and {} entries",
                segment_.size() >> 20, slots_.entries());
}

uint32_t DirectoryWriter::tag_of(EntryKind kind, std::string_view key) const {
    return hash_tag(hash_octets(header_->secret(), static_cast<uint8_t>(kind), key));
}

std::atomic<Slot>* DirectoryWriter::find(uint32_t tag, EntryKind kind, std::string_view key) {
    return slots_.find(
        tag, [&](Ref ref) { return record_at(ref)->is(static_cast<uint8_t>(kind), key); });
}

Status DirectoryWriter::put(EntryKind kind, std::string_view key, Bytes value) {
    if (key.size() > kDirectoryKeyMax || value.size() > kDirectoryValueMax)
        return fail(ErrorCode::invalid,
                    "an entry of the directory has at most {} octets of key and {} of value, not "
                    "{} and {}",
                    kDirectoryKeyMax, kDirectoryValueMax, key.size(), value.size());
    const uint32_t tag = tag_of(kind, key);
    std::atomic<Slot>* slot = find(tag, kind, key);
    const Ref before = slot == nullptr ? 0 : slot_ref(slot->load(std::memory_order_relaxed));
    if (slot != nullptr) {
        const Bytes was = record_at(before)->value();
        if (std::equal(was.begin(), was.end(), value.begin(), value.end())) return {};
    } else if (!slots_.reserve(shared_)) {
        return full();
    }
    const Ref after = blocks_.allocate(DirectoryRecord::size_bytes(key.size(), value.size()));
    if (after == 0) return full();
    note_change(kind);
    DirectoryRecord* record = record_at(after);
    record->serial = ++last_serial_;
    record->value_length = static_cast<uint32_t>(value.size());
    record->key_length = static_cast<uint16_t>(key.size());
    record->kind = static_cast<uint8_t>(kind);
    record->unused = 0;
    auto* octets = reinterpret_cast<uint8_t*>(record + 1);
    std::copy(key.begin(), key.end(), octets);
    std::copy(value.begin(), value.end(), octets + key.size());
    if (slot == nullptr) {
        slots_.insert(tag, after);
        return {};
    }
    slot->store(make_slot(tag, after), std::memory_order_release);
    discard(before);
    return {};
}

void DirectoryWriter::remove(EntryKind kind, std::string_view key) {
    std::atomic<Slot>* slot = find(tag_of(kind, key), kind, key);
    if (slot == nullptr) return;
    note_change(kind);
    const Ref record = slot_ref(slot->load(std::memory_order_relaxed));
    slots_.remove(slot);
    discard(record);
}

void DirectoryWriter::discard(Ref record) {
    const size_t size = record_at(record)->size_bytes();
    if (shared_)
        blocks_.retire(record, size);
    else
        blocks_.free(record, size);
}

void DirectoryWriter::publish(ArenaOrigin origin) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    header_->published_time_us.store(int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000,
                                     std::memory_order_relaxed);
    header_->commit_time_us.store(origin.commit_time_us, std::memory_order_relaxed);
    header_->entry_count.store(slots_.entries(), std::memory_order_relaxed);
    // A copier that sees this position sees the entries, too: it reads it before them.
    header_->commit_lsn.store(origin.commit_lsn, std::memory_order_release);
    header_->version.store(header_->version.load(std::memory_order_relaxed) + 1,
                           std::memory_order_release);
    if (std::exchange(accounts_changed_, false))
        header_->account_version.store(header_->account_version.load(std::memory_order_relaxed) + 1,
                                       std::memory_order_release);
    shared_ = true;
    qsbr_.advance();
    blocks_.reclaim();
}

DirectoryStats DirectoryWriter::stats() const {
    return {.version = header_->version.load(std::memory_order_relaxed),
            .entries = slots_.entries(),
            .used_bytes = blocks_.used_bytes(),
            .free_bytes = blocks_.free_bytes(),
            .retired_bytes = blocks_.retired_bytes(),
            .size_max_bytes = segment_.size()};
}

}  // namespace gatepost::storage
