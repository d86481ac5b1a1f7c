// The compaction's connection to PostgreSQL. Only one process of an edge has it: a lock that goes
// with the connection keeps a second one out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/commit/statement.h"
#include "controlplane/compaction/compaction_rows.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

class CompactionDatabase {
  public:
    using Clock = std::chrono::steady_clock;

    // `wake` and `woken`: see StatementWait.
    CompactionDatabase(std::string dsn, int32_t edge, int wake,
                       std::function<Clock::time_point()> woken)
        : dsn_(std::move(dsn)), edge_(edge), wake_(wake), woken_(std::move(woken)) {}

    // Does nothing where there is a connection.
    Status connect();

    Result<std::unordered_map<uint32_t, SegmentUse>> segment_uses(uint32_t floor);
    Result<std::vector<storage::CopyBodies::Source>> live_bodies(std::span<const uint32_t> segments,
                                                                 const BodyPlace& after);
    // In transactions of kMovesMax bodies: whoever changes a mailbox waits for one of them at most.
    // After an error, those before it are done.
    Result<std::vector<MovedMessage>> move_bodies(std::span<const BodyMove> moves) {
        return in_parts(kMoveBodiesSql, moves);
    }
    // The messages that lie where these bodies were moved to.
    Result<std::vector<MovedMessage>> moved_messages(std::span<const BodyMove> moves) {
        return in_parts(kMovedMessagesSql, moves);
    }
    Result<std::unordered_set<uint32_t>> referred(std::span<const uint32_t> segments);
    // A transaction id above those of all transactions that have one by now.
    Result<int64_t> horizon();
    // What is under way since before that horizon, in words for a person.
    Result<std::optional<std::string>> older_transaction(int64_t horizon);
    // Deletes tombstones of expunged messages that are older, kPruneMax at most; gives how many.
    Result<uint64_t> prune_expunged(std::chrono::milliseconds older_than);

  private:
    static constexpr size_t kMovesMax = 1000;

    Result<std::vector<MovedMessage>> in_parts(const std::string& sql,
                                               std::span<const BodyMove> moves);
    Result<PgResult> run(const std::string& sql, const BinaryParams& params);

    const std::string dsn_;
    const int32_t edge_;
    const int wake_;
    const std::function<Clock::time_point()> woken_;
    Connection connection_;
};

}  // namespace gatepost::controlplane
