#include "controlplane/pg/result.h"

#include <libpq-fe.h>

#include <charconv>

#include "storage/base/check.h"

namespace gatepost::controlplane {
namespace {

template <typename T>
T parse(std::string_view text) {
    T value{};
    if (text.empty()) return value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    GATEPOST_CHECK(error == std::errc() && end == text.data() + text.size());
    return value;
}

}  // namespace

PgResult::~PgResult() {
    PQclear(result_);
}

int PgResult::rows() const {
    return PQntuples(result_);
}

int PgResult::columns() const {
    return PQnfields(result_);
}

int PgResult::column(const char* name) const {
    return PQfnumber(result_, name);
}

int64_t PgResult::affected() const {
    return result_ == nullptr ? 0 : parse<int64_t>(PQcmdTuples(result_));
}

bool PgResult::is_null(int row, int column) const {
    return PQgetisnull(result_, row, column) != 0;
}

std::string_view PgResult::view(int row, int column) const {
    GATEPOST_CHECK(row >= 0 && row < rows() && column >= 0 && column < columns());
    return {PQgetvalue(result_, row, column),
            static_cast<size_t>(PQgetlength(result_, row, column))};
}

Bytes PgResult::bytes(int row, int column) const {
    const std::string_view value = view(row, column);
    return {reinterpret_cast<const uint8_t*>(value.data()), value.size()};
}

int64_t PgResult::integer(int row, int column) const {
    return parse<int64_t>(view(row, column));
}

uint64_t PgResult::unsigned_integer(int row, int column) const {
    return parse<uint64_t>(view(row, column));
}

double PgResult::real(int row, int column) const {
    return parse<double>(view(row, column));
}

bool PgResult::boolean(int row, int column) const {
    const std::string_view value = view(row, column);
    GATEPOST_CHECK(value.empty() || value == "t" || value == "f");
    return value == "t";
}

}  // namespace gatepost::controlplane
