#include "controlplane/model/account.h"

#include <fmt/format.h>

#include "controlplane/model/audit.h"
#include "controlplane/model/mail_domain.h"
#include "controlplane/model/mail_name.h"
#include "controlplane/model/mail_write.h"

namespace gatepost::controlplane {
namespace {

constexpr const char* kSelect =
    "SELECT a.id, coalesce(a.address, a.removed_address), d.name, a.display_name, a.state, "
    "a.role, a.quota_bytes, a.quota_messages, coalesce(u.bytes, 0), coalesce(u.messages, 0), "
    "a.over_quota, to_char(a.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "a.created_by, "
    "to_char(a.last_login_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "to_char(a.removed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "coalesce(c.passwords, 0), coalesce(c.app_passwords, 0), d.active "
    "FROM gatepost.accounts a JOIN gatepost.mail_domains d ON d.id = a.domain_id "
    "LEFT JOIN gatepost.account_usage u ON u.account_id = a.id "
    "LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE kind = 'password') AS passwords, "
    "count(*) FILTER (WHERE kind = 'app_password') AS app_passwords FROM gatepost.credentials "
    "WHERE account_id = a.id AND coalesce(expires_at > now(), true)) c ON true ";

Account account_of_row(const PgResult& rows, int row) {
    return {.id = rows.integer(row, 0),
            .address = rows.text(row, 1),
            .domain = rows.text(row, 2),
            .display_name = rows.text(row, 3),
            .state = rows.text(row, 4),
            .role = rows.text(row, 5),
            .quota_bytes = rows.unsigned_integer(row, 6),
            .quota_messages = rows.unsigned_integer(row, 7),
            .used_bytes = rows.unsigned_integer(row, 8),
            .used_messages = rows.unsigned_integer(row, 9),
            .over_quota = rows.boolean(row, 10),
            .created_at = rows.text(row, 11),
            .created_by = rows.text(row, 12),
            .last_login_at = rows.text(row, 13),
            .removed_at = rows.text(row, 14),
            .passwords = rows.unsigned_integer(row, 15),
            .app_passwords = rows.unsigned_integer(row, 16),
            .domain_active = rows.boolean(row, 17)};
}

Result<std::optional<Account>> read_id(Connection& connection, int64_t id) {
    auto rows = connection.exec_params(fmt::format("{} WHERE a.id = $1", kSelect), {id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty()) return std::nullopt;
    return account_of_row(*rows, 0);
}

Result<Account> lock_account(Connection& connection, std::string_view address) {
    auto locked = connection.exec_params(
        "SELECT FROM gatepost.accounts WHERE address = $1 FOR NO KEY UPDATE", {address});
    if (!locked) return tl::unexpected(std::move(locked).error());
    return account_get(connection, address);
}

Result<Account> lock_binned(Connection& connection, const BinnedAccount& which, bool the_only) {
    auto rows = connection.exec_params(
        "SELECT id FROM gatepost.accounts WHERE state = 'removed' AND removed_address = $1 AND "
        "($2::bigint IS NULL OR id = $2::bigint) ORDER BY removed_at DESC, id DESC FOR UPDATE",
        {which.address, which.id ? PgParam(*which.id) : PgParam(nullptr)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty())
        return fail(ErrorCode::refused, "{} is not in the bin; see: gatepost user list --bin",
                    which.address);
    if (the_only && rows->rows() > 1)
        return fail(ErrorCode::refused,
                    "{} accounts in the bin had the address {}: name one with --id; see: gatepost "
                    "user list --bin",
                    rows->rows(), which.address);
    auto account = read_id(connection, rows->integer(0, 0));
    if (!account) return tl::unexpected(std::move(account).error());
    return std::move(**account);
}

// An unknown one is said here, in our words; else the database would refuse it in its own.
Status check_domain(Connection& connection, std::string_view address) {
    auto domain = mail_domain_get(connection, domain_of(address));
    if (!domain) return wrap(address, std::move(domain).error());
    if (!domain->alias_of.empty())
        return fail(ErrorCode::refused,
                    "{}: {} is an alias of the domain {}, where its addresses are", address,
                    domain->name, domain->alias_of);
    return {};
}

Status finish_change(Connection& connection, std::string_view action, int64_t id,
                     AccountResult& result) {
    auto after = read_id(connection, id);
    if (!after) return tl::unexpected(std::move(after).error());
    result.after = std::move(*after);
    if (result.before == result.after) return {};
    const Account& named = result.after ? *result.after : *result.before;
    return audit_write(connection, action, named.address, fmt::format("{{\"id\":{}}}", id));
}

// A statement on one account, `id` as $1, between reading it before and after.
Result<AccountResult> change_account(Connection& connection, const WriteOptions& options,
                                     std::string_view action,
                                     const std::function<Result<Account>()>& find,
                                     const std::function<Status(const Account&)>& apply) {
    AccountResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto before = find();
        if (!before) return tl::unexpected(std::move(before).error());
        result.before = std::move(*before);
        if (Status done = apply(*result.before); !done)
            return tl::unexpected(std::move(done).error());
        if (Status done = finish_change(connection, action, result.before->id, result); !done)
            return tl::unexpected(std::move(done).error());
        return result.before != result.after;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Status run(Connection& connection, const std::string& sql, std::initializer_list<PgParam> params) {
    auto done = connection.exec_params(sql, params);
    if (!done) return tl::unexpected(std::move(done).error());
    return {};
}

template <typename T>
PgParam param(const std::optional<T>& value) {
    return value ? PgParam(*value) : PgParam(nullptr);
}

std::string_view action_of(const AccountChange& change) {
    if (change.state) return *change.state == "suspended" ? "account.suspend" : "account.resume";
    return "account.set";
}

}  // namespace

std::vector<std::string> account_findings(const Account& account) {
    std::vector<std::string> findings;
    if (account.state == "suspended") findings.emplace_back("suspended: nobody can log in");
    if (!account.domain_active)
        findings.push_back(fmt::format("{} is not active: no mail, no log-in", account.domain));
    if (account.role == "no_email")
        findings.emplace_back("role no_email: neither receives nor sends mail");
    if (account.passwords + account.app_passwords == 0)
        findings.emplace_back("no password set: nobody can log in");
    if (account.over_quota) findings.emplace_back("over quota: mail is refused for now");
    return findings;
}

Result<std::vector<Account>> account_list(Connection& connection, const AccountFilter& filter) {
    const char* where = filter.bin
                            ? "WHERE a.state = 'removed' AND ($1 = '' OR a.removed_address = $1) "
                              "AND ($2 = '' OR d.name = $2) ORDER BY a.removed_at DESC, a.id DESC"
                            : "WHERE a.state <> 'removed' AND ($1 = '' OR a.address = $1) "
                              "AND ($2 = '' OR d.name = $2) ORDER BY d.name, a.address";
    auto rows = connection.exec_params(fmt::format("{}{}", kSelect, where),
                                       {filter.address, filter.domain});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<Account> accounts;
    for (int row = 0; row < rows->rows(); ++row) accounts.push_back(account_of_row(*rows, row));
    return accounts;
}

Result<Account> account_get(Connection& connection, std::string_view address) {
    auto found = account_list(connection, {.address = std::string(address)});
    if (!found) return tl::unexpected(std::move(found).error());
    if (address.empty() || found->empty())
        return fail(ErrorCode::refused, "there is no account {}; see: gatepost user list", address);
    return std::move(found->front());
}

Result<int64_t> account_insert(Connection& connection, const NewAccount& account) {
    auto row = connection.exec_params(
        "INSERT INTO gatepost.accounts (address, display_name, role, quota_bytes, "
        "quota_messages) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (address) DO NOTHING RETURNING id",
        {account.address, account.display_name, account.role, param(account.quota_bytes),
         param(account.quota_messages)});
    if (!row) return tl::unexpected(std::move(row).error());
    if (row->empty()) return fail(ErrorCode::refused, "{} exists already", account.address);
    const int64_t id = row->integer(0, 0);
    if (!account.hash.empty())
        if (Status done =
                run(connection,
                    "INSERT INTO gatepost.credentials (account_id, kind, hash) VALUES ($1, "
                    "'password', $2)",
                    {id, account.hash});
            !done)
            return tl::unexpected(std::move(done).error());
    return id;
}

Result<AccountResult> account_add(Connection& connection, const NewAccount& account,
                                  const WriteOptions& options) {
    AccountResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        if (Status good = check_domain(connection, account.address); !good)
            return tl::unexpected(std::move(good).error());
        auto id = account_insert(connection, account);
        if (!id) return tl::unexpected(std::move(id).error());
        if (Status done = finish_change(connection, "account.add", *id, result); !done)
            return tl::unexpected(std::move(done).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<AccountResult> account_set(Connection& connection, std::string_view address,
                                  const AccountChange& change, const WriteOptions& options) {
    return change_account(
        connection, options, action_of(change), [&] { return lock_account(connection, address); },
        [&](const Account& account) {
            return run(
                connection,
                "UPDATE gatepost.accounts SET display_name = coalesce($2, display_name), "
                "state = coalesce($3, state), role = coalesce($4, role), "
                "quota_bytes = coalesce($5, quota_bytes), "
                "quota_messages = coalesce($6, quota_messages) WHERE id = $1",
                {account.id, param(change.display_name), param(change.state), param(change.role),
                 param(change.quota_bytes), param(change.quota_messages)});
        });
}

Result<AccountResult> account_remove(Connection& connection, std::string_view address,
                                     const WriteOptions& options) {
    return change_account(
        connection, options, "account.remove", [&] { return lock_account(connection, address); },
        [&](const Account& account) {
            return run(connection, "UPDATE gatepost.accounts SET state = 'removed' WHERE id = $1",
                       {account.id});
        });
}

Result<AccountResult> account_undelete(Connection& connection, const BinnedAccount& which,
                                       const WriteOptions& options) {
    return change_account(
        connection, options, "account.undelete",
        [&] { return lock_binned(connection, which, false); },
        [&](const Account& account) -> Status {
            auto taken = account_list(connection, {.address = account.address});
            if (!taken) return tl::unexpected(std::move(taken).error());
            if (!taken->empty())
                return fail(ErrorCode::refused,
                            "another account has the address {} by now: remove that one first",
                            account.address);
            return run(connection, "UPDATE gatepost.accounts SET state = 'active' WHERE id = $1",
                       {account.id});
        });
}

Result<AccountResult> account_purge(Connection& connection, const BinnedAccount& which,
                                    const WriteOptions& options) {
    return change_account(
        connection, options, "account.purge", [&] { return lock_binned(connection, which, true); },
        [&](const Account& account) {
            return run(connection, "DELETE FROM gatepost.accounts WHERE id = $1", {account.id});
        });
}

}  // namespace gatepost::controlplane
