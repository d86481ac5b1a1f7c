#include "dataplane/netio/udp_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/allocation_counter.h"
#include "tests/unit/netio/harness.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;

ListenAddress with_host(const char* host, uint16_t port) {
    ListenAddress address = *parse_listen_address(std::string(host) + "@0");
    address.set_port(port);
    return address;
}

class UdpServerOn : public testing::TestWithParam<const char*> {};

TEST_P(UdpServerOn, RoundTrip) {
    TestServer server(GetParam());
    Client client(SOCK_DGRAM, server.address());
    for (uint16_t id = 1; id <= 300; ++id) {
        client.send(make_query(id, "www"));
        Message reply = client.receive();
        ASSERT_EQ(make_query(id, "www").size(), reply.size());
        EXPECT_EQ(id, id_of(reply));
        EXPECT_EQ(0x80, reply[2] & 0x80);
    }
    EXPECT_EQ(300u, server.answerer().queries);
}

TEST_P(UdpServerOn, BurstsFromSeveralClientsWithRepliesOfSeveralSizes) {
    TestServer server(GetParam());
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 7; ++i)
        clients.push_back(std::make_unique<Client>(SOCK_DGRAM, server.address()));
    const char* labels[] = {"www", "a", "pad500", "drop", "pad1200", "www", "www", "mail"};
    constexpr size_t kQueries = 1500;
    server.hold();
    std::vector<std::multiset<uint16_t>> expected(clients.size());
    for (uint16_t i = 0; i < kQueries; ++i) {
        size_t client = i % clients.size();
        const char* label = labels[i % std::size(labels)];
        clients[client]->send(make_query(i, label));
        if (std::string_view(label) != "drop") expected[client].insert(i);
    }
    server.let_go();
    for (size_t client = 0; client < clients.size(); ++client) {
        std::multiset<uint16_t> got;
        while (got.size() < expected[client].size()) {
            Message reply = clients[client]->receive();
            ASSERT_FALSE(reply.empty());
            uint16_t id = id_of(reply);
            Message query = make_query(id, labels[id % std::size(labels)]);
            std::string_view label = labels[id % std::size(labels)];
            size_t length = label == "pad500" ? 500 : label == "pad1200" ? 1200 : query.size();
            EXPECT_EQ(length, reply.size()) << label;
            got.insert(id);
        }
        EXPECT_EQ(expected[client], got);
        EXPECT_TRUE(clients[client]->receive(20).empty());
    }
    // The last of them have no reply to be waited for.
    while (server.answerer().queries < kQueries) std::this_thread::yield();
    EXPECT_EQ(kQueries, server.answerer().queries);
    EXPECT_EQ(kBurstMax, server.answerer().burst_max);
    EXPECT_EQ(0u, server.dropped(Drop::send_failed));
}

TEST_P(UdpServerOn, EmptyAndOverlongDatagrams) {
    TestServer server(GetParam());
    Client client(SOCK_DGRAM, server.address());
    client.send({});
    client.send(Message(4000, 0));
    client.send(make_query(7, "www"));
    EXPECT_EQ(7, id_of(client.receive()));
    EXPECT_EQ(1u, server.dropped(Drop::receive_overflow));
    EXPECT_EQ(2u, server.answerer().queries) << "the empty one is the responder's to judge";
}

TEST_P(UdpServerOn, ClientThatHasGoneDisturbsNobody) {
    TestServer server(GetParam());
    for (int i = 0; i < 200; ++i) {
        Client gone(SOCK_DGRAM, server.address());
        gone.send(make_query(1, "www"));
    }
    Client client(SOCK_DGRAM, server.address());
    client.send(make_query(8, "www"));
    Message reply = client.receive();
    // Its port may be that of one which has gone, whose reply was still to come.
    while (id_of(reply) == 1) reply = client.receive();
    EXPECT_EQ(8, id_of(reply));
}

INSTANTIATE_TEST_SUITE_P(Families, UdpServerOn,
                         testing::Values("127.0.0.1@0", "::1@0", "0.0.0.0@0", "::@0"));

// RFC 2181 §4.1: the reply comes from the address asked. A connected client sees no other.
TEST(UdpServer, ReplyComesFromTheAddressAsked) {
    TestServer server("0.0.0.0@0");
    for (const char* host : {"127.0.0.2", "127.9.9.9", "127.0.0.1"}) {
        Client client(SOCK_DGRAM, with_host(host, server.address().port()));
        client.send(make_query(5, "www"));
        EXPECT_EQ(5, id_of(client.receive())) << host;
    }
}

// One client socket asking two addresses of the server: the two replies must not leave as one send.
TEST(UdpServer, OneClientSocketTwoServerAddresses) {
    TestServer server("0.0.0.0@0");
    UniqueFd client(::socket(AF_INET, SOCK_DGRAM, 0));
    server.hold();
    for (const char* host : {"127.0.0.2", "127.0.0.3"}) {
        ListenAddress to = with_host(host, server.address().port());
        Message query = make_query(static_cast<uint16_t>(host[8]), "www");
        ASSERT_GT(::sendto(client.get(), query.data(), query.size(), 0,
                           reinterpret_cast<sockaddr*>(&to.address), to.length),
                  0);
    }
    server.let_go();
    for (int i = 0; i < 2; ++i) {
        Message reply(512);
        sockaddr_in from{};
        socklen_t size = sizeof from;
        ASSERT_GT(::recvfrom(client.get(), reply.data(), reply.size(), 0,
                             reinterpret_cast<sockaddr*>(&from), &size),
                  0);
        EXPECT_EQ(id_of(reply), ntohl(from.sin_addr.s_addr) % 256 + '0');
    }
}

// The kernel refuses segmented sends without checksums, as it does where a card cannot make them:
// one burst is lost, and counted; after that replies leave one by one.
TEST(UdpServer, SegmentedSendsAreGivenUpWhereTheyFail) {
    TestServer server("127.0.0.1@0");
    int on = 1;
    ASSERT_EQ(0, ::setsockopt(server.udp_fd(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on));
    Client client(SOCK_DGRAM, server.address());
    auto ask_twice = [&] {
        server.hold();
        client.send(make_query(1, "www"));
        client.send(make_query(2, "www"));
        server.let_go();
    };
    // Each query ends as an answer or as a drop. The next two are asked when both have: a burst
    // sent while the loss of one before it is not yet known would be lost too.
    for (uint64_t asked = 2, answered = 0; server.dropped(Drop::send_failed) == 0; asked += 2) {
        ask_twice();
        while (answered + server.dropped(Drop::send_failed) < asked)
            answered += client.receive(20).empty() ? 0 : 1;
    }
    EXPECT_EQ(2u, server.dropped(Drop::send_failed));
    for (int i = 0; i < 20; ++i) {
        ask_twice();
        EXPECT_EQ(1, id_of(client.receive()));
        EXPECT_EQ(2, id_of(client.receive()));
    }
    EXPECT_EQ(2u, server.dropped(Drop::send_failed));
}

TEST(UdpServer, AllocatesNothingOnceItServes) {
    if (!tests::kAllocationsCounted) GTEST_SKIP() << "allocations are not counted in this build";
    TestServer server("127.0.0.1@0");
    Client client(SOCK_DGRAM, server.address());
    auto ask = [&client](int count) {
        for (int i = 0; i < count; ++i) {
            client.send(make_query(1, "www"));
            ASSERT_FALSE(client.receive().empty());
        }
    };
    ask(100);
    uint64_t before = server.answerer().allocations;
    ask(1000);
    EXPECT_EQ(before, server.answerer().allocations);
    uint64_t mine = tests::allocation_count();
    ::operator delete(::operator new(1));
    EXPECT_EQ(mine + 1, tests::allocation_count()) << "the counter works";
}

TEST(UdpServer, TheClientsAddressIsGiven) {
    const Message query = make_query(7, "who");
    for (int type : {SOCK_DGRAM, SOCK_STREAM}) {
        TestServer ipv4("127.0.0.1@0");
        Client client(type, ipv4.address());
        type == SOCK_DGRAM ? client.send(query) : client.send_framed(query);
        const Message reply = type == SOCK_DGRAM ? client.receive() : client.receive_framed();
        ASSERT_EQ(reply.size(), query.size() + 4);
        EXPECT_EQ(Message(reply.end() - 4, reply.end()), (Message{127, 0, 0, 1}));
    }
    for (int type : {SOCK_DGRAM, SOCK_STREAM}) {
        TestServer ipv6("::1@0");
        Client client(type, ipv6.address());
        type == SOCK_DGRAM ? client.send(query) : client.send_framed(query);
        const Message reply = type == SOCK_DGRAM ? client.receive() : client.receive_framed();
        ASSERT_EQ(reply.size(), query.size() + 16);
        EXPECT_EQ(reply.back(), 1);
        EXPECT_EQ(Message(reply.end() - 16, reply.end() - 1), Message(15, 0));
    }
}

}  // namespace
}  // namespace gatepost::dataplane
