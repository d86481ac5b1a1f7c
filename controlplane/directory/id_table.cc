#include "controlplane/directory/id_table.h"

#include <bit>

#include "storage/base/check.h"

namespace gatepost::controlplane {

namespace {
constexpr size_t kSlotsMin = 16;
constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // spreads ids that count up
}  // namespace

size_t IdTable::home_of(int64_t id) const {
    return (static_cast<uint64_t>(id) * kGoldenRatio) >> shift_;
}

size_t IdTable::place_of(int64_t id) const {
    size_t at = home_of(id);
    while (slots_[at].value != kFree && slots_[at].id != id) at = (at + 1) & (slots_.size() - 1);
    return at;
}

std::optional<uint64_t> IdTable::find(int64_t id) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[place_of(id)];
    return slot.value == kFree ? std::nullopt : std::optional(slot.value);
}

void IdTable::put(int64_t id, uint64_t value) {
    GATEPOST_CHECK(value <= kValueMax);
    // Three quarters full at most: chains stay short.
    if ((used_ + 1) * 4 > slots_.size() * 3) grow();
    Slot& slot = slots_[place_of(id)];
    if (slot.value == kFree) ++used_;
    slot = {id, value};
}

bool IdTable::erase(int64_t id) {
    if (slots_.empty()) return false;
    size_t hole = place_of(id);
    if (slots_[hole].value == kFree) return false;
    // Those behind it that a search would no longer reach move up.
    const size_t mask = slots_.size() - 1;
    for (size_t at = (hole + 1) & mask; slots_[at].value != kFree; at = (at + 1) & mask) {
        const size_t distance = (at - home_of(slots_[at].id)) & mask;
        if (distance < ((at - hole) & mask)) continue;
        slots_[hole] = slots_[at];
        hole = at;
    }
    slots_[hole].value = kFree;
    --used_;
    return true;
}

void IdTable::grow() {
    const size_t count = slots_.empty() ? kSlotsMin : slots_.size() * 2;
    std::vector<Slot> before = std::move(slots_);
    slots_.assign(count, {});
    shift_ = 64 - std::countr_zero(count);
    for (const Slot& slot : before)
        if (slot.value != kFree) slots_[place_of(slot.id)] = slot;
}

}  // namespace gatepost::controlplane
