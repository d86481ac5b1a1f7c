// The result of one statement: owns the PGresult, gives its values typed. Values come in text
// format unless the statement asked for binary. A value that does not parse as the type asked for
// is a bug of ours (the statement fixes the type) and stops the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/base/bytes.h"

struct pg_result;  // PGresult of libpq

namespace gatepost::controlplane {

class PgResult {
  public:
    PgResult() = default;
    // Takes ownership.
    explicit PgResult(pg_result* result) : result_(result) {}
    PgResult(PgResult&& other) noexcept : result_(std::exchange(other.result_, nullptr)) {}
    PgResult& operator=(PgResult&& other) noexcept {
        std::swap(result_, other.result_);
        return *this;
    }
    PgResult(const PgResult&) = delete;
    PgResult& operator=(const PgResult&) = delete;
    ~PgResult();

    int rows() const;
    int columns() const;
    bool empty() const { return rows() == 0; }
    // -1 where there is no such column.
    int column(const char* name) const;
    // Rows that INSERT, UPDATE, DELETE, COPY, or SELECT worked on.
    int64_t affected() const;

    bool is_null(int row, int column) const;
    // The value's octets, which live as long as the result; empty for NULL.
    std::string_view view(int row, int column) const;
    Bytes bytes(int row, int column) const;
    // Copies; NULL gives "", 0 or false.
    std::string text(int row, int column) const { return std::string(view(row, column)); }
    int64_t integer(int row, int column) const;
    uint64_t unsigned_integer(int row, int column) const;
    double real(int row, int column) const;
    bool boolean(int row, int column) const;

    pg_result* get() const { return result_; }

  private:
    pg_result* result_ = nullptr;
};

}  // namespace gatepost::controlplane
