#include "controlplane/model/credential.h"

#include <fmt/format.h>

#include "controlplane/model/account.h"
#include "controlplane/model/audit.h"
#include "controlplane/model/mail_write.h"
#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

constexpr const char* kSelect =
    "SELECT id, kind, services, label, substring(hash FROM '^\\{([^}]*)\\}'), "
    "to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "to_char(last_used_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), must_change "
    "FROM gatepost.credentials ";

Result<CredentialInfo> credential_of_row(const PgResult& rows, int row) {
    auto services = text_array_from_literal(rows.view(row, 2));
    if (!services) return tl::unexpected(std::move(services).error());
    return CredentialInfo{.id = rows.integer(row, 0),
                          .kind = rows.text(row, 1),
                          .services = std::move(*services),
                          .label = rows.text(row, 3),
                          .scheme = rows.text(row, 4),
                          .expires_at = rows.text(row, 5),
                          .created_at = rows.text(row, 6),
                          .last_used_at = rows.text(row, 7),
                          .must_change = rows.boolean(row, 8)};
}

Result<std::vector<CredentialInfo>> credentials_of(const Result<PgResult>& rows) {
    if (!rows) return tl::unexpected(rows.error());
    std::vector<CredentialInfo> credentials;
    for (int row = 0; row < rows->rows(); ++row) {
        auto credential = credential_of_row(*rows, row);
        if (!credential) return tl::unexpected(std::move(credential).error());
        credentials.push_back(std::move(*credential));
    }
    return credentials;
}

Result<std::optional<CredentialInfo>> read_id(Connection& connection, int64_t id) {
    auto found =
        credentials_of(connection.exec_params(fmt::format("{} WHERE id = $1", kSelect), {id}));
    if (!found) return tl::unexpected(std::move(found).error());
    if (found->empty()) return std::nullopt;
    return std::move(found->front());
}

Result<std::optional<CredentialInfo>> find_app_password(Connection& connection, int64_t account,
                                                        std::string_view label) {
    auto found = credentials_of(connection.exec_params(
        fmt::format("{} WHERE account_id = $1 AND kind = 'app_password' AND label = $2", kSelect),
        {account, label}));
    if (!found) return tl::unexpected(std::move(found).error());
    if (found->empty()) return std::nullopt;
    return std::move(found->front());
}

// `work` gets the account's id and sets before and after; `action` goes to the audit log.
Result<CredentialResult> change_credential(
    Connection& connection, std::string_view address, std::string_view action,
    const WriteOptions& options,
    const std::function<Status(const Account&, CredentialResult&)>& work) {
    CredentialResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto account = account_get(connection, address);
        if (!account) return tl::unexpected(std::move(account).error());
        if (Status done = work(*account, result); !done)
            return tl::unexpected(std::move(done).error());
        if (Status told = audit_write(connection, action, address); !told)
            return tl::unexpected(std::move(told).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Status take_after(Connection& connection, const Result<PgResult>& row, CredentialResult& result) {
    if (!row) return tl::unexpected(row.error());
    auto after = read_id(connection, row->integer(0, 0));
    if (!after) return tl::unexpected(std::move(after).error());
    result.after = std::move(*after);
    return {};
}

}  // namespace

Result<std::vector<CredentialInfo>> credential_list(Connection& connection,
                                                    std::string_view address) {
    auto account = account_get(connection, address);
    if (!account) return tl::unexpected(std::move(account).error());
    return credentials_of(connection.exec_params(
        fmt::format("{} WHERE account_id = $1 ORDER BY kind = 'password' DESC, kind, label, id",
                    kSelect),
        {account->id}));
}

Result<std::vector<std::string>> password_hashes(Connection& connection, std::string_view address) {
    auto rows = connection.exec_params(
        "SELECT c.hash FROM gatepost.credentials c JOIN gatepost.accounts a ON a.id = c.account_id "
        "WHERE a.address = $1 AND c.kind = 'password' AND coalesce(c.expires_at > now(), true) "
        "ORDER BY c.id",
        {address});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<std::string> hashes;
    for (int row = 0; row < rows->rows(); ++row) hashes.push_back(rows->text(row, 0));
    return hashes;
}

Result<CredentialResult> password_set(Connection& connection, std::string_view address,
                                      std::string_view hash,
                                      const std::vector<std::string>& services,
                                      const WriteOptions& options) {
    return change_credential(
        connection, address, "password.set", options,
        [&](const Account& account, CredentialResult& result) -> Status {
            const std::string literal = text_array_to_literal(services);
            // The trigger sorts the services; so does this, to find them.
            auto there = connection.exec_params(
                "SELECT id FROM gatepost.credentials WHERE account_id = $1 AND kind = 'password' "
                "AND services = CASE WHEN '*' = ANY ($2::text[]) THEN '{*}' ELSE ARRAY(SELECT "
                "DISTINCT s COLLATE \"C\" FROM unnest($2::text[]) s ORDER BY 1) END FOR UPDATE",
                {account.id, literal});
            if (!there) return tl::unexpected(std::move(there).error());
            if (there->empty())
                return take_after(
                    connection,
                    connection.exec_params(
                        "INSERT INTO gatepost.credentials (account_id, kind, services, hash) "
                        "VALUES ($1, 'password', $2, $3) RETURNING id",
                        {account.id, literal, hash}),
                    result);
            auto before = read_id(connection, there->integer(0, 0));
            if (!before) return tl::unexpected(std::move(before).error());
            result.before = std::move(*before);
            return take_after(connection,
                              connection.exec_params(
                                  "UPDATE gatepost.credentials SET hash = $2, created_at = now(), "
                                  "expires_at = NULL, must_change = false WHERE id = $1 RETURNING "
                                  "id",
                                  {result.before->id, hash}),
                              result);
        });
}

Result<CredentialResult> app_password_add(Connection& connection, std::string_view address,
                                          const NewAppPassword& password,
                                          const WriteOptions& options) {
    return change_credential(
        connection, address, "app_password.add", options,
        [&](const Account& account, CredentialResult& result) -> Status {
            auto there = find_app_password(connection, account.id, password.label);
            if (!there) return tl::unexpected(std::move(there).error());
            if (*there)
                return fail(ErrorCode::refused,
                            "{} has an app password \"{}\" already: remove it, or take another "
                            "label",
                            address, password.label);
            return take_after(
                connection,
                connection.exec_params(
                    "INSERT INTO gatepost.credentials (account_id, kind, services, label, hash, "
                    "expires_at) VALUES ($1, 'app_password', $2, $3, $4, nullif($5, "
                    "'')::timestamptz) RETURNING id",
                    {account.id, text_array_to_literal(password.services), password.label,
                     password.hash, password.expires_at}),
                result);
        });
}

Result<CredentialResult> app_password_remove(Connection& connection, std::string_view address,
                                             std::string_view label, const WriteOptions& options) {
    return change_credential(
        connection, address, "app_password.remove", options,
        [&](const Account& account, CredentialResult& result) -> Status {
            auto there = find_app_password(connection, account.id, label);
            if (!there) return tl::unexpected(std::move(there).error());
            if (!*there)
                return fail(ErrorCode::refused,
                            "{} has no app password \"{}\"; see: gatepost user app-password list "
                            "{}",
                            address, label, address);
            result.before = std::move(*there);
            auto deleted = connection.exec_params("DELETE FROM gatepost.credentials WHERE id = $1",
                                                  {result.before->id});
            if (!deleted) return tl::unexpected(std::move(deleted).error());
            return {};
        });
}

}  // namespace gatepost::controlplane
