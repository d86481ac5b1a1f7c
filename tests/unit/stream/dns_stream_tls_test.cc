// DNS over TLS (RFC 7858), over memory.
#include <gtest/gtest.h>

#include "tests/unit/stream/dns_rig.h"
#include "tests/unit/stream/tls_rig.h"

namespace gatepost::dataplane {
namespace {

using storage::StreamEnd;

struct TlsDns {
    explicit TlsDns(const DnsStreamOptions& options = {.transport = Transport::tls})
        : dns(options), client({.alpn = {"dot"}}) {}
    void pump() {
        for (bool moved = true; moved;) {
            if (!connected) connected = client.handshake();
            const auto ciphertext = client.take_output();
            dns.rig.arrive(text_of(Bytes(ciphertext)));
            const std::string sent = dns.rig.transport.take_sent();
            client.feed(octets_of(sent));
            if (connected) got += client.read();
            moved = !ciphertext.empty() || !sent.empty();
        }
    }
    void serve() {
        dns.serve(side.context.get());
        pump();
        ASSERT_TRUE(connected) << client.error();
    }

    tests::ServerSide side{{.service = storage::Service::dns, .alpn = {"dot"}}};
    DnsRig dns;
    tests::TlsClient client;
    bool connected = false;
    std::string got;
};

TEST(DnsStreamTls, PipelinedInOrder) {
    for (size_t piece : {size_t{1}, size_t{100}, size_t{4096}}) {
        TlsDns tls;
        tls.dns.rig.transport.receive_max = piece;
        tls.serve();
        EXPECT_EQ(tls.dns.rig.pool.used_octets(), 0U);
        std::string queries;
        for (uint16_t id = 0; id < 1000; ++id) queries += frame_of(id, "www");
        EXPECT_TRUE(tls.client.write(queries));
        tls.pump();
        auto replies = frames_in(tls.got);
        ASSERT_EQ(replies.size(), 1000U);
        for (uint16_t id = 0; id < 1000; ++id) ASSERT_EQ(id_of(replies[id]), id);
        EXPECT_EQ(tls.dns.rig.pool.used_octets(), 0U);
    }
}

TEST(DnsStreamTls, LargestMessageBothWays) {
    TlsDns tls;
    tls.dns.rig.transport.receive_max = 1500;
    tls.serve();
    Message large = make_query(9, "pad65535");
    large.resize(65'535, 0x11);
    EXPECT_TRUE(tls.client.write(text_of(framed(large)) + frame_of(10, "www")));
    tls.pump();
    auto replies = frames_in(tls.got);
    ASSERT_EQ(replies.size(), 2U);
    large[2] |= 0x80;
    EXPECT_TRUE(same_octets(replies[0], text_of(large)));
    EXPECT_EQ(tls.dns.rig.pool.used_octets(), 0U);
}

TEST(DnsStreamTls, SlowReaderIsHeldBack) {
    TlsDns tls;
    tls.dns.rig.transport.receive_max = 4096;
    tls.serve();
    tls.dns.rig.transport.send_blocked = true;
    std::string queries;
    for (uint16_t id = 0; id < 100; ++id) queries += frame_of(id, "pad50000");
    EXPECT_TRUE(tls.client.write(queries));
    tls.pump();
    EXPECT_LE(tls.dns.rig.pool.used_octets(), 300'000U);
    tls.dns.rig.transport.send_blocked = false;
    tls.pump();
    auto replies = frames_in(tls.got);
    ASSERT_EQ(replies.size(), 100U);
    for (uint16_t id = 0; id < 100; ++id) ASSERT_EQ(id_of(replies[id]), id);
}

TEST(DnsStreamTls, EndsAndDeadlines) {
    TlsDns idle({.transport = Transport::tls, .idle_ms = 1000});
    idle.serve();
    idle.dns.rig.advance(1100);
    EXPECT_EQ(idle.dns.end, StreamEnd::idle);
    idle.pump();
    EXPECT_TRUE(idle.client.closed()) << "and it was said so";

    TlsDns closed;
    closed.serve();
    EXPECT_TRUE(closed.client.write(frame_of(1, "pad60000") + frame_of(2, "pad60000")));
    closed.client.close_notify();
    closed.pump();
    EXPECT_EQ(frames_in(closed.got).size(), 2U) << "what came before is answered";
    EXPECT_EQ(closed.dns.end, StreamEnd::peer);

    TlsDns broken;
    broken.serve();
    broken.dns.rig.arrive("\x17\x03\x03 no record of ours, but long enough to be one of theirs");
    EXPECT_EQ(broken.dns.end, std::nullopt) << "it may go on";
    broken.dns.rig.arrive(std::string(9000, 'x'));
    EXPECT_EQ(broken.dns.end, StreamEnd::tls_failed);
}

}  // namespace
}  // namespace gatepost::dataplane
