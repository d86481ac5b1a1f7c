// How a run's figures are written, whatever the protocol.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/load/engine/histogram.h"

namespace gatepost::tools {

// Microseconds and seconds.
double in_us(uint64_t ns);
double in_s(uint64_t ns);
// 0 where no time has passed.
double per_second(uint64_t count, uint64_t ns);

// Microseconds: "p50 85  p90 120  p99 140  p99.9 200  max 300  mean 90".
std::string latency_text(const Histogram& latency, int decimals = 0);
nlohmann::ordered_json latency_json(const Histogram& latency);

}  // namespace gatepost::tools
