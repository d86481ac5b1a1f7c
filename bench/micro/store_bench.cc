// Messages a second that a worker's store makes durable, on the disk of the current folder:
// sessions that each send the next message when the one before is acknowledged. And how fast a
// start reads what they left.
#include <benchmark/benchmark.h>
#include <fcntl.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "dataplane/store/message_log_store.h"
#include "dataplane/store/uring_directory.h"

using namespace gatepost;
using namespace gatepost::dataplane;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kWait = 1'000'000'000;  // ns
constexpr size_t kBody = 4 << 10;          // octets

struct Deliverer final : SpoolListener {
    void on_spooled(const SpoolEntry& entry, const storage::Envelope*) override {
        if (store != nullptr) store->done(entry);
    }
    MessageStore* store = nullptr;
};

class Bench {
  public:
    // `keeps`: nothing is delivered.
    explicit Bench(bool keeps) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        ring_ = std::move(*Ring::create({}));
        GATEPOST_CHECK(ring_->enable());
        numbers_.emplace(1, 1);
        directory_.emplace(*ring_, UniqueFd(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY)));
        advance();
        store_.emplace(*directory_, timers_, *numbers_, listener_, MessageLogOptions{});
        if (!keeps) listener_.store = &*store_;
        store_->start();
        store_->adopt({});
    }
    ~Bench() {
        sessions_.clear();
        store_.reset();
        for (int i = 0; i < 20; ++i) turn(1'000'000);
        fs::remove_all(folder_);
    }
    void turn(uint64_t wait_ns = kWait) {
        GATEPOST_CHECK(ring_->submit_and_wait(1, wait_ns));
        ring_->reap();
        advance();
    }
    void start(size_t sessions) {
        for (size_t i = 0; i < sessions; ++i) {
            sessions_.push_back(session());
            sessions_.back().start();
        }
    }
    const StoreCounters& counters() const { return store_->counters(); }
    const fs::path& folder() const { return folder_; }

  private:
    void advance() {
        using namespace std::chrono;
        timers_.advance(static_cast<uint64_t>(
            duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count()));
    }
    Task<> session() {
        const std::vector<uint8_t> body(kBody, uint8_t{'x'});
        storage::Envelope envelope;
        envelope.reverse_path = "sender@example.org";
        envelope.recipients.push_back({.address = "anna@example.com"});
        for (;;) {
            envelope.id = names_.next(0);
            auto message = store_->begin();
            co_await message->add(body);
            StoreStatus status = co_await message->commit({}, envelope);
            GATEPOST_CHECK(status == StoreStatus::ok);
        }
    }

    fs::path folder_ = "store_bench.data";
    std::unique_ptr<Ring> ring_;
    TimerWheel timers_;
    Deliverer listener_;
    storage::BlobIdSource names_;
    std::optional<LogNumbers> numbers_;
    std::optional<UringDirectory> directory_;
    std::optional<MessageLogStore> store_;
    std::vector<Task<>> sessions_;
};

void durable_messages(benchmark::State& state) {
    Bench bench(false);
    bench.start(static_cast<size_t>(state.range(0)));
    // The first segment is made before the clock starts.
    while (bench.counters().messages == 0) bench.turn();
    const StoreCounters before = bench.counters();
    for (auto _ : state) bench.turn();
    const StoreCounters& after = bench.counters();
    const auto messages = static_cast<double>(after.messages - before.messages);
    const auto batches = static_cast<double>(after.batches - before.batches);
    state.counters["messages"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
    state.counters["per_batch"] = messages / batches;
    state.counters["write_us"] = static_cast<double>(after.write_us - before.write_us) / batches;
    state.counters["commit_us"] =
        static_cast<double>(after.commit_us - before.commit_us) / messages;
    state.counters["segments"] = static_cast<double>(after.segments - before.segments);
    state.counters["waits"] = static_cast<double>(after.segment_waits - before.segment_waits);
}
BENCHMARK(durable_messages)->Arg(1)->Arg(20)->Arg(100)->UseRealTime()->MinTime(3);

void recovery(benchmark::State& state) {
    Bench bench(true);
    bench.start(100);
    while (bench.counters().messages < 100'000) bench.turn();
    const UniqueFd fd(::open(bench.folder().c_str(), O_RDONLY | O_DIRECTORY));
    uint64_t octets = 0, messages = 0;
    for (auto _ : state) {
        storage::DirectorySource source(fd.get());
        const auto scan = storage::scan_spool(source);
        GATEPOST_CHECK(scan);
        octets += scan->counters.octets;
        messages += scan->messages.size();
    }
    state.SetBytesProcessed(static_cast<int64_t>(octets));
    state.SetItemsProcessed(static_cast<int64_t>(messages));
}
BENCHMARK(recovery)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
