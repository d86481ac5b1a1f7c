#include "controlplane/sync/mail_directory_rows.h"

#include <algorithm>
#include <limits>

#include "controlplane/pg/text_array.h"
#include "controlplane/sync/tuple_reader.h"

namespace gatepost::controlplane {

namespace {

template <typename Columns>
using Reader = TupleReader<Columns>;

// PostgreSQL counts microseconds from the year 2000.
constexpr int64_t kPostgresEpoch = 946'684'800;  // seconds since 1970
constexpr int64_t kMicroseconds = 1'000'000;

uint64_t not_negative(int64_t number) {
    return static_cast<uint64_t>(std::max<int64_t>(number, 0));
}

// What is of a later program does not let anybody in.
uint16_t account_flags(std::string_view state, std::string_view role, bool over_quota) {
    uint16_t flags = 0;
    if (state != "active") flags |= storage::kAccountSuspended;
    if (role == "no_email") flags |= storage::kAccountNoEmail;
    if (over_quota) flags |= storage::kAccountOverQuota;
    return flags;
}

std::optional<storage::CredentialKind> credential_kind(std::string_view name) {
    if (name == "password") return storage::CredentialKind::password;
    if (name == "app_password") return storage::CredentialKind::app_password;
    if (name == "token") return storage::CredentialKind::token;
    return std::nullopt;
}

uint8_t service_bit(std::string_view name) {
    if (name == "smtp") return storage::kServiceSmtp;
    if (name == "imap") return storage::kServiceImap;
    if (name == "pop3") return storage::kServicePop3;
    if (name == "sieve") return storage::kServiceSieve;
    if (name == "web") return storage::kServiceWeb;
    return name == "*" ? storage::kServiceAny : 0;
}

uint8_t services(Reader<MailCredentialColumns>& reader, size_t column) {
    std::vector<std::string_view> names;
    const Bytes octets = reader.value(column);
    if (reader.ok() && !text_array_from_binary(octets, names))
        reader.blame(column, "is not a text[] in binary form");
    uint8_t set = 0;
    for (const std::string_view name : names) set |= service_bit(name);
    return set;
}

// A timestamptz in seconds since 1970; 0: it never comes. One before 1970 has passed, as 1 has.
int64_t expiry(Reader<MailCredentialColumns>& reader, size_t column) {
    if (reader.is_null(column)) return 0;
    const int64_t value = reader.integer(column);
    if (value == std::numeric_limits<int64_t>::max()) return 0;  // 'infinity'
    return std::max<int64_t>(value / kMicroseconds + kPostgresEpoch, 1);
}

template <typename Columns>
Result<ColumnIndexes<Columns::kNames.size()>> indexes(std::span<const std::string_view> columns) {
    return find_columns(Columns::kTable, Columns::kNames, columns);
}

// Of tables whose key is their first column, `id`.
template <typename Key, typename Columns>
Result<Key> id_key(Tuple tuple, const ColumnIndexes<Columns::kNames.size()>& index) {
    Reader<Columns> reader(Columns::kTable, tuple, index);
    const Key key{reader.integer(0)};
    if (!reader.ok()) return reader.error();
    return key;
}

}  // namespace

Result<MailDomainColumns> MailDomainColumns::resolve(std::span<const std::string_view> columns) {
    auto found = indexes<MailDomainColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    MailDomainColumns result;
    result.index_ = *found;
    return result;
}

Result<MailDomainRow> MailDomainColumns::row(Tuple tuple) const {
    Reader<MailDomainColumns> reader(kTable, tuple, index_);
    MailDomainRow row;
    row.id = reader.integer(0);
    row.name = reader.text(1);
    row.active = reader.boolean(2);
    if (!reader.is_null(3)) row.alias_of = reader.integer(3);
    row.subaddress_delimiters = reader.text(4);
    row.display_name = reader.text(5);
    row.short_display_name = reader.text(6);
    row.imap_host = reader.text(7);
    row.pop_host = reader.text(8);
    row.smtp_host = reader.text(9);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<MailDomainKey> MailDomainColumns::key(Tuple tuple) const {
    return id_key<MailDomainKey, MailDomainColumns>(tuple, index_);
}

Result<MailAccountColumns> MailAccountColumns::resolve(std::span<const std::string_view> columns) {
    auto found = indexes<MailAccountColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    MailAccountColumns result;
    result.index_ = *found;
    return result;
}

Result<MailAccountRow> MailAccountColumns::row(Tuple tuple) const {
    Reader<MailAccountColumns> reader(kTable, tuple, index_);
    MailAccountRow row;
    row.id = reader.integer(0);
    if (!reader.is_null(1)) row.address = reader.text(1);
    const std::string_view state = reader.text(2);
    const std::string_view role = reader.text(3);
    row.quota_bytes = not_negative(reader.integer(4));
    row.quota_messages = not_negative(reader.integer(5));
    row.flags = account_flags(state, role, reader.boolean(6));
    if (!reader.ok()) return reader.error();
    if (state == "removed") row.address.clear();
    return row;
}

Result<MailAccountKey> MailAccountColumns::key(Tuple tuple) const {
    return id_key<MailAccountKey, MailAccountColumns>(tuple, index_);
}

Result<MailCredentialColumns> MailCredentialColumns::resolve(
    std::span<const std::string_view> columns) {
    auto found = indexes<MailCredentialColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    MailCredentialColumns result;
    result.index_ = *found;
    return result;
}

Result<MailCredentialRow> MailCredentialColumns::row(Tuple tuple) const {
    Reader<MailCredentialColumns> reader(kTable, tuple, index_);
    MailCredentialRow row;
    row.id = reader.integer(0);
    row.account_id = reader.integer(1);
    row.kind = credential_kind(reader.text(2));
    row.services = services(reader, 3);
    row.hash = reader.text(4);
    row.expires_at_s = expiry(reader, 5);
    row.generation = not_negative(reader.integer(6));
    if (!reader.ok()) return reader.error();
    return row;
}

Result<MailCredentialKey> MailCredentialColumns::key(Tuple tuple) const {
    return id_key<MailCredentialKey, MailCredentialColumns>(tuple, index_);
}

Result<MailAliasColumns> MailAliasColumns::resolve(std::span<const std::string_view> columns) {
    auto found = indexes<MailAliasColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    MailAliasColumns result;
    result.index_ = *found;
    return result;
}

Result<MailAliasRow> MailAliasColumns::row(Tuple tuple) const {
    Reader<MailAliasColumns> reader(kTable, tuple, index_);
    MailAliasRow row;
    row.id = reader.integer(0);
    row.source = reader.text(1);
    row.target = reader.text(2);
    row.active = reader.boolean(3);
    if (!reader.ok()) return reader.error();
    return row;
}

Result<MailAliasKey> MailAliasColumns::key(Tuple tuple) const {
    return id_key<MailAliasKey, MailAliasColumns>(tuple, index_);
}

}  // namespace gatepost::controlplane
