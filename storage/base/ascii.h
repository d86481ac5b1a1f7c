// Whether text is ASCII.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gatepost {

// True of the empty text. Long texts are looked at 32 octets at a time.
inline bool is_ascii(std::string_view text) {
    constexpr uint64_t kHigh = 0x8080808080808080;
    const char* at = text.data();
    size_t left = text.size();
    for (; left >= 32; at += 32, left -= 32) {
        uint64_t words[4];
        std::memcpy(words, at, sizeof words);
        if (((words[0] | words[1] | words[2] | words[3]) & kHigh) != 0) return false;
    }
    return std::none_of(at, at + left, [](char c) { return static_cast<uint8_t>(c) >= 0x80; });
}

}  // namespace gatepost
