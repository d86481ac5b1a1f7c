#include "controlplane/model/acme_challenge.h"

namespace gatepost::controlplane {

namespace {

// One statement in a transaction of its own.
Result<Lsn> change(Connection& connection, const std::string& sql,
                   std::initializer_list<PgParam> params, const WriteOptions& options) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto done = connection.exec_params(sql, params);
    if (!done) return tl::unexpected(std::move(done).error());
    return finish_write(*transaction, options);
}

}  // namespace

Result<std::vector<AcmeChallenge>> acme_challenge_list(Connection& connection) {
    auto rows = connection.exec(
        "SELECT host, token, key_authorization FROM gatepost.acme_challenges ORDER BY host, token");
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<AcmeChallenge> out;
    for (int row = 0; row < rows->rows(); ++row)
        out.push_back({rows->text(row, 0), rows->text(row, 1), rows->text(row, 2)});
    return out;
}

Result<Lsn> acme_challenge_put(Connection& connection, const AcmeChallenge& challenge,
                               const WriteOptions& options) {
    return change(connection,
                  "INSERT INTO gatepost.acme_challenges VALUES ($1, $2, $3) ON CONFLICT (host, "
                  "token) DO UPDATE SET key_authorization = excluded.key_authorization, created_at "
                  "= now()",
                  {challenge.host, challenge.token, challenge.key_authorization}, options);
}

Result<Lsn> acme_challenge_remove(Connection& connection, std::string_view host,
                                  std::string_view token, const WriteOptions& options) {
    return change(connection, "DELETE FROM gatepost.acme_challenges WHERE host = $1 AND token = $2",
                  {host, token}, options);
}

Result<int64_t> acme_challenge_remove_older(Connection& connection, std::chrono::seconds age) {
    auto deleted = connection.exec_params(
        "DELETE FROM gatepost.acme_challenges WHERE created_at < now() - make_interval(secs => $1)",
        {int64_t{age.count()}});
    if (!deleted) return tl::unexpected(std::move(deleted).error());
    return deleted->affected();
}

}  // namespace gatepost::controlplane
