// What a worker counts about the logins of its sessions: written by the worker alone, read by
// anyone.
#pragma once

#include <atomic>
#include <cstdint>

namespace gatepost::dataplane {

struct LoginWatchCounters {
    std::atomic<uint64_t> ended{0};   // logins that were found good no more
    std::atomic<uint64_t> judged{0};  // accounts whose entries in the directory had changed
};

}  // namespace gatepost::dataplane
