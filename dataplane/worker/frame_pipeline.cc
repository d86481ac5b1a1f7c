#include "dataplane/worker/frame_pipeline.h"

#include <x86intrin.h>

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

using storage::Drop;
using storage::PollStage;
using storage::WorkerCounters;

// Measures one stage after the other.
class StageClock {
  public:
    explicit StageClock(storage::PollCounters& polls) : polls_(polls), last_(__rdtsc()) {}
    void end(PollStage stage) {
        uint64_t now = __rdtsc();
        WorkerCounters::add(polls_.stage_cycles[static_cast<size_t>(stage)], now - last_);
        last_ = now;
    }

  private:
    storage::PollCounters& polls_;
    uint64_t last_;
};

}  // namespace

void FramePipeline::drop(const Packet& packet, Drop reason) {
    WorkerCounters::add(counters_.dropped[static_cast<size_t>(reason)], 1);
    dropped_[dropped_count_++] = packet;
}

void FramePipeline::decode(std::span<const Packet> packets) {
    uint64_t octets = 0;
    for (const Packet& packet : packets) {
        octets += packet.length;
        Asked& asked = asked_[asked_count_];
        Drop why = Drop::frame_malformed;
        switch (
            decode_frame(packet.data, packet.length, packet.capacity, host_, asked.query, why)) {
            case FrameKind::dns:
                asked.packet = packet;
                exchanges_[asked_count_++] = Exchange{
                    .query = packet.data + asked.query.payload_at,
                    .query_length = asked.query.payload_length,
                    .reply_capacity = reply_capacity(asked.query, options_.mtu, packet.capacity),
                    .transport = Transport::udp,
                    .family = asked.query.family,
                    .reply = packet.data + asked.query.payload_at,
                    .client = asked.query.client(packet.data)};
                break;
            case FrameKind::reply:
                replies_[reply_count_] = packet;
                replies_[reply_count_].data += asked.query.reply.at;
                replies_[reply_count_++].length = asked.query.reply.length;
                WorkerCounters::add(polls_.neighbor_replies, 1);
                break;
            case FrameKind::drop:
                drop(packet, why);
                break;
        }
    }
    WorkerCounters::add(polls_.frames_received, packets.size());
    WorkerCounters::add(polls_.octets_received, octets);
}

void FramePipeline::encode() {
    for (size_t i = 0; i < asked_count_; ++i) {
        Asked& asked = asked_[i];
        if (exchanges_[i].reply_length == 0) {  // counted by the responder
            dropped_[dropped_count_++] = asked.packet;
            continue;
        }
        EncodedFrame reply = encode_reply(asked.packet.data, asked.query,
                                          exchanges_[i].reply_length, options_.checksums_offloaded);
        Packet& packet = replies_[reply_count_++];
        packet = asked.packet;
        packet.data += reply.at;
        packet.length = reply.length;
        if (options_.checksums_offloaded) {
            packet.offload_link = asked.query.link_length;
            packet.offload_ip = static_cast<uint8_t>(asked.query.ip_header_length());
            packet.offload_ipv6 = asked.query.family == Family::ipv6;
        }
    }
}

size_t FramePipeline::process(std::span<Packet> packets, bool sample) {
    GATEPOST_CHECK(packets.size() <= kBurstMax);
    asked_count_ = reply_count_ = dropped_count_ = 0;
    if (!sample) {
        decode(packets);
        answerer_.answer(std::span(exchanges_.data(), asked_count_));
        encode();
    } else {
        StageClock clock(polls_);
        decode(packets);
        clock.end(PollStage::decode);
        answerer_.answer(std::span(exchanges_.data(), asked_count_));
        clock.end(PollStage::answer);
        encode();
        clock.end(PollStage::encode);
        WorkerCounters::add(polls_.sampled_frames, packets.size());
    }
    std::copy_n(replies_.begin(), reply_count_, packets.begin());
    std::copy_n(dropped_.begin(), dropped_count_, packets.begin() + reply_count_);
    return reply_count_;
}

}  // namespace gatepost::dataplane
