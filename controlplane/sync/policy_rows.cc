#include "controlplane/sync/policy_rows.h"

#include <algorithm>

#include "controlplane/pg/text_array.h"
#include "controlplane/sync/tuple_reader.h"

namespace gatepost::controlplane {

namespace {

// PostgreSQL's jsonb_send: a version in front of the text.
constexpr char kJsonbVersion = 1;
// Of cidr_send: the family, bits of the prefix, whether it is a cidr, octets of the address.
constexpr uint8_t kFamilyIpv4 = 2;
constexpr uint8_t kFamilyIpv6 = 3;

template <typename Columns>
std::string json(TupleReader<Columns>& reader, size_t column) {
    const std::string_view value = reader.text(column);
    if (!value.empty() && value.front() == kJsonbVersion) return std::string(value.substr(1));
    reader.blame(column, "is not a jsonb in binary form");
    return {};
}

template <typename Columns>
storage::PolicyNetwork network(TupleReader<Columns>& reader, size_t column) {
    ByteReader in(reader.value(column));
    storage::PolicyNetwork result;
    const uint8_t family = in.u8();
    result.ipv6 = family == kFamilyIpv6;
    result.bits = in.u8();
    in.u8();
    const uint8_t length = in.u8();
    const Bytes address = in.bytes(result.ipv6 ? 16 : 4);
    if (in.ok() && in.at_end() && (result.ipv6 || family == kFamilyIpv4) &&
        length == address.size() && result.bits <= address.size() * 8)
        std::copy(address.begin(), address.end(), result.address.begin());
    else
        reader.blame(column, "is not a cidr in binary form");
    return result;
}

template <typename Columns>
Result<ColumnIndexes<Columns::kNames.size()>> indexes(std::span<const std::string_view> columns) {
    return find_columns(Columns::kTable, Columns::kNames, columns);
}

}  // namespace

Result<PolicyRuleColumns> PolicyRuleColumns::resolve(std::span<const std::string_view> columns) {
    auto found = indexes<PolicyRuleColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    PolicyRuleColumns result;
    result.index_ = *found;
    return result;
}

Result<PolicyRuleRow> PolicyRuleColumns::row(Tuple tuple) const {
    TupleReader<PolicyRuleColumns> reader(kTable, tuple, index_);
    PolicyRuleRow row;
    row.key.name = reader.text(0);
    row.mode = reader.text(1);
    row.settings = json(reader, 2);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<PolicyRuleKey> PolicyRuleColumns::key(Tuple tuple) const {
    TupleReader<PolicyRuleColumns> reader(kTable, tuple, index_);
    PolicyRuleKey key{std::string(reader.text(0))};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<DnsListColumns> DnsListColumns::resolve(std::span<const std::string_view> columns) {
    auto found = indexes<DnsListColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    DnsListColumns result;
    result.index_ = *found;
    return result;
}

Result<DnsListRow> DnsListColumns::row(Tuple tuple) const {
    TupleReader<DnsListColumns> reader(kTable, tuple, index_);
    DnsListRow row;
    row.key.zone = reader.text(0);
    row.kind = reader.text(1);
    row.mode = reader.text(2);
    std::vector<std::string_view> codes;
    if (const Bytes value = reader.value(3); reader.ok() && !text_array_from_binary(value, codes))
        reader.blame(3, "is not a text[] in binary form");
    row.codes.assign(codes.begin(), codes.end());
    row.score = static_cast<int32_t>(reader.integer(4));
    row.active = reader.boolean(5);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<DnsListKey> DnsListColumns::key(Tuple tuple) const {
    TupleReader<DnsListColumns> reader(kTable, tuple, index_);
    DnsListKey key{std::string(reader.text(0))};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<PolicyExemptionColumns> PolicyExemptionColumns::resolve(
    std::span<const std::string_view> columns) {
    auto found = indexes<PolicyExemptionColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    PolicyExemptionColumns result;
    result.index_ = *found;
    return result;
}

Result<PolicyExemptionRow> PolicyExemptionColumns::row(Tuple tuple) const {
    auto read = key(tuple);
    if (!read) return tl::unexpected(std::move(read).error());
    return PolicyExemptionRow{*read};
}

Result<PolicyExemptionKey> PolicyExemptionColumns::key(Tuple tuple) const {
    TupleReader<PolicyExemptionColumns> reader(kTable, tuple, index_);
    const PolicyExemptionKey key{network(reader, 0)};
    if (!reader.ok()) return reader.error();
    return key;
}

}  // namespace gatepost::controlplane
