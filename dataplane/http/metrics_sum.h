// The counters of all workers of all processes, added up.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

// Of the socket workers and those of each NIC.
inline size_t all_workers(const storage::RuntimePage& page) {
    auto load = [](const std::atomic<uint32_t>& value) {
        return size_t{value.load(std::memory_order_relaxed)};
    };
    size_t count = load(page.worker_count);
    size_t nics = std::min(load(page.nic_count), storage::kNicsMax);
    for (size_t i = 0; i < nics; ++i)
        count = std::max(count, load(page.nics[i].first_worker) + load(page.nics[i].worker_count));
    return std::min(count, storage::kWorkersMax);
}

// `get` gives the counter of a worker: get(page, index) → const std::atomic<uint64_t>&.
template <typename Get>
uint64_t sum_workers(const storage::RuntimePage& page, const Get& get) {
    uint64_t sum = 0;
    size_t count = all_workers(page);
    for (size_t i = 0; i < count; ++i) sum += get(page, i).load(std::memory_order_relaxed);
    return sum;
}

}  // namespace gatepost::dataplane
