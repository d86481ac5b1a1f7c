// Numbers of messages as a client gives them (RFC 9051 §9, sequence-set): "1:4,7,12:*" or "$".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace gatepost::dataplane {

inline constexpr uint32_t kStar = 0;  // "*": the last message; 0 is no number of one

struct SequenceRange {
    uint32_t first = 0;  // as it was given: "*:4" is {kStar, 4}
    uint32_t last = 0;

    bool operator==(const SequenceRange&) const = default;
};

struct SequenceSet {
    std::vector<SequenceRange> ranges;
    bool saved_result = false;  // "$" (RFC 5182)

    bool operator==(const SequenceSet&) const = default;
};

}  // namespace gatepost::dataplane
