// Walks through the octets of an encoded summary without copying any of them. Whatever is read
// behind the end, or is no value of its kind, makes ok() false for good and gives zeros and empty
// texts from then on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class SummaryCursor {
  public:
    SummaryCursor() = default;
    explicit SummaryCursor(Bytes octets)
        : at_(octets.data()), end_(octets.data() + octets.size()) {}

    bool ok() const { return at_ != nullptr; }
    void fail() { at_ = end_ = nullptr; }
    bool at_end() const { return at_ == end_; }

    uint64_t number() {
        if (at_ < end_ && *at_ < 0x80) [[likely]]
            return *at_++;
        return long_number();
    }
    uint32_t number32() {
        const uint64_t wide = number();
        if (wide > UINT32_MAX) fail();
        return static_cast<uint32_t>(wide);
    }
    // The sign is in the lowest bit.
    int64_t signed_number() {
        const uint64_t folded = number();
        return static_cast<int64_t>(folded >> 1 ^ (~(folded & 1) + 1));
    }
    // An octet, at most `last`.
    uint8_t one_of(uint8_t last) {
        if (at_ < end_ && *at_ <= last) [[likely]]
            return *at_++;
        fail();
        return 0;
    }
    bool flag() { return one_of(1) != 0; }
    std::string_view text() {
        const uint64_t size = number();
        if (size > static_cast<size_t>(end_ - at_)) {
            fail();
            return {};
        }
        const auto* octets = reinterpret_cast<const char*>(at_);
        at_ += size;
        return {octets, size};
    }
    std::optional<std::string_view> optional_text() {
        if (!flag()) return std::nullopt;
        return text();
    }
    // Of a list: each element takes one octet at least.
    uint32_t count(size_t count_max) {
        const uint64_t elements = number();
        if (elements <= count_max && elements <= static_cast<size_t>(end_ - at_)) [[likely]]
            return static_cast<uint32_t>(elements);
        fail();
        return 0;
    }

  private:
    uint64_t long_number();

    const uint8_t* at_ = nullptr;
    const uint8_t* end_ = nullptr;
};

}  // namespace gatepost::dataplane
