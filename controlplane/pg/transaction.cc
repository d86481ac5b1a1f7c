#include "controlplane/pg/transaction.h"

#include <libpq-fe.h>

namespace gatepost::controlplane {

Result<Transaction> Transaction::begin(Connection& connection, std::string_view actor) {
    std::string sql = "BEGIN";
    // The literal is quoted by libpq; set_config(…, true) is SET LOCAL.
    if (!actor.empty())
        sql += "; SELECT pg_catalog.set_config('gatepost.actor', " +
               connection.quote_literal(actor) + ", true)";
    if (auto begun = connection.exec(sql); !begun) {
        if (connection.in_transaction()) (void)connection.exec("ROLLBACK");
        return tl::unexpected(std::move(begun).error());
    }
    return Transaction(connection);
}

Transaction::~Transaction() {
    if (connection_ != nullptr) (void)rollback();
}

Result<Lsn> Transaction::commit() {
    Connection& connection = *std::exchange(connection_, nullptr);
    if (connection.is_open() && PQtransactionStatus(connection.raw()) == PQTRANS_INERROR) {
        (void)connection.exec("ROLLBACK");
        return fail(ErrorCode::refused, "nothing was committed: the transaction had failed before");
    }
    // One round trip; the position is read after the commit record is written.
    auto result = connection.exec("COMMIT; SELECT pg_catalog.pg_current_wal_insert_lsn()");
    if (!result && !connection.is_open())
        return fail(ErrorCode::unreachable,
                    "the connection broke during COMMIT, so whether it took effect is unknown: {}",
                    result.error().message);
    if (!result) return tl::unexpected(std::move(result).error());
    return lsn_from_text(result->view(0, 0));
}

Status Transaction::rollback() {
    Connection& connection = *std::exchange(connection_, nullptr);
    if (!connection.is_open()) return {};  // The server rolls back what loses its connection.
    if (auto result = connection.exec("ROLLBACK"); !result)
        return tl::unexpected(std::move(result).error());
    return {};
}

}  // namespace gatepost::controlplane
