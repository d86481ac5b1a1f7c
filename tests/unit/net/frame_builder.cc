#include "tests/unit/net/frame_builder.h"

#include <arpa/inet.h>

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::tests {
namespace {

constexpr uint8_t kUdp = 17;
constexpr uint8_t kIcmp = 1;
constexpr uint8_t kIcmpv6 = 58;

bool is_ipv6(const std::string& address) {
    return address.find(':') != std::string::npos;
}

void append(Octets& to, const Octets& octets) {
    to.insert(to.end(), octets.begin(), octets.end());
}

void append16(Octets& to, size_t value) {
    to.push_back(static_cast<uint8_t>(value >> 8));
    to.push_back(static_cast<uint8_t>(value));
}

Octets link_header(const FrameSpec& spec, uint16_t type) {
    Octets frame = spec.to;
    append(frame, spec.from);
    for (const VlanTag& tag : spec.tags) {
        append16(frame, tag.type);
        append16(frame, tag.control);
    }
    append16(frame, type);
    return frame;
}

void append_ipv4(Octets& frame, const FrameSpec& spec, uint8_t protocol, size_t payload_length) {
    Octets header = {static_cast<uint8_t>(0x45 + spec.options.size() / 4), 0, 0, 0, 0x12, 0x34};
    put16(header, 2, 20 + spec.options.size() + payload_length);
    append16(header, spec.fragment);
    append(header, {spec.hop_limit, protocol, 0, 0});
    append(header, address_octets(spec.source));
    append(header, address_octets(spec.destination));
    append(header, spec.options);
    put16(header, 10, naive_checksum(header));
    append(frame, header);
}

void append_ipv6(Octets& frame, const FrameSpec& spec, uint8_t protocol, size_t payload_length) {
    Octets extensions;
    for (size_t i = 0; i < spec.extensions.size(); ++i) {
        const bool last = i + 1 == spec.extensions.size();
        extensions.push_back(last ? protocol : spec.extensions[i + 1].kind);
        extensions.push_back(static_cast<uint8_t>((spec.extensions[i].body.size() + 2) / 8 - 1));
        append(extensions, spec.extensions[i].body);
    }
    append(frame, {0x60, 0x01, 0x23, 0x45});
    append16(frame, extensions.size() + payload_length);
    frame.push_back(spec.extensions.empty() ? protocol : spec.extensions[0].kind);
    frame.push_back(spec.hop_limit);
    append(frame, address_octets(spec.source));
    append(frame, address_octets(spec.destination));
    append(frame, extensions);
}

}  // namespace

dataplane::HostAddresses make_host(bool all_frames) {
    dataplane::HostAddresses host;
    std::copy(kHostMac.begin(), kHostMac.end(), host.mac);
    host.all_frames = all_frames;
    for (const char* address : {kHost4, "192.0.2.54"})
        GATEPOST_CHECK(host.add_ipv4(address_octets(address).data()));
    for (const char* address : {kHost6, "2001:db8::54"})
        GATEPOST_CHECK(host.add_ipv6(address_octets(address).data()));
    GATEPOST_CHECK(host.add_port(53));
    return host;
}

FrameSpec ipv6_spec() {
    FrameSpec spec;
    spec.source = kClient6;
    spec.destination = kHost6;
    return spec;
}

Octets make_dns_query() {
    return {0xab, 0xcd, 1,   0,   0,   1,   0,   0,   0,   0, 0, 0, 3, 'w', 'w',
            'w',  7,    'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1};
}

Octets make_ip_frame(const FrameSpec& spec, uint8_t protocol, const Octets& payload) {
    const bool v6 = is_ipv6(spec.source);
    Octets frame = link_header(spec, v6 ? 0x86dd : 0x0800);
    if (v6)
        append_ipv6(frame, spec, protocol, payload.size());
    else
        append_ipv4(frame, spec, protocol, payload.size());
    append(frame, payload);
    frame.insert(frame.end(), spec.padding, 0xee);
    return frame;
}

Octets make_udp_frame(const FrameSpec& spec, const Octets& payload) {
    Octets udp;
    append16(udp, spec.source_port);
    append16(udp, spec.destination_port);
    append16(udp, 8 + payload.size());
    append16(udp, 0);
    append(udp, payload);
    Octets covered = pseudo_header(spec.source, spec.destination, kUdp, udp.size());
    append(covered, udp);
    const uint16_t checksum = naive_checksum(covered);
    put16(udp, 6, checksum == 0 ? 0xffff : checksum);
    return make_ip_frame(spec, kUdp, udp);
}

Octets make_icmp_frame(const FrameSpec& spec, Octets message) {
    const bool v6 = is_ipv6(spec.source);
    put16(message, 2, 0);
    Octets covered;
    if (v6) covered = pseudo_header(spec.source, spec.destination, kIcmpv6, message.size());
    append(covered, message);
    put16(message, 2, naive_checksum(covered));
    return make_ip_frame(spec, v6 ? kIcmpv6 : kIcmp, message);
}

Octets make_echo(const FrameSpec& spec, size_t data_length) {
    const uint8_t type = is_ipv6(spec.source) ? 128 : 8;
    Octets message = {type, 0, 0, 0, 0x77, 0x01, 0, 9};
    for (size_t i = 0; i < data_length; ++i) message.push_back(static_cast<uint8_t>(i));
    return make_icmp_frame(spec, message);
}

Octets make_solicitation(FrameSpec spec, const std::string& target) {
    const Octets address = address_octets(target);
    spec.to = {0x33, 0x33, 0xff, address[13], address[14], address[15]};
    spec.hop_limit = 255;
    Octets multicast = address_octets("ff02::1:ff00:0");
    std::copy(address.begin() + 13, address.end(), multicast.begin() + 13);
    char text[INET6_ADDRSTRLEN];
    spec.destination = inet_ntop(AF_INET6, multicast.data(), text, sizeof text);
    Octets message = {135, 0, 0, 0, 0, 0, 0, 0};
    append(message, address);
    if (spec.source != "::") {
        append(message, {1, 1});
        append(message, spec.from);
    }
    return make_icmp_frame(spec, message);
}

Octets make_arp_request(const FrameSpec& spec, const std::string& sender,
                        const std::string& target) {
    Octets frame = link_header(spec, 0x0806);
    append(frame, {0, 1, 8, 0, 6, 4, 0, 1});
    append(frame, spec.from);
    append(frame, address_octets(sender));
    append(frame, {0, 0, 0, 0, 0, 0});
    append(frame, address_octets(target));
    frame.insert(frame.end(), spec.padding, 0xee);
    return frame;
}

Octets address_octets(const std::string& text) {
    Octets octets(is_ipv6(text) ? 16 : 4);
    GATEPOST_CHECK(inet_pton(is_ipv6(text) ? AF_INET6 : AF_INET, text.c_str(), octets.data()) == 1);
    return octets;
}

uint16_t naive_checksum(const Octets& octets) {
    uint32_t sum = 0;
    for (size_t i = 0; i < octets.size(); ++i)
        sum += i % 2 == 0 ? uint32_t{octets[i]} << 8 : octets[i];
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

Octets pseudo_header(const std::string& source, const std::string& destination, uint8_t protocol,
                     size_t length) {
    Octets octets = address_octets(source);
    append(octets, address_octets(destination));
    append16(octets, length >> 16);
    append16(octets, length);
    append(octets, {0, 0, 0, protocol});
    return octets;
}

void put16(Octets& octets, size_t at, size_t value) {
    octets.at(at) = static_cast<uint8_t>(value >> 8);
    octets.at(at + 1) = static_cast<uint8_t>(value);
}

}  // namespace gatepost::tests
