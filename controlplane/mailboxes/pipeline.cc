#include "controlplane/mailboxes/pipeline.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "controlplane/pg/error.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kInsufficientPrivilege = "42501";
constexpr std::string_view kInvalidBinary = "22P03";

struct FreePq {
    void operator()(char* data) const { PQfreemem(data); }
};

// False: the time is over.
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

bool flush(PGconn* conn, StatementWait& wait) {
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

PipelineFailure failure_of(const PgResult& result) {
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    PipelineFailure failure;
    if (state != nullptr) failure.sqlstate = state;
    failure.fault = fault_of(failure.sqlstate);
    // A function of ours that refuses with a code of a broken database (53100: over quota) is no
    // broken database.
    const char* source = PQresultErrorField(result.get(), PG_DIAG_SOURCE_FUNCTION);
    const bool is_raised = source != nullptr && std::string_view(source) == "exec_stmt_raise";
    // Nor is a right that is missing for one of them.
    const bool is_forbidden = failure.sqlstate == kInsufficientPrivilege;
    if ((is_raised || is_forbidden) && failure.fault == Fault::away) failure.fault = Fault::refused;
    const char* primary = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    if (primary != nullptr) failure.primary = primary;
    failure.message = error_from_result(result.get()).message;
    return failure;
}

}  // namespace

PipelineFailure Pipeline::away(std::string why, bool is_unknown) {
    connection_.close();
    names_.clear();
    return {Fault::away, "", std::move(why), "", is_unknown};
}

bool Pipeline::send(const PipelineQuery& query, std::vector<Sent>& sent) {
    PGconn* conn = connection_.raw();
    const auto [name, is_new] =
        names_.try_emplace(query.sql, "s" + std::to_string(names_.size() + 1));
    if (is_new) {
        const std::string text(query.sql);
        if (PQsendPrepare(conn, name->second.c_str(), text.c_str(), 0, nullptr) == 0) return false;
        sent.push_back({false});
    }
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::vector<uint8_t>& value : query.params.values()) {
        // A null pointer would be NULL.
        values.push_back(value.empty() ? "" : reinterpret_cast<const char*>(value.data()));
        lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> formats(values.size(), 1);
    sent.push_back({true});
    return PQsendQueryPrepared(conn, name->second.c_str(), static_cast<int>(values.size()),
                               values.data(), lengths.data(), formats.data(), 1) != 0;
}

Pipeline::Results Pipeline::run(std::span<const PipelineQuery> queries, StatementWait& wait) {
    PGconn* conn = connection_.raw();
    if (conn == nullptr) return tl::unexpected(away("not connected to PostgreSQL"));
    std::vector<Sent> sent;
    bool ok = PQsetnonblocking(conn, 1) == 0 && PQenterPipelineMode(conn) != 0;
    for (const PipelineQuery& query : queries) ok = ok && send(query, sent);
    ok = ok && PQpipelineSync(conn) != 0 && flush(conn, wait);
    if (!ok) return tl::unexpected(away(connection_.last_error().message));
    Results results = receive(sent, wait);
    if (connection_.is_open() && PQexitPipelineMode(conn) == 0) {
        PipelineFailure broken = away(connection_.last_error().message);
        if (!results) return tl::unexpected(std::move(broken));
    }
    // What was prepared in a transaction that failed may not have been.
    if (!results && connection_.is_open() && !names_.empty()) {
        names_.clear();
        if (!connection_.exec("DEALLOCATE ALL"))
            return tl::unexpected(away(connection_.last_error().message));
    }
    return results;
}

// Up to the end of the transaction, whatever fails.
Pipeline::Results Pipeline::receive(std::span<const Sent> sent, StatementWait& wait) {
    PGconn* conn = connection_.raw();
    std::vector<PgResult> rows;
    std::optional<PipelineFailure> failure;
    for (size_t at = 0;;) {
        PgResult result;
        if (!next_result(conn, wait, result))
            return tl::unexpected(
                away("PostgreSQL did not answer: " + connection_.last_error().message, !failure));
        if (result.get() == nullptr) {  // between two statements
            if (PQstatus(conn) != CONNECTION_BAD) continue;
            if (failure) break;
            return tl::unexpected(away(connection_.last_error().message, true));
        }
        const ExecStatusType status = PQresultStatus(result.get());
        if (status == PGRES_PIPELINE_SYNC) break;
        if (status == PGRES_PIPELINE_ABORTED) continue;
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            if (!failure) failure = failure_of(result);
            // It may be the connection's end, after the commit.
            failure->is_unknown |= at == sent.size() && failure->fault == Fault::away;
            continue;
        }
        if (at < sent.size() && sent[at++].is_query) rows.push_back(std::move(result));
    }
    if (!failure) return rows;
    if (failure->sqlstate.empty() || failure->fault == Fault::away) (void)away(failure->message);
    // libpq says so of a connection that is lost, as if it were a result.
    failure->is_unknown |= failure->sqlstate.empty();
    return tl::unexpected(std::move(*failure));
}

bool Pipeline::receive_copy(const std::function<void(Bytes)>& take, StatementWait& wait) {
    PGconn* conn = connection_.raw();
    for (;;) {
        char* data = nullptr;
        const int length = PQgetCopyData(conn, &data, 1);
        const std::unique_ptr<char, FreePq> owner(data);
        if (length < 0) return true;  // the result that comes next says how it ended
        if (length > 0)
            take({reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(length)});
        else if (!wait_ready(PQsocket(conn), POLLIN, wait) || PQconsumeInput(conn) == 0)
            return false;
    }
}

tl::expected<void, PipelineFailure> Pipeline::stream(const std::string& sql,
                                                     const TakeMessage& take, StatementWait& wait) {
    PGconn* conn = connection_.raw();
    if (conn == nullptr) return tl::unexpected(away("not connected to PostgreSQL"));
    if (PQsetnonblocking(conn, 1) != 0 || PQsendQuery(conn, sql.c_str()) == 0 || !flush(conn, wait))
        return tl::unexpected(away(connection_.last_error().message));
    std::optional<PipelineFailure> failure;
    const auto did_not_answer = [&] {
        return tl::unexpected(
            away("PostgreSQL did not answer: " + connection_.last_error().message));
    };
    for (size_t statement = 0;;) {
        PgResult result;
        if (!next_result(conn, wait, result)) return did_not_answer();
        if (result.get() == nullptr) break;
        const ExecStatusType status = PQresultStatus(result.get());
        if (status != PGRES_COPY_OUT) {
            if (status != PGRES_COMMAND_OK && !failure) failure = failure_of(result);
            continue;
        }
        const bool received = receive_copy(
            [&](Bytes message) {
                if (failure) return;
                if (const Status taken = take(statement, message); !taken)
                    failure = PipelineFailure{Fault::refused, std::string(kInvalidBinary),
                                              taken.error().message, taken.error().message};
            },
            wait);
        if (!received) return did_not_answer();
        ++statement;
    }
    if (!failure) return {};
    if (failure->sqlstate.empty() || failure->fault == Fault::away || !connection_.is_open())
        return tl::unexpected(away(failure->message));
    return tl::unexpected(std::move(*failure));
}

}  // namespace gatepost::controlplane
