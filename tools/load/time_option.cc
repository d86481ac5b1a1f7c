#include "tools/load/time_option.h"

#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kMillisecondsMax = 7 * 86'400'000;  // longer runs are no measurements
constexpr uint64_t kNsPerMs = 1'000'000;

}  // namespace

Result<uint64_t> time_option_ns(const char* option, const std::string& text) {
    auto duration = duration_from_text(text);
    if (!duration) return fail(ErrorCode::usage, "{}: {}", option, duration.error().message);
    if (duration->count() <= 0 || static_cast<uint64_t>(duration->count()) > kMillisecondsMax)
        return fail(ErrorCode::usage, "{} {}: from 1ms to 7d", option, text);
    return static_cast<uint64_t>(duration->count()) * kNsPerMs;
}

}  // namespace gatepost::tools
