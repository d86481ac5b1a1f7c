// Streams under TLS that break, stall or go, over memory.
#include <cerrno>
#include <vector>

#include "tests/unit/stream/tls_rig.h"

namespace gatepost::dataplane {
namespace {

using storage::TlsFailure;
using Statuses = std::vector<StreamStatus>;

TEST(StreamTls, BrokenRecordEndsItWithAnAlert) {
    TlsRig rig;
    TlsEcho server(rig.context());
    rig.rig.serve(server.body());
    rig.pump();
    rig.write("fine");
    EXPECT_TRUE(rig.client.write("forged"));
    std::string record = text_of(rig.client.take_output());
    record.back() = static_cast<char>(record.back() ^ 1);
    rig.rig.arrive(record);
    EXPECT_EQ(server.ends, (Statuses{StreamStatus::ok, StreamStatus::tls_failed}));
    EXPECT_TRUE(rig.rig.closed);
    rig.client.feed(octets_of(rig.rig.transport.take_sent()));
    rig.client.read();
    EXPECT_NE(rig.client.error().find("BAD_RECORD_MAC"), std::string::npos) << rig.client.error();
    EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
}

// The alert goes out though other octets are on their way when TLS fails, and pushing waits for it.
TEST(StreamTls, AlertBehindOutputThatWaits) {
    TlsRig rig;
    rig.rig.transport.send_max = 100;
    Statuses ends;
    TlsFailure failure = TlsFailure::none;
    rig.rig.serve([&](Stream& stream) -> Task<> {
        const StreamStatus status = co_await stream.start_tls(rig.context());
        EXPECT_EQ(status, StreamStatus::ok);
        EXPECT_TRUE(stream.append(octets_of(pattern(5000))));
        ends.push_back(co_await stream.push(100'000));
        ends.push_back(co_await stream.fill());
        failure = stream.tls()->failure();
        ends.push_back(co_await stream.push());
    });
    rig.pump();
    EXPECT_TRUE(rig.client.write("forged"));
    std::string record = text_of(rig.client.take_output());
    record.back() = static_cast<char>(record.back() ^ 1);
    rig.rig.transport.send_blocked = true;
    rig.rig.arrive(record);
    rig.rig.transport.send_blocked = false;
    rig.pump();
    ASSERT_GE(ends.size(), 2U);
    EXPECT_EQ(ends[1], StreamStatus::tls_failed);
    EXPECT_EQ(failure, TlsFailure::bad_record);
    EXPECT_TRUE(same_octets(rig.got, pattern(5000)));
    EXPECT_NE(rig.client.error().find("BAD_RECORD_MAC"), std::string::npos) << rig.client.error();
}

TEST(StreamTls, HandshakeThatStalls) {
    for (size_t octets : {0, 1, 5, 100}) {
        TlsRig rig;
        Statuses ends;
        rig.rig.serve([&](Stream& stream) -> Task<> {
            stream.expect_within(1000);
            ends.push_back(co_await stream.start_tls(rig.context()));
        });
        rig.client.handshake();
        const std::string hello = text_of(rig.client.take_output());
        rig.rig.arrive(hello.substr(0, octets));
        rig.rig.advance(900);
        EXPECT_TRUE(ends.empty());
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
        rig.rig.advance(200);
        EXPECT_EQ(ends, Statuses{StreamStatus::timeout});
        EXPECT_TRUE(rig.rig.closed);
    }
}

TEST(StreamTls, ClientThatGoesDuringTheHandshake) {
    for (int error : {0, ECONNRESET}) {
        TlsRig rig;
        TlsEcho server(rig.context());
        rig.rig.serve(server.body());
        rig.client.handshake();
        rig.rig.arrive(text_of(rig.client.take_output()).substr(0, 50));
        rig.rig.transport.arrive_error(error);
        rig.pump();
        EXPECT_EQ(server.ends, Statuses{error == 0 ? StreamStatus::end : StreamStatus::reset});
        EXPECT_TRUE(rig.rig.closed);
    }
}

TEST(StreamTls, InterruptDuringTheHandshakeIsForTheFirstWait) {
    TlsRig rig;
    Statuses ends;
    rig.rig.serve([&](Stream& stream) -> Task<> {
        ends.push_back(co_await stream.start_tls(rig.context()));
        ends.push_back(co_await stream.fill());
    });
    rig.rig.stream->interrupt();
    EXPECT_TRUE(ends.empty());
    rig.pump();
    EXPECT_EQ(ends, (Statuses{StreamStatus::ok, StreamStatus::woken}));
}

// The owner closes after every octet of the handshake and of a request.
TEST(StreamTls, ClosedAtEveryOctet) {
    const size_t frames = FramePool::used_octets();
    bool done = false;
    for (size_t octets = 0; !done; ++octets) {
        TlsRig rig;
        TlsEcho server(rig.context());
        rig.rig.serve(server.body());
        size_t left = octets;
        for (bool moved = true; moved && left != 0;) {
            if (!rig.connected && rig.client.handshake()) {
                rig.connected = true;
                EXPECT_TRUE(rig.client.write("query"));
            }
            std::string out = text_of(rig.client.take_output());
            moved = !out.empty();
            out.resize(std::min(out.size(), left));
            left -= out.size();
            rig.rig.arrive(out);
            rig.client.feed(octets_of(rig.rig.transport.take_sent()));
        }
        done = left != 0;
        rig.rig.close();
        ASSERT_TRUE(rig.rig.closed);
        ASSERT_EQ(rig.rig.pool.used_octets(), 0U);
        ASSERT_EQ(FramePool::used_octets(), frames);
    }
}

TEST(StreamTls, ResetAtEveryEvent) {
    for (size_t events = 0; events < 120; ++events) {
        TlsRig rig;
        rig.rig.transport.receive_max = 100;
        rig.rig.transport.send_max = 200;
        rig.rig.transport.events_until_reset = events;
        TlsEcho server(rig.context());
        rig.rig.serve(server.body());
        rig.pump();
        if (rig.connected && rig.client.write(pattern(3000))) rig.pump();
        EXPECT_TRUE(same_octets(rig.got, pattern(3000).substr(0, rig.got.size())));
        if (rig.rig.waits()) rig.rig.close();
        ASSERT_TRUE(rig.rig.closed);
        ASSERT_EQ(rig.rig.pool.used_octets(), 0U);
    }
}

TEST(StreamTls, PoolThatIsUsedUp) {
    for (size_t left = 0; left < 6; ++left) {
        TlsRig rig({}, 256 << 10);
        std::vector<Chunk*> all;
        while (Chunk* chunk = rig.rig.pool.take(1)) all.push_back(chunk);
        for (size_t i = 0; i < left; ++i) {
            rig.rig.pool.give(all.back());
            all.pop_back();
        }
        TlsEcho server(rig.context());
        rig.rig.serve(server.body());
        rig.pump();
        if (rig.connected && rig.client.write(pattern(200'000))) rig.pump();
        EXPECT_TRUE(same_octets(rig.got, pattern(200'000).substr(0, rig.got.size())));
        if (rig.rig.waits()) rig.rig.close();
        EXPECT_TRUE(rig.rig.closed);
        for (Chunk* chunk : all) rig.rig.pool.give(chunk);
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
    }
}

}  // namespace
}  // namespace gatepost::dataplane
