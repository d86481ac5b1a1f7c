// The service's connection to PostgreSQL: commits batches, finds the message that spoils one, and
// comes back when the database does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "controlplane/commit/delivery_batch.h"
#include "controlplane/commit/login_notes.h"
#include "controlplane/commit/rule_hits.h"
#include "controlplane/commit/statement.h"
#include "controlplane/pg/connection.h"

namespace gatepost::controlplane {

struct CommitterOptions {
    std::string dsn;
    int32_t edge = 0;
    std::string held_reason;  // why mail for other systems is not sent
    // A message whose account is locked for longer is put off.
    std::chrono::milliseconds lock_wait{1000};
};

// What a committer counts; of the service's thread.
struct CommitterCounters {
    uint64_t transactions = 0;
    uint64_t stored = 0;         // rows put into mailboxes
    uint64_t duplicates = 0;     // messages that had been stored before
    uint64_t undeliverable = 0;  // recipients whose account is gone
    uint64_t refused = 0;        // messages put off because the database refused them
    uint64_t splits = 0;         // batches that were halved to find one
    uint64_t conflicts = 0;
    uint64_t connects = 0;
    uint64_t notes_lost = 0;  // batches of notes about logins that the database refused
};

class BatchCommitter {
  public:
    using Clock = std::chrono::steady_clock;
    using Replies =
        std::function<void(std::span<const PendingDelivery>, std::vector<storage::DeliveryReply>)>;

    // `wake` and `woken`: see StatementWait.
    BatchCommitter(CommitterOptions options, int wake, std::function<Clock::time_point()> woken);

    // Connects, unless the last attempt was too short a time ago. False: there is no connection.
    bool connect();
    bool is_connected() const { return connection_.is_open(); }
    // When the next attempt may be made, while there is no connection.
    Clock::time_point next_attempt() const { return next_attempt_; }

    // Commits the messages, in one transaction where nothing is wrong; `replies` gets those that
    // are answered, in one or more pieces. Gives how many from the beginning on are answered: fewer
    // than all where the database went away.
    size_t commit(std::span<const PendingDelivery> batch, const Replies& replies);
    // Puts down what there is; what could not be stays for the next time.
    void note(LoginNotes& notes);
    void note(RuleHits& hits);

    const CommitterCounters& counters() const { return counters_; }
    // Why there is no connection; "" where there is one.
    const std::string& error() const { return error_; }

  private:
    using Rows = tl::expected<PgResult, StatementFailure>;

    Status begin_session(Connection& connection) const;
    Rows run(const std::string& sql, const BinaryParams& params);
    void lost(const Error& error);
    bool note_one(const std::string& sql, const BinaryParams& params);

    const CommitterOptions options_;
    const int wake_;
    const std::function<Clock::time_point()> woken_;
    Connection connection_;
    CommitterCounters counters_;
    std::string error_ = "not connected yet";
    std::chrono::milliseconds backoff_;
    Clock::time_point next_attempt_{};
    std::string logged_error_;
    Clock::time_point logged_at_{};
};

}  // namespace gatepost::controlplane
