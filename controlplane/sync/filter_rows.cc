#include "controlplane/sync/filter_rows.h"

#include "controlplane/sync/tuple_reader.h"

namespace gatepost::controlplane {

namespace {

// A column of type integer.
template <typename Reader>
int32_t integer32(Reader& reader, size_t column) {
    return static_cast<int32_t>(reader.integer(column));
}

template <typename Reader>
std::string text_or_none(Reader& reader, size_t column) {
    return reader.is_null(column) ? std::string() : std::string(reader.text(column));
}

template <typename Reader>
std::optional<int32_t> integer_or_none(Reader& reader, size_t column) {
    return reader.is_null(column) ? std::nullopt : std::optional(integer32(reader, column));
}

}  // namespace

Result<FilterRuleColumns> FilterRuleColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    FilterRuleColumns result;
    result.index_ = *found;
    return result;
}

Result<FilterRuleRow> FilterRuleColumns::row(Tuple tuple) const {
    TupleReader<FilterRuleColumns> reader(kTable, tuple, index_);
    FilterRuleRow row;
    row.id = reader.integer(0);
    row.name = reader.text(1);
    row.field = reader.text(2);
    row.header_name = text_or_none(reader, 3);
    row.kind = reader.text(4);
    row.pattern = reader.text(5);
    row.case_sensitive = reader.boolean(6);
    row.action = reader.text(7);
    row.score = integer32(reader, 8);
    row.folder = text_or_none(reader, 9);
    row.mode = reader.text(10);
    row.active = reader.boolean(11);
    row.position = integer32(reader, 12);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<FilterRuleKey> FilterRuleColumns::key(Tuple tuple) const {
    TupleReader<FilterRuleColumns> reader(kTable, tuple, index_);
    const FilterRuleKey key{reader.integer(0)};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<FilterSettingsColumns> FilterSettingsColumns::resolve(
    std::span<const std::string_view> columns) {
    auto found = find_columns(kTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    FilterSettingsColumns result;
    result.index_ = *found;
    return result;
}

Result<FilterSettingsRow> FilterSettingsColumns::row(Tuple tuple) const {
    TupleReader<FilterSettingsColumns> reader(kTable, tuple, index_);
    FilterSettingsRow row;
    row.junk_score = integer_or_none(reader, 1);
    row.reject_score = integer_or_none(reader, 2);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<FilterSettingsKey> FilterSettingsColumns::key(Tuple tuple) const {
    TupleReader<FilterSettingsColumns> reader(kTable, tuple, index_);
    const FilterSettingsKey key{reader.boolean(0)};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<FilingRuleColumns> FilingRuleColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    FilingRuleColumns result;
    result.index_ = *found;
    return result;
}

Result<FilingRuleRow> FilingRuleColumns::row(Tuple tuple) const {
    TupleReader<FilingRuleColumns> reader(kTable, tuple, index_);
    FilingRuleRow row;
    row.id = reader.integer(0);
    row.account_id = reader.integer(1);
    row.field = reader.text(2);
    row.contains = reader.text(3);
    row.folder = reader.text(4);
    row.position = integer32(reader, 5);
    row.active = reader.boolean(6);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<FilingRuleKey> FilingRuleColumns::key(Tuple tuple) const {
    TupleReader<FilingRuleColumns> reader(kTable, tuple, index_);
    const FilingRuleKey key{reader.integer(0)};
    if (!reader.ok()) return reader.error();
    return key;
}

}  // namespace gatepost::controlplane
