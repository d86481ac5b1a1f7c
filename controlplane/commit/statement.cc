#include "controlplane/commit/statement.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "controlplane/pg/error.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Data exceptions, integrity, RAISE EXCEPTION and limits are the statement's own fault; so is what
// nobody thought of: a message that is put off holds no other one back, a database that is taken to
// be away does.
constexpr std::string_view kAway[] = {
    "08",  // connection exception
    "25",  // read-only transaction: a replica that took the place of the primary, or has not yet
    "28",  // authentication
    "3D",  // the database does not exist
    "3F",  // the schema
    "42",  // undefined function, insufficient privilege
    "53",  // out of disk, memory or connections
    "57",  // shut down, cancelled
    "58",  // system error
    "F0",  // configuration file
};
constexpr std::string_view kConflict[] = {"40"};
// query_canceled: statement_timeout, or a person. Taken for the database being away, a batch that
// is too much for it would be tried for ever.
constexpr std::string_view kTooLong = "57014";

StatementFailure gone(Connection& connection, std::string why) {
    connection.close();
    return {Fault::away, {ErrorCode::unreachable, std::move(why)}};
}

// Waits until the socket is ready for `events`; false: the time is over.
bool wait_ready(int socket, short events, StatementWait& wait) {
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(wait.deadline - Clock::now()).count();
        if (left <= 0) return false;
        pollfd polls[] = {{socket, events, 0}, {wait.wake, POLLIN, 0}};
        const int ready = ::poll(polls, 2, static_cast<int>(std::min<int64_t>(left, 60'000)));
        if (ready < 0 && errno != EINTR) return false;
        if (ready > 0 && polls[1].revents != 0)
            wait.deadline = std::min(wait.deadline, wait.woken());
        if (ready > 0 && polls[0].revents != 0) return true;
    }
}

// False: it could not be sent.
bool send_all(PGconn* conn, StatementWait& wait) {
    for (int left; (left = PQflush(conn)) != 0;) {
        if (left < 0 || !wait_ready(PQsocket(conn), POLLIN | POLLOUT, wait)) return false;
        if (PQconsumeInput(conn) == 0) return false;
    }
    return true;
}

bool next_result(PGconn* conn, StatementWait& wait, PgResult& result) {
    while (PQisBusy(conn) != 0) {
        if (!wait_ready(PQsocket(conn), POLLIN, wait)) return false;
        if (PQconsumeInput(conn) == 0) return false;
    }
    result = PgResult(PQgetResult(conn));
    return true;
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_success(const PgResult& result) {
    const ExecStatusType status = PQresultStatus(result.get());
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

}  // namespace

Fault fault_of(std::string_view sqlstate) {
    if (sqlstate == kTooLong) return Fault::refused;
    if (sqlstate.empty() || starts_with_any(sqlstate, kAway)) return Fault::away;
    return starts_with_any(sqlstate, kConflict) ? Fault::conflict : Fault::refused;
}

tl::expected<PgResult, StatementFailure> run_statement(Connection& connection,
                                                       const std::string& sql,
                                                       const BinaryParams& params,
                                                       StatementWait wait) {
    PGconn* conn = connection.raw();
    if (conn == nullptr) return tl::unexpected(gone(connection, "not connected to PostgreSQL"));
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::vector<uint8_t>& value : params.values()) {
        // A null pointer would be NULL.
        values.push_back(value.empty() ? "" : reinterpret_cast<const char*>(value.data()));
        lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> formats(values.size(), 1);
    if (PQsetnonblocking(conn, 1) != 0 ||
        PQsendQueryParams(conn, sql.c_str(), static_cast<int>(values.size()), nullptr,
                          values.data(), lengths.data(), formats.data(), 0) == 0 ||
        !send_all(conn, wait))
        return tl::unexpected(gone(connection, connection.last_error().message));
    // All results up to the end, where COMMIT is over: an error takes the place of rows before it.
    PgResult last;
    for (bool failed = false;;) {
        PgResult result;
        if (!next_result(conn, wait, result))
            return tl::unexpected(
                gone(connection, "PostgreSQL did not answer: " + connection.last_error().message));
        if (result.get() == nullptr) break;
        if (failed) continue;
        failed = !is_success(result);
        last = std::move(result);
    }
    if (last.get() == nullptr)
        return tl::unexpected(gone(connection, connection.last_error().message));
    if (is_success(last)) return last;
    const char* state = PQresultErrorField(last.get(), PG_DIAG_SQLSTATE);
    // Without SQLSTATE it is libpq that speaks: the connection is gone.
    StatementFailure failure{
        fault_of(state == nullptr ? "" : state),
        state == nullptr ? connection.last_error() : error_from_result(last.get())};
    if (!connection.is_open()) failure.fault = Fault::away;
    if (failure.fault == Fault::away) connection.close();
    return tl::unexpected(std::move(failure));
}

}  // namespace gatepost::controlplane
