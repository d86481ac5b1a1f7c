// Numbers by the id of a row, in 16 octets a slot: what the sync path keeps of millions of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gatepost::controlplane {

class IdTable {
  public:
    static constexpr uint64_t kValueMax = UINT64_MAX - 1;

    std::optional<uint64_t> find(int64_t id) const;
    // Sets or replaces; at most kValueMax.
    void put(int64_t id, uint64_t value);
    // Whether it was there.
    bool erase(int64_t id);

    template <typename Visit>  // Visit(int64_t id, uint64_t& value)
    void for_each(Visit visit) {
        for (Slot& slot : slots_)
            if (slot.value != kFree) visit(slot.id, slot.value);
    }
    size_t size() const { return used_; }
    size_t size_bytes() const { return slots_.capacity() * sizeof(Slot); }

  private:
    static constexpr uint64_t kFree = UINT64_MAX;
    struct Slot {
        int64_t id = 0;
        uint64_t value = kFree;
    };

    size_t home_of(int64_t id) const;
    // Where the id is, or the free slot that it would go to. There is a table.
    size_t place_of(int64_t id) const;
    void grow();

    std::vector<Slot> slots_;  // a power of two, or none
    int shift_ = 0;            // from a hash of 64 bits to a slot
    size_t used_ = 0;
};

}  // namespace gatepost::controlplane
