#include "dataplane/stream_deflate/compressible_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "tests/unit/stream/stream_rig.h"
#include "tests/unit/stream_deflate/deflate_peer.h"

namespace gatepost::dataplane {

namespace {

using tests::DeflatePeer;

// Reads, keeps what it read, and ends with the status that ended it. Lines are answered by
// themselves; "COMPRESS" and "END" change the layer behind their answer.
class LineEcho {
  public:
    Task<> serve(Stream& inner) {
        CompressibleStream stream(inner, counters);
        for (;;) {
            const size_t before = stream.input().size();
            const std::string text = text_of(stream.input());
            const size_t end = text.find('\n');
            if (end != std::string::npos) {
                const std::string line = text.substr(0, end);
                stream.consume(end + 1);
                lines += line + "\n";
                if (!stream.append(octets_of(line + "\n"))) break;
                if (line == "COMPRESS") stream.begin_compression();
                if (line == "END" && !stream.end_compression()) break;
                continue;
            }
            if (!stream.flush()) break;
            status = co_await stream.push();
            if (status != StreamStatus::ok) break;
            if (rests && !stream.rest()) continue;
            status = co_await stream.fill();
            if (status != StreamStatus::ok) break;
            if (stream.input().size() == before) ++idle_wakes;
            largest = std::max(largest, stream.input().size());
        }
        broken = stream.is_broken();
        (void)stream.end_output();
        (void)co_await inner.push();
    }

    CompressionCounters counters;
    std::string lines;
    StreamStatus status = StreamStatus::ok;
    size_t largest = 0;
    size_t idle_wakes = 0;
    bool rests = false;
    bool broken = false;
};

class Compressible : public testing::Test {
  protected:
    Compressible() {
        rig.serve([this](Stream& stream) { return echo.serve(stream); });
    }
    std::string arrive(std::string_view octets) {
        rig.arrive(octets);
        return rig.transport.take_sent();
    }
    void compress() { ASSERT_EQ(arrive("COMPRESS\n"), "COMPRESS\n"); }
    std::string say(std::string_view octets) { return peer.inflate(arrive(peer.deflate(octets))); }

    LineEcho echo;
    StreamRig rig;
    DeflatePeer peer;
};

TEST_F(Compressible, IsTheStreamUntilItIsCompressed) {
    EXPECT_EQ(arrive("one\ntwo\n"), "one\ntwo\n");
    EXPECT_EQ(echo.counters.begun.load(), 0U);
    compress();
    EXPECT_EQ(echo.counters.compressed.load(), 1U);
    EXPECT_EQ(say("three\n"), "three\n");
    EXPECT_EQ(say("four\nfive\n"), "four\nfive\n");
    rig.transport.arrive_end();
    rig.transport.run();
    EXPECT_EQ(echo.status, StreamStatus::end);
    EXPECT_EQ(peer.inflate(rig.transport.take_sent()), "");
    EXPECT_TRUE(peer.has_ended());
    EXPECT_EQ(echo.counters.compressed.load(), 0U);
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

TEST_F(Compressible, TakesWhatHasComeAlreadyForCompressed) {
    const std::string sent = arrive("COMPRESS\n" + peer.deflate("early\n"));
    ASSERT_TRUE(sent.starts_with("COMPRESS\n"));
    EXPECT_EQ(peer.inflate(sent.substr(9)), "early\n");
}

TEST_F(Compressible, WaitsForTheRestOfWhatStandsForSomething) {
    compress();
    const std::string sent = peer.deflate("slowly\n");
    std::string said;
    for (const char octet : sent) said += arrive({&octet, 1});
    EXPECT_EQ(peer.inflate(said), "slowly\n");
    EXPECT_GT(echo.idle_wakes, 0U);
}

TEST_F(Compressible, ShowsNoMoreAtATimeThanItMay) {
    compress();
    std::string many;
    for (int i = 0; i < 100'000; ++i) many += "a line\n";
    EXPECT_TRUE(same_octets(say(many), many));
    EXPECT_LE(echo.largest, kInflatedMax);
}

TEST_F(Compressible, EndsWhereALineNeverDoes) {
    compress();
    const std::string bomb = peer.deflate(std::string(64 << 20, 'x'));
    rig.arrive(bomb);
    EXPECT_EQ(echo.status, StreamStatus::too_long);
    EXPECT_EQ(echo.largest, kInflatedMax);
    EXPECT_FALSE(echo.broken);
}

TEST_F(Compressible, RestsAndGoesOn) {
    compress();
    echo.rests = true;
    for (int i = 0; i < 20; ++i) {
        const std::string line = "number " + std::to_string(i) + "\n";
        EXPECT_EQ(say(line), line);
        EXPECT_EQ(echo.counters.deflating.load(), 0U);
    }
    EXPECT_EQ(echo.counters.rested.load(), 20U);
    // What two flushes have brought together is not passed over.
    const std::string first = peer.deflate("first\n");
    EXPECT_EQ(peer.inflate(arrive(first + peer.deflate("second\n"))), "first\nsecond\n");
}

TEST_F(Compressible, TellsWhatIsNoDeflate) {
    compress();
    rig.arrive("a NOOP\r\n");
    EXPECT_TRUE(echo.broken);
    EXPECT_EQ(echo.status, StreamStatus::reset);
    EXPECT_EQ(echo.counters.broken.load(), 1U);
}

TEST_F(Compressible, EndsWithItsPeersStream) {
    compress();
    EXPECT_EQ(peer.inflate(arrive(peer.deflate_last("last\n") + "junk")), "last\n");
    EXPECT_EQ(echo.status, StreamStatus::end);
    EXPECT_FALSE(echo.broken);
}

// RFC 8437 §4.1, however the peer ends what it compresses, and however that arrives.
TEST_F(Compressible, GoesBackToTheStream) {
    using Last = std::function<std::string(DeflatePeer&, std::string_view)>;
    const Last flush = [](DeflatePeer& of, std::string_view text) { return of.deflate(text); };
    const Last finish = [](DeflatePeer& of, std::string_view text) {
        return of.deflate_last(text);
    };
    const Last both = [](DeflatePeer& of, std::string_view text) {
        const std::string flushed = of.deflate(text);
        return flushed + of.deflate_last("");
    };
    for (const Last& last : {flush, finish, both})
        for (const size_t piece : {size_t{1}, size_t{1000}}) {
            DeflatePeer other;
            std::string sent = "COMPRESS\n";
            std::string said;
            sent += last(other, "END\n") + "plain\nCOMPRESS\n";
            for (size_t at = 0; at < sent.size(); at += piece)
                said += arrive(std::string_view(sent).substr(at, piece));
            ASSERT_TRUE(said.starts_with("COMPRESS\n"));
            EXPECT_EQ(echo.status, StreamStatus::ok) << piece << echo.broken;
            EXPECT_EQ(other.inflate(said.substr(9)), "END\nplain\nCOMPRESS\n");
            EXPECT_TRUE(other.has_ended());
            DeflatePeer third;
            EXPECT_EQ(third.inflate(arrive(third.deflate("END\n"))), "END\n");
            EXPECT_EQ(arrive("plain\n"), "plain\n");
            EXPECT_EQ(echo.counters.compressed.load(), 0U);
        }
    EXPECT_EQ(echo.counters.begun.load(), 12U);
    EXPECT_EQ(echo.counters.broken.load(), 0U);
}

TEST_F(Compressible, TakesNothingCompressedBehindItsEnd) {
    compress();
    EXPECT_EQ(say("END\nsecret\n"), "END\n");
    EXPECT_TRUE(echo.broken);
}

TEST(CompressibleTurns, AreOwedWhenMuchComesOfLittle) {
    constexpr size_t kOctets = 1 << 20;
    CompressionCounters counters;
    DeflatePeer peer;
    StreamRig rig;
    size_t turns = 0;
    rig.serve([&](Stream& inner) -> Task<> {
        CompressibleStream stream(inner, counters);
        stream.begin_compression();
        for (;;) {
            const StreamStatus status = co_await stream.fill();
            if (status != StreamStatus::ok) break;
            stream.consume(stream.input().size());
            if (!stream.owes_turn()) continue;
            ++turns;
            stream.give_turn();
        }
    });
    rig.arrive(peer.deflate(std::string(kOctets, 'z')));
    EXPECT_EQ(turns, kOctets / kInflatedPerTurn);
    EXPECT_EQ(counters.inflated.load(), kOctets);
    rig.transport.arrive_end();
    rig.transport.run();
    EXPECT_FALSE(rig.waits());
}

}  // namespace

}  // namespace gatepost::dataplane
