// A machine that takes messages, delivers them, and ends at a random moment; then recovery is held
// against what was promised.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/store/message_log_store.h"
#include "simulated_disk.h"
#include "storage/message_log/compaction.h"

namespace gatepost::dataplane {

struct CrashFindings {
    uint64_t acknowledged = 0;  // messages, in all
    uint64_t refused = 0;
    uint64_t delivered = 0;
    uint64_t own_bodies = 0;
    uint64_t compactions = 0;
    uint64_t removed = 0;  // files
    uint64_t segments = 0;
    uint64_t checkpoints = 0;
    uint64_t lost = 0;        // acknowledged, not delivered, and not in the spool
    uint64_t twice = 0;       // in the spool more than once
    uint64_t torn = 0;        // in the spool with other octets or another envelope
    uint64_t unknown = 0;     // in the spool, never begun
    uint64_t unreadable = 0;  // delivered, and its body is not there any more
    std::string first;        // a sentence about the first of these

    uint64_t wrong() const { return lost + twice + torn + unknown + unreadable; }
};

struct CrashPlan {
    unsigned workers = 1;
    unsigned sessions = 6;  // of each worker, at once
    unsigned steps_max = 300;
    unsigned generations = 3;  // lives of the machine
    uint64_t capacity = UINT64_MAX;
    unsigned failing_writes = 0;  // in each life
    bool lies_about_sync = false;
};

class CrashMachine {
  public:
    CrashMachine(uint64_t seed, const CrashPlan& plan, CrashFindings& findings);
    ~CrashMachine();
    void run();

  private:
    enum class State : uint8_t { begun, acknowledged, delivered, expunged };
    struct Message {
        storage::Envelope envelope;
        std::string octets;  // prefix and body
        State state = State::begun;
        storage::BodyLocation body;
    };
    struct Worker;

    void live();
    void end();
    void recover();
    void check(const storage::SpooledMessage& found, const Message& message);
    void check_delivered();
    void begin_message(Worker& worker);
    Task<> send(Worker& worker, storage::BlobId id);
    Task<> deliver(Worker& worker, SpoolEntry entry);
    // Who keeps the places of what is delivered has segments copied and removed.
    Task<> compact(Worker& worker);
    std::map<uint32_t, std::vector<storage::LiveBody>> live_bodies() const;
    void find(uint64_t CrashFindings::*counter, const storage::BlobId& id, std::string what);
    uint64_t draw(uint64_t below) { return disk_.random()() % below; }
    std::string octets_at(const storage::BodyLocation& body);

    CrashPlan plan_;
    CrashFindings& findings_;
    SimulatedDisk disk_;
    storage::BlobIdSource names_;
    std::map<storage::BlobId, Message> messages_;
    std::vector<storage::SpooledMessage> spooled_;  // what the last recovery found
    uint32_t next_number_ = 1;
    uint64_t clock_ms_ = 1'000'000;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<LogNumbers> numbers_;
};

}  // namespace gatepost::dataplane
