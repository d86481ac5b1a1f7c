// gatepost-controlplane as others meet it: the control socket, the supervisor's channel, the
// checkpoint. The daemon runs in a thread of the test; PostgreSQL is a real cluster.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "controlplane/control/daemon.h"
#include "controlplane/pg/transaction.h"
#include "controlplane/schema/schema.h"
#include "storage/base/fd_channel.h"
#include "tests/support/private_postgres.h"
#include "tests/unit/sync/control_client.h"

namespace gatepost::controlplane::tests {

using gatepost::tests::PrivatePostgres;

inline constexpr int kPatienceMs = 180'000;  // only a hang lasts so long
inline constexpr char kStatus[] = R"({"op":"status"})";

class DaemonTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        postgres = new PrivatePostgres();
        const Status ok = postgres->start();
        ASSERT_TRUE(ok.has_value()) << ok.error().message;
        ASSERT_TRUE(postgres->create_database("daemon").has_value());
        connection = Connection::open(postgres->dsn("daemon"), "test").value();
        ASSERT_TRUE(schema_migrate(connection).has_value());
        execute(
            "INSERT INTO gatepost.zones (name, mname, rname) VALUES"
            " ('example.org.', 'ns1.example.org.', 'root.example.org.')");
        execute(
            "INSERT INTO gatepost.rrsets SELECT id, 'www.example.org.', 'A', 60, "
            "ARRAY['192.0.2.1'] FROM"
            " gatepost.zones");
    }
    static void TearDownTestSuite() {
        connection.close();
        delete postgres;
        postgres = nullptr;
    }
    static Lsn execute(const std::string& sql) {
        auto transaction = Transaction::begin(connection).value();
        const auto result = connection.exec(sql);
        EXPECT_TRUE(result.has_value()) << result.error().message;
        return transaction.commit().value_or(0);
    }

    void SetUp() override {
        char pattern[] = "/tmp/gatepost-daemon-XXXXXX";
        folder = ::mkdtemp(pattern);
        socket_path = folder + "/control.sock";
        page = storage::RuntimeMapping::create().value();
        auto pair = channel_pair().value();
        supervisor = std::move(pair.supervisor);
        options.dsn = postgres->dsn("daemon");
        options.state_dir = folder + "/state";
        options.control_socket = socket_path;
        options.arena_size_max = size_t{64} << 20;
        options.checkpoint_interval = std::chrono::milliseconds(100);
        options.channel_fd = pair.child.release();
        options.runtime_fd = ::dup(page.fd());
    }
    void TearDown() override {
        stop();
        std::filesystem::remove_all(folder);
    }
    void start() {
        auto created = Daemon::create(options);
        ASSERT_TRUE(created.has_value()) << created.error().message;
        daemon = std::move(*created);
        thread = std::thread([this] { EXPECT_TRUE(daemon->run().has_value()); });
        ASSERT_EQ(message().verb, ChannelVerb::ready);
    }
    // Also waits for the arena.
    void start_and_load() {
        start();
        arena = message();
        ASSERT_EQ(arena.verb, ChannelVerb::arena);
    }
    void stop() {
        if (thread.joinable()) {
            ASSERT_TRUE(channel_send(supervisor.get(), ChannelVerb::shutdown, 0).has_value());
            thread.join();
        }
        daemon.reset();
    }
    // Key files, which come when they do, are passed over.
    ChannelMessage message() {
        for (;;) {
            auto received = channel_receive(supervisor.get());
            EXPECT_TRUE(received.has_value() && received->has_value());
            if (!received || !*received) return {};
            if ((*received)->verb != ChannelVerb::keys) return std::move(**received);
        }
    }
    ControlReply ask(const std::string& request) { return ControlClient(socket_path).ask(request); }
    bool wait_for(Lsn lsn) { return ask(wait_request(lsn, kPatienceMs)).ok(); }

    static inline PrivatePostgres* postgres = nullptr;
    static inline Connection connection;
    std::string folder;
    std::string socket_path;
    storage::RuntimeMapping page;
    UniqueFd supervisor;
    DaemonOptions options;
    std::unique_ptr<Daemon> daemon;
    std::thread thread;
    ChannelMessage arena;
};

}  // namespace gatepost::controlplane::tests
