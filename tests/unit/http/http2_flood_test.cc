// What clients of HTTP/2 do to keep a server busy: each ends with ENHANCE_YOUR_CALM or a protocol
// error, in time and in bounded memory.
#include <gtest/gtest.h>

#include "dataplane/http/http_limits.h"
#include "tests/support/dns_text.h"
#include "tests/unit/http/http2_client.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using storage::StreamEnd;

const std::string kBegin = std::string(kHttp2Preface) + frame(NGHTTP2_SETTINGS, 0, 0, "");
constexpr int kEndHeaders = NGHTTP2_FLAG_END_HEADERS;
constexpr int kEndAll = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;
const std::string kCancel("\0\0\0\x08", 4);

std::string get_headers(uint32_t stream, int flags = kEndAll) {
    return frame(NGHTTP2_HEADERS, flags, stream, header_block(get_fields("/healthz")));
}

// Plays `octets` over and over; gives how often until the connection ended.
struct Outcome {
    int rounds = 0;
    int goaway = -1;
    StreamEnd end = StreamEnd::server;
    size_t answered = 0;
};

template <typename Make>
Outcome flood(const Make& make, int rounds_max = 5000) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    std::string sent = connection.play(kBegin);
    Outcome outcome;
    while (!connection.has_ended() && outcome.rounds < rounds_max) {
        sent += connection.play(make(outcome.rounds));
        ++outcome.rounds;
        EXPECT_LT(rig.environment.pool.used_octets(), size_t{1} << 20);
    }
    outcome.goaway = goaway_error(sent);
    outcome.end = connection.session->end;
    for (const RawFrame& each : read_frames(sent)) outcome.answered += each.type == NGHTTP2_HEADERS;
    return outcome;
}

uint32_t stream_of(int round) {
    return static_cast<uint32_t>(2 * round + 1);
}

TEST(Http2Flood, RapidReset) {  // CVE-2023-44487
    Outcome outcome = flood([](int round) {
        return get_headers(stream_of(round)) +
               frame(NGHTTP2_RST_STREAM, 0, stream_of(round), kCancel);
    });
    EXPECT_EQ(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
    EXPECT_EQ(outcome.end, StreamEnd::protocol);
    EXPECT_EQ(outcome.rounds, static_cast<int>(kHttp2ResetsMax) + 1);
}

TEST(Http2Flood, RapidResetInOneRead) {
    Outcome outcome = flood([](int round) {
        std::string all;
        for (int i = 0; i < 200; ++i)
            all += get_headers(stream_of(round * 200 + i)) +
                   frame(NGHTTP2_RST_STREAM, 0, stream_of(round * 200 + i), kCancel);
        return all;
    });
    EXPECT_EQ(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
    EXPECT_EQ(outcome.rounds, 2);
}

TEST(Http2Flood, ResetsThatWeAreMadeToDo) {  // CVE-2025-8671
    Outcome outcome = flood([](int round) {
        // A window that overflows makes the server reset the stream.
        return frame(NGHTTP2_HEADERS, kEndHeaders, stream_of(round),
                     header_block({{":method", "POST"},
                                   {":scheme", "https"},
                                   {":authority", "a"},
                                   {":path", "/dns-query"},
                                   {"content-type", "application/dns-message"}})) +
               frame(NGHTTP2_WINDOW_UPDATE, 0, stream_of(round), "\x7f\xff\xff\xff");
    });
    EXPECT_EQ(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
    EXPECT_LE(outcome.rounds, static_cast<int>(kHttp2ResetsMax) + 2);
}

TEST(Http2Flood, ResetsOverTimeAreFine) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    connection.play(kBegin);
    for (int round = 0; round < 1000; ++round) {
        connection.play(get_headers(stream_of(round)) +
                        frame(NGHTTP2_RST_STREAM, 0, stream_of(round), kCancel));
        if (round % 100 == 99) connection.pass(10'100);
        ASSERT_FALSE(connection.has_ended()) << round;
    }
}

TEST(Http2Flood, ControlFrames) {
    const std::string kSettings =
        frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\x04\0\0\xff\xff", 6));
    for (const std::string& each :
         {frame(NGHTTP2_PING, 0, 0, "12345678"), kSettings, frame(NGHTTP2_SETTINGS, 0, 0, ""),
          frame(NGHTTP2_PRIORITY, 0, 1, std::string("\0\0\0\0\x10", 5)),
          frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string("\0\0\0\1", 4)),
          frame(0x42, 0, 0, "unknown")}) {
        Outcome outcome = flood([&](int) { return each; });
        EXPECT_EQ(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM) << int(each[3]);
        EXPECT_LE(outcome.rounds, static_cast<int>(kHttp2ControlFramesMax) + 1) << int(each[3]);
        std::string many;
        for (int i = 0; i < 100; ++i) many += each;
        outcome = flood([&](int) { return many; });
        EXPECT_EQ(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM) << int(each[3]);
    }
}

TEST(Http2Flood, PingsThatAreNotTakenBack) {  // CVE-2019-9512
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    connection.play(kBegin);
    connection.transport.send_blocked = true;
    for (int i = 0; i < 2000 && !connection.has_ended(); ++i) {
        connection.play(frame(NGHTTP2_PING, 0, 0, "12345678"));
        ASSERT_LT(rig.environment.pool.used_octets(), size_t{200'000});
    }
}

TEST(Http2Flood, EmptyData) {  // CVE-2019-9518
    Outcome outcome = flood([](int round) {
        if (round > 0) return frame(NGHTTP2_DATA, 0, 1, "");
        return frame(NGHTTP2_HEADERS, kEndHeaders, 1,
                     header_block({{":method", "POST"},
                                   {":scheme", "https"},
                                   {":authority", "a"},
                                   {":path", "/dns-query"},
                                   {"content-type", "application/dns-message"}}));
    });
    EXPECT_EQ(outcome.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST(Http2Flood, Continuation) {  // CVE-2024-28182
    for (const std::string& piece : {std::string(), header_block({{"x", "y"}})}) {
        Outcome outcome = flood([&](int round) {
            return round == 0 ? get_headers(1, NGHTTP2_FLAG_END_STREAM)
                              : frame(NGHTTP2_CONTINUATION, 0, 1, piece);
        });
        EXPECT_LE(outcome.rounds, static_cast<int>(kHttp2ContinuationsMax) + 3);
        EXPECT_EQ(outcome.end, StreamEnd::protocol);
        EXPECT_EQ(outcome.answered, 0u);
    }
}

TEST(Http2Flood, ContinuationInOneRead) {
    std::string all = get_headers(1, NGHTTP2_FLAG_END_STREAM);
    for (int i = 0; i < 1000; ++i) all += frame(NGHTTP2_CONTINUATION, 0, 1, "");
    EXPECT_EQ(flood([&](int) { return all; }).rounds, 1);
}

// One entry of the table, which is repeated by one octet each time.
TEST(Http2Flood, HeaderBomb) {
    std::string block = header_block(get_fields("/healthz"));
    std::string value(1900, 'x');
    block += '\x40';  // literal with indexing (RFC 7541 §6.2.1)
    block += std::string("\x01") + "x" + std::string("\x7f\xed\x0d", 3) + value;
    block += std::string(10'000, '\xbe');  // index 62
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    std::string sent = connection.play(kBegin + frame(NGHTTP2_HEADERS, kEndAll, 1, block));
    EXPECT_EQ(goaway_error(sent), NGHTTP2_ENHANCE_YOUR_CALM);
    EXPECT_TRUE(connection.has_ended());
}

TEST(Http2Flood, MoreStreamsThanAllowed) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    std::string all = kBegin + frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "");
    const std::string post = header_block({{":method", "POST"},
                                           {":scheme", "https"},
                                           {":authority", "a"},
                                           {":path", "/dns-query"},
                                           {"content-type", "application/dns-message"}});
    for (uint32_t i = 0; i < kHttp2StreamsMax + 50; ++i)
        all += frame(NGHTTP2_HEADERS, kEndHeaders, 2 * i + 1, post);
    std::string sent = connection.play(all);
    size_t refused = 0;
    for (const RawFrame& each : read_frames(sent))
        refused += each.type == NGHTTP2_RST_STREAM &&
                   load_be32(to_bytes(each.payload).data()) == NGHTTP2_REFUSED_STREAM;
    EXPECT_TRUE(refused == 50 || connection.has_ended()) << refused;
}

TEST(Http2Flood, BodiesTogetherAreBounded) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    Http2Client client(connection);
    client.exchange();
    // None of them ever ends.
    size_t used = 0;
    std::vector<int32_t> streams;
    for (int i = 0; i < 60; ++i) {
        std::string body(20'000, 'x');
        streams.push_back(client.post("/dns-query", body));
        std::string octets = client.output();
        octets.resize(octets.size() - 1);
        client.receive(connection.play(octets + std::string(1, 'x')));
        used = std::max(used, rig.environment.pool.used_octets());
        if (connection.has_ended()) break;
    }
    EXPECT_LT(used, size_t{2} << 20);
}

TEST(Http2Flood, OrdinaryUseIsFarFromAnyLimit) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    Http2Client client(connection);
    for (int i = 0; i < 2000; ++i) {
        client.get("/healthz");
        client.exchange(i % 10 == 5 ? frame(NGHTTP2_PING, 0, 0, "12345678") : "");
        ASSERT_FALSE(connection.has_ended()) << i;
    }
    EXPECT_FALSE(client.goaway);
}

}  // namespace
}  // namespace gatepost::tests
