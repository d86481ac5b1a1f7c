// StreamServer with TLS from the first octet on, over real sockets.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/unit/stream/server_support.h"
#include "tests/unit/stream/tls_rig.h"

namespace gatepost::dataplane {
namespace {

using storage::StreamEnd;

// A blocking client of a real socket.
class TlsSocket {
  public:
    TlsSocket(const ListenAddress& server, const tests::TlsClientOptions& options)
        : socket_(SOCK_STREAM, server), tls(options) {}

    bool handshake() {
        while (!tls.handshake()) {
            flush();
            if (!tls.error().empty() || !receive()) return false;
        }
        flush();
        return true;
    }
    std::string exchange(const std::string& request, size_t wanted) {
        std::string got;
        EXPECT_TRUE(tls.write(request));
        flush();
        while (got.size() < wanted && receive()) got += tls.read();
        return got;
    }
    bool receive() {
        const Message octets = socket_.receive();
        tls.feed(octets);
        return !octets.empty();
    }
    void flush() {
        const Message octets = tls.take_output();
        if (!octets.empty()) socket_.send(octets);
    }
    Client& socket() { return socket_; }

  private:
    Client socket_;

  public:
    tests::TlsClient tls;
};

struct TlsServer {
    TlsServer() {
        options.dns.transport = Transport::tls;
        options.listener.tls = side.context.get();
    }
    tests::ServerSide side{{.service = storage::Service::dns, .alpn = {"dot"}}};
    TestServerOptions options;
};

TEST(StreamServerTls, QueriesAndResumption) {
    TlsServer tls;
    TestServer server("127.0.0.1@0", tls.options);
    tests::TlsTicket ticket;
    const Message query = framed(make_query(5, "pad3000"));
    for (int round = 0; round < 2; ++round) {
        TlsSocket client(server.address(), {.alpn = {"dot"}, .ticket = ticket});
        ASSERT_TRUE(client.handshake()) << client.tls.error();
        for (int i = 0; i < 100; ++i)
            ASSERT_EQ(client.exchange({query.begin(), query.end()}, 3002).size(), 3002U);
        EXPECT_EQ(client.tls.resumed(), round == 1);
        ticket = client.tls.ticket();
        // The client may have read the reply before the server heard that it was sent.
        wait_for([&] { return server.streams().buffers_octets == 0; });
    }
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.streams().handshakes[1][0], 1U);
    EXPECT_EQ(server.streams().handshakes[1][1], 1U);
    EXPECT_EQ(server.ended(StreamEnd::peer), 2U);
}

TEST(StreamServerTls, WhatIsNoTlsGetsAnAlertAndIsCounted) {
    TlsServer tls;
    TestServer server("127.0.0.1@0", tls.options);
    Client client(SOCK_STREAM, server.address());
    const std::string text = "EHLO client.example\r\n" + std::string(5000, 'x');
    client.send({text.begin(), text.end()});
    const Message alert = client.receive();
    ASSERT_FALSE(alert.empty());
    EXPECT_EQ(alert[0], 21) << "RFC 8446 §5.1";
    client.close();
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::tls_failed), 1U);
    EXPECT_EQ(server.streams().tls_failures[static_cast<size_t>(storage::TlsFailure::not_tls)], 1U);
}

TEST(StreamServerTls, RecordThatIsForgedAfterTheHandshake) {
    TlsServer tls;
    TestServer server("127.0.0.1@0", tls.options);
    TlsSocket client(server.address(), {.alpn = {"dot"}});
    ASSERT_TRUE(client.handshake());
    client.socket().send(
        {0x17, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20});
    while (client.receive()) client.tls.read();
    EXPECT_NE(client.tls.error().find("BAD_RECORD_MAC"), std::string::npos) << client.tls.error();
    client.socket().close();
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::tls_failed), 1U);
    EXPECT_EQ(server.streams().tls_failures[static_cast<size_t>(storage::TlsFailure::bad_record)],
              1U);
}

TEST(StreamServerTls, ClientThatGoesDuringTheHandshake) {
    TlsServer tls;
    TestServer server("127.0.0.1@0", tls.options);
    {
        Client client(SOCK_STREAM, server.address());
        client.send({0x16, 3, 1});
    }
    wait_for([&] { return server.ended(StreamEnd::tls_failed) == 1; });
    EXPECT_EQ(server.streams().tls_failures[static_cast<size_t>(storage::TlsFailure::peer_closed)],
              1U);
}

// The header is outside of TLS.
TEST(StreamServerTls, BehindAProxy) {
    TlsServer tls;
    tls.options.listener.proxies = behind_proxy("127.0.0.0/8").proxies;
    TestServer server("127.0.0.1@0", tls.options);
    TlsSocket client(server.address(), {.alpn = {"dot"}});
    client.socket().send(proxy_header({192, 0, 2, 7}));
    ASSERT_TRUE(client.handshake()) << client.tls.error();
    const Message query = framed(make_query(1, "who"));
    const std::string reply = client.exchange({query.begin(), query.end()}, query.size() + 4);
    EXPECT_EQ(last_octets(Message(reply.begin(), reply.end()), 4), (Message{192, 0, 2, 7}));
}

TEST(StreamServerTls, DrainSaysCloseNotify) {
    TlsServer tls;
    TestServer server("127.0.0.1@0", tls.options);
    TlsSocket client(server.address(), {.alpn = {"dot"}});
    ASSERT_TRUE(client.handshake());
    server.drain();
    while (client.receive()) client.tls.read();
    EXPECT_TRUE(client.tls.closed());
}

}  // namespace
}  // namespace gatepost::dataplane
