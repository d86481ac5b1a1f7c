#include "controlplane/commit/batch_committer.h"

#include <algorithm>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::DeliveryOutcome;

constexpr milliseconds kBackoffMin{100};
constexpr milliseconds kBackoffMax{2000};
// A database that needs a person (schema, permission) is looked at less often.
constexpr milliseconds kBackoffPerson{5000};
constexpr seconds kRepeatLog{60};  // an unchanged error is logged once a minute
// A server that does not answer for so long is taken for dead; its own limit ends first.
constexpr seconds kAnswerMax{45};
constexpr unsigned kConflictsMax = 10;  // of one batch, one after the other

}  // namespace

BatchCommitter::BatchCommitter(CommitterOptions options, int wake,
                               std::function<Clock::time_point()> woken)
    : options_(std::move(options)), wake_(wake), woken_(std::move(woken)), backoff_(kBackoffMin) {}

bool BatchCommitter::connect() {
    if (connection_.is_open()) return true;
    if (Clock::now() < next_attempt_) return false;
    auto opened = Connection::open(options_.dsn, "gatepost commit");
    if (!opened) {
        lost(opened.error());
        return false;
    }
    if (Status begun = begin_session(*opened); !begun) {
        lost(begun.error());
        return false;
    }
    connection_ = std::move(*opened);
    ++counters_.connects;
    error_.clear();
    logged_error_.clear();
    log_info("commit.connected");
    return true;
}

// A commit means that the message is on the database's disk, whatever is set for others.
Status BatchCommitter::begin_session(Connection& connection) const {
    const auto set =
        connection.exec(fmt::format("SELECT set_config('synchronous_commit', 'on', false) "
                                    "WHERE current_setting('synchronous_commit') = 'off'; "
                                    "SET statement_timeout = '30s'; SET lock_timeout = {}",
                                    options_.lock_wait.count()));
    if (!set) return tl::unexpected(set.error());
    return {};
}

void BatchCommitter::lost(const Error& error) {
    connection_.close();
    error_ = error.message;
    const Clock::time_point now = Clock::now();
    if (error_ != logged_error_ || now >= logged_at_ + kRepeatLog) {
        log_warning("commit.database_away").field("error", error_);
        logged_error_ = error_;
        logged_at_ = now;
    }
    const bool for_person = error.code == ErrorCode::schema || error.code == ErrorCode::permission;
    next_attempt_ = now + (for_person ? kBackoffPerson : backoff_);
    backoff_ = std::min(backoff_ * 2, kBackoffMax);
}

BatchCommitter::Rows BatchCommitter::run(const std::string& sql, const BinaryParams& params) {
    for (unsigned conflicts = 0;; ++conflicts) {
        Rows rows =
            run_statement(connection_, sql, params, {Clock::now() + kAnswerMax, wake_, woken_});
        if (rows) {
            ++counters_.transactions;
            backoff_ = kBackoffMin;
            return rows;
        }
        if (rows.error().fault == Fault::conflict) {
            ++counters_.conflicts;
            if (conflicts < kConflictsMax) continue;
            rows.error().fault = Fault::away;
        }
        if (rows.error().fault == Fault::away) lost(rows.error().error);
        return rows;
    }
}

size_t BatchCommitter::commit(std::span<const PendingDelivery> batch, const Replies& replies) {
    if (batch.empty()) return 0;
    const Rows rows = run(kDeliverSql, deliver_params(batch, options_.edge, options_.held_reason));
    if (rows) {
        BatchResult result = deliver_result(batch, *rows);
        counters_.stored += result.stored;
        counters_.undeliverable += result.undeliverable;
        counters_.duplicates += static_cast<uint64_t>(std::count_if(
            result.replies.begin(), result.replies.end(),
            [](const auto& reply) { return reply.outcome == DeliveryOutcome::duplicate; }));
        replies(batch, std::move(result.replies));
        return batch.size();
    }
    if (rows.error().fault == Fault::away) return 0;
    if (batch.size() > 1) {
        // One of them spoils it for the others: they go in halves, until it is alone.
        ++counters_.splits;
        const size_t half = batch.size() / 2;
        const size_t answered = commit(batch.first(half), replies);
        return answered < half ? answered : half + commit(batch.subspan(half), replies);
    }
    ++counters_.refused;
    log_error("commit.message_refused")
        .field("message", batch[0].envelope.id.text())
        .field("error", rows.error().error.message);
    storage::DeliveryReply reply;
    reply.sequence = batch[0].request.sequence;
    reply.outcome = DeliveryOutcome::retry_later;
    reply.reason = rows.error().error.message;
    replies(batch, {std::move(reply)});
    return 1;
}

// True: they are put down, or cannot be.
bool BatchCommitter::note_one(const std::string& sql, const BinaryParams& params) {
    const Rows rows = run(sql, params);
    if (rows) return true;
    if (rows.error().fault == Fault::away) return false;
    ++counters_.notes_lost;
    log_warning("commit.notes_refused").field("error", rows.error().error.message);
    return true;
}

void BatchCommitter::note(LoginNotes& notes) {
    if (notes.has_logins() && is_connected() && note_one(kNoteLoginsSql, notes.logins()))
        notes.clear_logins();
    if (notes.has_failures() && is_connected() && note_one(kNoteAuthFailuresSql, notes.failures()))
        notes.clear_failures();
}

void BatchCommitter::note(RuleHits& hits) {
    if (!hits.empty() && is_connected() && note_one(kCountHitsSql, hits.params())) hits.clear();
}

}  // namespace gatepost::controlplane
