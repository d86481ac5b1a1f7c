// A store over a simulated disk whose steps the test takes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/store/message_log_store.h"
#include "simulated_disk.h"

namespace gatepost::dataplane {

inline Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// So many octets, none like its neighbours.
inline std::string body_of(size_t size, unsigned seed = 1) {
    std::string octets(size, '\0');
    std::mt19937 random(seed);
    std::ranges::generate(octets, [&] { return static_cast<char>(random()); });
    return octets;
}

struct Spooled final : SpoolListener {
    void on_spooled(const SpoolEntry& entry, const storage::Envelope* envelope) override {
        entries.push_back(entry);
        senders.push_back(envelope != nullptr ? envelope->reverse_path : "(none)");
    }
    std::vector<SpoolEntry> entries;
    std::vector<std::string> senders;
};

// A message as a session sends it.
struct Sending {
    storage::Envelope envelope;
    std::string prefix = "Received: from test\r\n";
    std::string octets;
    std::optional<StoreStatus> status;
    storage::BodyLocation location;
    Task<> task;
};

class StoreRig {
  public:
    static constexpr uint64_t kSegment = 64 << 10;  // octets

    explicit StoreRig(MessageLogOptions wanted = small()) : options(wanted) { start(); }

    static MessageLogOptions small() {
        return {.segment_octets = kSegment,
                .memory_max = 1 << 20,
                .reserve_octets = 0,
                .inline_max = 8 << 10,
                .checkpoint_ms = 1000};
    }
    void start() {
        auto scan = storage::scan_spool(disk);
        ASSERT_TRUE(scan) << scan.error().message;
        last_scan = *scan;
        numbers.emplace(scan->next_number, 1);
        timers.emplace();
        timers->advance(now_ms);
        store.emplace(disk, *timers, *numbers, listener, options);
        store->start();
        store->adopt(scan->messages);
    }
    // The machine ends, and comes back.
    void crash() {
        disk.crash();
        sendings.clear();
        store.reset();
        disk.restart();
        listener = {};
        start();
    }
    void settle() {
        while (disk.step()) {
        }
    }
    void pass(uint64_t ms) {
        for (uint64_t end = now_ms + ms; now_ms < end;) {
            now_ms += std::min<uint64_t>(20, end - now_ms);
            timers->advance(now_ms);
            settle();
        }
    }
    Sending& send(std::string octets, size_t piece = SIZE_MAX) {
        sendings.push_back(std::make_unique<Sending>());
        Sending& sending = *sendings.back();
        sending.octets = std::move(octets);
        sending.envelope.id = names.next(1000);
        sending.envelope.reverse_path = std::to_string(sendings.size());
        sending.task = run(sending, piece);
        sending.task.start();
        return sending;
    }
    StoreStatus send_now(std::string octets) {
        Sending& sending = send(std::move(octets));
        settle();
        EXPECT_TRUE(sending.status);
        return sending.status.value_or(StoreStatus::broken);
    }
    std::string read(const storage::BodyLocation& body, uint64_t offset = 0,
                     size_t size = SIZE_MAX) {
        std::string octets(std::min<size_t>(size, body.size), '\0');
        std::optional<int64_t> got;
        auto reading = [&]() -> Task<> {
            got = co_await store->read_body(
                body, offset, {reinterpret_cast<uint8_t*>(octets.data()), octets.size()});
        };
        Task<> task = reading();
        task.start();
        settle();
        if (!got || *got < 0) return "error " + std::to_string(got.value_or(0));
        octets.resize(static_cast<size_t>(*got));
        return octets;
    }
    Result<storage::Envelope> read_envelope(const SpoolEntry& entry) {
        std::optional<Result<storage::Envelope>> envelope;
        auto reading = [&]() -> Task<> { envelope = co_await store->read_envelope(entry); };
        Task<> task = reading();
        task.start();
        settle();
        return envelope.value_or(fail(ErrorCode::refused, "it waits"));
    }

    SimulatedDisk disk{1};
    MessageLogOptions options;
    Spooled listener;
    storage::SpoolScan last_scan;
    std::optional<LogNumbers> numbers;
    std::optional<TimerWheel> timers;
    std::optional<MessageLogStore> store;
    std::vector<std::unique_ptr<Sending>> sendings;
    storage::BlobIdSource names;
    uint64_t now_ms = 1'000'000;

  private:
    Task<> run(Sending& sending, size_t piece) {
        std::unique_ptr<IncomingMessage> message = store->begin();
        Bytes rest = bytes_of(sending.octets);
        StoreStatus added = StoreStatus::ok;
        while (!rest.empty() && added == StoreStatus::ok) {
            const size_t size = std::min(piece, rest.size());
            added = co_await message->add(rest.first(size));
            rest = rest.subspan(size);
        }
        StoreStatus status = co_await message->commit(bytes_of(sending.prefix), sending.envelope);
        sending.status = status;
        sending.location = message->location();
    }
};

}  // namespace gatepost::dataplane
