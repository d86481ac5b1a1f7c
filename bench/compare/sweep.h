// Asks for many names, each until its answer is the expected one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/compare/asker.h"

namespace gatepost::bench {

struct Expectation {
    storage::Dname name;
    uint32_t address = 0;
};

struct SweepResult {
    Clock::time_point last_confirmed;  // when the last name had its expected answer
    uint64_t asked = 0;
    uint64_t stale = 0;        // other answers seen on the way
    uint64_t unconfirmed = 0;  // names without the expected answer when the time was up
};

SweepResult sweep(Asker& asker, const std::vector<Expectation>& expected, Clock::duration time_max);

}  // namespace gatepost::bench
