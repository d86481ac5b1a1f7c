#include "controlplane/directory/id_texts.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gatepost::controlplane {

namespace {

constexpr int kBlockBits = 20;
constexpr size_t kBlockSize = size_t{1} << kBlockBits;  // octets

// In front of each text.
using Length = uint32_t;

size_t stored_bytes(std::string_view text) {
    return sizeof(Length) + text.size();
}

}  // namespace

std::string_view IdTexts::text_at(uint64_t place) const {
    const char* octets = blocks_[place >> kBlockBits].octets.get() + (place & (kBlockSize - 1));
    Length length = 0;
    std::memcpy(&length, octets, sizeof length);
    return {octets + sizeof length, length};
}

std::optional<std::string_view> IdTexts::find(int64_t id) const {
    const auto place = places_.find(id);
    return place ? std::optional(text_at(*place)) : std::nullopt;
}

uint64_t IdTexts::append(std::string_view text) {
    const size_t needed = stored_bytes(text);
    if (blocks_.empty() || blocks_.back().size - filled_ < needed) {
        // One that is larger than a block has a block of its own.
        const size_t size = std::max(kBlockSize, needed);
        blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
        filled_ = 0;
    }
    const uint64_t place = (uint64_t{blocks_.size() - 1} << kBlockBits) | filled_;
    char* octets = blocks_.back().octets.get() + filled_;
    const auto length = static_cast<Length>(text.size());
    std::memcpy(octets, &length, sizeof length);
    std::copy(text.begin(), text.end(), octets + sizeof length);
    filled_ += needed;
    live_bytes_ += needed;
    total_bytes_ += needed;
    return place;
}

void IdTexts::put(int64_t id, std::string_view text) {
    if (const auto before = find(id)) {
        if (*before == text) return;
        live_bytes_ -= stored_bytes(*before);
    }
    places_.put(id, append(text));
    compact();
}

void IdTexts::erase(int64_t id) {
    const auto before = find(id);
    if (!before) return;
    live_bytes_ -= stored_bytes(*before);
    places_.erase(id);
    compact();
}

void IdTexts::compact() {
    if (total_bytes_ < 2 * kBlockSize || live_bytes_ >= total_bytes_ / 2) return;
    const std::vector<Block> before = std::exchange(blocks_, {});
    filled_ = live_bytes_ = total_bytes_ = 0;
    places_.for_each([&](int64_t, uint64_t& place) {
        const char* octets = before[place >> kBlockBits].octets.get() + (place & (kBlockSize - 1));
        Length length = 0;
        std::memcpy(&length, octets, sizeof length);
        place = append({octets + sizeof length, length});
    });
}

size_t IdTexts::size_bytes() const {
    size_t size = places_.size_bytes() + blocks_.capacity() * sizeof(Block);
    for (const Block& block : blocks_) size += block.size;
    return size;
}

}  // namespace gatepost::controlplane
