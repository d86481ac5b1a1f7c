// What the readers of rows share: the columns of a table found by name, and the values of one
// tuple. For the sources of this folder.
#pragma once

#include <string_view>

#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

template <size_t N>
Result<ColumnIndexes<N>> find_columns(std::string_view table,
                                      const std::array<std::string_view, N>& names,
                                      std::span<const std::string_view> columns) {
    ColumnIndexes<N> found{};
    for (size_t i = 0; i < N; ++i) {
        size_t at = 0;
        while (at < columns.size() && columns[at] != names[i]) ++at;
        if (at == columns.size())
            return fail(
                ErrorCode::schema,
                "the table {}.{} is published without the column {}; the schema does not fit "
                "this program: see `gatepost schema status`",
                kSchemaName, table, names[i]);
        found[i] = static_cast<uint16_t>(at);
    }
    return found;
}

// Takes values of one tuple; the first one that is not what it should be is remembered.
template <typename Columns>
class TupleReader {
  public:
    TupleReader(std::string_view table, Tuple tuple,
                const ColumnIndexes<Columns::kNames.size()>& index)
        : table_(table), tuple_(tuple), index_(index) {}

    std::string_view text(size_t column) {
        const Bytes bytes = value(column);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    int64_t integer(size_t column) {
        const Bytes bytes = value(column);
        switch (bytes.size()) {
            case 2:
                return static_cast<int16_t>(load_be16(bytes.data()));
            case 4:
                return static_cast<int32_t>(load_be32(bytes.data()));
            case 8:
                return static_cast<int64_t>(load_be64(bytes.data()));
            default:
                blame(column, "is not an integer in binary form");
                return 0;
        }
    }
    Bytes value(size_t column) {
        const TupleField* f = field(column);
        if (f == nullptr) return {};
        if (f->kind == FieldKind::binary) return f->bytes;
        // Loading everything anew brings it.
        if (f->kind == FieldKind::unchanged && ok()) code_ = ErrorCode::conflict;
        blame(column, f->kind == FieldKind::null        ? "is NULL"
                      : f->kind == FieldKind::unchanged ? "was not sent"
                                                        : "came in text form");
        return {};
    }
    bool boolean(size_t column) {
        const Bytes bytes = value(column);
        if (bytes.size() == 1) return bytes.front() != 0;
        blame(column, "is not a boolean in binary form");
        return false;
    }
    bool is_null(size_t column) {
        const TupleField* f = field(column);
        return f != nullptr && f->kind == FieldKind::null;
    }
    bool is_unchanged(size_t column) {
        const TupleField* f = field(column);
        return f != nullptr && f->kind == FieldKind::unchanged;
    }
    bool ok() const { return why_.empty(); }
    tl::unexpected<Error> error() const {
        return fail(code_, "a row of {}.{} cannot be read: {} {}", kSchemaName, table_, column_,
                    why_);
    }

    void blame(size_t column, std::string_view why) {
        if (!ok()) return;
        column_ = Columns::kNames[column];
        why_ = why;
    }

  private:
    const TupleField* field(size_t column) {
        if (index_[column] < tuple_.size()) return &tuple_[index_[column]];
        blame(column, "is missing");
        return nullptr;
    }

    std::string_view table_;
    Tuple tuple_;
    const ColumnIndexes<Columns::kNames.size()>& index_;
    std::string_view column_;
    std::string_view why_;
    ErrorCode code_ = ErrorCode::invalid;
};

}  // namespace gatepost::controlplane
