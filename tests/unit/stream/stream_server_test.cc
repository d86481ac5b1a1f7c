// StreamServer over real sockets: who is admitted, how connections begin and end.
#include "dataplane/stream/stream_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>

#include "tests/support/allocation_counter.h"
#include "tests/unit/netio/harness.h"
#include "tests/unit/stream/tls_rig.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;
using storage::StreamEnd;

void wait_for(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
}

bool ask(Client& client, uint16_t id = 1) {
    client.send_framed(make_query(id, "www"));
    return id_of(client.receive_framed()) == id;
}

// From another address of the loopback network.
Client client_from(const char* address, const ListenAddress& server) {
    Client client(SOCK_STREAM, server, address);
    return client;
}

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

// ---- PROXY

Message proxy_header(const Message& client, uint8_t command = 0x21) {
    Message header = {0x0d, 0x0a, 0x0d, 0x0a, 0x00,    0x0d, 0x0a, 0x51,
                      0x55, 0x49, 0x54, 0x0a, command, 0x11, 0,    12};
    header.insert(header.end(), client.begin(), client.end());
    for (uint8_t octet : {127, 0, 0, 1, 0x30, 0x39, 0, 53}) header.push_back(octet);
    return header;
}

StreamListenerOptions behind_proxy(const char* prefix) {
    StreamListenerOptions options;
    options.proxies.push_back(*parse_prefix(prefix));
    return options;
}

Message last_octets(const Message& message, size_t count) {
    if (message.size() < count) return {};
    return Message(message.end() - static_cast<ptrdiff_t>(count), message.end());
}

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
    EXPECT_EQ(server.streams().buffers_octets, 0U) << "idle connections hold no buffers";
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
    wait_for([&] { return server.ended(StreamEnd::no_memory) == 27; });
    EXPECT_EQ(server.open(), 3U);
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
    wait_for([&] { return server.answerer().queries >= 2; });
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
    // Nobody listens any more: another process may have the next connections.
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const ListenAddress address = server.address();
    EXPECT_NE(::connect(fd, reinterpret_cast<const sockaddr*>(&address.address), address.length),
              0);
    ::close(fd);
    idle.clear();
    busy.close();
    wait_for([&] { return server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::drained), 11U);
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
    TestServer server("127.0.0.1@0");
    const ListenAddress address = server.address();
    for (const UniqueFd& client : clients) {
        if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address.address),
                      address.length) != 0)
            return 2;
    }
    wait_for([&] { return server.open() >= 3; });
    const uint64_t turns = server.turns();
    ::usleep(300'000);
    if (server.open() == kClients) return 3;     // the limit was none
    if (server.turns() - turns > 200) return 4;  // it spins
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

// ---- TLS

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
    wait_for([&] { return server.streams().total == 1 && server.open() == 0; });
    EXPECT_EQ(server.ended(StreamEnd::tls_failed), 1U);
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
