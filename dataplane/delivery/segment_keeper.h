// Does in a worker what the control plane asks of old segments: copies bodies together, takes files
// away, lets go of descriptors. What may be touched is decided here once more: only what lies below
// the floor of this process's last durable checkpoint.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/reactor/task.h"
#include "dataplane/store/compactor.h"
#include "dataplane/store/message_log_store.h"
#include "storage/delivery/compaction_frames.h"

namespace gatepost::dataplane {

class SegmentKeeper {
  public:
    // All of them outlive it. `edge` as in MessageLogOptions.
    SegmentKeeper(StoreDirectory& directory, LogNumbers& numbers, MessageLogStore& store,
                  uint32_t edge)
        : store_(store), compactor_(directory, numbers, edge) {}

    // A frame of the control plane; false: it cannot be understood.
    bool take(const storage::Frame& frame);
    // Answers since the last time, behind `out`.
    void put_answers(std::vector<uint8_t>& out);

  private:
    void copy(storage::CopyBodies request);
    Task<> run(uint64_t sequence, std::vector<Compactor::Input> inputs);
    void drop(const storage::DropSegments& request);
    void answer(const storage::BodiesCopied& answer);

    MessageLogStore& store_;
    Compactor compactor_;
    std::vector<uint8_t> answers_;
    Task<> copying_;  // one at a time
};

}  // namespace gatepost::dataplane
