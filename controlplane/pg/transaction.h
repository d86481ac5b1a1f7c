// A transaction: BEGIN, then COMMIT by commit(), or ROLLBACK where it is dropped without.
#pragma once

#include <string_view>
#include <utility>

#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"

namespace gatepost::controlplane {

class Transaction {
  public:
    // `actor` is who the history says did it; "" is the database role. The connection must outlive
    // the transaction.
    static Result<Transaction> begin(Connection& connection, std::string_view actor = {});

    Transaction(Transaction&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    // Gives a position in the log at or after the commit record: an edge that has applied it shows
    // the transaction. Where the connection breaks meanwhile, the outcome is unknown and the error
    // says so.
    Result<Lsn> commit();
    Status rollback();

  private:
    explicit Transaction(Connection& connection) : connection_(&connection) {}
    Connection* connection_;
};

}  // namespace gatepost::controlplane
