#include "tests/unit/port/test_port.h"

#include <cstring>

#include "dataplane/port/dpdk.h"
#include "storage/base/check.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

void start_once() {
    static const bool started = [] {
        auto status = start_dpdk({.hugepages = false, .memory_mib = 64});
        GATEPOST_CHECK(status.has_value() && !*status);
        return enter_dpdk_thread().has_value();
    }();
    GATEPOST_CHECK(started);
}

}  // namespace

Result<std::unique_ptr<Port>> try_open_port(PortOptions options) {
    start_once();
    options.ring_size = 64;
    return Port::open(options);
}

std::unique_ptr<Port> open_port(const std::string& driver, const std::string& arguments) {
    static unsigned count = 0;
    auto port = try_open_port({.devargs = driver + std::to_string(count++) + arguments});
    GATEPOST_CHECK(port.has_value());
    return std::move(*port);
}

void fill_packet(Packet& packet, const Octets& frame) {
    GATEPOST_CHECK(frame.size() <= packet.capacity);
    std::memcpy(packet.data, frame.data(), frame.size());
    packet.length = static_cast<uint16_t>(frame.size());
}

Octets octets_of(const Packet& packet) {
    return Octets(packet.data, packet.data + packet.length);
}

void send_frames(Port& port, const std::vector<Octets>& frames) {
    std::vector<Packet> packets(frames.size());
    GATEPOST_CHECK(port.allocate(0, packets) == frames.size());
    for (size_t i = 0; i < frames.size(); ++i) fill_packet(packets[i], frames[i]);
    GATEPOST_CHECK(port.transmit(0, packets) == frames.size());
}

std::vector<Octets> receive_frames(Port& port) {
    std::vector<Octets> frames;
    Packet packets[kPacketBurstMax];
    while (size_t count = port.receive(0, packets)) {
        for (size_t i = 0; i < count; ++i) frames.push_back(octets_of(packets[i]));
        Port::release(std::span(packets, count));
    }
    return frames;
}

}  // namespace gatepost::tests
