// Nanoseconds per query of the whole poll-mode pipeline over DPDK's net_null device: receive,
// decode, look up, answer, encode with software checksums, transmit. Random names, one core.
//
// net_null hands out empty buffers, so each query frame is first copied into its buffer, as a
// network card's DMA would do beside the processor: "refill" is what that costs, and is not part of
// "ns/query". Huge pages are used, for packets and for the index, where there are enough free
// ones; GATEPOST_BENCH_HUGEPAGES=off does without.
//
// Budget at 1 M names: the responder's 90 to 120 ns (responder_bench.cc), of which two overlapped
// cache misses; frame decoding 8 ns, encoding with a checksum over some 60 octets 10 ns, the device
// 8 ns.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <x86intrin.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>

#include "bench/micro/sample_zones.h"
#include "dataplane/port/dpdk.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/frame_pipeline.h"
#include "storage/base/check.h"

namespace {

using namespace gatepost::dataplane;
using gatepost::bench::make_flat_zone;
using gatepost::bench::QuerySet;
using gatepost::bench::SampleArena;
using gatepost::storage::PollStage;

constexpr size_t kQueries = 1 << 18;
constexpr size_t kFrameMax = 128;  // octets of a query frame, and its place in the table
constexpr size_t kHeaders = 14 + 20 + 8;
constexpr uint16_t kA = 1;

class Server final : public BurstAnswerer {
  public:
    explicit Server(const SampleArena& arena) : arena_(arena) {}
    void answer(std::span<Exchange> burst) override {
        responder_.answer_burst(&arena_.image, burst, {}, *counters_);
    }
    gatepost::storage::WorkerCounters& counters() { return *counters_; }

  private:
    const SampleArena& arena_;
    Responder responder_;
    std::unique_ptr<gatepost::storage::WorkerCounters> counters_ =
        std::make_unique<gatepost::storage::WorkerCounters>();
};

const SampleArena& flat_zone(size_t names) {
    static SampleArena small = make_flat_zone(100'000);
    if (names == 100'000) return small;
    static SampleArena large = make_flat_zone(1'000'000);
    return large;
}

bool with_hugepages() {
    const char* wish = std::getenv("GATEPOST_BENCH_HUGEPAGES");
    return wish == nullptr || std::strcmp(wish, "off") != 0;
}

Port& null_port() {
    static std::unique_ptr<Port> port = [] {
        DpdkOptions dpdk;
        dpdk.hugepages = with_hugepages();
        dpdk.memory_mib = 64;
        auto started = start_dpdk(dpdk);
        if (!started) fmt::print(stderr, "{}\n", started.error().message);
        GATEPOST_CHECK(started.has_value());
        fmt::print(stderr, "packets in {} pages\n", *started ? "2 MiB" : "4 KiB");
        auto opened = Port::open({.devargs = "net_null0,copy=0,size=78"});
        GATEPOST_CHECK(opened.has_value() && enter_dpdk_thread().has_value());
        return std::move(*opened);
    }();
    return *port;
}

// Frames as they come from clients: 10.x.y.z to 192.0.2.53.
class QueryFrames {
  public:
    explicit QueryFrames(const QuerySet& queries) : frames_(queries.size() * kFrameMax) {
        lengths_.reserve(queries.size());
        for (size_t i = 0; i < queries.size(); ++i) build(i, queries);
    }
    void copy(size_t i, Packet& packet) const {
        size_t index = i % lengths_.size();
        std::memcpy(packet.data, frames_.data() + index * kFrameMax, kFrameMax);
        packet.length = lengths_[index];
    }
    void prefetch(size_t i) const {
        const uint8_t* frame = frames_.data() + i % lengths_.size() * kFrameMax;
        __builtin_prefetch(frame);
        __builtin_prefetch(frame + 64);
    }

  private:
    void build(size_t i, const QuerySet& queries) {
        uint8_t* frame = frames_.data() + i * kFrameMax;
        uint16_t payload = queries.length(i);
        GATEPOST_CHECK(kHeaders + payload <= kFrameMax);
        static constexpr uint8_t kLink[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
        std::memcpy(frame, kLink, sizeof kLink);
        uint8_t* ip = frame + 14;
        auto client = static_cast<uint32_t>(0x0a000000 + i % 0xfffffe + 1);
        gatepost::store_be16(ip, 0x4500);
        gatepost::store_be16(ip + 2, static_cast<uint16_t>(28 + payload));
        ip[8] = 64;
        ip[9] = 17;
        gatepost::store_be32(ip + 12, client);
        gatepost::store_be32(ip + 16, 0xc0000235);
        uint32_t sum = 0;
        for (size_t at = 0; at < 20; at += 2) sum += gatepost::load_be16(ip + at);
        while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
        gatepost::store_be16(ip + 10, static_cast<uint16_t>(~sum));
        gatepost::store_be16(ip + 20, static_cast<uint16_t>(1024 + i % 60000));
        gatepost::store_be16(ip + 22, 53);
        gatepost::store_be16(ip + 24, static_cast<uint16_t>(8 + payload));
        std::memcpy(ip + 28, queries.message(i), payload);
        // The checksum as clients send it: verified at the other end.
        sum = 17u + 8u + payload;
        for (size_t at = 12; at < 20; at += 2) sum += gatepost::load_be16(ip + at);
        for (size_t at = 20; at < 28u + payload; at += 2)
            sum += at + 1 < 28u + payload ? gatepost::load_be16(ip + at) : uint32_t{ip[at]} << 8;
        while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
        gatepost::store_be16(ip + 26, static_cast<uint16_t>(~sum));
        lengths_.push_back(static_cast<uint16_t>(kHeaders + payload));
    }

    std::vector<uint8_t> frames_;
    std::vector<uint16_t> lengths_;
};

double tsc_per_ns() {
    auto begin = std::chrono::steady_clock::now();
    uint64_t ticks = __rdtsc();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(20)) {
    }
    std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(__rdtsc() - ticks) / passed.count();
}

void run(benchmark::State& state, const SampleArena& arena, const QueryFrames& frames,
         size_t burst) {
    Port& port = null_port();
    Server server(arena);
    gatepost::storage::PollCounters polls{};
    HostAddresses host;
    const uint8_t address[4] = {192, 0, 2, 53};
    host.add_ipv4(address);
    host.add_port(53);
    FramePipeline pipeline({}, host, server, server.counters(), polls);
    std::array<Packet, kPacketBurstMax> packets;
    uint64_t receive = 0, refill = 0, transmit = 0, queries = 0, replies = 0;
    for (auto _ : state) {
        uint64_t t0 = __rdtsc();
        size_t count = port.receive(0, std::span(packets.data(), burst));
        uint64_t t1 = __rdtsc();
        for (size_t i = 0; i < count; ++i) frames.copy(queries + i, packets[i]);
        for (size_t i = 0; i < burst; ++i) frames.prefetch(queries + count + i);
        uint64_t t2 = __rdtsc();
        size_t sent = pipeline.process(std::span(packets.data(), count), true);
        uint64_t t3 = __rdtsc();
        size_t taken = port.transmit(0, std::span(packets.data(), sent));
        Port::release(std::span(packets.data(), count).subspan(taken));
        transmit += __rdtsc() - t3;
        receive += t1 - t0;
        refill += t2 - t1;
        queries += count;
        replies += sent;
    }
    if (replies != queries) state.SkipWithError("queries without a reply");
    double per = tsc_per_ns() * static_cast<double>(queries);
    auto stage = [&](PollStage which) {
        return static_cast<double>(polls.stage_cycles[static_cast<size_t>(which)].load()) / per;
    };
    double parts[] = {static_cast<double>(receive) / per, stage(PollStage::decode),
                      stage(PollStage::answer), stage(PollStage::encode),
                      static_cast<double>(transmit) / per};
    state.counters["receive"] = parts[0];
    state.counters["decode"] = parts[1];
    state.counters["answer"] = parts[2];
    state.counters["encode"] = parts[3];
    state.counters["transmit"] = parts[4];
    state.counters["ns/query"] = parts[0] + parts[1] + parts[2] + parts[3] + parts[4];
    state.counters["refill"] = static_cast<double>(refill) / per;
}

// `hot`: of the zone's names, those that are asked for.
void pipeline(benchmark::State& state) {
    auto names = static_cast<size_t>(state.range(0));
    auto hot = static_cast<size_t>(state.range(1));
    std::mt19937_64 random(42);
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("h{}.example.com.", random() % hot * (names / hot)), kA);
    QueryFrames frames(queries);
    run(state, flat_zone(names), frames, static_cast<size_t>(state.range(2)));
}
BENCHMARK(pipeline)
    ->ArgNames({"names", "asked", "burst"})
    ->ArgsProduct({{1'000'000}, {1'000'000}, {8, 32, 64}})
    ->ArgsProduct({{100'000}, {100'000}, {8, 32, 64}})
    ->ArgsProduct({{1'000'000}, {1'000}, {8, 32, 64}});

}  // namespace

BENCHMARK_MAIN();
