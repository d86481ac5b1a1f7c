// Where what an arena has published comes from.
#pragma once

#include <cstdint>

namespace gatepost::storage {

struct ArenaOrigin {
    uint64_t commit_lsn = 0;     // WAL position of the last applied commit
    int64_t commit_time_us = 0;  // that commit's time, microseconds since 1970
};

}  // namespace gatepost::storage
