#include "dataplane/worker/frame_pipeline.h"

#include <x86intrin.h>

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
    for (size_t i = 0; i < packets.size(); ++i) {
        const Packet& packet = packets[i];
        octets += packet.length;
        FrameQuery& query = queries_[asked_count_];
        Drop why = Drop::frame_malformed;
        switch (decode_frame(packet.data, packet.length, packet.capacity, host_, query, why)) {
            case FrameKind::dns:
                asked_[asked_count_] = static_cast<uint8_t>(i);
                exchanges_[asked_count_++] =
                    Exchange{.query = packet.data + query.payload_at,
                             .query_length = query.payload_length,
                             .reply_capacity = reply_capacity(query, options_.mtu, packet.capacity),
                             .transport = Transport::udp,
                             .family = query.family,
                             .reply = packet.data + query.payload_at,
                             .client = query.client(packet.data)};
                break;
            case FrameKind::reply: {
                Packet& reply = neighbor_replies_[neighbor_count_++];
                reply = packet;
                reply.data += query.reply.at;
                reply.length = query.reply.length;
                break;
            }
            case FrameKind::drop:
                drop(packet, why);
                break;
        }
    }
    WorkerCounters::add(polls_.frames_received, packets.size());
    WorkerCounters::add(polls_.octets_received, octets);
    if (neighbor_count_ != 0) WorkerCounters::add(polls_.neighbor_replies, neighbor_count_);
}

// Replies move to the front of the span: never behind where their query lies, which is still
// needed.
size_t FramePipeline::encode(std::span<Packet> packets) {
    size_t count = 0;
    for (size_t i = 0; i < asked_count_; ++i) {
        Packet packet = packets[asked_[i]];
        if (exchanges_[i].reply_length == 0) [[unlikely]] {  // counted by the responder
            dropped_[dropped_count_++] = packet;
            continue;
        }
        const FrameQuery& query = queries_[i];
        EncodedFrame reply = encode_reply(packet.data, query, exchanges_[i].reply_length,
                                          options_.checksums_offloaded);
        packet.data += reply.at;
        packet.length = reply.length;
        if (options_.checksums_offloaded) {
            packet.offload_link = query.link_length;
            packet.offload_ip = static_cast<uint8_t>(query.ip_header_length());
            packet.offload_ipv6 = query.family == Family::ipv6;
        }
        packets[count++] = packet;
    }
    for (size_t i = 0; i < neighbor_count_; ++i) packets[count++] = neighbor_replies_[i];
    for (size_t i = 0; i < dropped_count_; ++i) packets[count + i] = dropped_[i];
    return count;
}

size_t FramePipeline::process(std::span<Packet> packets, bool sample) {
    GATEPOST_CHECK(packets.size() <= kBurstMax);
    asked_count_ = neighbor_count_ = dropped_count_ = 0;
    if (!sample) {
        decode(packets);
        answerer_.answer(std::span(exchanges_.data(), asked_count_));
        return encode(packets);
    }
    StageClock clock(polls_);
    decode(packets);
    clock.end(PollStage::decode);
    answerer_.answer(std::span(exchanges_.data(), asked_count_));
    clock.end(PollStage::answer);
    size_t count = encode(packets);
    clock.end(PollStage::encode);
    WorkerCounters::add(polls_.sampled_frames, packets.size());
    return count;
}

}  // namespace gatepost::dataplane
