// Connections to PostgreSQL that requests borrow.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

class ConnectionPool;

// Goes back where it came from, unless it is broken.
class BorrowedConnection {
  public:
    BorrowedConnection(ConnectionPool& pool, Connection connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    BorrowedConnection(BorrowedConnection&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    BorrowedConnection& operator=(BorrowedConnection&&) = delete;
    ~BorrowedConnection();

    Connection& operator*() { return connection_; }

  private:
    ConnectionPool* pool_;
    Connection connection_;
};

// Any thread. There are as many connections as were ever borrowed at a time.
class ConnectionPool {
  public:
    explicit ConnectionPool(std::string dsn) : dsn_(std::move(dsn)) {}

    Result<BorrowedConnection> borrow() {
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                Connection connection = std::move(idle_.back());
                idle_.pop_back();
                return BorrowedConnection(*this, std::move(connection));
            }
        }
        auto opened = Connection::open(dsn_, "gatepost queue_api");
        if (!opened) return tl::unexpected(std::move(opened).error());
        return BorrowedConnection(*this, std::move(*opened));
    }

  private:
    friend class BorrowedConnection;

    std::string dsn_;
    std::mutex mutex_;
    std::vector<Connection> idle_;
};

inline BorrowedConnection::~BorrowedConnection() {
    if (pool_ == nullptr || !connection_.is_open() || connection_.in_transaction()) return;
    const std::lock_guard lock(pool_->mutex_);
    pool_->idle_.push_back(std::move(connection_));
}

}  // namespace gatepost::controlplane
