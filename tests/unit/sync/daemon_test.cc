// The control socket and the supervisor's channel.
#include <gtest/gtest.h>

#include "storage/zone_index/image.h"
#include "tests/unit/sync/daemon_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

TEST_F(DaemonTest, HandsTheArenaOverAndTellsItsStatus) {
    start_and_load();
    const auto image = storage::Image::map(std::move(arena.fd));
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->info().generation, arena.number);
    EXPECT_EQ(image->info().zones, 1u);

    page->worker_count = 1;
    page->workers[0].queries[1][0] = 7;
    page->workers[0].rcodes[3] = 5;
    page->workers[0].dropped[static_cast<size_t>(storage::Drop::tcp_limit)] = 2;
    const ControlReply status = ask(kStatus);
    EXPECT_TRUE(status.ok());
    EXPECT_EQ(status.number("/controlplane/pid"), ::getpid());
    EXPECT_EQ(status.at("/arena/generation"), std::to_string(arena.number));
    EXPECT_EQ(status.at("/arena/zones"), "1");
    EXPECT_EQ(status.at("/sync/loads_total"), "1");
    EXPECT_EQ(status.at("/sync/error"), "null");
    EXPECT_LT(std::stod(status.at("/sync/age_seconds")), 60);
    EXPECT_EQ(status.at("/sync/caught_up_at").back(), 'Z');
    EXPECT_EQ(status.at("/held_zones"), "[]");
    EXPECT_EQ(status.at("/dataplane/workers/0/queries/tcp4"), "7");
    EXPECT_EQ(status.at("/dataplane/workers/0/rcodes"), R"({"NXDOMAIN":5})");
    EXPECT_EQ(status.at("/dataplane/workers/0/dropped"), R"({"tcp_limit":2})");
}

TEST_F(DaemonTest, WaitsUntilACommitIsServed) {
    start_and_load();
    ControlClient client(socket_path);
    for (int i = 0; i < 20; ++i) {
        const Lsn lsn = execute("UPDATE gatepost.rrsets SET ttl = ttl + 1");
        const ControlReply reply = client.ask(wait_request(lsn, kPatienceMs));
        ASSERT_TRUE(reply.ok()) << reply.line();
    }
    EXPECT_GE(ask(kStatus).number("/sync/transactions_total"), 20);
}

TEST_F(DaemonTest, WaitsForTheWorkers) {
    page->dataplane_pid = 4242;
    page->worker_count = 2;
    start_and_load();
    const Lsn lsn = execute("SELECT 1");
    ControlClient client(socket_path);
    client.send(wait_request(lsn, kPatienceMs) + "\n");
    const ControlReply impatient = ask(wait_request(lsn, 20));
    EXPECT_FALSE(impatient.ok());
    EXPECT_EQ(impatient.error_code(), 3);
    page->workers[0].arena_generation = arena.number;
    page->workers[1].arena_generation = arena.number;
    EXPECT_FALSE(ask(wait_request(lsn, 20)).ok()) << "they lack the directory";
    page->workers[0].directory_generation = arena.number;
    page->workers[1].directory_generation = arena.number;
    EXPECT_TRUE(client.receive().ok());
}

TEST_F(DaemonTest, PositionThatNeverComesTimesOut) {
    start_and_load();
    const ControlReply reply = ask(wait_request(lsn_from_text("FFFF/0").value(), 20));
    EXPECT_FALSE(reply.ok());
    EXPECT_EQ(reply.error_code(), 3);
    EXPECT_NE(reply.at("/error/message").find("FFFF/0"), std::string::npos);
}

TEST_F(DaemonTest, ZoneStatus) {
    constexpr char kZone[] = R"({"op":"zone.status","zone":"EXAMPLE.org."})";
    start_and_load();
    const ControlReply served = ask(kZone);
    EXPECT_EQ(served.at("/zone"), "example.org.");
    EXPECT_EQ(served.at("/state"), "served");
    EXPECT_GT(served.number("/serial"), 0);
    EXPECT_EQ(ask(R"({"op":"zone.status","zone":"example.com."})").at("/state"), "unknown");
    EXPECT_EQ(ask(R"({"op":"zone.status"})").error_code(), 2);

    // The database takes what its own cheap checks do not see.
    ASSERT_TRUE(
        wait_for(execute("INSERT INTO gatepost.rrsets SELECT id, 'bad.example.org.', 'SSHFP', 60, "
                         "ARRAY['x y z'] FROM"
                         " gatepost.zones")));
    const ControlReply held = ask(kZone);
    EXPECT_EQ(held.at("/state"), "held");
    EXPECT_EQ(held.at("/serial"), served.at("/serial"));
    EXPECT_NE(held.at("/held/reason").find("bad.example.org."), std::string::npos);
    EXPECT_EQ(ask(kStatus).at("/held_zones/0/zone"), "example.org.");
    ASSERT_TRUE(wait_for(execute("DELETE FROM gatepost.rrsets WHERE name = 'bad.example.org.'")));
    EXPECT_EQ(ask(kZone).at("/state"), "served");
}

TEST_F(DaemonTest, BadRequestsAreAnsweredByAnError) {
    start();
    ControlClient client(socket_path);
    for (const char* line :
         {"", "nonsense", "[]", "{}", R"({"op":"no"})", R"({"op":7})", R"({"op":"sync.wait"})",
          R"({"op":"sync.wait","lsn":"x"})", R"({"op":"sync.wait","lsn":"0/1","timeout_ms":-1})",
          R"({"op":"sync.wait","lsn":"0/1","timeout_ms":"1"})", "\xff\xfe"}) {
        const ControlReply reply = client.ask(line);
        ASSERT_NE(reply.line(), "") << line;
        EXPECT_FALSE(reply.ok()) << line;
        EXPECT_EQ(reply.error_code(), 2) << line;
    }
    EXPECT_TRUE(client.ask(kStatus).ok());
}

TEST_F(DaemonTest, SeveralLinesAtOnceAreAnsweredInOrder) {
    start_and_load();
    ControlClient client(socket_path);
    client.send(wait_request(lsn_from_text("FFFF/0").value(), 30) + "\n{\"op\":\"no\"}\n" +
                kStatus + "\n");
    EXPECT_EQ(client.receive().error_code(), 3);
    EXPECT_EQ(client.receive().error_code(), 2);
    EXPECT_TRUE(client.receive().ok());
}

TEST_F(DaemonTest, EndlessLineIsCutOff) {
    start();
    ControlClient client(socket_path);
    client.send(std::string(kControlLineMax + 1000, 'x'));
    EXPECT_NE(client.receive().at("/error/message").find("longer than"), std::string::npos);
    EXPECT_EQ(client.receive().line(), "");
}

TEST_F(DaemonTest, MoreClientsThanAllowedWaitTheirTurn) {
    start();
    std::vector<std::unique_ptr<ControlClient>> clients;
    for (size_t i = 0; i < kControlClientsMax; ++i) {
        clients.push_back(std::make_unique<ControlClient>(socket_path));
        ASSERT_TRUE(clients.back()->ask(kStatus).ok());
    }
    ControlClient late(socket_path);
    ASSERT_TRUE(late.is_connected());
    late.send(std::string(kStatus) + "\n");
    clients.pop_back();
    EXPECT_TRUE(late.receive().ok());
}

TEST_F(DaemonTest, StartsWithoutPostgres) {
    options.dsn = "host=/nonexistent dbname=nothing";
    start();
    const ControlReply status = ask(kStatus);
    EXPECT_EQ(status.at("/arena/generation"), "0");
    EXPECT_EQ(status.at("/sync/age_seconds"), "null");
    EXPECT_FALSE(ask(R"({"op":"checkpoint"})").ok());
}

TEST_F(DaemonTest, SecondOneOnTheSameSocketIsRefused) {
    start();
    DaemonOptions other = options;
    other.channel_fd = -1;
    other.runtime_fd = -1;
    const auto created = Daemon::create(other);
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().code, ErrorCode::conflict);
    EXPECT_TRUE(ask(kStatus).ok());
}

TEST_F(DaemonTest, EndsWithItsSupervisor) {
    start();
    supervisor.reset();
    thread.join();
    EXPECT_TRUE(daemon->is_stopped());
}

TEST(DaemonOptions, SizesAndDurations) {
    EXPECT_EQ(size_from_argument("4GiB").value(), uint64_t{4} << 30);
    EXPECT_EQ(size_from_argument("1048576").value(), 1048576u);
    EXPECT_EQ(duration_from_argument("30s").value(), std::chrono::seconds(30));
    EXPECT_EQ(duration_from_argument("250").value(), std::chrono::milliseconds(250));
    for (const char* bad :
         {"", "GiB", "-1", "1 s", "4gib", "99999999999999999999", "9999999999TiB", "1.5s"}) {
        EXPECT_FALSE(size_from_argument(bad).has_value()) << bad;
        EXPECT_FALSE(duration_from_argument(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace gatepost::controlplane::tests
