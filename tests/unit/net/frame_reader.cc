#include "tests/unit/net/frame_reader.h"

#include <arpa/inet.h>

namespace gatepost::tests {
namespace {

size_t get16(const Octets& octets, size_t at) {
    return static_cast<size_t>(octets.at(at) << 8 | octets.at(at + 1));
}

Octets part(const Octets& octets, size_t from, size_t to) {
    return Octets(octets.begin() + static_cast<ptrdiff_t>(from),
                  octets.begin() + static_cast<ptrdiff_t>(to));
}

std::string address_text(const Octets& octets, size_t at, bool v6) {
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(v6 ? AF_INET6 : AF_INET, octets.data() + at, text, sizeof text);
}

std::string read_ip4(const Octets& ip, ReplyFrame& reply) {
    if (ip.size() < 20) return "cut off in the IPv4 header";
    if (ip[0] != 0x45) return "not an IPv4 header without options";
    if (get16(ip, 2) != ip.size()) return "the IPv4 total length is not the frame's";
    if (get16(ip, 4) != 0 || get16(ip, 6) != 0x4000) return "not atomic (RFC 6864)";
    if (naive_checksum(part(ip, 0, 20)) != 0) return "wrong IPv4 header checksum";
    reply.hop_limit = ip[8];
    reply.protocol = ip[9];
    reply.source = address_text(ip, 12, false);
    reply.destination = address_text(ip, 16, false);
    reply.payload = part(ip, 20, ip.size());
    return "";
}

std::string read_ip6(const Octets& ip, ReplyFrame& reply) {
    if (ip.size() < 40) return "cut off in the IPv6 header";
    if (get16(ip, 0) != 0x6000 || get16(ip, 2) != 0) return "a class or a flow label, or not IPv6";
    if (get16(ip, 4) != ip.size() - 40) return "the IPv6 payload length is not the frame's";
    reply.protocol = ip[6];
    reply.hop_limit = ip[7];
    reply.source = address_text(ip, 8, true);
    reply.destination = address_text(ip, 24, true);
    reply.payload = part(ip, 40, ip.size());
    return "";
}

std::string read_payload(ReplyFrame& reply, bool partial) {
    const bool v6 = reply.type == 0x86dd;
    const Octets& payload = reply.payload;
    if (payload.size() < 8) return "cut off behind the IP header";
    Octets covered;
    if (v6 || reply.protocol == 17)
        covered = pseudo_header(reply.source, reply.destination, reply.protocol, payload.size());
    if (reply.protocol != 17) {
        covered.insert(covered.end(), payload.begin(), payload.end());
        return naive_checksum(covered) == 0 ? "" : "wrong ICMP checksum";
    }
    if (get16(payload, 4) != payload.size()) return "the UDP length is not the frame's";
    if (partial) {
        if ((naive_checksum(covered) ^ 0xffff) != static_cast<int>(get16(payload, 6)))
            return "not the sum of the pseudo-header";
    } else {
        covered.insert(covered.end(), payload.begin(), payload.end());
        if (get16(payload, 6) == 0) return "no UDP checksum";
        if (naive_checksum(covered) != 0) return "wrong UDP checksum";
    }
    reply.source_port = static_cast<uint16_t>(get16(payload, 0));
    reply.destination_port = static_cast<uint16_t>(get16(payload, 2));
    reply.payload = part(payload, 8, payload.size());
    return "";
}

}  // namespace

ReplyFrame read_frame(const uint8_t* octets, size_t length, bool partial) {
    ReplyFrame reply;
    const Octets frame(octets, octets + length);
    if (length < 14) {
        reply.error = "cut off in the link header";
        return reply;
    }
    reply.to = part(frame, 0, 6);
    reply.from = part(frame, 6, 12);
    size_t at = 12;
    for (; at + 4 < length; at += 4) {
        reply.type = static_cast<uint16_t>(get16(frame, at));
        if (reply.type != 0x8100 && reply.type != 0x88a8 && reply.type != 0x9100) break;
        reply.tags.push_back({reply.type, static_cast<uint16_t>(get16(frame, at + 2))});
    }
    const Octets inner = part(frame, at + 2, length);
    reply.payload = inner;
    if (reply.type == 0x0806) return reply;
    if (reply.type != 0x0800 && reply.type != 0x86dd) {
        reply.error = "an unknown type";
        return reply;
    }
    reply.error = reply.type == 0x0800 ? read_ip4(inner, reply) : read_ip6(inner, reply);
    if (reply.error.empty()) reply.error = read_payload(reply, partial);
    return reply;
}

}  // namespace gatepost::tests
