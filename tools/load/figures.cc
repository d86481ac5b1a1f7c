#include "tools/load/figures.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace gatepost::tools {

namespace {

constexpr double kNsPerUs = 1'000;
constexpr double kNsPerSecond = 1e9;

}  // namespace

double in_us(uint64_t ns) {
    return static_cast<double>(ns) / kNsPerUs;
}

double in_s(uint64_t ns) {
    return static_cast<double>(ns) / kNsPerSecond;
}

double per_second(uint64_t count, uint64_t ns) {
    return ns == 0 ? 0 : static_cast<double>(count) * kNsPerSecond / static_cast<double>(ns);
}

std::string latency_text(const Histogram& latency, int decimals) {
    return fmt::format(
        "p50 {1:.{0}f}  p90 {2:.{0}f}  p99 {3:.{0}f}  p99.9 {4:.{0}f}  max {5:.{0}f}  mean "
        "{6:.{0}f}",
        decimals, in_us(latency.percentile_ns(0.5)), in_us(latency.percentile_ns(0.9)),
        in_us(latency.percentile_ns(0.99)), in_us(latency.percentile_ns(0.999)),
        in_us(latency.max_ns()), in_us(latency.mean_ns()));
}

nlohmann::ordered_json latency_json(const Histogram& latency) {
    return {{"p50", in_us(latency.percentile_ns(0.5))},
            {"p90", in_us(latency.percentile_ns(0.9))},
            {"p99", in_us(latency.percentile_ns(0.99))},
            {"p99_9", in_us(latency.percentile_ns(0.999))},
            {"max", in_us(latency.max_ns())},
            {"mean", in_us(latency.mean_ns())}};
}

}  // namespace gatepost::tools
