// Gives the space of expunged mail back: plans, has worker 0 copy what counts, commits the new
// places, and has the old files removed when nobody can come for them any more.
//
// Nothing of it is kept anywhere but in the database and the folder: whoever dies in between leaves
// at most copies that nobody refers to, and these are found as segments without anything live.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "controlplane/compaction/compaction_database.h"
#include "storage/message_log/segment_source.h"

namespace gatepost::controlplane {

struct CompactionReport {
    uint32_t floor = 0;               // segments from it on are in use
    uint64_t segments = 0;            // below the floor
    uint64_t octets = 0;              // of their files
    uint64_t live_octets = 0;         // of what counts in them
    std::vector<std::string> dead;    // files with nothing that counts
    std::vector<std::string> sparse;  // those that are copied, or in a dry run would be
    uint64_t freed = 0;               // octets, when all is done
    uint64_t bodies_copied = 0;
    uint64_t octets_copied = 0;
    uint64_t messages_moved = 0;
    bool more = false;                 // there is enough left for another pass
    std::vector<std::string> waiting;  // files that go when the grace time is over
    std::string waits_for;             // what else they wait for
    std::vector<std::string> findings;
};

class SegmentCompaction {
  public:
    using Clock = std::chrono::steady_clock;
    struct Options {
        std::string folder;  // of the message log
        unsigned live_percent_max = 50;
        std::chrono::milliseconds grace{};  // before a file is removed
    };
    struct Ports {
        CompactionDatabase& database;
        // Waits for the answer of worker 0.
        std::function<storage::BodiesCopied(storage::CopyBodies)> copy;
        std::function<void(std::vector<storage::SegmentName>)> drop;
        std::function<void(std::vector<MovedMessage>)> moved;
    };

    SegmentCompaction(Options options, Ports ports)
        : options_(std::move(options)), ports_(std::move(ports)) {}

    // One pass, which copies 256 MiB at most.
    Result<CompactionReport> run(bool dry_run);
    // Removes what has waited for long enough. Gives when it is to be called again.
    Clock::time_point remove_due();

  private:
    // Of one pass.
    struct Leaving {
        std::vector<storage::SegmentName> segments;
        std::vector<BodyMove> moves;
        // Above the ids of all transactions when the new places were committed; 0: not known yet.
        int64_t horizon = 0;
        Clock::time_point due;
        bool is_settled = false;  // nobody knows the old places any more
    };
    struct Survey {
        std::vector<storage::SegmentLoad> loads;
        uint64_t free = 0;  // octets of the disk
    };

    Result<Survey> survey(CompactionReport& report);
    Status copy(const storage::CompactionPlan& plan, CompactionReport& report, Leaving& leaving);
    Status copy_some(std::vector<storage::CopyBodies::Source> sources, CompactionReport& report,
                     Leaving& leaving);
    Status commit(const storage::CopyBodies& request, const storage::BodiesCopied& copied,
                  CompactionReport& report, Leaving& leaving);
    Result<Clock::time_point> remove(Leaving& leaving);
    bool is_leaving(const storage::SegmentName& name) const;

    const Options options_;
    const Ports ports_;
    std::deque<Leaving> leaving_;
    std::unordered_set<uint32_t> unreadable_;  // segments that could not be copied
    uint64_t sequence_ = 0;
    std::string waits_for_;
};

}  // namespace gatepost::controlplane
