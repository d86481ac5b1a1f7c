#include "controlplane/sync/directory_rows.h"

#include "controlplane/pg/text_array.h"
#include "controlplane/sync/tuple_reader.h"

namespace gatepost::controlplane {

namespace {

template <typename Columns>
using Reader = TupleReader<Columns>;

std::vector<uint8_t> copy(Bytes octets) {
    return {octets.begin(), octets.end()};
}

std::vector<std::string> text_array(Reader<CertificateColumns>& reader, size_t column) {
    std::vector<std::string_view> values;
    const Bytes octets = reader.value(column);
    if (reader.ok() && !text_array_from_binary(octets, values))
        reader.blame(column, "is not a text[] in binary form");
    return {values.begin(), values.end()};
}

}  // namespace

Result<CertificateColumns> CertificateColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    CertificateColumns result;
    result.index_ = *found;
    return result;
}

Result<CertificateRow> CertificateColumns::row(Tuple tuple) const {
    Reader<CertificateColumns> reader(kTable, tuple, index_);
    CertificateRow row;
    row.id = reader.integer(0);
    row.domain = reader.text(1);
    row.type = reader.text(2);
    row.key_type = reader.text(3);
    if (!reader.is_unchanged(4)) row.chain = reader.text(4);
    if (!reader.is_unchanged(5)) row.sealed_key = copy(reader.value(5));
    if (reader.is_null(6))
        row.ocsp_response.emplace();
    else if (!reader.is_unchanged(6))
        row.ocsp_response = copy(reader.value(6));
    if (!reader.is_unchanged(7)) row.names = text_array(reader, 7);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<CertificateKey> CertificateColumns::key(Tuple tuple) const {
    Reader<CertificateColumns> reader(kTable, tuple, index_);
    const CertificateKey key{reader.integer(0)};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<PinColumns> PinColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    PinColumns result;
    result.index_ = *found;
    return result;
}

Result<PinRow> PinColumns::row(Tuple tuple) const {
    Reader<PinColumns> reader(kTable, tuple, index_);
    PinRow row{{std::string(reader.text(0)), std::string(reader.text(1))},
               std::string(reader.text(2))};
    if (!reader.ok()) return reader.error();
    return row;
}

Result<PinKey> PinColumns::key(Tuple tuple) const {
    Reader<PinColumns> reader(kTable, tuple, index_);
    PinKey key{std::string(reader.text(0)), std::string(reader.text(1))};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<RedirectColumns> RedirectColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    RedirectColumns result;
    result.index_ = *found;
    return result;
}

Result<RedirectRow> RedirectColumns::row(Tuple tuple) const {
    Reader<RedirectColumns> reader(kTable, tuple, index_);
    RedirectRow row{{std::string(reader.text(0))},
                    std::string(reader.text(1)),
                    reader.integer(2),
                    reader.boolean(3)};
    if (!reader.ok()) return reader.error();
    return row;
}

Result<RedirectKey> RedirectColumns::key(Tuple tuple) const {
    Reader<RedirectColumns> reader(kTable, tuple, index_);
    RedirectKey key{std::string(reader.text(0))};
    if (!reader.ok()) return reader.error();
    return key;
}

Result<ChallengeColumns> ChallengeColumns::resolve(std::span<const std::string_view> columns) {
    auto found = find_columns(kTable, kNames, columns);
    if (!found) return tl::unexpected(std::move(found).error());
    ChallengeColumns result;
    result.index_ = *found;
    return result;
}

Result<ChallengeRow> ChallengeColumns::row(Tuple tuple) const {
    Reader<ChallengeColumns> reader(kTable, tuple, index_);
    ChallengeRow row{{std::string(reader.text(0)), std::string(reader.text(1))},
                     std::string(reader.text(2))};
    if (!reader.ok()) return reader.error();
    return row;
}

Result<ChallengeKey> ChallengeColumns::key(Tuple tuple) const {
    Reader<ChallengeColumns> reader(kTable, tuple, index_);
    ChallengeKey key{std::string(reader.text(0)), std::string(reader.text(1))};
    if (!reader.ok()) return reader.error();
    return key;
}

}  // namespace gatepost::controlplane
