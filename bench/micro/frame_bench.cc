// Nanoseconds per frame of the frame codec alone: a query's frame checked and read, headers put in
// front of its reply, checksums in software, all in the first cache. And the checksum by itself.
//
// Budget: 25 ns for decoding and encoding a query of 70 octets and a reply of 150.
#include "dataplane/net/frame.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <vector>

#include "dataplane/net/checksum.h"
#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"
#include "dataplane/net/udp.h"

namespace {

using namespace gatepost;
using namespace gatepost::dataplane;

constexpr size_t kFrames = 64;       // a burst
constexpr size_t kFrameSize = 2176;  // so that a burst spreads over the sets of the first cache
constexpr uint8_t kMac[] = {2, 0, 0, 0, 0, 1};
constexpr uint8_t kServer4[] = {192, 0, 2, 53};
constexpr uint8_t kServer6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53};
constexpr size_t kQueryLength4 = 70 - 42;  // octets of DNS in a frame of 70
constexpr size_t kQueryLength6 = 90 - 62;

HostAddresses make_host(bool all_frames) {
    HostAddresses host;
    std::memcpy(host.mac, kMac, sizeof kMac);
    host.all_frames = all_frames;
    host.add_ipv4(kServer4);
    host.add_ipv6(kServer6);
    host.add_port(53);
    return host;
}

// Frames of random clients.
std::vector<uint8_t> make_frames(Family family) {
    std::mt19937 random(42);
    std::vector<uint8_t> frames(kFrames * kFrameSize);
    for (uint8_t& octet : frames) octet = static_cast<uint8_t>(random());
    const bool v6 = family == Family::ipv6;
    for (size_t i = 0; i < kFrames; ++i) {
        uint8_t* const frame = frames.data() + i * kFrameSize;
        std::memcpy(frame, kMac, sizeof kMac);
        frame[6] = 2;
        store_be16(frame + 12, v6 ? kTypeIpv6 : kTypeIpv4);
        uint8_t* const ip = frame + kLinkHeader;
        uint8_t* const udp = ip + (v6 ? kIpv6Header : kIpv4Header);
        const size_t length = kUdpHeader + (v6 ? kQueryLength6 : kQueryLength4);
        store_be16(udp, static_cast<uint16_t>(random() | 1024));
        store_be16(udp + 2, 53);
        store_be16(udp + 4, static_cast<uint16_t>(length));
        store_be16(udp + 6, 0);
        uint64_t sum = 0;
        if (v6) {
            ip[8] = 0x20;
            std::memcpy(ip + kIpv6DestinationAt, kServer6, sizeof kServer6);
            const Ipv6Addresses addresses = load_ipv6_addresses(ip);
            write_ipv6(ip, addresses, kProtocolUdp, kReplyHopLimit, length);
            sum = sum_ipv6_pseudo_header(addresses, kProtocolUdp, length);
        } else {
            const uint32_t client = static_cast<uint32_t>(random()) << 8 | 100;
            write_ipv4(ip, client, load_native<uint32_t>(kServer4), kProtocolUdp, length);
            sum = sum_ipv4_pseudo_header(ip, kProtocolUdp, length);
        }
        store_native(udp + 6, udp_checksum_of(sum + sum_octets(udp, length)));
    }
    return frames;
}

void report(benchmark::State& state) {
    state.counters["ns/frame"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * kFrames * 1e-9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// The headers come back as they were before each burst; that is part of what is measured.
void run(benchmark::State& state, Family family, bool decode, bool encode, bool all_frames) {
    const HostAddresses host = make_host(all_frames);
    const std::vector<uint8_t> pristine = make_frames(family);
    std::vector<uint8_t> frames = pristine;
    const size_t length = family == Family::ipv6 ? 90 : 70;
    const auto reply_length = static_cast<size_t>(encode ? state.range(0) : 0);
    FrameQuery queries[kFrames];
    storage::Drop why{};
    size_t found = 0;
    for (size_t i = 0; i < kFrames; ++i)
        found += decode_frame(frames.data() + i * kFrameSize, length, kFrameSize, host, queries[i],
                              why) == FrameKind::dns;
    if (found != kFrames) state.SkipWithError("a frame is not taken for a query");
    for (auto _ : state) {
        if (encode)
            for (size_t i = 0; i < kFrames; ++i)
                std::memcpy(frames.data() + i * kFrameSize, pristine.data() + i * kFrameSize, 64);
        if (decode)
            for (size_t i = 0; i < kFrames; ++i)
                benchmark::DoNotOptimize(decode_frame(frames.data() + i * kFrameSize, length,
                                                      kFrameSize, host, queries[i], why));
        if (encode)
            for (size_t i = 0; i < kFrames; ++i)
                benchmark::DoNotOptimize(encode_reply(frames.data() + i * kFrameSize, queries[i],
                                                      reply_length, state.range(1) != 0));
    }
    report(state);
}

void decode(benchmark::State& state) {
    run(state, state.range(0) == 6 ? Family::ipv6 : Family::ipv4, true, false, state.range(1) != 0);
}
BENCHMARK(decode)->ArgNames({"ip", "all_frames"})->ArgsProduct({{4, 6}, {0, 1}});

void decode_encode_ipv4(benchmark::State& state) {
    run(state, Family::ipv4, true, true, false);
}
BENCHMARK(decode_encode_ipv4)
    ->ArgNames({"reply", "offload"})
    ->ArgsProduct({{50, 150, 1200}, {0, 1}});

void decode_encode_ipv6(benchmark::State& state) {
    run(state, Family::ipv6, true, true, false);
}
BENCHMARK(decode_encode_ipv6)
    ->ArgNames({"reply", "offload"})
    ->ArgsProduct({{50, 150, 1200}, {0, 1}});

void checksum(benchmark::State& state) {
    const std::vector<uint8_t> frames = make_frames(Family::ipv4);
    const auto length = static_cast<size_t>(state.range(0));
    for (auto _ : state)
        for (size_t i = 0; i < kFrames; ++i)
            benchmark::DoNotOptimize(
                checksum_of(sum_octets(frames.data() + i * kFrameSize + 42, length)));
    report(state);
}
BENCHMARK(checksum)->ArgName("octets")->Arg(28)->Arg(50)->Arg(150)->Arg(1200);

}  // namespace

BENCHMARK_MAIN();
