#include "controlplane/model/certificate.h"

#include <fmt/format.h>

#include "controlplane/model/host_name.h"
#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

constexpr std::string_view kRfc3339 = "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'";
constexpr int kInfoColumns = 18;

std::string info_columns() {
    const auto time = [](std::string_view column) {
        return fmt::format("to_char(s.{} AT TIME ZONE 'UTC', {})", column, kRfc3339);
    };
    return fmt::format(
        "s.id, s.domain, s.type, s.key_type, s.names, s.issuer, s.subject, s.serial_number, "
        "s.fingerprint, {}, {}, s.expiry_status, s.days_left, s.in_use_by, s.has_ocsp_response, "
        "s.sealing_key, s.source, {}",
        time("not_before"), time("not_after"), time("created_at"));
}

Result<CertificateInfo> info_from_row(const PgResult& rows, int row) {
    auto names = text_array_from_literal(rows.view(row, 4));
    if (!names) return tl::unexpected(std::move(names).error());
    auto used_by = text_array_from_literal(rows.view(row, 13));
    if (!used_by) return tl::unexpected(std::move(used_by).error());
    const auto text = [&](int column) { return rows.text(row, column); };
    return CertificateInfo{.id = rows.integer(row, 0),
                           .domain = text(1),
                           .type = text(2),
                           .key_type = text(3),
                           .names = std::move(*names),
                           .issuer = text(5),
                           .subject = text(6),
                           .serial_number = text(7),
                           .fingerprint = text(8),
                           .not_before = text(9),
                           .not_after = text(10),
                           .status = text(11),
                           .days_left = rows.integer(row, 12),
                           .used_by = std::move(*used_by),
                           .has_ocsp_response = rows.boolean(row, 14),
                           .sealing_key = text(15),
                           .source = text(16),
                           .created_at = text(17)};
}

// The rows of certificate_status, and with `more` those of the table itself behind its columns.
Result<PgResult> select(Connection& connection, const CertificateFilter& filter,
                        std::string_view more) {
    std::vector<PgParam> params;
    std::string where;
    const auto add = [&](std::string_view condition, PgParam value) {
        params.push_back(std::move(value));
        where += fmt::format(" AND {} ${}", condition, params.size());
    };
    if (!filter.domain.empty()) add("s.domain =", filter.domain);
    if (!filter.type.empty()) add("s.type =", filter.type);
    if (!filter.key_type.empty()) add("s.key_type =", filter.key_type);
    if (filter.expire_days) add("s.days_left <", *filter.expire_days);
    return connection.exec_params(
        fmt::format("SELECT {}{} FROM gatepost.certificate_status s {}WHERE true{} ORDER BY "
                    "s.domain, array_position(ARRAY['live', 'staged', 'self-signed'], "
                    "s.type::text), array_position(ARRAY['ecdsa', 'ed25519', 'rsa'], "
                    "s.key_type::text)",
                    info_columns(), more,
                    more.empty() ? "" : "JOIN gatepost.certificates c USING (id) ", where),
        std::span<const PgParam>(params));
}

// A bytea in its text form (PostgreSQL 15 §8.4.1).
std::string bytea_literal(Bytes octets) {
    std::string out = "\\x";
    for (const uint8_t octet : octets) out += fmt::format("{:02x}", octet);
    return out;
}

Result<std::vector<uint8_t>> bytes_from_hex(std::string_view hex) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::vector<uint8_t> out;
    for (size_t at = 0; at + 1 < hex.size(); at += 2)
        out.push_back(static_cast<uint8_t>(digit(hex[at]) << 4 | digit(hex[at + 1])));
    return out;
}

Result<std::vector<CertificateInfo>> list(Connection& connection, const CertificateFilter& filter) {
    auto rows = select(connection, filter, "");
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<CertificateInfo> out;
    for (int row = 0; row < rows->rows(); ++row) {
        auto info = info_from_row(*rows, row);
        if (!info) return tl::unexpected(std::move(info).error());
        out.push_back(std::move(*info));
    }
    return out;
}

tl::unexpected<Error> none_of(const CertificateFilter& filter) {
    return fail(
        ErrorCode::refused, "there is no {}{}certificate for {}{}; see `gatepost cert list`",
        filter.type, filter.type.empty() ? "" : " ", filter.domain,
        filter.key_type.empty() ? "" : fmt::format(" with a key of type {}", filter.key_type));
}

bool same_content(const CertificateInfo& before, const CertificateInfo& after) {
    return before.fingerprint == after.fingerprint && before.source == after.source &&
           before.sealing_key == after.sealing_key &&
           before.has_ocsp_response == after.has_ocsp_response;
}

}  // namespace

Result<std::vector<CertificateInfo>> certificate_list(Connection& connection,
                                                      const CertificateFilter& filter) {
    return list(connection, filter);
}

Result<std::vector<StoredCertificate>> certificate_get(Connection& connection,
                                                       const CertificateFilter& filter) {
    auto rows = select(connection, filter, ", c.chain, encode(c.sealed_key, 'hex')");
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty()) return none_of(filter);
    std::vector<StoredCertificate> out;
    for (int row = 0; row < rows->rows(); ++row) {
        auto info = info_from_row(*rows, row);
        if (!info) return tl::unexpected(std::move(info).error());
        auto key = bytes_from_hex(rows->view(row, kInfoColumns + 1));
        if (!key) return tl::unexpected(std::move(key).error());
        out.push_back({std::move(*info), rows->text(row, kInfoColumns), std::move(*key)});
    }
    return out;
}

Status certificate_write(Connection& connection, const NewCertificate& certificate) {
    auto written = connection.exec_params(
        "INSERT INTO gatepost.certificates AS c (domain, type, key_type, chain, sealed_key, "
        "ocsp_response, names, issuer, subject, serial_number, fingerprint, not_before, not_after, "
        "source) VALUES ($1, $2, $3, $4, $5, nullif($6::bytea, ''), $7, $8, $9, $10, $11, "
        "to_timestamp($12), to_timestamp($13), $14) "
        "ON CONFLICT (domain, type, key_type) DO UPDATE SET chain = excluded.chain, sealed_key = "
        "excluded.sealed_key, ocsp_response = excluded.ocsp_response, names = excluded.names, "
        "issuer = excluded.issuer, subject = excluded.subject, serial_number = "
        "excluded.serial_number, fingerprint = excluded.fingerprint, not_before = "
        "excluded.not_before, not_after = excluded.not_after, source = excluded.source, "
        "created_at = now() "
        // Octets 5 to 12: a key that is sealed anew is a change, too.
        "WHERE (c.fingerprint, c.source, c.ocsp_response, substring(c.sealed_key FROM 5 FOR 8)) IS "
        "DISTINCT FROM (excluded.fingerprint, excluded.source, excluded.ocsp_response, "
        "substring(excluded.sealed_key FROM 5 FOR 8))",
        {certificate.domain, certificate.type, certificate.key_type, certificate.chain,
         bytea_literal(certificate.sealed_key), bytea_literal(certificate.ocsp_response),
         text_array_to_literal(certificate.names), certificate.issuer, certificate.subject,
         certificate.serial_number, certificate.fingerprint, certificate.not_before_s,
         certificate.not_after_s, certificate.source});
    if (!written) return tl::unexpected(std::move(written).error());
    return {};
}

Result<CertificateResult> certificate_put(Connection& connection, const NewCertificate& certificate,
                                          const WriteOptions& options) {
    const CertificateFilter place{certificate.domain, certificate.type, certificate.key_type, {}};
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    CertificateResult result;
    auto before = list(connection, place);
    if (!before) return tl::unexpected(std::move(before).error());
    result.before = std::move(*before);
    if (Status written = certificate_write(connection, certificate); !written)
        return tl::unexpected(std::move(written).error());
    auto after = list(connection, place);
    if (!after) return tl::unexpected(std::move(after).error());
    result.after = std::move(*after);
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    const bool changed = result.before.empty() || certificate.ocsp_response.size() > 0 ||
                         !same_content(result.before.front(), result.after.front());
    if (changed) result.lsn = *lsn;
    return result;
}

Result<CertificateResult> certificate_remove(Connection& connection,
                                             const CertificateFilter& filter,
                                             const WriteOptions& options) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto rows = list(connection, filter);
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty()) return none_of(filter);
    CertificateResult result;
    result.before = std::move(*rows);
    for (const CertificateInfo& certificate : result.before) {
        auto deleted = connection.exec_params("DELETE FROM gatepost.certificates WHERE id = $1",
                                              {certificate.id});
        if (!deleted) return tl::unexpected(std::move(deleted).error());
    }
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<std::vector<ServiceCertificate>> service_certificate_list(Connection& connection,
                                                                 std::string_view domain) {
    auto rows = connection.exec_params(
        "SELECT service, domain, type FROM gatepost.service_certificates WHERE $1 = '' OR domain = "
        "$1 ORDER BY domain, service",
        {domain});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<ServiceCertificate> out;
    for (int row = 0; row < rows->rows(); ++row)
        out.push_back({rows->text(row, 0), rows->text(row, 1), rows->text(row, 2)});
    return out;
}

Result<SelectResult> service_certificate_set(Connection& connection,
                                             const ServiceCertificate& wanted,
                                             const WriteOptions& options) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto row = connection.exec_params(
        "SELECT type FROM gatepost.service_certificates WHERE service = $1 AND domain = $2 FOR "
        "UPDATE",
        {wanted.service, wanted.domain});
    if (!row) return tl::unexpected(std::move(row).error());
    SelectResult result{row->empty() ? "" : row->text(0, 0), wanted.type, 0};
    if (result.before == result.after) return result;
    auto written =
        wanted.type.empty()
            ? connection.exec_params(
                  "DELETE FROM gatepost.service_certificates WHERE service = $1 AND domain = $2",
                  {wanted.service, wanted.domain})
            : connection.exec_params(
                  "INSERT INTO gatepost.service_certificates VALUES ($1, $2, $3) ON CONFLICT "
                  "(service, domain) DO UPDATE SET type = excluded.type",
                  {wanted.service, wanted.domain, wanted.type});
    if (!written) return tl::unexpected(std::move(written).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

}  // namespace gatepost::controlplane
