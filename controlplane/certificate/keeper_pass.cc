#include "controlplane/certificate/keeper_pass.h"

#include <algorithm>

#include "controlplane/certificate/new_certificate.h"
#include "controlplane/certificate/sealing.h"
#include "controlplane/certificate/self_signed.h"
#include "controlplane/model/certificate.h"
#include "controlplane/pg/text_array.h"
#include "controlplane/pg/transaction.h"

namespace gatepost::controlplane {

namespace {

constexpr int64_t kLockKey = 0x67706b6565706572;  // "gpkeeper" in ASCII
constexpr int kBatch = 100;                       // certificates made in one transaction

constexpr const char* kMissing = R"(
WITH wanted AS (
    SELECT $1::text COLLATE "C" AS domain WHERE $1::text <> ''
    UNION SELECT domain FROM gatepost.service_certificates
    UNION SELECT domain FROM gatepost.certificates WHERE type = 'self-signed'
    UNION SELECT domain FROM gatepost.certificates GROUP BY domain
        HAVING max(not_after) <= now() + make_interval(days => $2))
SELECT w.domain FROM wanted w
WHERE NOT EXISTS (
    SELECT FROM gatepost.certificates c
    WHERE c.domain = w.domain AND c.type = 'self-signed'
      AND c.not_after > now() + make_interval(days => $2))
ORDER BY w.domain LIMIT $3)";

constexpr const char* kExpiring = R"(
SELECT s.id, s.domain, s.type,
       to_char(s.not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), s.days_left, s.in_use_by
FROM gatepost.certificate_status s
WHERE s.in_use AND s.type <> 'self-signed' AND s.not_after <= now() + make_interval(days => $1)
ORDER BY s.not_after, s.id LIMIT $2)";

// In binary, in which text is what it is.
constexpr const char* kKeys = R"(
SELECT substring(sealed_key FROM 5 FOR 8), count(*)::text, min(domain) FROM gatepost.certificates
GROUP BY 1)";

}  // namespace

Result<KeptCertificates> keep_self_signed(Connection& connection, const storage::KeyRing& ring,
                                          const std::string& server_name, int64_t now_s) {
    auto transaction = Transaction::begin(connection);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    KeptCertificates kept;
    auto locked =
        connection.exec_params("SELECT pg_catalog.pg_try_advisory_xact_lock($1)", {kLockKey});
    if (!locked) return tl::unexpected(std::move(locked).error());
    kept.is_busy = !locked->boolean(0, 0);
    if (kept.is_busy) return kept;
    auto missing = connection.exec_params(
        kMissing, {server_name, static_cast<int>(kSelfSignedRenewDays), kBatch});
    if (!missing) return tl::unexpected(std::move(missing).error());
    kept.is_complete = missing->rows() < kBatch;
    for (int row = 0; row < missing->rows(); ++row) {
        const std::string domain = missing->text(row, 0);
        auto certificate = new_self_signed(connection, domain, ring, "keeper", now_s);
        if (!certificate) return wrap(domain, std::move(certificate).error());
        if (Status written = certificate_write(connection, *certificate); !written)
            return wrap(domain, std::move(written).error());
        kept.made.push_back(domain);
    }
    if (auto committed = transaction->commit(); !committed)
        return tl::unexpected(std::move(committed).error());
    return kept;
}

Result<std::vector<ExpiringCertificate>> expiring_certificates(Connection& connection, int limit) {
    auto rows = connection.exec_params(kExpiring, {static_cast<int>(kExpiryWarningDays), limit});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<ExpiringCertificate> out;
    for (int row = 0; row < rows->rows(); ++row) {
        auto used_by = text_array_from_literal(rows->view(row, 5));
        if (!used_by) return tl::unexpected(std::move(used_by).error());
        out.push_back({rows->integer(row, 0), rows->text(row, 1), rows->text(row, 2),
                       rows->text(row, 3), rows->integer(row, 4), std::move(*used_by)});
    }
    return out;
}

Result<ForeignKeys> certificates_of_other_keys(Connection& connection,
                                               const storage::KeyRing& ring) {
    auto rows = connection.exec_params(kKeys, std::span<const PgParam>(), true);
    if (!rows) return tl::unexpected(std::move(rows).error());
    ForeignKeys foreign;
    for (int row = 0; row < rows->rows(); ++row) {
        storage::SealingKeyId id{};
        const Bytes octets = rows->bytes(row, 0);
        std::copy_n(octets.begin(), std::min(octets.size(), id.size()), id.begin());
        if (ring.find(id) != nullptr) continue;
        foreign.count += rows->integer(row, 1);
        foreign.domain = rows->text(row, 2);
        foreign.key = key_id_to_text(id);
    }
    return foreign;
}

}  // namespace gatepost::controlplane
