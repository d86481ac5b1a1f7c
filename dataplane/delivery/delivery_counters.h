// What a worker counts about deliveries: written by the worker alone, read by anyone.
#pragma once

#include <atomic>
#include <cstdint>

namespace gatepost::dataplane {

struct DeliveryCounters {
    std::atomic<uint64_t> delivered{0};
    std::atomic<uint64_t> duplicates{0};     // had been delivered by an attempt before
    std::atomic<uint64_t> retried{0};        // answers that put a message off
    std::atomic<uint64_t> resent{0};         // unanswered when a connection was lost
    std::atomic<uint64_t> read_back{0};      // put together from the message log
    std::atomic<uint64_t> read_failures{0};  // could not be; tried again later
    std::atomic<uint64_t> connections{0};    // that were taken up
    std::atomic<uint64_t> notes_dropped{0};  // of logins, for want of room
    // As it is now.
    std::atomic<uint64_t> connected{0};       // 1: there is a connection
    std::atomic<uint64_t> waiting{0};         // messages whose delivery is not done
    std::atomic<uint64_t> memory_octets{0};   // of requests that are kept
    std::atomic<uint64_t> oldest_unix_ms{0};  // when the oldest of them came; 0: none waits
};

// Of the worker: a plain load and store, as nobody else writes.
inline void count(std::atomic<uint64_t>& counter, uint64_t more = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

}  // namespace gatepost::dataplane
