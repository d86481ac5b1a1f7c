// For tests of what is committed: accounts in a database of their own, messages, and a worker's end
// of a connection to the service.
#pragma once

#include <string>
#include <vector>

#include "controlplane/commit/batch_committer.h"
#include "storage/base/unique_fd.h"
#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {

// A new database with the domain example.org and the accounts user1@ (id 1) to userN@.
inline Connection database_with_accounts(int accounts, std::string* dsn = nullptr) {
    auto connection = server->new_connection(dsn);
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    if (!connection) return {};
    must(*connection, "INSERT INTO gatepost.mail_domains (name) VALUES ('example.org')");
    must(*connection,
         "INSERT INTO gatepost.accounts (address) SELECT 'user' || n || '@example.org' "
         "FROM generate_series(1, " +
             std::to_string(accounts) + ") AS n ORDER BY n");
    return std::move(*connection);
}

storage::EnvelopeRecipient to_account(uint64_t account, std::string folder = "");
storage::EnvelopeRecipient to_other(const std::string& address);

// A message with its own name. `subject` is its subject.
PendingDelivery message(std::vector<storage::EnvelopeRecipient> recipients,
                        const std::string& subject = "Hello", uint64_t size = 1000);
// The same as a worker sends it.
storage::DeliveryRequest request_of(const PendingDelivery& pending, uint64_t sequence);

// Commits in a transaction of its own over `connection`; must work.
std::vector<storage::DeliveryReply> deliver(Connection& connection,
                                            const std::vector<PendingDelivery>& batch);
// The same for one; gives "outcome mailbox/uid …", names instead of numbers.
std::string deliver_one(Connection& connection, const PendingDelivery& pending);

// A worker's end; blocks, for as long as a test may take at most.
class TestWorker {
  public:
    explicit TestWorker(UniqueFd socket) : socket_(std::move(socket)) {}

    bool send(const storage::DeliveryRequest& request);
    bool send(Bytes octets);
    // The next reply; sequence 0 where the connection was closed.
    storage::DeliveryReply receive();
    bool is_closed() const { return closed_; }

  private:
    UniqueFd socket_;
    storage::FrameReader reader_;
    bool closed_ = false;
};

}  // namespace gatepost::controlplane
