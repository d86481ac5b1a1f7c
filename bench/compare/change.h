// One change in the database, watched from outside: its transaction on a connection of its own, and
// at the same time the same question again and again, until the answer is the new one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/compare/asker.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"

namespace gatepost::bench {

// Milliseconds.
struct ChangeTimes {
    double statement = 0;          // the statements before COMMIT
    double commit = 0;             // COMMIT itself: sent until returned
    std::optional<double> answer;  // COMMIT returned → the new answer is here; empty: not in time
    std::optional<double> answer_from_sent;  // the same from the sending of COMMIT
    double silence = 0;  // meanwhile, the longest time without any reply, old or new
};

// An answer that was neither the old nor the new address, or the old one behind the new one.
struct WrongAnswer {
    std::optional<uint32_t> got;
    std::optional<uint32_t> expected;
    bool after_new = false;
};

class ChangeWatch {
  public:
    ChangeWatch(controlplane::Connection& database, Asker& asker, Clock::duration interval)
        : database_(database), asker_(asker), interval_(interval) {}

    // Runs `sql` as one transaction; from then on `name` must be answered with `address`. `name`
    // may be another one than before: then nothing is known of its answer until now.
    Result<ChangeTimes> apply(const std::string& sql, storage::DnameView name, uint32_t address,
                              Clock::duration wait_max);
    // Keeps asking for `name`, as clients do between changes.
    void idle(storage::DnameView name, Clock::duration time);

    uint64_t asked() const { return asked_; }
    const std::vector<WrongAnswer>& wrong() const { return wrong_; }

  private:
    void ask_when_due(storage::DnameView name);
    void take_replies();
    // Until something comes or the next question is due.
    void wait(int database_fd);

    controlplane::Connection& database_;
    Asker& asker_;
    Clock::duration interval_;
    Clock::time_point next_question_{};
    uint16_t id_ = 0;
    storage::Dname name_;
    // Until the first answer for a name, nothing is known of what it was before.
    bool is_old_known_ = false;
    std::optional<uint32_t> old_;
    std::optional<uint32_t> expected_;
    std::optional<Clock::time_point> answered_at_;
    Clock::time_point last_reply_;
    Clock::duration silence_{};
    uint64_t asked_ = 0;
    uint64_t asked_before_ = 0;  // when the change under way began
    std::vector<WrongAnswer> wrong_;
};

double milliseconds(Clock::duration time);

}  // namespace gatepost::bench
