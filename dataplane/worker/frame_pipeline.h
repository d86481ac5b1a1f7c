// A burst of received frames into a burst of replies, in the buffers they came in: decode all,
// answer all (the responder's own stages), encode all. No I/O: the frames come from a queue
// (poll_worker.h), a test or a bench.
#pragma once

#include <array>
#include <span>

#include "dataplane/dns/answerer.h"
#include "dataplane/net/frame.h"
#include "dataplane/port/packet.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

struct FramePipelineOptions {
    uint16_t mtu = 1500;               // octets of IP: no reply is longer, and none is a fragment
    bool checksums_offloaded = false;  // the device fills in UDP checksums
};

class FramePipeline {
  public:
    FramePipeline(const FramePipelineOptions& options, const HostAddresses& host,
                  BurstAnswerer& answerer, storage::WorkerCounters& counters,
                  storage::PollCounters& polls)
        : options_(options), host_(host), answerer_(answerer), counters_(counters), polls_(polls) {}

    // Reorders `packets` (at most kBurstMax): those to be sent come first. Gives how many they are.
    // `sample`: the stages' cycles are counted.
    size_t process(std::span<Packet> packets, bool sample);

  private:
    void decode(std::span<const Packet> packets);
    size_t encode(std::span<Packet> packets);
    void drop(const Packet& packet, storage::Drop reason);

    FramePipelineOptions options_;
    const HostAddresses& host_;
    BurstAnswerer& answerer_;
    storage::WorkerCounters& counters_;
    storage::PollCounters& polls_;

    size_t asked_count_ = 0;  // queries of this burst
    std::array<FrameQuery, kBurstMax> queries_;
    std::array<uint8_t, kBurstMax> asked_;  // their packets
    std::array<Exchange, kBurstMax> exchanges_;
    size_t neighbor_count_ = 0;
    std::array<Packet, kBurstMax> neighbor_replies_;
    size_t dropped_count_ = 0;
    std::array<Packet, kBurstMax> dropped_;
};

}  // namespace gatepost::dataplane
