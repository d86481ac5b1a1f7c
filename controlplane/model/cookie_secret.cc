#include "controlplane/model/cookie_secret.h"

#include <fmt/format.h>

#include <functional>

namespace gatepost::controlplane {
namespace {

using Steps = std::vector<CookieSecretStep>;

// What happens between BEGIN and COMMIT; writers come one after the other.
Result<CookieSecretResult> in_transaction(Connection& connection, const WriteOptions& options,
                                          const std::function<Status(Steps&)>& work) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto locked =
        connection.exec("LOCK TABLE gatepost.dns_cookie_secret IN SHARE ROW EXCLUSIVE MODE");
    if (!locked) return tl::unexpected(std::move(locked).error());
    CookieSecretResult result;
    if (Status done = work(result.steps); !done) return tl::unexpected(std::move(done).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    if (!result.steps.empty()) result.lsn = *lsn;
    return result;
}

Status stage(Connection& connection, Steps& steps) {
    auto row =
        connection.exec("INSERT INTO gatepost.dns_cookie_secret DEFAULT VALUES RETURNING id");
    if (!row) return tl::unexpected(std::move(row).error());
    steps.push_back({row->integer(0, 0), "staged"});
    return {};
}

Result<int64_t> only_staged(Connection& connection) {
    auto rows = connection.exec(
        "SELECT id FROM gatepost.dns_cookie_secret WHERE state = 'staged' ORDER BY id");
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->rows() == 1) return rows->integer(0, 0);
    return rows->empty()
               ? fail(ErrorCode::conflict,
                      "no cookie secret is staged: stage one first, with `gatepost cookie stage`")
               : fail(ErrorCode::usage, "{} cookie secrets are staged: name one of them",
                      rows->rows());
}

Status activate(Connection& connection, int64_t id, Steps& steps) {
    auto row =
        connection.exec_params("SELECT state FROM gatepost.dns_cookie_secret WHERE id = $1", {id});
    if (!row) return tl::unexpected(std::move(row).error());
    if (row->empty()) return fail(ErrorCode::refused, "there is no cookie secret {}", id);
    if (row->view(0, 0) == "active") return {};
    auto retired = connection.exec(
        "UPDATE gatepost.dns_cookie_secret SET state = 'retired' WHERE state = 'active' "
        "RETURNING id");
    if (!retired) return tl::unexpected(std::move(retired).error());
    auto activated = connection.exec_params(
        "UPDATE gatepost.dns_cookie_secret SET state = 'active' WHERE id = $1", {id});
    if (!activated) return tl::unexpected(std::move(activated).error());
    for (int i = 0; i < retired->rows(); ++i) steps.push_back({retired->integer(i, 0), "retired"});
    steps.push_back({id, "activated"});
    return {};
}

Status remove_outdated(Connection& connection, Steps& steps) {
    auto rows = connection.exec_params(
        "DELETE FROM gatepost.dns_cookie_secret WHERE state = 'retired' "
        "AND state_since < now() - make_interval(secs => $1) RETURNING id",
        {kCookieSecretKeepSeconds});
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int i = 0; i < rows->rows(); ++i) steps.push_back({rows->integer(i, 0), "removed"});
    return {};
}

}  // namespace

Result<std::vector<CookieSecretInfo>> cookie_secret_list(Connection& connection, bool reveal) {
    auto rows = connection.exec(fmt::format(
        "SELECT id, state, to_char(state_since AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), to_char(created_at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), extract(epoch FROM now() - state_since)::bigint, {} "
        "FROM gatepost.dns_cookie_secret ORDER BY id",
        reveal ? "encode(secret, 'hex')" : "''"));
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<CookieSecretInfo> list;
    for (int row = 0; row < rows->rows(); ++row)
        list.push_back({rows->integer(row, 0), rows->text(row, 1), rows->text(row, 2),
                        rows->text(row, 3), rows->integer(row, 4), rows->text(row, 5)});
    return list;
}

Result<CookieSecretResult> cookie_secret_stage(Connection& connection,
                                               const WriteOptions& options) {
    return in_transaction(connection, options,
                          [&](Steps& steps) { return stage(connection, steps); });
}

Result<CookieSecretResult> cookie_secret_activate(Connection& connection, std::optional<int64_t> id,
                                                  const WriteOptions& options) {
    return in_transaction(connection, options, [&](Steps& steps) -> Status {
        auto wanted = id ? Result<int64_t>(*id) : only_staged(connection);
        if (!wanted) return tl::unexpected(std::move(wanted).error());
        return activate(connection, *wanted, steps);
    });
}

Result<CookieSecretResult> cookie_secret_remove(Connection& connection, int64_t id,
                                                const WriteOptions& options) {
    return in_transaction(connection, options, [&](Steps& steps) -> Status {
        auto row = connection.exec_params(
            "DELETE FROM gatepost.dns_cookie_secret WHERE id = $1 RETURNING state", {id});
        if (!row) return tl::unexpected(std::move(row).error());
        if (row->empty()) return fail(ErrorCode::refused, "there is no cookie secret {}", id);
        if (row->view(0, 0) == "active")
            return fail(ErrorCode::conflict,
                        "the cookie secret {} is in use: activate another one first", id);
        steps.push_back({id, "removed"});
        return {};
    });
}

Result<CookieSecretResult> cookie_secret_rotate(Connection& connection,
                                                const WriteOptions& options) {
    return in_transaction(connection, options, [&](Steps& steps) -> Status {
        if (Status removed = remove_outdated(connection, steps); !removed) return removed;
        auto staged = connection.exec(
            "SELECT id FROM gatepost.dns_cookie_secret WHERE state = 'staged' ORDER BY id LIMIT 1");
        if (!staged) return tl::unexpected(std::move(staged).error());
        return staged->empty() ? stage(connection, steps)
                               : activate(connection, staged->integer(0, 0), steps);
    });
}

}  // namespace gatepost::controlplane
