#include "controlplane/sync/rows.h"

#include "controlplane/sync/tuple_reader.h"
#include "storage/base/check.h"

namespace gatepost::controlplane {

namespace {

void append_text(ByteWriter& writer, std::string_view text) {
    writer.u32(static_cast<uint32_t>(text.size()));
    writer.bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string_view read_text(ByteReader& reader) {
    const Bytes bytes = reader.bytes(reader.u32());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<ZoneColumns> ZoneColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kZonesTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    ZoneColumns result;
    result.index_ = *found;
    return result;
}

Result<ZoneRow> ZoneColumns::row(Tuple tuple) const {
    TupleReader<ZoneColumns> reader(kZonesTable, tuple, index_);
    ZoneRow row;
    row.id = reader.integer(0);
    row.name = reader.text(1);
    row.mname = reader.text(2);
    row.rname = reader.text(3);
    row.serial = reader.integer(4);
    row.refresh = reader.integer(5);
    row.retry = reader.integer(6);
    row.expire = reader.integer(7);
    row.minimum = reader.integer(8);
    row.soa_ttl = reader.integer(9);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<ZoneId> ZoneColumns::key(Tuple tuple) const {
    TupleReader<ZoneColumns> reader(kZonesTable, tuple, index_);
    const ZoneId id = reader.integer(0);
    if (!reader.ok()) return reader.error();
    return id;
}

Result<RRsetColumns> RRsetColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kRRsetsTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    RRsetColumns result;
    result.index_ = *found;
    return result;
}

Result<RRsetRow> RRsetColumns::row(Tuple tuple) const {
    TupleReader<RRsetColumns> reader(kRRsetsTable, tuple, index_);
    RRsetRow row;
    row.key = {reader.integer(0), reader.text(1), reader.text(2)};
    row.ttl = reader.integer(3);
    row.rdata_unchanged = reader.is_unchanged(4);
    if (!row.rdata_unchanged) row.rdata = reader.value(4);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<RRsetKey> RRsetColumns::key(Tuple tuple) const {
    TupleReader<RRsetColumns> reader(kRRsetsTable, tuple, index_);
    const RRsetKey key{reader.integer(0), reader.text(1), reader.text(2)};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<CookieSecretColumns> CookieSecretColumns::resolve(
    std::span<const std::string_view> columns) {
    auto found = find_columns(kCookieSecretsTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    CookieSecretColumns result;
    result.index_ = *found;
    return result;
}

Result<CookieSecretRow> CookieSecretColumns::row(Tuple tuple) const {
    TupleReader<CookieSecretColumns> reader(kCookieSecretsTable, tuple, index_);
    const CookieSecretRow row{reader.integer(0), reader.value(1), reader.text(2)};
    if (!reader.ok()) return reader.error();
    return row;
}

Result<int64_t> CookieSecretColumns::key(Tuple tuple) const {
    TupleReader<CookieSecretColumns> reader(kCookieSecretsTable, tuple, index_);
    const int64_t id = reader.integer(0);
    if (!reader.ok()) return reader.error();
    return id;
}

void append_row(std::vector<uint8_t>& out, const ZoneRow& row) {
    ByteWriter writer(out);
    for (const int64_t number :
         {row.id, row.serial, row.refresh, row.retry, row.expire, row.minimum, row.soa_ttl})
        writer.u64(static_cast<uint64_t>(number));
    for (const std::string_view text : {row.name, row.mname, row.rname}) append_text(writer, text);
}

void append_row(std::vector<uint8_t>& out, const RRsetRow& row) {
    GATEPOST_CHECK(!row.rdata_unchanged);
    ByteWriter writer(out);
    writer.u64(static_cast<uint64_t>(row.key.zone_id));
    writer.u64(static_cast<uint64_t>(row.ttl));
    append_text(writer, row.key.name);
    append_text(writer, row.key.type);
    writer.u32(static_cast<uint32_t>(row.rdata.size()));
    writer.bytes(row.rdata);
}

ZoneRow read_zone_row(Bytes octets) {
    ByteReader reader(octets);
    ZoneRow row;
    for (int64_t* number :
         {&row.id, &row.serial, &row.refresh, &row.retry, &row.expire, &row.minimum, &row.soa_ttl})
        *number = static_cast<int64_t>(reader.u64());
    for (std::string_view* text : {&row.name, &row.mname, &row.rname}) *text = read_text(reader);
    GATEPOST_CHECK(reader.ok());
    return row;
}

RRsetRow read_rrset_row(Bytes octets) {
    ByteReader reader(octets);
    RRsetRow row;
    row.key.zone_id = static_cast<int64_t>(reader.u64());
    row.ttl = static_cast<int64_t>(reader.u64());
    row.key.name = read_text(reader);
    row.key.type = read_text(reader);
    row.rdata = reader.bytes(reader.u32());
    GATEPOST_CHECK(reader.ok());
    return row;
}

}  // namespace gatepost::controlplane
