#include "controlplane/pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

#include "controlplane/pg/copy.h"
#include "controlplane/pg/error.h"

namespace gatepost::controlplane {
namespace {

using Clock = std::chrono::steady_clock;

void log_notice(void*, const PGresult* notice) {
    const auto field = [&](int code) {
        const char* value = PQresultErrorField(notice, code);
        return std::string_view(value == nullptr ? "" : value);
    };
    const std::string_view severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
    const std::string_view message = field(PG_DIAG_MESSAGE_PRIMARY);
    const std::string_view detail = field(PG_DIAG_MESSAGE_DETAIL);
    const auto level = severity == "WARNING" ? spdlog::level::warn : spdlog::level::debug;
    spdlog::log(level, "postgresql {}: {}{}{}", severity, message, detail.empty() ? "" : " ",
                detail);
}

std::chrono::seconds connect_timeout(PGconn* conn) {
    std::chrono::seconds timeout{10};
    PQconninfoOption* options = PQconninfo(conn);
    for (PQconninfoOption* option = options; option != nullptr && option->keyword; ++option)
        if (std::string_view(option->keyword) == "connect_timeout" && option->val != nullptr &&
            std::atoi(option->val) > 0)
            timeout = std::chrono::seconds(std::atoi(option->val));
    PQconninfoFree(options);
    return timeout;
}

// The blocking PQconnectdbParams cannot give the SQLSTATE of a refusal; this way the verbosity can
// be set first. A second address of the same DSN gets what time is left.
Status wait_connected(PGconn* conn) {
    const auto deadline = Clock::now() + connect_timeout(conn);
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED) return tl::unexpected(error_from_connection(conn));
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd waiting{PQsocket(conn),
                       static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
        const int ready = poll(&waiting, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0)
            return fail(ErrorCode::unreachable,
                        "PostgreSQL at {} did not answer in time; is it running, and is a "
                        "firewall between?",
                        PQhost(conn) == nullptr ? "?" : PQhost(conn));
        state = PQconnectPoll(conn);
    }
    return {};
}

bool is_success(ExecStatusType status) {
    switch (status) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_SINGLE_TUPLE:
        case PGRES_EMPTY_QUERY:
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
            return true;
        default:
            return false;
    }
}

void cancel(PGconn* conn) {
    char reason[256];
    if (PGcancel* handle = PQgetCancel(conn)) {
        PQcancel(handle, reason, sizeof reason);
        PQfreeCancel(handle);
    }
}

// Reads the results that remain; gives the first error among them.
Status drain(PGconn* conn) {
    Status status;
    while (PGresult* raw = PQgetResult(conn)) {
        const PgResult result(raw);
        if (status && !is_success(PQresultStatus(raw)))
            status = tl::unexpected(error_from_result(raw));
    }
    return status;
}

struct FreePq {
    void operator()(void* memory) const { PQfreemem(memory); }
};

}  // namespace

Result<Connection> Connection::open(std::string_view dsn, std::string_view application_name,
                                    bool replication) {
    const std::string name(application_name);
    const std::string target(dsn);
    std::vector<const char*> keys = {"dbname", "application_name", "client_encoding"};
    std::vector<const char*> values = {target.c_str(), name.c_str(), "UTF8"};
    if (replication) {
        keys.push_back("replication");
        values.push_back("database");
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);

    Connection connection(PQconnectStartParams(keys.data(), values.data(), 1));
    PGconn* conn = connection.conn_;
    if (conn == nullptr) return fail(ErrorCode::refused, "out of memory for a connection");
    if (PQstatus(conn) == CONNECTION_BAD)
        return wrap("cannot connect to PostgreSQL", error_from_connection(conn));
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(conn, log_notice, nullptr);
    if (Status connected = wait_connected(conn); !connected)
        return wrap("cannot connect to PostgreSQL", std::move(connected).error());
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    return connection;
}

Connection::~Connection() {
    close();
}

void Connection::close() {
    PQfinish(std::exchange(conn_, nullptr));
}

Result<PgResult> Connection::take(pg_result* raw) {
    PgResult result(raw);
    if (raw == nullptr) return tl::unexpected(last_error());
    if (is_success(PQresultStatus(raw))) return result;
    Error error = error_from_result(raw);
    if (!is_open()) error.code = ErrorCode::unreachable;
    return tl::unexpected(std::move(error));
}

Result<PgResult> Connection::exec(const std::string& sql) {
    return take(conn_ == nullptr ? nullptr : PQexec(conn_, sql.c_str()));
}

Result<PgResult> Connection::exec_params(const std::string& sql, std::span<const PgParam> params,
                                         bool binary) {
    if (conn_ == nullptr) return tl::unexpected(last_error());
    std::vector<const char*> values;
    values.reserve(params.size());
    for (const PgParam& param : params) values.push_back(param.value());
    return take(PQexecParams(conn_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                             values.data(), nullptr, nullptr, binary ? 1 : 0));
}

Result<CopyIn> Connection::copy_in(const std::string& sql) {
    auto started = exec(sql);
    if (!started) return tl::unexpected(std::move(started).error());
    if (PQresultStatus(started->get()) != PGRES_COPY_IN)
        return fail(ErrorCode::refused, "not a COPY FROM STDIN: {}", sql);
    return CopyIn(*this);
}

Result<int64_t> Connection::copy_out(const std::string& sql,
                                     const std::function<Status(Bytes)>& row) {
    auto started = exec(sql);
    if (!started) return tl::unexpected(std::move(started).error());
    if (PQresultStatus(started->get()) != PGRES_COPY_OUT)
        return fail(ErrorCode::refused, "not a COPY TO STDOUT: {}", sql);
    int64_t count = 0;
    Status taken;
    for (;;) {
        char* data = nullptr;
        const int length = PQgetCopyData(conn_, &data, 0);
        const std::unique_ptr<char, FreePq> owner(data);
        if (length < 0) break;
        if (!taken) continue;  // Given up: what the server had sent already is thrown away.
        taken = row({reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(length)});
        ++count;
        if (!taken) cancel(conn_);
    }
    Status ended = drain(conn_);
    if (!taken) return tl::unexpected(std::move(taken).error());
    if (!ended) return tl::unexpected(std::move(ended).error());
    return count;
}

bool Connection::is_open() const {
    return conn_ != nullptr && PQstatus(conn_) == CONNECTION_OK;
}

int Connection::socket() const {
    return conn_ == nullptr ? -1 : PQsocket(conn_);
}

bool Connection::in_transaction() const {
    if (conn_ == nullptr) return false;
    const PGTransactionStatusType status = PQtransactionStatus(conn_);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

int Connection::server_version() const {
    return conn_ == nullptr ? 0 : PQserverVersion(conn_);
}

int Connection::backend_pid() const {
    return conn_ == nullptr ? 0 : PQbackendPID(conn_);
}

std::string Connection::quote_identifier(std::string_view name) const {
    const std::unique_ptr<char, FreePq> quoted(
        conn_ == nullptr ? nullptr : PQescapeIdentifier(conn_, name.data(), name.size()));
    return quoted ? quoted.get() : std::string();
}

std::string Connection::quote_literal(std::string_view text) const {
    const std::unique_ptr<char, FreePq> quoted(
        conn_ == nullptr ? nullptr : PQescapeLiteral(conn_, text.data(), text.size()));
    return quoted ? quoted.get() : std::string();
}

Error Connection::last_error() const {
    return error_from_connection(conn_);
}

}  // namespace gatepost::controlplane
