// A database with accounts, and an edge that follows it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/mailboxes/mailbox_rig.h"

namespace gatepost::controlplane {

class MailboxServiceTest : public testing::Test {
  protected:
    void start(int accounts = 2, bool follows = true) {
        database = database_of(accounts, &dsn);
        options.dsn = dsn;
        if (options.arena_size_max > kArenaMax) options.arena_size_max = kArenaMax;
        edge = std::make_unique<Edge>(options, follows);
        inbox = mailbox_id(database, 1, "INBOX");
    }
    MailboxWorker connect(unsigned number = 0) {
        MailboxWorker worker = edge->connect(number);
        EXPECT_TRUE(eventually([&] { return edge->service().status().connected; }));
        return worker;
    }
    // Has the INBOX of the first account open.
    MailboxWorker opened(unsigned number = 0) {
        MailboxWorker worker = connect(number);
        EXPECT_TRUE(worker.ask(storage::OpenAccount{1}).ok());
        const storage::MailboxReply reply = worker.ask(storage::OpenMailbox{inbox});
        EXPECT_TRUE(reply.ok()) << reply.text;
        return worker;
    }
    void expect_same(uint64_t mailbox) {
        EXPECT_EQ(edge->messages(mailbox), messages_in_database(database, mailbox));
    }

    static constexpr uint64_t kArenaMax = uint64_t{64} << 20;

    std::string dsn;
    MailboxServiceOptions options;
    Connection database;
    std::unique_ptr<Edge> edge;
    uint64_t inbox = 0;
};

}  // namespace gatepost::controlplane
