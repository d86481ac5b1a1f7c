// Nanoseconds of a look-up in the directory, and octets per entry, beside std::unordered_map with
// the same keys and values. Keys as accounts have them (user@host), values of 96 octets; half a
// million and two million entries, far beyond the caches. Which key is next depends on the value
// before, so that look-ups do not overlap: a server's are far apart in time. `hit` 0: keys that are
// not there.
//
// Budget: no more than the peer's, and 256 octets an entry.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdio>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/directory/directory_writer.h"

namespace {

using namespace gatepost;
using namespace gatepost::storage;

constexpr size_t kValueSize = 96;    // octets
constexpr size_t kProbes = 1 << 16;  // keys looked up in turn, drawn at random
constexpr auto kKind = EntryKind::tls_identity;

std::string key_of(uint64_t number) {
    // As long as addresses are, with the part that differs in front.
    return "user" + std::to_string(number * 2654435761 % 100'000'000) + "." +
           std::to_string(number) + "@mail.example.org";
}

std::vector<std::string> probes(size_t entries, bool hits) {
    std::mt19937_64 random(7);
    std::vector<std::string> keys;
    for (size_t i = 0; i < kProbes; ++i)
        keys.push_back(key_of(random() % entries + (hits ? 0 : entries)));
    return keys;
}

struct Directory {
    explicit Directory(size_t entries) : page(RuntimeMapping::create().value()) {
        auto segment = Segment::create("directory-bench", size_t{2} << 30, PageKind::plain);
        GATEPOST_CHECK(segment.has_value());
        writer = std::move(DirectoryWriter::create(std::move(*segment), page->qsbr, 1).value());
        const std::vector<uint8_t> value(kValueSize, 1);
        for (size_t i = 0; i < entries; ++i)
            GATEPOST_CHECK(writer->put(kKind, key_of(i), value).has_value());
        writer->publish({});
    }
    RuntimeMapping page;
    std::unique_ptr<DirectoryWriter> writer;
};

void directory_find(benchmark::State& state) {
    const auto entries = static_cast<size_t>(state.range(0));
    const Directory directory(entries);
    const auto keys = probes(entries, state.range(1) != 0);
    const DirectoryView view = directory.writer->view();
    size_t next = 0;
    for (auto _ : state) {
        const auto entry = view.find(kKind, keys[next % kProbes]);
        next += entry ? entry->value.front() : 1;
    }
    const auto stats = directory.writer->stats();
    state.counters["octets_per_entry"] =
        static_cast<double>(stats.used_bytes - stats.free_bytes) / static_cast<double>(entries);
}

void unordered_map_find(benchmark::State& state) {
    const auto entries = static_cast<size_t>(state.range(0));
    const struct mallinfo2 before = ::mallinfo2();
    std::unordered_map<std::string, std::vector<uint8_t>> map;
    for (size_t i = 0; i < entries; ++i)
        map.emplace(key_of(i), std::vector<uint8_t>(kValueSize, 1));
    const struct mallinfo2 after = ::mallinfo2();
    const auto keys = probes(entries, state.range(1) != 0);
    size_t next = 0;
    for (auto _ : state) {
        const auto found = map.find(keys[next % kProbes]);
        next += found != map.end() ? found->second.front() : 1;
    }
    const size_t octets = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    state.counters["octets_per_entry"] = static_cast<double>(octets) / static_cast<double>(entries);
}

void directory_put(benchmark::State& state) {
    const auto entries = static_cast<size_t>(state.range(0));
    Directory directory(entries);
    const auto keys = probes(entries, true);
    std::vector<uint8_t> value(kValueSize, 'w');
    size_t next = 0;
    for (auto _ : state) {
        // Another value each time, published by itself, as a transaction of one row is.
        ++value[next % kValueSize];
        GATEPOST_CHECK(directory.writer->put(kKind, keys[next++ % kProbes], value).has_value());
        directory.writer->publish({next, 0});
    }
}

BENCHMARK(directory_find)
    ->ArgNames({"entries", "hit"})
    ->ArgsProduct({{500'000, 2'000'000}, {1, 0}});
BENCHMARK(unordered_map_find)
    ->ArgNames({"entries", "hit"})
    ->ArgsProduct({{500'000, 2'000'000}, {1, 0}});
BENCHMARK(directory_put)->ArgName("entries")->Arg(2'000'000);

}  // namespace

BENCHMARK_MAIN();
