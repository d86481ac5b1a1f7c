// gatepost-controlplane as others meet it: the control socket, the supervisor's channel, the
// checkpoint. The daemon runs in a thread of the test; PostgreSQL is a real cluster.
#include "controlplane/control/daemon.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "controlplane/pg/transaction.h"
#include "controlplane/schema/schema.h"
#include "storage/base/fd_channel.h"
#include "storage/directory/directory_image.h"
#include "storage/zone_index/image.h"
#include "tests/support/private_postgres.h"
#include "tests/unit/sync/control_client.h"

namespace gatepost::controlplane::tests {
namespace {

using gatepost::tests::PrivatePostgres;

constexpr int kPatienceMs = 60'000;
constexpr char kStatus[] = R"({"op":"status"})";

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

TEST_F(DaemonTest, CheckpointOnRequestAndAtTheEnd) {
    start_and_load();
    const ControlReply reply = ask(R"({"op":"checkpoint"})");
    ASSERT_TRUE(reply.ok()) << reply.line();
    const std::string path = reply.at("/path");
    EXPECT_EQ(path, options.state_dir + "/zones.ckpt");
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_size, reply.number("/size_bytes"));
    EXPECT_EQ(about.st_mode & 07777, 0600u);

    execute(
        "INSERT INTO gatepost.rrsets SELECT id, 'last.example.org.', 'A', 60, ARRAY['192.0.2.1'] "
        "FROM"
        " gatepost.zones");
    ASSERT_TRUE(wait_for(execute("SELECT 1")));
    const std::string names = ask(kStatus).at("/arena/names");
    stop();
    const auto image = storage::Image::load_checkpoint(path);
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(std::to_string(image->info().names), names);
    EXPECT_FALSE(std::filesystem::exists(socket_path));
    execute("DELETE FROM gatepost.rrsets WHERE name = 'last.example.org.'");
}

TEST_F(DaemonTest, CheckpointsByItself) {
    start_and_load();
    const std::string path = options.state_dir + "/zones.ckpt";
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (!std::filesystem::exists(path) && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(std::filesystem::exists(path));
}

// The keeper makes a certificate for the server's name: from the key file and the database it comes
// to the supervisor, and into a file of its own.
TEST_F(DaemonTest, DirectoryIsHandedOverAndKept) {
    execute("DELETE FROM gatepost.certificates");  // other tests' keys are gone
    options.server_name = "mx.example.org";
    start_and_load();
    ChannelMessage directory = message();
    ASSERT_EQ(directory.verb, ChannelVerb::directory);
    EXPECT_EQ(directory.number, arena.number);
    const auto image = storage::DirectoryImage::map(std::move(directory.fd));
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->info().generation, directory.number);
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    const auto entry = [&] {
        return image->view().find(storage::EntryKind::tls_identity, "mx.example.org");
    };
    while (!entry() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(entry().has_value());
    EXPECT_TRUE(wait_for(execute("SELECT 1")));
    const ControlReply status = ask(kStatus);
    EXPECT_EQ(status.number("/directory/entries"), 2) << "the name, and the default";
    EXPECT_EQ(status.at("/held_certificates"), "[]");

    const ControlReply reply = ask(R"({"op":"checkpoint"})");
    ASSERT_TRUE(reply.ok()) << reply.line();
    const std::string path = reply.at("/directory/path");
    EXPECT_EQ(path, options.state_dir + "/directory.ckpt");
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_size, reply.number("/directory/size_bytes"));
    EXPECT_EQ(about.st_mode & 07777, 0600u);
    const auto kept = storage::DirectoryImage::load_checkpoint(path);
    ASSERT_TRUE(kept.has_value()) << kept.error().message;
    EXPECT_EQ(kept->info().entries, 2u);
    const auto copy = kept->view().find(storage::EntryKind::tls_identity, "mx.example.org");
    ASSERT_TRUE(copy.has_value());
    EXPECT_TRUE(std::equal(copy->value.begin(), copy->value.end(), entry()->value.begin(),
                           entry()->value.end()));

    // Held, and told of.
    ASSERT_TRUE(wait_for(
        execute("UPDATE gatepost.certificates SET sealed_key = 'GPS1' || repeat('x', 60)::bytea")));
    const ControlReply held = ask(kStatus);
    EXPECT_EQ(held.number("/held_certificates_total"), 1);
    EXPECT_EQ(held.at("/held_certificates/0/served"), "true");
    EXPECT_TRUE(entry().has_value());
    execute("DELETE FROM gatepost.certificates");
}

// A change of certificates alone does not have the zones written again.
TEST_F(DaemonTest, OnlyTheFileThatChangedIsWritten) {
    options.server_name = "mx.example.org";
    options.checkpoint_interval = std::chrono::hours(1);
    start_and_load();
    ASSERT_TRUE(ask(R"({"op":"checkpoint"})").ok());
    const auto zones = std::filesystem::last_write_time(options.state_dir + "/zones.ckpt");
    const std::string directory = options.state_dir + "/directory.ckpt";
    const auto before = std::filesystem::last_write_time(directory);
    ASSERT_TRUE(
        wait_for(execute("INSERT INTO gatepost.redirects (host, url) VALUES"
                         " ('a.example', 'https://b.example/')")));
    stop();  // with a last checkpoint
    EXPECT_GT(std::filesystem::last_write_time(directory), before);
    EXPECT_EQ(std::filesystem::last_write_time(options.state_dir + "/zones.ckpt"), zones);
    execute("DELETE FROM gatepost.redirects");
}

TEST_F(DaemonTest, FailingCheckpointIsReportedAndNotFatal) {
    start_and_load();
    std::filesystem::remove_all(options.state_dir);
    EXPECT_FALSE(ask(R"({"op":"checkpoint"})").ok());
    EXPECT_NE(ask(kStatus).at("/checkpoint/error"), "null");
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
