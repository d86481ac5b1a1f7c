#include "controlplane/compaction/compaction_database.h"

#include <algorithm>

namespace gatepost::controlplane {

namespace {

// The first half of the lock's key: "GPcm". The other one is the edge.
constexpr int kLockClass = 0x4750636d;
// All references to bodies are read: seconds for some millions of messages. The session's own limit
// ends before.
constexpr std::chrono::minutes kAnswerMax{11};
constexpr unsigned kConflictsMax = 10;  // of one transaction, one after the other

}  // namespace

Status CompactionDatabase::connect() {
    if (connection_.is_open()) return {};
    auto opened = Connection::open(dsn_, "gatepost compaction");
    if (!opened) return tl::unexpected(opened.error());
    auto begun = opened->exec(kCompactionSession);
    if (!begun) return tl::unexpected(begun.error());
    auto locked = opened->exec_params("SELECT pg_try_advisory_lock($1, $2)", {kLockClass, edge_});
    if (!locked) return tl::unexpected(locked.error());
    if (!locked->boolean(0, 0))
        return fail(ErrorCode::refused,
                    "another control plane of this host (edge {}) compacts the message log, or its "
                    "connection has not ended yet; try again later",
                    edge_);
    connection_ = std::move(*opened);
    return {};
}

Result<PgResult> CompactionDatabase::run(const std::string& sql, const BinaryParams& params) {
    if (Status connected = connect(); !connected) return tl::unexpected(connected.error());
    for (unsigned conflicts = 0;; ++conflicts) {
        auto rows =
            run_statement(connection_, sql, params, {Clock::now() + kAnswerMax, wake_, woken_});
        if (rows) return std::move(*rows);
        if (rows.error().fault != Fault::conflict || conflicts == kConflictsMax)
            return tl::unexpected(rows.error().error);
    }
}

Result<std::unordered_map<uint32_t, SegmentUse>> CompactionDatabase::segment_uses(uint32_t floor) {
    const auto rows = run(kSegmentUsesSql, segment_uses_params(edge_, floor));
    if (!rows) return tl::unexpected(rows.error());
    return segment_uses_of(*rows);
}

Result<std::vector<storage::CopyBodies::Source>> CompactionDatabase::live_bodies(
    std::span<const uint32_t> segments, const BodyPlace& after) {
    const auto rows = run(kLiveBodiesSql, live_bodies_params(edge_, segments, after));
    if (!rows) return tl::unexpected(rows.error());
    return live_bodies_of(*rows);
}

Result<std::vector<MovedMessage>> CompactionDatabase::in_parts(const std::string& sql,
                                                               std::span<const BodyMove> moves) {
    std::vector<MovedMessage> moved;
    while (!moves.empty()) {
        const auto some = moves.first(std::min(moves.size(), kMovesMax));
        const auto rows = run(sql, move_bodies_params(edge_, some));
        if (!rows) return tl::unexpected(rows.error());
        const std::vector<MovedMessage> messages = moved_messages_of(*rows);
        moved.insert(moved.end(), messages.begin(), messages.end());
        moves = moves.subspan(some.size());
    }
    return moved;
}

Result<std::unordered_set<uint32_t>> CompactionDatabase::referred(
    std::span<const uint32_t> segments) {
    const auto rows = run(kReferredSql, referred_params(edge_, segments));
    if (!rows) return tl::unexpected(rows.error());
    std::unordered_set<uint32_t> found;
    for (int row = 0; row < rows->rows(); ++row)
        found.insert(static_cast<uint32_t>(rows->unsigned_integer(row, 0)));
    return found;
}

Result<int64_t> CompactionDatabase::horizon() {
    const auto rows = run(kHorizonSql, {});
    if (!rows) return tl::unexpected(rows.error());
    return rows->integer(0, 0);
}

Result<std::optional<std::string>> CompactionDatabase::older_transaction(int64_t horizon) {
    const auto rows = run(kOlderTransactionsSql, older_transactions_params(horizon));
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return std::nullopt;
    return fmt::format("{} is under way and began before", rows->view(0, 0));
}

Result<uint64_t> CompactionDatabase::prune_expunged(std::chrono::milliseconds older_than) {
    const auto rows = run(kPruneSql, prune_params(older_than));
    if (!rows) return tl::unexpected(rows.error());
    return rows->unsigned_integer(0, 0);
}

}  // namespace gatepost::controlplane
