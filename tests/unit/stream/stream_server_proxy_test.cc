// StreamServer behind a proxy that says who the client is.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <deque>

#include "tests/unit/stream/server_support.h"

namespace gatepost::dataplane {
namespace {

using storage::StreamEnd;

TEST(StreamServer, ClientThatATrustedProxyNames) {
    TestServer server("127.0.0.1@0", {.listener = behind_proxy("127.1.1.0/24")});
    Client proxy = client_from("127.1.1.9", server.address());
    for (uint8_t octet : proxy_header({192, 0, 2, 7})) proxy.send({octet});
    proxy.send_framed(make_query(1, "who"));
    EXPECT_EQ(last_octets(proxy.receive_framed(), 4), (Message{192, 0, 2, 7}));

    // All in one packet.
    Client other = client_from("127.1.1.9", server.address());
    Message packet = proxy_header({192, 0, 2, 8});
    const Message query = framed(make_query(2, "who"));
    packet.insert(packet.end(), query.begin(), query.end());
    other.send(packet);
    EXPECT_EQ(last_octets(other.receive_framed(), 4), (Message{192, 0, 2, 8}));

    // A health check: the proxy is the client.
    Client check = client_from("127.1.1.9", server.address());
    check.send(proxy_header({192, 0, 2, 8}, 0x20));
    check.send_framed(make_query(3, "who"));
    EXPECT_EQ(last_octets(check.receive_framed(), 4), (Message{127, 1, 1, 9}));
}

// What anybody else sends is no header but a message, and a broken one.
TEST(StreamServer, HeaderOfWhoIsNotTrusted) {
    TestServer server("127.0.0.1@0", {.listener = behind_proxy("127.1.1.0/24")});
    Client forger = client_from("127.1.2.9", server.address());
    forger.send(proxy_header({192, 0, 2, 7}));
    forger.send_framed(make_query(1, "who"));
    Client direct = client_from("127.1.2.9", server.address());
    direct.send_framed(make_query(1, "who"));
    EXPECT_EQ(last_octets(direct.receive_framed(), 4), (Message{127, 1, 2, 9}));
    EXPECT_EQ(server.ended(StreamEnd::proxy_header), 0U);
}

TEST(StreamServer, ProxyThatSendsNoHeader) {
    TestServer server("127.0.0.1@0", {.listener = behind_proxy("127.0.0.0/8")});
    Client client(SOCK_STREAM, server.address());
    client.send_framed(make_query(1, "www"));
    EXPECT_TRUE(client.is_closed());
    Client silent(SOCK_STREAM, server.address());
    ASSERT_EQ(::shutdown(silent.fd(), SHUT_WR), 0);
    EXPECT_TRUE(silent.is_closed());
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::proxy_header), 2U);
    EXPECT_EQ(server.answerer().queries, 0U);
}

// The limits are for whom the proxy names, not for the proxy.
TEST(StreamServer, LimitsOfClientsBehindAProxy) {
    TestServer server("127.0.0.1@0", {.streams = {.sources = {.per_address = 2}},
                                      .listener = behind_proxy("127.0.0.0/8")});
    std::deque<Client> clients;
    for (uint8_t host = 1; host <= 5; ++host) {
        for (int i = 0; i < 2; ++i) {
            clients.emplace_back(SOCK_STREAM, server.address());
            clients.back().send(proxy_header({192, 0, 2, host}));
            EXPECT_TRUE(ask(clients.back()));
        }
    }
    Client refused(SOCK_STREAM, server.address());
    refused.send(proxy_header({192, 0, 2, 3}));
    EXPECT_TRUE(refused.is_closed());
    wait_for([&] { return server.ended(StreamEnd::source_limit) == 1; });
    clients.pop_back();
    wait_for([&] { return server.open() == 9; });
    clients.emplace_back(SOCK_STREAM, server.address());
    clients.back().send(proxy_header({192, 0, 2, 5}));
    EXPECT_TRUE(ask(clients.back())) << "a place became free";
}

TEST(StreamServer, DrainDuringTheProxyHeader) {
    TestServer server("127.0.0.1@0", {.listener = behind_proxy("127.0.0.0/8")});
    Client client(SOCK_STREAM, server.address());
    wait_for([&] { return server.open() == 1; });
    server.drain();
    EXPECT_TRUE(client.is_closed());
    client.close();
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::drained), 1U);
}

}  // namespace
}  // namespace gatepost::dataplane
