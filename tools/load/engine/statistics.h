// What a run counts.
#pragma once

#include <array>
#include <cstdint>

#include "tools/load/engine/histogram.h"

namespace gatepost::tools {

// Why an answer was not taken for one, or is a wrong one.
enum class Verdict : uint8_t {
    right,
    no_message,      // shorter than a DNS header
    no_response,     // its QR bit is not set, or it is of another opcode
    other_question,  // the id is known, the question is not the one that was asked
    unexpected,      // not what the file of expected answers allows
};
inline constexpr size_t kVerdicts = 5;

struct Counts {
    uint64_t sent = 0;
    uint64_t answered = 0;     // with any verdict but no_message, no_response, other_question
    uint64_t octets_sent = 0;  // of DNS messages
    uint64_t octets_received = 0;
    uint64_t truncated = 0;   // TC
    uint64_t unknown_id = 0;  // a duplicate, or an answer after the time-out
    uint64_t verified = 0;    // answers that were compared with expected ones
    std::array<uint64_t, 16> rcodes{};
    std::array<uint64_t, kVerdicts> verdicts{};

    uint64_t wrong() const;
};

struct Statistics {
    Counts total;
    Histogram latency;
    uint64_t lost = 0;
    uint64_t late = 0;         // sent more than a millisecond after their time
    uint64_t unsent = 0;       // given up by the schedule
    uint64_t duration_ns = 0;  // of sending
};

inline uint64_t Counts::wrong() const {
    uint64_t sum = 0;
    for (size_t i = 1; i < kVerdicts; ++i) sum += verdicts[i];
    return sum;
}

}  // namespace gatepost::tools
