// The queries on their way, each known by its flow and its message id. Slots are used in a fixed
// order, round and round, so that the oldest query is found without a search, and a slot's place
// follows from flow and id by arithmetic.
//
// In that order ids run in blocks: `block` successive queries share a flow, then comes the next
// flow; when all flows had their turn, the ids go on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tools/load/engine/transport.h"

namespace gatepost::tools {

class FlightTable {
  public:
    static constexpr uint64_t kTimeoutNs = 1'000'000'000;

    // `block` is a power of two; `wanted` queries in flight are to have room, if flows × 65536
    // suffice. `id_mask` is mixed into the ids.
    FlightTable(uint32_t flows, unsigned block, uint64_t wanted, uint16_t id_mask);

    // Flow and id of the next queries, without taking them.
    void plan(std::span<Outgoing> queries) const;
    // The first `queries.size()` planned ones were sent.
    void sent(std::span<const Outgoing> queries, uint64_t now_ns);

    struct Answered {
        uint32_t query = 0;
        uint64_t sent_ns = 0;
    };
    // None where no such query is on its way: it was answered already, or is given up.
    std::optional<Answered> find(uint32_t flow, uint16_t id) const;
    // It has its answer.
    void close(uint32_t flow, uint16_t id);
    // Gives up those that were sent longer ago than the time-out.
    void expire(uint64_t now_ns);
    // When the next one may be given up; none where none is on its way.
    std::optional<uint64_t> next_expiry_ns() const;

    uint64_t in_flight() const { return in_flight_; }
    uint64_t lost() const { return lost_; }
    uint64_t capacity() const { return slots_.size(); }

  private:
    struct Slot {
        uint64_t sent_ns = 0;  // 0: not on its way
        uint32_t query = 0;
    };
    struct Cursor {
        uint64_t slot = 0;
        uint32_t flow = 0;
        uint32_t in_block = 0;
        uint32_t block = 0;  // number of the block of ids
    };

    void advance(Cursor& cursor) const;
    uint16_t id_of(const Cursor& cursor) const {
        return static_cast<uint16_t>((cursor.block << block_bits_) + cursor.in_block) ^ id_mask_;
    }
    std::optional<uint64_t> slot_of(uint32_t flow, uint16_t id) const;
    void give_up_oldest();
    void skip_answered();

    uint32_t flows_;
    unsigned block_bits_;
    uint32_t blocks_;  // of ids, per flow
    uint16_t id_mask_;
    std::vector<Slot> slots_;
    Cursor next_;
    uint64_t oldest_ = 0;  // slot
    uint64_t span_ = 0;    // slots from the oldest to the next
    uint64_t in_flight_ = 0;
    uint64_t lost_ = 0;
};

}  // namespace gatepost::tools
