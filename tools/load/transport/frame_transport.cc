#include "tools/load/transport/frame_transport.h"

#include <cstring>

#include "dataplane/net/frame.h"
#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"
#include "dataplane/net/udp.h"
#include "storage/base/check.h"

namespace gatepost::tools {

namespace {

using dataplane::Family;
using dataplane::Frame;
using dataplane::IpHeader;
using storage::Drop;

uint64_t pseudo_sum(const uint8_t* ip, Family family, size_t length) {
    return family == Family::ipv6
               ? dataplane::sum_ipv6_pseudo_header(dataplane::load_ipv6_addresses(ip),
                                                   dataplane::kProtocolUdp, length)
               : dataplane::sum_ipv4_pseudo_header(ip, dataplane::kProtocolUdp, length);
}

}  // namespace

FrameTransport::FrameTransport(FrameChannel& channel, const TemplateSet& templates,
                               SourceFlows flows, const FrameAddresses& addresses, std::string name)
    : channel_(channel),
      templates_(templates),
      flows_(std::move(flows)),
      addresses_(addresses),
      name_(std::move(name)) {
    std::memcpy(host_.mac, addresses.source_mac.data(), sizeof host_.mac);
    host_.all_frames = true;
    uint32_t ports = flows_.size() / flows_.addresses();
    for (uint32_t i = 0; i < flows_.size(); i += ports) {
        const IpAddress& source = flows_[i].address;
        bool added = source.ipv6 ? host_.add_ipv6(source.octets.data())
                                 : host_.add_ipv4(source.octets.data());
        GATEPOST_CHECK(added);
    }
}

FrameTransport::~FrameTransport() {
    channel_.release({held_.data(), held_count_});
}

size_t FrameTransport::send(std::span<const Outgoing> queries) {
    std::span<Packet> packets(outgoing_.data(), queries.size());
    size_t count = channel_.allocate(packets);
    for (size_t i = 0; i < count; ++i) {
        const QueryTemplate& query = templates_[queries[i].query];
        stamp_frame(templates_, query, flows_[queries[i].flow], queries[i].id, packets[i].data);
        packets[i].length = query.length;
    }
    size_t taken = channel_.transmit(packets.first(count));
    channel_.release(packets.subspan(taken, count - taken));
    return taken;
}

Transport::Received FrameTransport::receive(std::span<Incoming> into) {
    channel_.release({held_.data(), held_count_});
    held_count_ = 0;
    size_t reply_count = 0;
    size_t done_count = 0;
    size_t count = channel_.receive({received_.data(), std::min(into.size(), kBurstMax)});
    for (size_t i = 0; i < count; ++i) {
        switch (read(received_[i], into[held_count_])) {
            case Read::answer:
                held_[held_count_++] = received_[i];
                break;
            case Read::reply:
                replies_[reply_count++] = received_[i];
                break;
            case Read::nothing:
                done_[done_count++] = received_[i];
                break;
        }
    }
    size_t sent = reply_count == 0 ? 0 : channel_.transmit({replies_.data(), reply_count});
    counters_.neighbors += sent;
    channel_.release({replies_.data() + sent, reply_count - sent});
    channel_.release({done_.data(), done_count});
    return {held_count_, count > 0};
}

FrameTransport::Read FrameTransport::read(Packet& packet, Incoming& answer) {
    Frame frame{.octets = packet.data, .length = packet.length, .capacity = packet.capacity};
    IpHeader ip;
    Drop why = Drop::frame_malformed;
    if (!dataplane::read_link_header(frame)) {
        count(why);
        return Read::nothing;
    }
    bool is_datagram = false;
    if (frame.type == dataplane::kTypeIpv4)
        is_datagram = dataplane::read_ipv4(frame, ip, why);
    else if (frame.type == dataplane::kTypeIpv6)
        is_datagram = dataplane::read_ipv6(frame, ip, why);
    else
        return answer_as_host(packet);
    if (!is_datagram) {
        count(why);
        return Read::nothing;
    }
    return ip.protocol == dataplane::kProtocolUdp ? read_datagram(packet, ip, answer)
                                                  : answer_as_host(packet);
}

FrameTransport::Read FrameTransport::read_datagram(const Packet& packet, const IpHeader& ip,
                                                   Incoming& answer) {
    using namespace dataplane;
    const uint8_t* header = packet.data + ip.at;
    const uint8_t* udp = packet.data + ip.payload_at;
    size_t length = ip.payload_length < kUdpHeader ? 0 : load_be16(udp + 4);
    if (length < kUdpHeader || length > ip.payload_length) {
        count(Drop::frame_malformed);
        return Read::nothing;
    }
    bool ipv6 = ip.family == Family::ipv6;
    const uint8_t* source = header + (ipv6 ? kIpv6SourceAt : kIpv4SourceAt);
    const uint8_t* target = header + (ipv6 ? kIpv6DestinationAt : kIpv4DestinationAt);
    bool ours =
        ipv6 == addresses_.target.ipv6 &&
        std::memcmp(source, addresses_.target.octets.data(), addresses_.target.length()) == 0 &&
        load_be16(udp) == addresses_.target_port;
    auto flow = ours ? flows_.find(target, load_be16(udp + 2)) : std::nullopt;
    if (!flow) {
        count(Drop::frame_destination);
        return Read::nothing;
    }
    // 0: the sender made no sum, which IPv6 does not allow (RFC 768, RFC 8200 §8.1).
    bool has_sum = ipv6 || load_be16(udp + 6) != 0;
    if (has_sum && !is_right_udp_checksum(udp, length, pseudo_sum(header, ip.family, length))) {
        count(Drop::frame_checksum);
        return Read::nothing;
    }
    answer = {*flow, Bytes(udp + kUdpHeader, length - kUdpHeader)};
    return Read::answer;
}

FrameTransport::Read FrameTransport::answer_as_host(Packet& packet) {
    dataplane::FrameQuery query;
    Drop why = Drop::frame_protocol;
    if (dataplane::decode_frame(packet.data, packet.length, packet.capacity, host_, query, why) !=
        dataplane::FrameKind::reply) {
        count(why);
        return Read::nothing;
    }
    packet.data += query.reply.at;
    packet.headroom = static_cast<uint16_t>(packet.headroom + query.reply.at);
    packet.capacity = static_cast<uint16_t>(packet.capacity - query.reply.at);
    packet.length = query.reply.length;
    return Read::reply;
}

void FrameTransport::count(Drop why) {
    if (why == Drop::frame_malformed)
        ++counters_.truncated_frames;
    else if (why == Drop::frame_checksum)
        ++counters_.bad_checksum;
    else
        ++counters_.not_ours;
}

}  // namespace gatepost::tools
