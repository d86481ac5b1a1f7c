// For tests of the mailbox service: an edge (the service, and the sync path that tells it of
// changes), and a worker's end of a connection to it.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/mailboxes/mailbox_service.h"
#include "controlplane/sync/sync_service.h"
#include "storage/arena/runtime_page.h"
#include "storage/mailbox_frames/mailbox_frames.h"
#include "storage/mailbox_index/mailbox_index_image.h"
#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {

// Waits for what another thread does; false: it has not happened in any reasonable time.
template <typename Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(180);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

// A new database with the domain example.org and the accounts user1@ (id 1) to userN@.
Connection database_of(int accounts, std::string* dsn);
// Puts messages of 100 octets into a mailbox, as a delivery would. Their summaries are their UIDs'
// digits.
void deliver(Connection& connection, uint64_t account_id, int count,
             const std::string& folder = "INBOX");
uint64_t mailbox_id(Connection& connection, uint64_t account_id, const std::string& name);

// A worker's end; blocks, for as long as a test may take at most.
class MailboxWorker {
  public:
    explicit MailboxWorker(UniqueFd socket) : socket_(std::move(socket)) {}

    // Gives the sequence.
    uint64_t send(const storage::MailboxRequest& request);
    void send(const storage::MailboxNote& note);
    // The reply to that request; others, and events, are kept. Outcome `unavailable` and the text
    // "closed" where the connection was closed.
    storage::MailboxReply receive(uint64_t sequence);
    storage::MailboxReply ask(const storage::MailboxRequest& request) {
        return receive(send(request));
    }
    // The next event that has not been given.
    storage::MailboxEvent event();
    // The next one about that mailbox; others are forgotten.
    void await_change(uint64_t mailbox_id);
    bool is_closed() const { return closed_; }

  private:
    bool take_frame();

    UniqueFd socket_;
    storage::FrameReader reader_;
    std::deque<storage::MailboxReply> replies_;
    std::deque<storage::MailboxEvent> events_;
    uint64_t next_ = 1;
    bool closed_ = false;
};

class Edge {
  public:
    explicit Edge(MailboxServiceOptions options, bool follows = true);
    ~Edge();

    MailboxWorker connect(unsigned worker = 0);
    MailboxService& service() { return *service_; }
    SyncService& sync() { return *sync_; }
    // Waits for it.
    storage::MailboxIndexView view();
    // "1:seen|2:" … with flags and keywords of each message, as the arena has them.
    std::string messages(uint64_t mailbox_id);
    // The arena has the mailbox at that state, as `messages_in_database` tells it.
    bool shows(uint64_t mailbox_id, const std::string& messages);

  private:
    storage::RuntimeMapping page_;
    std::mutex mutex_;
    std::optional<storage::MailboxIndexImage> image_;
    std::unique_ptr<MailboxService> service_;
    std::unique_ptr<SyncService> sync_;
};

std::string messages_in_database(Connection& connection, uint64_t mailbox_id);

// Short forms of requests.
storage::StoreFlags store(uint64_t mailbox, storage::UidSet uids, storage::FlagAction action,
                          uint8_t flags, std::vector<std::string> keywords = {});
storage::AppendMessages append(uint64_t mailbox, int count = 1);

}  // namespace gatepost::controlplane
