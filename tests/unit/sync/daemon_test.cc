// gatepost-controlplane as others meet it: the control socket, the supervisor's channel, the
// checkpoint. The daemon runs in a thread of the test; PostgreSQL is a real cluster.
#include "controlplane/control/daemon.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "controlplane/pg/transaction.h"
#include "controlplane/schema/schema.h"
#include "storage/base/fd_channel.h"
#include "storage/zone_index/image.h"
#include "tests/support/private_postgres.h"

namespace gatepost::controlplane::tests {
namespace {

using gatepost::tests::PrivatePostgres;
using nlohmann::json;

constexpr auto kPatience = std::chrono::seconds(60);  // only a hang lasts so long

class ControlClient {
  public:
    explicit ControlClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        const timeval patience{kPatience.count(), 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        connected_ = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                               sizeof address) == 0;
    }
    bool is_connected() const { return connected_; }
    void send(const std::string& text) {
        EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    // "" where the other side has closed.
    std::string receive() {
        std::string line;
        char c = 0;
        while (::recv(socket_.get(), &c, 1, 0) == 1 && c != '\n') line += c;
        return line;
    }
    json ask(const json& request) {
        send(request.dump() + "\n");
        return json::parse(receive(), nullptr, false);
    }

  private:
    UniqueFd socket_;
    bool connected_ = false;
};

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
    ChannelMessage message() {
        auto received = channel_receive(supervisor.get());
        EXPECT_TRUE(received.has_value() && received->has_value());
        return received && *received ? std::move(**received) : ChannelMessage{};
    }
    json ask(const json& request) { return ControlClient(socket_path).ask(request); }

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
    const json status = ask({{"op", "status"}});
    EXPECT_EQ(status["ok"], true);
    EXPECT_EQ(status["controlplane"]["pid"], ::getpid());
    EXPECT_EQ(status["arena"]["generation"], arena.number);
    EXPECT_EQ(status["arena"]["zones"], 1);
    EXPECT_EQ(status["sync"]["loads_total"], 1);
    EXPECT_EQ(status["sync"]["error"], nullptr);
    EXPECT_TRUE(status["sync"]["age_seconds"].is_number());
    EXPECT_EQ(status["sync"]["caught_up_at"].get<std::string>().back(), 'Z');
    EXPECT_EQ(status["held_zones"], json::array());
    const json& worker = status["dataplane"]["workers"][0];
    EXPECT_EQ(worker["queries"]["tcp4"], 7);
    EXPECT_EQ(worker["rcodes"], (json{{"NXDOMAIN", 5}}));
    EXPECT_EQ(worker["dropped"], (json{{"tcp_limit", 2}}));
}

TEST_F(DaemonTest, WaitsUntilACommitIsServed) {
    start_and_load();
    ControlClient client(socket_path);
    for (int i = 0; i < 20; ++i) {
        const Lsn lsn = execute("UPDATE gatepost.rrsets SET ttl = ttl + 1");
        const json reply =
            client.ask({{"op", "sync.wait"}, {"lsn", lsn_to_text(lsn)}, {"timeout_ms", 60000}});
        ASSERT_EQ(reply["ok"], true) << reply.dump();
    }
    EXPECT_GE(ask({{"op", "status"}})["sync"]["transactions_total"], 20);
}

TEST_F(DaemonTest, WaitsForTheWorkers) {
    page->dataplane_pid = 4242;
    page->worker_count = 2;
    start_and_load();
    const Lsn lsn = execute("SELECT 1");
    const json request = {{"op", "sync.wait"}, {"lsn", lsn_to_text(lsn)}, {"timeout_ms", 60000}};
    ControlClient client(socket_path);
    client.send(request.dump() + "\n");
    const json impatient =
        ask({{"op", "sync.wait"}, {"lsn", lsn_to_text(lsn)}, {"timeout_ms", 20}});
    EXPECT_EQ(impatient["ok"], false);
    EXPECT_EQ(impatient["error"]["code"], 3);
    page->workers[0].arena_generation = arena.number;
    page->workers[1].arena_generation = arena.number;
    EXPECT_EQ(json::parse(client.receive())["ok"], true);
}

TEST_F(DaemonTest, PositionThatNeverComesTimesOut) {
    start_and_load();
    const json reply = ask({{"op", "sync.wait"}, {"lsn", "FFFF/0"}, {"timeout_ms", 20}});
    EXPECT_EQ(reply["ok"], false);
    EXPECT_EQ(reply["error"]["code"], 3);
    EXPECT_NE(reply["error"]["message"].get<std::string>().find("FFFF/0"), std::string::npos);
}

TEST_F(DaemonTest, CheckpointOnRequestAndAtTheEnd) {
    start_and_load();
    const json reply = ask({{"op", "checkpoint"}});
    ASSERT_EQ(reply["ok"], true) << reply.dump();
    const std::string path = reply["path"];
    EXPECT_EQ(path, options.state_dir + "/zones.ckpt");
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_size, reply["size_bytes"].get<int64_t>());
    EXPECT_EQ(about.st_mode & 07777, 0600u);

    execute(
        "INSERT INTO gatepost.rrsets SELECT id, 'last.example.org.', 'A', 60, ARRAY['192.0.2.1'] "
        "FROM"
        " gatepost.zones");
    const Lsn lsn = execute("SELECT 1");
    ASSERT_EQ(ask({{"op", "sync.wait"}, {"lsn", lsn_to_text(lsn)}, {"timeout_ms", 60000}})["ok"],
              true);
    const auto names = ask({{"op", "status"}})["arena"]["names"].get<uint64_t>();
    stop();
    const auto image = storage::Image::load_checkpoint(path);
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->info().names, names);
    EXPECT_FALSE(std::filesystem::exists(socket_path));
    execute("DELETE FROM gatepost.rrsets WHERE name = 'last.example.org.'");
}

TEST_F(DaemonTest, CheckpointsByItself) {
    start_and_load();
    const std::string path = options.state_dir + "/zones.ckpt";
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!std::filesystem::exists(path) && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(DaemonTest, FailingCheckpointIsReportedAndNotFatal) {
    start_and_load();
    std::filesystem::remove_all(options.state_dir);
    const json reply = ask({{"op", "checkpoint"}});
    EXPECT_EQ(reply["ok"], false);
    EXPECT_NE(ask({{"op", "status"}})["checkpoint"]["error"], nullptr);
}

TEST_F(DaemonTest, ZoneStatus) {
    start_and_load();
    const json served = ask({{"op", "zone.status"}, {"zone", "EXAMPLE.org."}});
    EXPECT_EQ(served["state"], "served");
    EXPECT_TRUE(served["serial"].is_number());
    EXPECT_EQ(ask({{"op", "zone.status"}, {"zone", "example.com."}})["state"], "unknown");
    EXPECT_EQ(ask({{"op", "zone.status"}})["error"]["code"], 2);

    // The database takes what its own cheap checks do not see.
    const Lsn bad = execute(
        "INSERT INTO gatepost.rrsets SELECT id, 'bad.example.org.', 'SSHFP', 60, ARRAY['x y z'] "
        "FROM"
        " gatepost.zones");
    ASSERT_EQ(ask({{"op", "sync.wait"}, {"lsn", lsn_to_text(bad)}, {"timeout_ms", 60000}})["ok"],
              true);
    const json held = ask({{"op", "zone.status"}, {"zone", "example.org."}});
    EXPECT_EQ(held["state"], "held");
    EXPECT_EQ(held["serial"], served["serial"]);
    EXPECT_NE(held["held"]["reason"].get<std::string>().find("bad.example.org."),
              std::string::npos);
    EXPECT_EQ(ask({{"op", "status"}})["held_zones"][0]["zone"], "example.org.");
    const Lsn good = execute("DELETE FROM gatepost.rrsets WHERE name = 'bad.example.org.'");
    ASSERT_EQ(ask({{"op", "sync.wait"}, {"lsn", lsn_to_text(good)}, {"timeout_ms", 60000}})["ok"],
              true);
    EXPECT_EQ(ask({{"op", "zone.status"}, {"zone", "example.org."}})["state"], "served");
}

TEST_F(DaemonTest, BadRequestsAreAnsweredByAnError) {
    start();
    ControlClient client(socket_path);
    for (const char* line :
         {"", "nonsense", "[]", "{}", R"({"op":"no"})", R"({"op":7})", R"({"op":"sync.wait"})",
          R"({"op":"sync.wait","lsn":"x"})", R"({"op":"sync.wait","lsn":"0/1","timeout_ms":-1})",
          R"({"op":"sync.wait","lsn":"0/1","timeout_ms":"1"})", "\xff\xfe"}) {
        client.send(std::string(line) + "\n");
        const json reply = json::parse(client.receive(), nullptr, false);
        ASSERT_TRUE(reply.is_object()) << line;
        EXPECT_EQ(reply["ok"], false) << line;
        EXPECT_EQ(reply["error"]["code"], 2) << line;
    }
    EXPECT_EQ(client.ask({{"op", "status"}})["ok"], true);
}

TEST_F(DaemonTest, SeveralLinesAtOnceAreAnsweredInOrder) {
    start_and_load();
    ControlClient client(socket_path);
    client.send(
        "{\"op\":\"sync.wait\",\"lsn\":\"FFFF/"
        "0\",\"timeout_ms\":30}\n{\"op\":\"no\"}\n{\"op\":\"status\"}\n");
    EXPECT_EQ(json::parse(client.receive())["error"]["code"], 3);
    EXPECT_EQ(json::parse(client.receive())["error"]["code"], 2);
    EXPECT_EQ(json::parse(client.receive())["ok"], true);
}

TEST_F(DaemonTest, EndlessLineIsCutOff) {
    start();
    ControlClient client(socket_path);
    client.send(std::string(kControlLineMax + 1000, 'x'));
    EXPECT_NE(client.receive().find("longer than"), std::string::npos);
    EXPECT_EQ(client.receive(), "");
}

TEST_F(DaemonTest, MoreClientsThanAllowedWaitTheirTurn) {
    start();
    std::vector<std::unique_ptr<ControlClient>> clients;
    for (size_t i = 0; i < kControlClientsMax; ++i) {
        clients.push_back(std::make_unique<ControlClient>(socket_path));
        ASSERT_EQ(clients.back()->ask({{"op", "status"}})["ok"], true);
    }
    ControlClient late(socket_path);
    ASSERT_TRUE(late.is_connected());
    late.send("{\"op\":\"status\"}\n");
    clients.pop_back();
    EXPECT_EQ(json::parse(late.receive())["ok"], true);
}

TEST_F(DaemonTest, StartsWithoutPostgres) {
    options.dsn = "host=/nonexistent dbname=nothing";
    start();
    const json status = ask({{"op", "status"}});
    EXPECT_EQ(status["arena"]["generation"], 0);
    EXPECT_EQ(status["sync"]["age_seconds"], nullptr);
    EXPECT_EQ(ask({{"op", "checkpoint"}})["ok"], false);
}

TEST_F(DaemonTest, SecondOneOnTheSameSocketIsRefused) {
    start();
    DaemonOptions other = options;
    other.channel_fd = -1;
    other.runtime_fd = -1;
    const auto created = Daemon::create(other);
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().code, ErrorCode::conflict);
    EXPECT_EQ(ask({{"op", "status"}})["ok"], true);
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
