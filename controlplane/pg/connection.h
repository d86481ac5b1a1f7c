// One connection to PostgreSQL: owns the PGconn, turns its errors into Error by value, and its
// notices into log lines. Not for use by several threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "controlplane/pg/result.h"
#include "storage/base/error.h"

struct pg_conn;  // PGconn of libpq

namespace gatepost::controlplane {

// A parameter in text form; the server gives it the type that the statement needs.
class PgParam {
  public:
    PgParam(std::nullptr_t) : null_(true) {}
    PgParam(std::string text) : text_(std::move(text)) {}
    PgParam(std::string_view text) : text_(text) {}
    PgParam(const char* text) : text_(text) {}
    PgParam(bool value) : text_(value ? "t" : "f") {}
    PgParam(int value) : text_(std::to_string(value)) {}
    PgParam(int64_t value) : text_(std::to_string(value)) {}
    PgParam(uint32_t value) : text_(std::to_string(value)) {}
    PgParam(uint64_t value) : text_(std::to_string(value)) {}

    const char* value() const { return null_ ? nullptr : text_.c_str(); }

  private:
    std::string text_;
    bool null_ = false;
};

class CopyIn;

class Connection {
  public:
    // `dsn` is a connection string or URI of libpq, "" for the defaults of the environment; it may
    // set its own connect_timeout (seconds), else 10. With `replication`, the connection is a
    // walsender of the database, which takes only the simple protocol (exec, not exec_params).
    static Result<Connection> open(std::string_view dsn, std::string_view application_name,
                                   bool replication = false);

    // No connection; every statement fails with ErrorCode::unreachable.
    Connection() = default;
    Connection(Connection&& other) noexcept : conn_(std::exchange(other.conn_, nullptr)) {}
    Connection& operator=(Connection&& other) noexcept {
        std::swap(conn_, other.conn_);
        return *this;
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // One or more statements separated by ';', by the simple protocol; gives the last one's result.
    // A COPY that this starts (also START_REPLICATION) is left open for the caller to run over
    // raw().
    Result<PgResult> exec(const std::string& sql);
    // One statement with $1, $2, …. With `binary`, the values of the result come in binary format.
    Result<PgResult> exec_params(const std::string& sql, std::span<const PgParam> params,
                                 bool binary = false);
    Result<PgResult> exec_params(const std::string& sql, std::initializer_list<PgParam> params) {
        return exec_params(sql, std::span(params.begin(), params.size()));
    }

    // COPY … FROM STDIN. See copy.h for CopyIn and for builders of rows.
    Result<CopyIn> copy_in(const std::string& sql);
    // COPY … TO STDOUT. `row` gets each CopyData message: one row, in the text format with its
    // final newline, in the binary one with the file header before the first row and a trailer
    // after the last (copy.h parses these). An error that `row` gives ends the COPY and is passed
    // on; the connection stays usable. Gives the count of messages.
    Result<int64_t> copy_out(const std::string& sql, const std::function<Status(Bytes)>& row);

    bool is_open() const;  // as far as libpq knows; a peer that died shows at the next statement
    void close();
    int socket() const;  // -1 when closed; for poll(2) and io_uring
    bool in_transaction() const;
    int server_version() const;  // 150004 is 15.4
    int backend_pid() const;
    std::string quote_identifier(std::string_view name) const;
    std::string quote_literal(std::string_view text) const;

    // For asynchronous use (PQsendQuery, PQconsumeInput, PQgetCopyData, PQputCopyData…).
    pg_conn* raw() const { return conn_; }
    // What libpq says went wrong last on raw(), as an Error.
    Error last_error() const;

  private:
    explicit Connection(pg_conn* conn) : conn_(conn) {}
    Result<PgResult> take(pg_result* result);

    pg_conn* conn_ = nullptr;
};

}  // namespace gatepost::controlplane
