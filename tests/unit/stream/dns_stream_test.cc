// DNS over a stream, over memory.
#include <gtest/gtest.h>

#include <cerrno>
#include <utility>

#include "tests/support/allocation_counter.h"
#include "tests/unit/stream/dns_rig.h"

namespace gatepost::dataplane {
namespace {

using storage::Drop;
using storage::StreamEnd;

TEST(DnsStream, OctetByOctet) {
    DnsRig dns;
    dns.rig.transport.receive_max = 1;
    dns.serve();
    dns.rig.arrive(frame_of(1, "www") + frame_of(2, "pad300"));
    auto replies = frames_in(dns.rig.transport.take_sent());
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(id_of(replies[0]), 1);
    EXPECT_EQ(replies[0].size(), make_query(1, "www").size());
    EXPECT_EQ(replies[1].size(), 300U);
    EXPECT_EQ(dns.rig.pool.used_octets(), 0U);
    EXPECT_EQ(dns.dns.received(), 2U);
}

TEST(DnsStream, PipelinedInOrder) {
    for (size_t piece : {size_t{17}, size_t{1000}, size_t{4096}, size_t{65'536}}) {
        DnsRig dns;
        dns.rig.transport.receive_max = piece;
        dns.serve();
        std::string queries;
        for (uint16_t id = 0; id < 1000; ++id)
            queries += frame_of(id, id % 10 == 3 ? "drop" : "www");
        dns.rig.arrive(queries);
        auto replies = frames_in(dns.rig.transport.take_sent());
        ASSERT_EQ(replies.size(), 900U);
        size_t at = 0;
        for (uint16_t id = 0; id < 1000; ++id) {
            if (id % 10 != 3) {
                ASSERT_EQ(id_of(replies[at++]), id);
            }
        }
        EXPECT_LE(dns.answerer.burst_max, kBurstMax);
        EXPECT_EQ(dns.dns.received(), 1000U);
        EXPECT_EQ(dns.answerer.queries, 1000U) << "each is answered once where there is room";
    }
}

TEST(DnsStream, LargestMessageBothWays) {
    DnsRig dns;
    dns.serve();
    Message large = make_query(9, "pad65535");
    large.resize(65'535, 0x11);
    dns.rig.arrive(text_of(framed(large)) + frame_of(10, "www"));
    auto replies = frames_in(dns.rig.transport.take_sent());
    ASSERT_EQ(replies.size(), 2U);
    large[2] |= 0x80;
    EXPECT_TRUE(same_octets(replies[0], text_of(large)));
    EXPECT_EQ(id_of(replies[1]), 10);
    EXPECT_EQ(dns.rig.pool.used_octets(), 0U);
}

// A client that pipelines queries with large replies and reads none of them: what is held is a
// reply more than the bound, whatever it asks; nothing is lost and nothing comes twice.
TEST(DnsStream, SlowReaderIsHeldBack) {
    DnsRig dns;
    dns.rig.transport.receive_max = 4096;
    dns.rig.transport.send_blocked = true;
    dns.serve();
    const char* labels[] = {"pad60000", "www", "pad40000", "pad30000", "pad500", "pad65535"};
    std::string queries;
    for (uint16_t id = 0; id < 3000; ++id) queries += frame_of(id, labels[id % 6]);
    dns.rig.arrive(queries);
    EXPECT_LE(dns.rig.stream->unsent(), (32U << 10) + 65'537U);
    EXPECT_LE(dns.rig.pool.used_octets(), 300'000U);
    EXPECT_LT(dns.dns.received(), 10U);
    dns.rig.transport.send_blocked = false;
    size_t id = 0;
    std::string left;
    dns.rig.transport.send_max = 50'000;
    dns.rig.transport.run();
    for (const std::string& reply : frames_in(dns.rig.transport.take_sent())) {
        ASSERT_EQ(id_of(reply), id);
        const std::string_view label = labels[id % 6];
        const size_t length = label == "www" ? make_query(0, "www").size()
                                             : std::strtoul(label.data() + 3, nullptr, 10);
        ASSERT_EQ(reply.size(), length);
        ++id;
    }
    EXPECT_EQ(id, 3000U);
    EXPECT_EQ(dns.dns.received(), 3000U);
    // What is answered anew costs a part only, though a burst has room for 64 queries.
    EXPECT_LT(dns.answerer.queries, 3U * 3000U);
    EXPECT_EQ(dns.rig.pool.used_octets(), 0U);
}

TEST(DnsStream, HalfClosedClientGetsItsReplies) {
    DnsRig dns;
    dns.rig.transport.send_max = 5000;
    dns.serve();
    std::string queries;
    for (uint16_t id = 1; id <= 5; ++id) queries += frame_of(id, "pad60000");
    dns.rig.transport.arrive(queries);
    dns.rig.transport.arrive_end();
    dns.rig.transport.run();
    EXPECT_EQ(frames_in(dns.rig.transport.take_sent()).size(), 5U);
    EXPECT_EQ(dns.end, StreamEnd::peer);
    EXPECT_TRUE(dns.rig.closed);
}

TEST(DnsStream, LengthThatCannotBeEndsTheConnection) {
    for (uint8_t length = 0; length < 12; ++length) {
        DnsRig dns;
        dns.serve();
        dns.rig.arrive(frame_of(1, "www") + std::string(1, '\0') + static_cast<char>(length) +
                       frame_of(2, "www"));
        auto replies = frames_in(dns.rig.transport.take_sent());
        ASSERT_EQ(replies.size(), 1U) << "what came before is answered";
        EXPECT_EQ(id_of(replies[0]), 1);
        EXPECT_EQ(dns.end, StreamEnd::protocol);
        EXPECT_EQ(dns.dropped(Drop::tcp_framing), 1U);
    }
}

TEST(DnsStream, IdleTime) {
    DnsRig dns({.idle_ms = 2000, .frame_ms = 500});
    dns.serve();
    for (uint16_t id = 0; id < 5; ++id) {
        dns.rig.advance(1900);
        dns.rig.arrive(frame_of(id, "www"));
    }
    EXPECT_EQ(frames_in(dns.rig.transport.take_sent()).size(), 5U);
    EXPECT_FALSE(dns.end);
    dns.rig.advance(2100);
    EXPECT_EQ(dns.end, StreamEnd::idle);
    EXPECT_EQ(dns.dropped(Drop::tcp_idle), 1U);
}

// RFC 7766 §6.2.3.
TEST(DnsStream, IdleTimeIsShorterWhereTheServerIsCrowded) {
    DnsRig dns({.idle_ms = 2000, .frame_ms = 500});
    dns.serve();
    dns.crowded = true;
    dns.rig.advance(1000);
    EXPECT_FALSE(dns.end) << "what was promised holds";
    dns.rig.arrive(frame_of(1, "www"));
    dns.rig.advance(490);
    EXPECT_FALSE(dns.end);
    dns.rig.advance(50);
    EXPECT_EQ(dns.end, StreamEnd::idle);
}

// A client that sends a little now and then never finishes its message: idleness alone would not
// end it.
TEST(DnsStream, UnfinishedMessageIsNotWaitedForForEver) {
    DnsRig dns({.idle_ms = 60'000, .frame_ms = 1000});
    dns.serve();
    dns.rig.arrive(frame_of(1, "www"));
    const std::string query = frame_of(2, "www");
    for (size_t i = 0; i < 9; ++i) {
        EXPECT_FALSE(dns.end) << i;
        dns.rig.arrive(query.substr(i, 1));
        dns.rig.advance(110);
    }
    dns.rig.advance(100);
    EXPECT_EQ(dns.end, StreamEnd::deadline);
    EXPECT_EQ(dns.dropped(Drop::tcp_idle), 1U);
}

// Each message has its own time, also where it begins in the packet that another one ends in.
TEST(DnsStream, TimeOfAMessageBeginsWithIt) {
    DnsRig dns({.idle_ms = 60'000, .frame_ms = 1000});
    dns.serve();
    std::string queries;
    for (uint16_t id = 0; id < 20; ++id) queries += frame_of(id, "www");
    const size_t each = frame_of(0, "www").size();
    // No message is in more than two of the packets.
    for (size_t at = 0; at < queries.size(); at += each - 1) {
        dns.rig.advance(700);
        dns.rig.arrive(queries.substr(at, each - 1));
        ASSERT_FALSE(dns.end) << at;
    }
    EXPECT_EQ(frames_in(dns.rig.transport.take_sent()).size(), 20U);
}

TEST(DnsStream, ReaderThatStops) {
    DnsRig dns({.idle_ms = 2000, .frame_ms = 500});
    dns.rig.transport.send_blocked = true;
    dns.serve();
    std::string queries;
    for (uint16_t id = 0; id < 200; ++id) queries += frame_of(id, "pad65000");
    dns.rig.arrive(queries);
    dns.rig.advance(1900);
    EXPECT_FALSE(dns.end);
    dns.rig.advance(200);
    EXPECT_EQ(dns.end, StreamEnd::not_read);
    EXPECT_EQ(dns.dropped(Drop::tcp_idle), 1U);
}

TEST(DnsStream, ResetAndFailedSend) {
    DnsRig reset;
    reset.serve();
    reset.rig.transport.arrive_error(ECONNRESET);
    reset.rig.transport.run();
    EXPECT_EQ(reset.end, StreamEnd::reset);

    DnsRig failed;
    failed.rig.transport.send_fails_after = 100'000;
    failed.serve();
    std::string queries;
    for (uint16_t id = 0; id < 5; ++id) queries += frame_of(id, "pad50000");
    failed.rig.arrive(queries);
    EXPECT_EQ(failed.end, StreamEnd::reset);
    EXPECT_EQ(failed.dropped(Drop::send_failed), 1U);
}

TEST(DnsStream, DrainEndsWhatIsIdle) {
    DnsRig dns;
    dns.serve();
    dns.rig.arrive(frame_of(1, "www"));
    dns.session->draining = true;
    dns.rig.stream->interrupt();
    EXPECT_EQ(dns.end, StreamEnd::drained);
}

TEST(DnsStream, DrainWaitsForTheRestOfAQuery) {
    DnsRig dns;
    dns.serve();
    const std::string frame = frame_of(1, "www");
    dns.rig.arrive(frame.substr(0, 5));
    dns.session->draining = true;
    dns.rig.stream->interrupt();
    EXPECT_FALSE(dns.end);
    dns.rig.arrive(frame.substr(5));
    EXPECT_EQ(frames_in(dns.rig.transport.take_sent()).size(), 1U);
    EXPECT_EQ(dns.end, StreamEnd::drained);
}

TEST(DnsStream, DrainDoesNotWaitForEver) {
    DnsRig dns;
    dns.serve();
    dns.rig.arrive(frame_of(1, "www").substr(0, 5));
    dns.session->draining = true;
    dns.rig.stream->interrupt();
    dns.rig.advance(2 * DnsStreamOptions{}.frame_ms);
    EXPECT_EQ(dns.end, StreamEnd::deadline);
}

TEST(DnsStream, DrainLetsRepliesOut) {
    DnsRig dns;
    dns.rig.transport.send_blocked = true;
    dns.serve();
    dns.rig.arrive(frame_of(1, "pad60000") + frame_of(2, "www") + frame_of(3, "pad60000"));
    dns.session->draining = true;
    dns.rig.stream->interrupt();
    EXPECT_FALSE(dns.end);
    dns.rig.transport.send_blocked = false;
    dns.rig.transport.run();
    EXPECT_EQ(frames_in(dns.rig.transport.take_sent()).size(), 3U);
    EXPECT_EQ(dns.end, StreamEnd::drained);
}

TEST(DnsStream, AddressOfTheClient) {
    DnsRig dns;
    dns.client.octets[0] = 192;
    dns.client.octets[3] = 7;
    dns.serve();
    dns.rig.arrive(frame_of(1, "who"));
    auto replies = frames_in(dns.rig.transport.take_sent());
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].substr(replies[0].size() - 4), (std::string{'\xc0', 0, 0, 7}));
}

TEST(DnsStream, NoMemory) {
    DnsRig dns({}, 1);
    std::vector<Chunk*> all;
    while (Chunk* chunk = dns.rig.pool.take(1)) all.push_back(chunk);
    dns.serve();
    dns.rig.arrive(frame_of(1, "www"));
    EXPECT_EQ(dns.end, StreamEnd::no_memory);
    EXPECT_TRUE(dns.rig.closed);
    for (Chunk* chunk : all) dns.rig.pool.give(chunk);
}

std::string conversation() {
    std::string queries;
    const char* labels[] = {"www", "pad60000", "drop", "pad5000", "www", "pad65535", "pad4070"};
    for (uint16_t id = 0; id < 21; ++id) queries += frame_of(id, labels[id % 7]);
    return queries;
}

TEST(DnsStream, ResetAtEveryEvent) {
    const std::string queries = conversation();
    bool survived = false;
    for (size_t events = 0; !survived; ++events) {
        DnsRig dns;
        dns.rig.transport.receive_max = 7;
        dns.rig.transport.send_max = 3000;
        dns.rig.transport.events_until_reset = events;
        dns.serve();
        dns.rig.arrive(queries);
        survived = dns.rig.waits();
        const size_t replies = frames_in(dns.rig.transport.take_sent()).size();
        if (survived) {
            EXPECT_EQ(replies, 18U);
            dns.rig.close();
        } else {
            EXPECT_EQ(dns.end, StreamEnd::reset);
        }
        ASSERT_TRUE(dns.rig.closed);
        ASSERT_EQ(dns.rig.pool.used_octets(), 0U) << events;
    }
}

TEST(DnsStream, ClosedAtEveryOctet) {
    const std::string queries = conversation();
    const size_t frames = FramePool::used_octets();
    for (size_t octets = 0; octets < queries.size(); ++octets) {
        DnsRig dns;
        dns.rig.transport.send_max = 10'000;
        dns.rig.transport.send_blocked = octets % 3 == 0;
        dns.serve();
        dns.rig.arrive(queries.substr(0, octets));
        dns.rig.close();
        ASSERT_TRUE(dns.rig.closed);
        ASSERT_EQ(dns.rig.pool.used_octets(), 0U);
        ASSERT_EQ(FramePool::used_octets(), frames);
    }
}

// The transport in memory makes strings of its own; this one makes nothing.
struct FrugalTransport final : StreamTransport {
    void start_receive() override {}
    void stop_receive() override {}
    void send(std::span<const iovec> octets) override {
        for (const iovec& part : octets) sent += part.iov_len;
    }
    void shutdown_write() override {}
    void close() override {}
    size_t sent = 0;
};

TEST(DnsStream, NoSystemAllocationPerQuery) {
    if (!tests::kAllocationsCounted) GTEST_SKIP() << "allocations are not counted in this build";
    DnsRig dns;
    FrugalTransport transport;
    Stream stream(dns.rig.host, transport);
    Session session{.stream = stream, .client = dns.client, .id = 1, .crowded = dns.crowded};
    Task<> task = dns.dns.serve(session);
    task.start();
    const std::string queries = frame_of(1, "www") + frame_of(2, "pad3000");
    uint64_t before = 0;
    for (int i = 0; i < 1000; ++i) {
        if (i == 10) before = tests::allocation_count();
        stream.on_received(octets_of(queries).first(30));
        stream.on_received(octets_of(queries).subspan(30));
        while (transport.sent != 0)
            stream.on_sent(static_cast<int32_t>(std::exchange(transport.sent, 0)));
    }
    EXPECT_EQ(tests::allocation_count(), before);
    EXPECT_EQ(dns.dns.received(), 2000U);
    EXPECT_EQ(dns.rig.pool.used_octets(), 0U);
}

}  // namespace
}  // namespace gatepost::dataplane
