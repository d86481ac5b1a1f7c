#include "tools/load/engine/flight_table.h"

#include <algorithm>
#include <bit>

#include "storage/base/check.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kIds = 65536;  // RFC 1035 §4.1.1: 16 bits

uint32_t blocks_for(uint32_t flows, unsigned block, uint64_t wanted) {
    uint64_t per_round = uint64_t{flows} * block;
    uint64_t needed = (std::max<uint64_t>(wanted, 1) + per_round - 1) / per_round;
    return static_cast<uint32_t>(std::min(needed, kIds / block));
}

}  // namespace

FlightTable::FlightTable(uint32_t flows, unsigned block, uint64_t wanted, uint16_t id_mask)
    : flows_(flows),
      block_bits_(static_cast<unsigned>(std::countr_zero(block))),
      blocks_(blocks_for(flows, block, wanted)),
      id_mask_(id_mask),
      slots_(uint64_t{flows} * block * blocks_) {
    GATEPOST_CHECK(flows > 0 && std::has_single_bit(block) && block <= kIds);
}

void FlightTable::advance(Cursor& cursor) const {
    ++cursor.slot;
    if (++cursor.in_block < 1U << block_bits_) return;
    cursor.in_block = 0;
    if (++cursor.flow < flows_) return;
    cursor.flow = 0;
    if (++cursor.block < blocks_) return;
    cursor = {};
}

void FlightTable::plan(std::span<Outgoing> queries) const {
    Cursor cursor = next_;
    for (Outgoing& query : queries) {
        query.flow = cursor.flow;
        query.id = id_of(cursor);
        advance(cursor);
    }
}

void FlightTable::sent(std::span<const Outgoing> queries, uint64_t now_ns) {
    for (const Outgoing& query : queries) {
        // All ids are in use: the oldest gives way before its time.
        if (span_ == slots_.size()) give_up_oldest();
        slots_[next_.slot] = {std::max<uint64_t>(now_ns, 1), query.query};
        advance(next_);
        ++span_;
        ++in_flight_;
    }
}

std::optional<uint64_t> FlightTable::slot_of(uint32_t flow, uint16_t id) const {
    auto number = static_cast<uint16_t>(id ^ id_mask_);
    uint32_t block = static_cast<uint32_t>(number) >> block_bits_;
    if (flow >= flows_ || block >= blocks_) return std::nullopt;
    uint32_t in_block = number & ((1U << block_bits_) - 1);
    return (((uint64_t{block} * flows_ + flow) << block_bits_) + in_block);
}

std::optional<FlightTable::Answered> FlightTable::find(uint32_t flow, uint16_t id) const {
    auto slot = slot_of(flow, id);
    if (!slot || slots_[*slot].sent_ns == 0) return std::nullopt;
    return Answered{slots_[*slot].query, slots_[*slot].sent_ns};
}

void FlightTable::close(uint32_t flow, uint16_t id) {
    auto slot = slot_of(flow, id);
    GATEPOST_CHECK(slot && slots_[*slot].sent_ns != 0);
    slots_[*slot].sent_ns = 0;
    --in_flight_;
}

void FlightTable::give_up_oldest() {
    Slot& slot = slots_[oldest_];
    if (slot.sent_ns != 0) {
        slot.sent_ns = 0;
        --in_flight_;
        ++lost_;
    }
    oldest_ = oldest_ + 1 == slots_.size() ? 0 : oldest_ + 1;
    --span_;
}

void FlightTable::skip_answered() {
    while (span_ > 0 && slots_[oldest_].sent_ns == 0) give_up_oldest();
}

void FlightTable::expire(uint64_t now_ns) {
    skip_answered();
    while (span_ > 0 && slots_[oldest_].sent_ns + kTimeoutNs <= now_ns) {
        give_up_oldest();
        skip_answered();
    }
}

std::optional<uint64_t> FlightTable::next_expiry_ns() const {
    if (in_flight_ == 0) return std::nullopt;
    return slots_[oldest_].sent_ns + kTimeoutNs;
}

}  // namespace gatepost::tools
