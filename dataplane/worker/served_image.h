// The image that all workers of the process answer from: one pointer, stored by the main thread,
// loaded by each worker once per burst.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/zone_index/image.h"

namespace gatepost::dataplane {

struct ServedImage {
    storage::Image image;
    uint64_t generation = 0;
};

using CurrentImage = std::atomic<const ServedImage*>;  // null: nothing to answer from yet

}  // namespace gatepost::dataplane
