// What a worker counts about its connection for mailboxes: written by the worker alone, read by
// anyone.
#pragma once

#include <atomic>
#include <cstdint>

namespace gatepost::dataplane {

struct MailboxLinkCounters {
    std::atomic<uint64_t> connections{0};    // that were taken up
    std::atomic<uint64_t> requests{0};       // that were sent
    std::atomic<uint64_t> unavailable{0};    // not sent, or left without an answer
    std::atomic<uint64_t> unknown{0};        // of these: changes that may have been made
    std::atomic<uint64_t> overdue{0};        // of these: the answer did not come in time
    std::atomic<uint64_t> events{0};         // that the control plane told
    std::atomic<uint64_t> disconnected{0};   // sessions that were told to end
    std::atomic<uint64_t> notes_dropped{0};  // about sessions, for want of room
    // As it is now.
    std::atomic<uint64_t> connected{0};  // 1: there is a connection
    std::atomic<uint64_t> pending{0};    // requests without an answer
    std::atomic<uint64_t> watchers{0};   // sessions of those who have logged in
};

}  // namespace gatepost::dataplane
