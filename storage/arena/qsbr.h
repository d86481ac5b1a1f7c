// Quiescent-state based reclamation between one writer and the readers of an arena, over shared
// memory.
//
// A reader is online while it may hold references into the arena and tells at each quiescent state
// (the end of a burst) which epoch it has seen; it goes offline before it blocks. The writer
// retires a record under the current epoch, then advances it; the record may be reused once every
// online reader has seen a later epoch. No reader ever waits, and none writes a line that another
// one writes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gatepost::storage {

inline constexpr size_t kCacheLine = 64;  // octets
inline constexpr size_t kQsbrReadersMax =
    64;  // one per worker, and one for the control plane's own copier

struct alignas(kCacheLine) QsbrReader {
    std::atomic<uint64_t> seen{0};  // 0: offline

    // To be called before the first reference is taken after being offline.
    void online(const std::atomic<uint64_t>& epoch) {
        seen.store(epoch.load(std::memory_order_acquire), std::memory_order_relaxed);
        // The store above must be visible before any slot is read: the writer looks at `seen` after
        // it has unlinked a record.
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    // To be called when no reference is held; once per burst.
    void quiescent(const std::atomic<uint64_t>& epoch) {
        seen.store(epoch.load(std::memory_order_acquire), std::memory_order_release);
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    void offline() { seen.store(0, std::memory_order_release); }
};
static_assert(sizeof(QsbrReader) == kCacheLine);

struct Qsbr {
    alignas(kCacheLine) std::atomic<uint64_t> epoch{1};
    QsbrReader readers[kQsbrReadersMax];

    // Writer: gives the epoch under which what was just unlinked is retired, and begins the next
    // one.
    uint64_t advance() {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        return epoch.fetch_add(1, std::memory_order_seq_cst);
    }
    // Writer: every record retired under an epoch below the result may be reused.
    uint64_t reclaimable_below() const {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        uint64_t lowest = epoch.load(std::memory_order_relaxed);
        for (const QsbrReader& reader : readers) {
            uint64_t seen = reader.seen.load(std::memory_order_acquire);
            if (seen != 0 && seen < lowest) lowest = seen;
        }
        return lowest;
    }
};

}  // namespace gatepost::storage
