#include "tests/unit/sync/sync_support.h"

#include "storage/base/check.h"
#include "storage/zone_index/view.h"

namespace gatepost::controlplane::tests {

namespace {

constexpr size_t kArenaSize = size_t{64} << 20;  // octets

MessageBuilder tuple_builder(uint16_t columns) {
    MessageBuilder builder('\0');  // cut off again below
    builder.u16(columns);
    return builder;
}

Octets without_type(const MessageBuilder& builder) {
    return {builder.octets().begin() + 1, builder.octets().end()};
}

}  // namespace

Octets text_array(const Values& values) {
    Octets out;
    ByteWriter writer(out);
    writer.u32(values.empty() ? 0 : 1);  // dimensions
    writer.u32(0);                       // no NULLs
    writer.u32(25);                      // text
    if (values.empty()) return out;
    writer.u32(static_cast<uint32_t>(values.size()));
    writer.u32(1);
    for (const std::string& value : values) {
        writer.u32(static_cast<uint32_t>(value.size()));
        writer.bytes({reinterpret_cast<const uint8_t*>(value.data()), value.size()});
    }
    return out;
}

OwnedRRset::OwnedRRset(ZoneId zone, std::string name, std::string type, int64_t ttl,
                       const Values& values)
    : zone_(zone),
      name_(std::move(name)),
      type_(std::move(type)),
      ttl_(ttl),
      rdata_(text_array(values)) {}

ZoneRow zone_row(ZoneId id, std::string_view name, int64_t serial) {
    return {id,  name, "ns1.example.net.", "hostmaster.example.net.", serial, 7200, 3600, 1209600,
            300, 3600};
}

RRsetKey rrset_key(ZoneId id, std::string_view name, std::string_view type) {
    return {id, name, type};
}

MessageBuilder& MessageBuilder::u8(uint8_t value) {
    ByteWriter(octets_).u8(value);
    return *this;
}
MessageBuilder& MessageBuilder::u16(uint16_t value) {
    ByteWriter(octets_).u16(value);
    return *this;
}
MessageBuilder& MessageBuilder::u32(uint32_t value) {
    ByteWriter(octets_).u32(value);
    return *this;
}
MessageBuilder& MessageBuilder::u64(uint64_t value) {
    ByteWriter(octets_).u64(value);
    return *this;
}
MessageBuilder& MessageBuilder::text(std::string_view value) {
    octets_.insert(octets_.end(), value.begin(), value.end());
    return u8(0);
}
MessageBuilder& MessageBuilder::binary(const Octets& value) {
    u8('b').u32(static_cast<uint32_t>(value.size()));
    octets_.insert(octets_.end(), value.begin(), value.end());
    return *this;
}
MessageBuilder& MessageBuilder::binary(std::string_view value) {
    return binary(Octets(value.begin(), value.end()));
}
MessageBuilder& MessageBuilder::int8(int64_t value) {
    return u8('b').u32(8).u64(static_cast<uint64_t>(value));
}
MessageBuilder& MessageBuilder::int4(int32_t value) {
    return u8('b').u32(4).u32(static_cast<uint32_t>(value));
}

Octets begin_message(Lsn final_lsn) {
    return MessageBuilder('B').u64(final_lsn).u64(1'000'000).u32(700).octets();
}

Octets commit_message(Lsn end_lsn) {
    return MessageBuilder('C').u8(0).u64(end_lsn - 0x20).u64(end_lsn).u64(1'000'000).octets();
}

Octets relation_message(RelationId id, std::string_view schema, std::string_view table,
                        std::initializer_list<std::string_view> columns) {
    MessageBuilder builder('R');
    builder.u32(id).text(schema).text(table).u8('d').u16(static_cast<uint16_t>(columns.size()));
    for (const std::string_view column : columns)
        builder.u8(0).text(column).u32(25).u32(0xffffffff);
    return builder.octets();
}

Octets zones_relation() {
    return relation_message(kZonesRelation, "gatepost", "zones",
                            {"id", "soa_ttl", "domain_id", "name", "mname", "rname", "serial",
                             "minimum", "refresh", "retry", "expire"});
}

Octets rrsets_relation() {
    return relation_message(kRRsetsRelation, "gatepost", "rrsets",
                            {"rdata", "zone_id", "comment", "type", "name", "ttl"});
}

Octets cookie_secrets_relation() {
    return relation_message(kCookieSecretsRelation, "gatepost", "dns_cookie_secret",
                            {"secret", "id", "state"});
}

Octets cookie_secret_tuple(int64_t id, uint8_t octet, std::string_view state) {
    auto builder = tuple_builder(3);
    builder.binary(Octets(16, octet)).int8(id).binary(state);
    return without_type(builder);
}

Octets cookie_secret_key_tuple(int64_t id) {
    auto builder = tuple_builder(3);
    builder.u8('n').int8(id).u8('n');
    return without_type(builder);
}

Octets zone_tuple(const ZoneRow& row) {
    auto builder = tuple_builder(11);
    builder.int8(row.id).int4(static_cast<int32_t>(row.soa_ttl)).u8('n').binary(row.name);
    builder.binary(row.mname).binary(row.rname).int8(row.serial);
    for (const int64_t number : {row.minimum, row.refresh, row.retry, row.expire})
        builder.int4(static_cast<int32_t>(number));
    return without_type(builder);
}

Octets rrset_tuple(const RRsetRow& row) {
    auto builder = tuple_builder(6);
    if (row.rdata_unchanged)
        builder.u8('u');
    else
        builder.binary(Octets(row.rdata.begin(), row.rdata.end()));
    builder.int8(row.key.zone_id).u8('n').binary(row.key.type).binary(row.key.name);
    builder.int4(static_cast<int32_t>(row.ttl));
    return without_type(builder);
}

Octets rrset_key_tuple(const RRsetKey& key) {
    auto builder = tuple_builder(6);
    builder.u8('n').int8(key.zone_id).u8('n').binary(key.type).binary(key.name).u8('n');
    return without_type(builder);
}

Octets row_message(char type, RelationId relation, char kind, const Octets& tuple) {
    MessageBuilder builder(type);
    builder.u32(relation).u8(static_cast<uint8_t>(kind));
    Octets message = builder.octets();
    message.insert(message.end(), tuple.begin(), tuple.end());
    return message;
}

TestStore::TestStore() {
    page = storage::RuntimeMapping::create().value();
    auto segment = storage::Segment::create("sync-test", kArenaSize);
    GATEPOST_CHECK(segment.has_value());
    auto writer = storage::ZoneIndexWriter::create(std::move(*segment), page->qsbr, 1);
    GATEPOST_CHECK(writer.has_value());
    store = std::make_unique<ZoneStore>(std::move(*writer));
}

std::optional<TestStore::Found> TestStore::find(std::string_view name,
                                                std::string_view type) const {
    const storage::ZoneView view(store->writer->segment().data());
    storage::HashedName hashed;
    hashed.assign(storage::dname_from_text(name).value(), view.secret());
    const storage::Node* node = view.find(hashed, hashed.labels);
    if (node == nullptr) return std::nullopt;
    const auto number = static_cast<uint16_t>(storage::rrtype_from_text(type).value());
    const storage::RRsetEntry* entry = node->find(number);
    if (entry == nullptr) return std::nullopt;
    const uint8_t* data = node->data(*entry);
    return Found{entry->count, {data, data + entry->length}};
}

int TestStore::count(std::string_view name, std::string_view type) const {
    const auto found = find(name, type);
    return found ? found->count : 0;
}

std::optional<uint32_t> TestStore::serial(std::string_view zone) const {
    const auto soa = find(zone, "SOA");
    if (!soa) return std::nullopt;
    // The last five fields are serial, refresh, retry, expire, minimum (RFC 1035 §3.3.13).
    return load_be32(soa->data.data() + soa->data.size() - 20);
}

std::string TestStore::cookie_secrets() const {
    const storage::ZoneView view(store->writer->segment().data());
    const storage::CookieSecretSet* set = view.cookie_secrets();
    if (set == nullptr) return "none";
    std::string out = set->has_active != 0 ? "!" : "";
    for (uint32_t i = 0; i < set->count; ++i)
        out += fmt::format("{}{}", i == 0 ? "" : " ", set->secrets[i][0]);
    return out;
}

std::string TestStore::hold_reason(std::string_view zone) const {
    const auto info = store->directory->find(zone);
    return info && info->hold ? info->hold->reason : "";
}

}  // namespace gatepost::controlplane::tests
