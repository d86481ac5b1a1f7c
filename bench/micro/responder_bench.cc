// Nanoseconds per query of the responder alone: parse to finished answer, no I/O, random names, one
// core.
//
// Budget at 1 M names: two cache misses (slot, node) of some 80 ns each, overlapped by 16 in
// flight: about 20 ns; parsing, hashing and writing about 40 ns.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <random>

#include "bench/micro/sample_zones.h"
#include "dataplane/dns/responder.h"
#include "storage/zone/rrtype.h"

namespace {

using gatepost::bench::make_flat_zone;
using gatepost::bench::make_many_zones;
using gatepost::bench::QuerySet;
using gatepost::bench::SampleArena;
using gatepost::dataplane::Exchange;
using gatepost::dataplane::kBurstMax;
using gatepost::dataplane::Responder;
using gatepost::dataplane::ResponderOptions;

constexpr size_t kQueries = 1 << 18;
constexpr uint16_t kA = 1;
constexpr uint16_t kMx = 15;
constexpr size_t kReplySize = 1232;

std::mt19937_64& random_source() {
    static std::mt19937_64 source(42);
    return source;
}

size_t random_below(size_t limit) {
    return random_source()() % limit;
}

const SampleArena& flat_zone(size_t names) {
    static SampleArena small = make_flat_zone(100'000);
    if (names == 100'000) return small;
    static SampleArena large = make_flat_zone(1'000'000);
    return large;
}

const SampleArena& many_zones() {
    static SampleArena arena = make_many_zones(100'000);
    return arena;
}

// Of clients, IPv4.
const std::vector<uint32_t>& random_addresses() {
    static const std::vector<uint32_t> addresses = [] {
        std::vector<uint32_t> out(kQueries);
        for (uint32_t& address : out) address = static_cast<uint32_t>(random_source()());
        return out;
    }();
    return addresses;
}

void run(benchmark::State& state, const SampleArena& arena, const QuerySet& queries,
         size_t burst_size, const ResponderOptions& options = {}) {
    Responder responder(options);
    const std::vector<uint32_t>& addresses = random_addresses();
    auto counters = std::make_unique<gatepost::storage::WorkerCounters>();
    std::vector<uint8_t> replies(kBurstMax * kReplySize);
    std::vector<Exchange> burst(burst_size);
    size_t next = 0;
    uint64_t octets = 0;
    for (auto _ : state) {
        for (size_t i = 0; i < burst_size; ++i, ++next) {
            size_t q = next % queries.size();
            burst[i] = {.query = queries.message(q),
                        .query_length = queries.length(q),
                        .reply_capacity = kReplySize,
                        .reply = replies.data() + i * kReplySize,
                        .client = reinterpret_cast<const uint8_t*>(&addresses[q])};
        }
        responder.answer_burst(&arena.image, burst, {}, *counters);
        octets += burst[0].reply_length;
    }
    benchmark::DoNotOptimize(octets);
    auto count = static_cast<double>(state.iterations()) * static_cast<double>(burst_size);
    state.counters["ns/query"] =
        benchmark::Counter(count * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    auto stats = arena.writer->stats();
    state.counters["B/rrset"] =
        static_cast<double>(stats.used_bytes) / static_cast<double>(stats.rrsets);
    state.counters["B/name"] =
        static_cast<double>(stats.used_bytes) / static_cast<double>(stats.names);
}

void existing(benchmark::State& state) {
    auto names = static_cast<size_t>(state.range(0));
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("h{}.example.com.", random_below(names)), kA);
    run(state, flat_zone(names), queries, static_cast<size_t>(state.range(1)));
}
BENCHMARK(existing)
    ->ArgNames({"names", "burst"})
    ->ArgsProduct({{100'000, 1'000'000}, {1, 8, 16, 32, 64}});

// With response rate limiting, each query from a network of its own: a bucket is taken for each.
void rate_limited(benchmark::State& state) {
    auto names = static_cast<size_t>(state.range(0));
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("h{}.example.com.", random_below(names)), kA);
    run(state, flat_zone(names), queries, 32, {.rate_limit = {.per_second = 200}});
}
BENCHMARK(rate_limited)->ArgName("names")->Arg(100'000)->Arg(1'000'000);

void nxdomain(benchmark::State& state) {
    auto names = static_cast<size_t>(state.range(0));
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("nx{}.example.com.", random_below(10'000'000)), kA);
    run(state, flat_zone(names), queries, 32);
}
BENCHMARK(nxdomain)->ArgName("names")->Arg(100'000)->Arg(1'000'000);

void wildcard(benchmark::State& state) {
    auto names = static_cast<size_t>(state.range(0));
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("x{}.wild.example.com.", random_below(10'000'000)), kA);
    run(state, flat_zone(names), queries, 32);
}
BENCHMARK(wildcard)->ArgName("names")->Arg(100'000)->Arg(1'000'000);

void delegation(benchmark::State& state) {
    auto names = static_cast<size_t>(state.range(0));
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("www.sub{}.example.com.", random_below(1000)), kA);
    run(state, flat_zone(names), queries, 32);
}
BENCHMARK(delegation)->ArgName("names")->Arg(100'000)->Arg(1'000'000);

void mail_exchange(benchmark::State& state) {
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("m{}.example.com.", random_below(1000)), kMx);
    run(state, flat_zone(1'000'000), queries, 32);
}
BENCHMARK(mail_exchange);

void cname_chain(benchmark::State& state) {
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("c{}.example.com.", random_below(1000)), kA);
    run(state, flat_zone(1'000'000), queries, 32);
}
BENCHMARK(cname_chain);

void hundred_thousand_zones(benchmark::State& state) {
    const char* labels[] = {"", "www.", "mail."};
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("{}z{}.example.", labels[random_below(3)], random_below(100'000)),
                    kA);
    run(state, many_zones(), queries, 32);
}
BENCHMARK(hundred_thousand_zones);

void hundred_thousand_zones_nxdomain(benchmark::State& state) {
    QuerySet queries;
    for (size_t i = 0; i < kQueries; ++i)
        queries.add(fmt::format("nx{}.z{}.example.", i, random_below(100'000)), kA);
    run(state, many_zones(), queries, 32);
}
BENCHMARK(hundred_thousand_zones_nxdomain);

}  // namespace

BENCHMARK_MAIN();
