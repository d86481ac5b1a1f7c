// DNS over TCP: StreamServer and DnsStream over real sockets.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <deque>

#include "tests/unit/netio/harness.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;
using storage::StreamEnd;

class DnsStreamServerOn : public testing::TestWithParam<const char*> {};

TEST_P(DnsStreamServerOn, SeveralQueriesOnOneConnection) {
    TestServer server(GetParam());
    Client client(SOCK_STREAM, server.address());
    for (uint16_t id = 1; id <= 100; ++id) {
        client.send_framed(make_query(id, "www"));
        EXPECT_EQ(id, id_of(client.receive_framed()));
    }
    EXPECT_EQ(1u, server.counters().tcp_connections_total);
}

INSTANTIATE_TEST_SUITE_P(Families, DnsStreamServerOn,
                         testing::Values("127.0.0.1@0", "::1@0", "::@0"));

TEST(DnsStreamServer, OctetByOctet) {
    TestServer server("127.0.0.1@0");
    Client client(SOCK_STREAM, server.address());
    Message stream = framed(make_query(1, "www"));
    Message second = framed(make_query(2, "pad300"));
    stream.insert(stream.end(), second.begin(), second.end());
    for (uint8_t octet : stream) client.send({octet});
    EXPECT_EQ(1, id_of(client.receive_framed()));
    EXPECT_EQ(300u, client.receive_framed().size());
}

TEST(DnsStreamServer, PipelinedQueriesInOneWriteComeBackInOrder) {
    TestServer server("127.0.0.1@0");
    Client client(SOCK_STREAM, server.address());
    Message stream;
    constexpr uint16_t kQueries = 1000;
    for (uint16_t id = 0; id < kQueries; ++id) {
        Message one = framed(make_query(id, id % 10 == 3 ? "drop" : "www"));
        stream.insert(stream.end(), one.begin(), one.end());
    }
    client.send(stream);
    for (uint16_t id = 0; id < kQueries; ++id) {
        if (id % 10 == 3) continue;
        ASSERT_EQ(id, id_of(client.receive_framed()));
    }
    EXPECT_EQ(kBurstMax, server.answerer().burst_max);
}

TEST(DnsStreamServer, LargestMessageBothWays) {
    TestServer server("127.0.0.1@0");
    Client client(SOCK_STREAM, server.address());
    Message large = make_query(9, "pad65535");
    large.resize(65'535, 0x11);
    client.send_framed(large);
    client.send_framed(make_query(10, "www"));
    large[2] |= 0x80;
    EXPECT_EQ(large, client.receive_framed());
    EXPECT_EQ(10, id_of(client.receive_framed()));
}

// 3,000 replies of up to 64 KiB to a client that does not read: the server stops reading, and goes
// on, with nothing lost and nothing twice, when the client reads.
TEST(DnsStreamServer, SlowReaderIsHeldBack) {
    TestServer server("127.0.0.1@0");
    Client client(SOCK_STREAM, server.address());
    // The kernel would let the buffer grow to tens of megabytes; a frame that is held back is
    // answered again, and counted again, each time a little of it empties.
    const int receive_octets = 64 << 10;
    ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &receive_octets, sizeof receive_octets);
    constexpr uint16_t kQueries = 3000;
    const char* labels[] = {"pad60000", "www", "pad40000", "pad30000", "pad500", "pad65535"};
    std::thread writer([&] {
        for (uint16_t id = 0; id < kQueries; ++id)
            client.send_framed(make_query(id, labels[id % std::size(labels)]));
    });
    // Nearly 100 MB of replies fit no buffers between the two: however long this takes, not all is
    // answered.
    while (server.answerer().queries < 20) std::this_thread::yield();
    EXPECT_LT(server.answerer().queries, kQueries);
    for (uint16_t id = 0; id < kQueries; ++id) {
        Message reply = client.receive_framed();
        ASSERT_EQ(id, id_of(reply));
        std::string_view label = labels[id % std::size(labels)];
        size_t length = label == "www" ? make_query(id, "www").size()
                                       : std::strtoul(label.data() + 3, nullptr, 10);
        ASSERT_EQ(length, reply.size());
    }
    writer.join();
}

TEST(DnsStreamServer, HalfClosedClientGetsItsReplies) {
    TestServer server("127.0.0.1@0");
    Client client(SOCK_STREAM, server.address());
    for (uint16_t id = 1; id <= 5; ++id) client.send_framed(make_query(id, "pad60000"));
    ASSERT_EQ(0, ::shutdown(client.fd(), SHUT_WR));
    for (uint16_t id = 1; id <= 5; ++id) EXPECT_EQ(id, id_of(client.receive_framed()));
    EXPECT_TRUE(client.is_closed());
}

TEST(DnsStreamServer, LengthThatCannotBeEndsTheConnection) {
    TestServer server("127.0.0.1@0");
    Client client(SOCK_STREAM, server.address());
    Message stream = framed(make_query(1, "www"));
    for (uint8_t octet : {0, 11, 1, 2, 3}) stream.push_back(octet);
    client.send(stream);
    EXPECT_EQ(1, id_of(client.receive_framed())) << "what came before is answered";
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(1u, server.dropped(Drop::tcp_framing));
}

TEST(DnsStreamServer, IdleConnectionIsClosed) {
    TestServer server("127.0.0.1@0", {.dns = {.idle_ms = 200, .frame_ms = 10'000}});
    Client client(SOCK_STREAM, server.address());
    client.send_framed(make_query(1, "www"));
    EXPECT_EQ(1, id_of(client.receive_framed()));
    server.let_time_pass();
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(1u, server.dropped(Drop::tcp_idle));
    client.close();
    while (server.open() != 0) std::this_thread::yield();
    EXPECT_EQ(1u, server.ended(StreamEnd::idle));
}

// A client that sends a little now and then never finishes its message: idleness alone would not
// end it.
TEST(DnsStreamServer, UnfinishedMessageIsNotWaitedForForEver) {
    TestServer server("127.0.0.1@0", {.dns = {.idle_ms = 60'000, .frame_ms = 200}});
    Client client(SOCK_STREAM, server.address());
    client.send({0, 40, 1, 2, 3});
    server.let_time_pass();
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(1u, server.dropped(Drop::tcp_idle));
}

TEST(DnsStreamServer, ReaderThatStopsIsClosed) {
    TestServer server("127.0.0.1@0", {.dns = {.idle_ms = 300, .frame_ms = 200}});
    Client client(SOCK_STREAM, server.address());
    Message stream;
    for (uint16_t id = 0; id < 200; ++id) {
        Message one = framed(make_query(id, "pad65000"));
        stream.insert(stream.end(), one.begin(), one.end());
    }
    client.send(stream);
    while (server.answerer().queries == 0) std::this_thread::yield();
    server.let_time_pass();
    while (server.dropped(Drop::tcp_idle) == 0) std::this_thread::yield();
    while (server.counters().tcp_connections != 0) std::this_thread::yield();
}

TEST(DnsStreamServer, ConnectionLimit) {
    TestServer server("127.0.0.1@0", {.streams = {.connections_max = 4}});
    std::deque<Client> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(SOCK_STREAM, server.address());
        clients.back().send_framed(make_query(1, "www"));
        EXPECT_EQ(1, id_of(clients.back().receive_framed()));
    }
    Client refused(SOCK_STREAM, server.address());
    EXPECT_TRUE(refused.is_closed());
    EXPECT_EQ(1u, server.dropped(Drop::tcp_limit));
    EXPECT_EQ(4u, server.counters().tcp_connections);
    clients.pop_front();
    while (server.counters().tcp_connections != 3) std::this_thread::yield();
    Client next(SOCK_STREAM, server.address());
    next.send_framed(make_query(2, "www"));
    EXPECT_EQ(2, id_of(next.receive_framed())) << "a place became free";
}

TEST(DnsStreamServer, ManyShortConnections) {
    TestServer server("127.0.0.1@0", {.streams = {.connections_max = 16}});
    for (uint16_t id = 1; id <= 500; ++id) {
        Client client(SOCK_STREAM, server.address());
        client.send_framed(make_query(id, "pad20000"));
        if (id % 3 != 0) {
            ASSERT_EQ(id, id_of(client.receive_framed()));
        }
        while (server.counters().tcp_connections > 8) std::this_thread::yield();
    }
    while (server.counters().tcp_connections != 0) std::this_thread::yield();
    EXPECT_EQ(500u, server.counters().tcp_connections_total);
}

}  // namespace
}  // namespace gatepost::dataplane
