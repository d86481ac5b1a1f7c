#include "bench/compare/change.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>

namespace gatepost::bench {

namespace {

// Sends COMMIT without waiting for it.
Status send_commit(controlplane::Connection& database) {
    if (PQsendQuery(database.raw(), "COMMIT") == 1) return {};
    return wrap("COMMIT", database.last_error());
}

// Whether COMMIT has returned.
Result<bool> commit_returned(controlplane::Connection& database) {
    if (PQconsumeInput(database.raw()) == 0) return wrap("COMMIT", database.last_error());
    if (PQisBusy(database.raw()) != 0) return false;
    while (PGresult* raw = PQgetResult(database.raw())) {
        const controlplane::PgResult result(raw);
        if (PQresultStatus(raw) != PGRES_COMMAND_OK) return wrap("COMMIT", database.last_error());
    }
    return true;
}

}  // namespace

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

void ChangeWatch::ask_when_due(storage::DnameView name) {
    const auto now = Clock::now();
    if (now < next_question_) return;
    // A prober that did not run for a while does not make up for it with a flood.
    next_question_ = std::max(next_question_ + interval_, now);
    asker_.ask(++id_, name);
    ++asked_;
}

void ChangeWatch::take_replies() {
    while (auto reply = asker_.take()) {
        const auto now = Clock::now();
        if (!answered_at_) silence_ = std::max(silence_, now - last_reply_);
        last_reply_ = now;
        // A late reply to a question that belongs to the change before.
        if (static_cast<uint16_t>(id_ - reply->id) >= asked_ - asked_before_) continue;
        if (expected_ && reply->address == expected_) {
            if (!answered_at_) answered_at_ = now;
        } else if (!is_old_known_ && !answered_at_) {
            is_old_known_ = true;
            old_ = reply->address;
        } else if (reply->address != old_ || answered_at_) {
            wrong_.push_back({reply->address, expected_, answered_at_.has_value()});
        }
    }
}

void ChangeWatch::wait(int database_fd) {
    const auto left = next_question_ - Clock::now();
    if (left <= Clock::duration::zero()) return;
    const timespec timeout{
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count() % 1'000'000'000};
    pollfd sources[] = {{asker_.fd(), POLLIN, 0}, {database_fd, POLLIN, 0}};
    ::ppoll(sources, database_fd < 0 ? 1 : 2, &timeout, nullptr);
}

void ChangeWatch::idle(storage::DnameView name, Clock::duration time) {
    name_ = storage::Dname(name);
    const auto until = Clock::now() + time;
    while (Clock::now() < until) {
        ask_when_due(name);
        wait(-1);
        take_replies();
    }
}

Result<ChangeTimes> ChangeWatch::apply(const std::string& sql, storage::DnameView name,
                                       uint32_t address, Clock::duration wait_max) {
    if (!storage::dname_equal(name, name_)) {
        is_old_known_ = false;
    } else if (expected_) {
        is_old_known_ = answered_at_.has_value();
        old_ = expected_;
    }
    name_ = storage::Dname(name);
    expected_ = address;
    answered_at_.reset();
    asked_before_ = asked_;
    const auto begin = Clock::now();
    auto changed = database_.exec("BEGIN; " + sql);
    if (!changed) return tl::unexpected(changed.error());
    const auto sent = Clock::now();
    last_reply_ = sent;
    silence_ = {};
    if (Status ok = send_commit(database_); !ok) return tl::unexpected(ok.error());
    std::optional<Clock::time_point> committed;
    while (!committed || (!answered_at_ && Clock::now() < *committed + wait_max)) {
        ask_when_due(name);
        wait(committed ? -1 : database_.socket());
        take_replies();
        if (committed) continue;
        auto returned = commit_returned(database_);
        if (!returned) return tl::unexpected(returned.error());
        if (*returned) committed = Clock::now();
    }
    ChangeTimes times{.statement = milliseconds(sent - begin),
                      .commit = milliseconds(*committed - sent),
                      .silence = milliseconds(silence_)};
    if (!answered_at_) return times;
    times.answer = milliseconds(std::max(*answered_at_ - *committed, Clock::duration::zero()));
    times.answer_from_sent = milliseconds(*answered_at_ - sent);
    return times;
}

}  // namespace gatepost::bench
