// StreamServer over real sockets: who is admitted, how connections begin and end.
#include "dataplane/stream/stream_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>

#include "tests/support/allocation_counter.h"
#include "tests/unit/stream/server_support.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;
using storage::StreamEnd;

TEST(StreamServer, ConnectionsOfAWorker) {
    TestServer server("127.0.0.1@0", {.streams = {.connections_max = 4}});
    std::deque<Client> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(SOCK_STREAM, server.address());
        EXPECT_TRUE(ask(clients.back()));
    }
    EXPECT_EQ(server.open(), 4U);
    Client refused(SOCK_STREAM, server.address());
    EXPECT_TRUE(refused.is_closed());
    EXPECT_EQ(server.ended(StreamEnd::listener_limit), 1U);
    EXPECT_EQ(server.dropped(Drop::tcp_limit), 1U);
    clients.pop_front();
    wait_for([&] { return server.open() == 3; });
    EXPECT_EQ(server.ended(StreamEnd::peer), 1U);
    Client next(SOCK_STREAM, server.address());
    EXPECT_TRUE(ask(next));
    EXPECT_EQ(server.streams().total, 5U);
}

TEST(StreamServer, ConnectionsOfAListener) {
    TestServer server("127.0.0.1@0", {.listener = {.connections_max = 2}});
    Client first(SOCK_STREAM, server.address()), second(SOCK_STREAM, server.address());
    EXPECT_TRUE(ask(first));
    EXPECT_TRUE(ask(second));
    Client refused(SOCK_STREAM, server.address());
    EXPECT_TRUE(refused.is_closed());
    EXPECT_EQ(server.ended(StreamEnd::listener_limit), 1U);
}

// Whoever looks after a server that is full gets in.
TEST(StreamServer, ListenerWithPlacesOfItsOwn) {
    TestServer server("127.0.0.1@0",
                      {.streams = {.connections_max = 1, .sources = {.per_address = 1}},
                       .listener = {.connections_max = 3, .has_own_places = true}});
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(SOCK_STREAM, server.address());
        EXPECT_TRUE(ask(clients.back()));
    }
    Client refused(SOCK_STREAM, server.address());
    EXPECT_TRUE(refused.is_closed());
    EXPECT_EQ(server.ended(StreamEnd::listener_limit), 1U);
}

TEST(StreamServer, ConnectionsOfAnAddressAndOfANetwork) {
    TestServer server("127.0.0.1@0",
                      {.streams = {.sources = {.per_address = 2, .per_network = 3}}});
    Client first = client_from("127.1.1.1", server.address());
    Client second = client_from("127.1.1.1", server.address());
    EXPECT_TRUE(ask(first));
    EXPECT_TRUE(ask(second));
    Client refused = client_from("127.1.1.1", server.address());
    EXPECT_TRUE(refused.is_closed());
    EXPECT_EQ(server.ended(StreamEnd::source_limit), 1U);
    Client neighbour = client_from("127.1.1.2", server.address());
    EXPECT_TRUE(ask(neighbour));
    Client crowd = client_from("127.1.1.3", server.address());
    EXPECT_TRUE(crowd.is_closed());
    EXPECT_EQ(server.ended(StreamEnd::prefix_limit), 1U);
    Client elsewhere = client_from("127.1.2.1", server.address());
    EXPECT_TRUE(ask(elsewhere));
    EXPECT_EQ(server.dropped(Drop::tcp_limit), 2U);
    first.close();
    wait_for([&] { return server.open() == 3; });
    Client again = client_from("127.1.1.1", server.address());
    EXPECT_TRUE(ask(again));
}

// ---- ends

// The client sends more than the server reads, and the server has said its last: closing at once
// would reset the connection, and with it the reply that the client has not read yet.
class Farewell final : public StreamProtocol {
  public:
    Task<> serve(Session& session) override {
        Stream& stream = session.stream;
        const StreamStatus status = co_await stream.until(1);
        if (status != StreamStatus::ok) co_return;
        const std::string reply(200'000, 'r');
        if (stream.append({reinterpret_cast<const uint8_t*>(reply.data()), reply.size()}))
            session.end = StreamEnd::protocol;
    }
};

TEST(StreamServer, GoodbyeDoesNotLoseTheLastReply) {
    Farewell farewell;
    TestServer server("127.0.0.1@0", {.listener = {.protocol = &farewell}});
    for (int round = 0; round < 20; ++round) {
        Client client(SOCK_STREAM, server.address());
        std::thread writer([&] {
            const Message more(1000, 0x11);
            for (int i = 0; i < 200; ++i) {
                if (::send(client.fd(), more.data(), more.size(), MSG_NOSIGNAL) < 0) return;
            }
        });
        size_t got = 0;
        for (Message part = client.receive(); !part.empty(); part = client.receive())
            got += part.size();
        writer.join();
        EXPECT_EQ(got, 200'000U);
    }
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::protocol), 20U);
}

TEST(StreamServer, ClientThatBreaksOff) {
    TestServer server("127.0.0.1@0");
    for (int i = 0; i < 10; ++i) {
        Client client(SOCK_STREAM, server.address());
        EXPECT_TRUE(ask(client));
        const linger at_once = {1, 0};
        ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::reset), 10U);
}

TEST(StreamServer, ClientThatIsGoneBeforeItIsAccepted) {
    TestServer server("127.0.0.1@0");
    server.hold();
    for (int i = 0; i < 10; ++i) {
        Client client(SOCK_STREAM, server.address());
        const linger at_once = {1, 0};
        ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    server.let_go();
    Client next(SOCK_STREAM, server.address());
    EXPECT_TRUE(ask(next));
    wait_for([&] { return server.open() == 1; });
    EXPECT_EQ(server.ended(StreamEnd::reset), 10U);
    EXPECT_EQ(server.dropped(Drop::tcp_limit), 0U);
}

TEST(StreamServer, ThousandConnections) {
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < 2200 && files.rlim_max >= 2200) {
        files.rlim_cur = 2200;
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    }
    ASSERT_GE(files.rlim_cur, 2200U);
    TestServer server("127.0.0.1@0", {.streams = {.connections_max = 1000}});
    std::deque<Client> clients;
    for (int i = 0; i < 1000; ++i) clients.emplace_back(SOCK_STREAM, server.address());
    for (int round = 0; round < 3; ++round) {
        uint16_t id = 0;
        for (Client& client : clients) client.send_framed(make_query(id++, "www"));
        id = 0;
        for (Client& client : clients) ASSERT_EQ(id_of(client.receive_framed()), id++);
    }
    EXPECT_EQ(server.open(), 1000U);
    wait_for([&] { return server.streams().buffers_octets == 0; });
    Client refused(SOCK_STREAM, server.address());
    EXPECT_TRUE(refused.is_closed());
    clients.clear();
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::peer), 1000U);
}

// Everything at once, so that provided buffers run out: nothing is lost.
TEST(StreamServer, FewReceiveBuffers) {
    TestServer server("127.0.0.1@0", {.streams = {.receive_buffers = 2}});
    std::deque<Client> clients;
    for (int i = 0; i < 50; ++i) clients.emplace_back(SOCK_STREAM, server.address());
    server.hold();
    for (Client& client : clients) {
        Message stream;
        for (uint16_t id = 0; id < 500; ++id) {
            const Message one = framed(make_query(id, "www"));
            stream.insert(stream.end(), one.begin(), one.end());
        }
        client.send(stream);
    }
    server.let_go();
    for (Client& client : clients) {
        for (uint16_t id = 0; id < 500; ++id) ASSERT_EQ(id_of(client.receive_framed()), id);
    }
    EXPECT_GT(server.streams().receive_starved, 0U);
}

TEST(StreamServer, BuffersThatRunOut) {
    TestServer server("127.0.0.1@0", {.streams = {.buffers_max = 1}});
    std::deque<Client> clients;
    for (int i = 0; i < 30; ++i) {
        clients.emplace_back(SOCK_STREAM, server.address());
        clients.back().send({0, 100, 1, 2, 3});  // and no more
    }
    wait_for([&] { return server.ended(StreamEnd::no_memory) == 27 && server.open() == 3; });
    EXPECT_EQ(server.streams().buffers_refused, 27U);
    clients.clear();
    wait_for([&] { return server.open() == 0; });
    Client next(SOCK_STREAM, server.address());
    EXPECT_TRUE(ask(next));
}

// ---- drain

TEST(StreamServer, DrainEndsIdleConnectionsAndLetsBusyOnesFinish) {
    TestServer server("127.0.0.1@0");
    std::deque<Client> idle;
    for (int i = 0; i < 10; ++i) {
        idle.emplace_back(SOCK_STREAM, server.address());
        EXPECT_TRUE(ask(idle.back()));
    }
    Client busy(SOCK_STREAM, server.address());
    const int receive_octets = 16 << 10;
    ::setsockopt(busy.fd(), SOL_SOCKET, SO_RCVBUF, &receive_octets, sizeof receive_octets);
    constexpr uint16_t kQueries = 200;
    for (uint16_t id = 0; id < kQueries; ++id) busy.send_framed(make_query(id, "pad60000"));
    wait_for([&] { return server.answerer().queries >= idle.size() + 2; });
    server.drain();
    for (Client& client : idle) EXPECT_TRUE(client.is_closed());
    // What has been read is answered, in whole messages; then the end, and no reset.
    uint16_t replies = 0;
    for (Message reply = busy.receive_framed(); !reply.empty(); reply = busy.receive_framed()) {
        EXPECT_EQ(reply.size(), 60'000U);
        EXPECT_EQ(id_of(reply), replies++);
    }
    EXPECT_GE(replies, 2);
    uint8_t octet;
    EXPECT_EQ(::recv(busy.fd(), &octet, 1, 0), 0) << std::strerror(errno);
    // Soon nobody listens any more: another process may have the next connections.
    const ListenAddress address = server.address();
    wait_for([&] {
        const UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
        return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.address),
                         address.length) != 0;
    });
    idle.clear();
    busy.close();
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::drained), 11U);
}

// ---- descriptors

bool ask_raw(int fd) {
    const Message query = framed(make_query(7, "www"));
    Message reply(query.size());
    return ::send(fd, query.data(), query.size(), MSG_NOSIGNAL) > 0 &&
           ::recv(fd, reply.data(), reply.size(), MSG_WAITALL) > 0;
}

// In a process of its own, as the limit is one of the process. io_uring keeps to the limit of the
// time when it was asked to accept.
int serve_with_few_descriptors() {
    constexpr size_t kClients = 8;
    std::vector<UniqueFd> clients;
    for (size_t i = 0; i < kClients; ++i) clients.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
    // The server has sockets for UDP and TCP and its ring; a few connections are left.
    const rlim_t files = static_cast<rlim_t>(clients.back().get()) + 1 + 3 + 3;
    const rlimit limit{files, files};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    constexpr uint32_t kLongMs = 3'600'000;
    TestServer server("127.0.0.1@0", {.dns = {.idle_ms = kLongMs, .frame_ms = kLongMs}});
    server.let_time_pass();  // accepting is tried again after some
    const ListenAddress address = server.address();
    for (const UniqueFd& client : clients) {
        if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address.address),
                      address.length) != 0)
            return 2;
    }
    wait_for([&] { return server.open() >= 3; });
    using Clock = std::chrono::steady_clock;
    const uint64_t turns = server.turns();
    const auto begin = Clock::now();
    ::usleep(300'000);
    if (server.open() == kClients) return 3;  // the limit was none
    const uint64_t turned = server.turns() - turns;
    const auto waited_ms = std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - begin);
    if (turned > 200 + static_cast<uint64_t>(waited_ms.count())) return 4;  // it spins
    // Those that wait in the backlog are served as places become free.
    for (UniqueFd& client : clients) {
        if (!ask_raw(client.get())) return 5;
        client.reset();
    }
    return 0;
}

TEST(StreamServerDeathTest, FullDescriptorTable) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(::_exit(serve_with_few_descriptors()), testing::ExitedWithCode(0), "");
}

// ---- memory

TEST(StreamServer, AllocatesNothingPerQuery) {
    if (!tests::kAllocationsCounted) GTEST_SKIP() << "allocations are not counted in this build";
    TestServer server("127.0.0.1@0");
    Client client(SOCK_STREAM, server.address());
    for (uint16_t id = 0; id < 100; ++id) ASSERT_TRUE(ask(client, id));
    const uint64_t before = server.answerer().allocations;
    for (uint16_t id = 0; id < 1000; ++id) ASSERT_TRUE(ask(client, id));
    EXPECT_EQ(server.answerer().allocations, before);
}

}  // namespace
}  // namespace gatepost::dataplane
