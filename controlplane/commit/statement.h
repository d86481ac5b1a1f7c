// One statement in a transaction of its own, which the thread waits for no longer than it wants to.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "controlplane/commit/binary_params.h"
#include "controlplane/pg/connection.h"

namespace gatepost::controlplane {

// What is wrong when a statement fails.
enum class Fault : uint8_t {
    away,      // the database: unreachable, out of room, read-only, lacks the function…
    conflict,  // another transaction was in the way: the same may be tried at once
    refused,   // what the statement was given; or it took too long, for itself or for a lock
};

struct StatementFailure {
    Fault fault = Fault::away;
    Error error;
};

// By SQLSTATE (PostgreSQL 15, appendix A); "" where there is none.
Fault fault_of(std::string_view sqlstate);

struct StatementWait {
    using TimePoint = std::chrono::steady_clock::time_point;

    TimePoint deadline;
    int wake = -1;  // a descriptor: when it is readable, woken() is called, which empties it
    std::function<TimePoint()> woken;  // gives another deadline, which counts where it is earlier
};

// Gives the result once the transaction is committed. After a fault of `away`, the connection is
// closed, and whether the transaction took effect is unknown.
tl::expected<PgResult, StatementFailure> run_statement(Connection& connection,
                                                       const std::string& sql,
                                                       const BinaryParams& params,
                                                       StatementWait wait);

}  // namespace gatepost::controlplane
