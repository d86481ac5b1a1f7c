// The one writer of a directory arena. Entries are replaced one by one, each in one step: a reader
// finds the old one or the new one. publish() says that what was changed is a state of the
// database, and lets go of what was replaced.
//
// Not thread-safe: one thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "storage/arena/arena_origin.h"
#include "storage/arena/slot_table_writer.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/directory/directory_header.h"
#include "storage/directory/directory_view.h"

namespace gatepost::storage {

struct DirectoryStats {
    uint64_t version = 0;  // counts publications
    uint64_t entries = 0;
    uint64_t used_bytes = 0;     // everything up to the high-water mark
    uint64_t free_bytes = 0;     // reusable blocks below it
    uint64_t retired_bytes = 0;  // waiting for readers
    uint64_t size_max_bytes = 0;
};

class DirectoryWriter {
  public:
    // Takes the segment over and lays an empty arena out in it. `generation` names it to readers
    // and must grow from arena to arena. `qsbr` outlives the writer. `entries_expected` sizes the
    // table at the start.
    static Result<std::unique_ptr<DirectoryWriter>> create(Segment segment, Qsbr& qsbr,
                                                           uint64_t generation,
                                                           size_t entries_expected = 0);

    // Sets the entry; one that has this very value stays, with its serial. Refused (invalid) where
    // key or value are too long, (refused) where the arena is full; what was there stays then.
    Status put(EntryKind kind, std::string_view key, Bytes value);
    // Taking away what is not there is not an error.
    void remove(EntryKind kind, std::string_view key);
    void publish(ArenaOrigin origin);

    DirectoryView view() const { return DirectoryView(segment_.data()); }
    DirectoryStats stats() const;
    const Segment& segment() const { return segment_; }
    uint64_t generation() const { return header_->image.generation; }

  private:
    DirectoryWriter(Segment segment, Qsbr& qsbr, uint64_t generation);

    uint32_t tag_of(EntryKind kind, std::string_view key) const;
    std::atomic<Slot>* find(uint32_t tag, EntryKind kind, std::string_view key);
    DirectoryRecord* record_at(Ref ref) {
        return reinterpret_cast<DirectoryRecord*>(segment_.data() + size_t{ref} * kRefUnit);
    }
    Status full() const;
    void discard(Ref record);
    void note_change(EntryKind kind) {
        accounts_changed_ |= kind == EntryKind::mail_domain || kind == EntryKind::mail_account;
    }

    Segment segment_;
    Qsbr& qsbr_;
    BlockAllocator blocks_;
    DirectoryHeader* header_;
    SlotTableWriter slots_;
    uint64_t last_serial_ = 0;
    bool shared_ = false;  // readers may have it: nothing is reused without a grace period
    bool accounts_changed_ = false;  // since the last publication, or domains of mail
};

}  // namespace gatepost::storage
