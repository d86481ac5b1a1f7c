#include "dataplane/stream/line_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {
namespace {

struct Read {
    StreamStatus status;
    std::string text;
    bool bare;
    bool operator==(const Read&) const = default;
};

// Reads lines until one does not come.
struct Lines {
    explicit Lines(size_t octets_max = 100, LineEnding ending = LineEnding::crlf) {
        rig.serve([this, octets_max, ending](Stream& stream) -> Task<> {
            for (;;) {
                stream.expect_within(1000);
                Line line = co_await read_line(stream, octets_max, ending);
                all.push_back({line.status, text_of(line.text), line.bare});
                if (line.status != StreamStatus::ok) break;
                stream.consume(line.length);
            }
        });
    }
    StreamRig rig;
    std::vector<Read> all;
};

constexpr StreamStatus kOk = StreamStatus::ok;

TEST(LineReader, LinesHoweverTheyCome) {
    const std::string text = "EHLO a\r\n\r\nMAIL FROM:<>\r\nlast\r\n";
    for (size_t pieces : {size_t{1}, size_t{2}, size_t{7}, text.size()}) {
        Lines lines;
        for (size_t at = 0; at < text.size(); at += pieces)
            lines.rig.arrive(text.substr(at, pieces));
        const std::vector<Read> wanted = {{kOk, "EHLO a", false},
                                          {kOk, "", false},
                                          {kOk, "MAIL FROM:<>", false},
                                          {kOk, "last", false}};
        EXPECT_EQ(lines.all, wanted) << pieces;
        EXPECT_EQ(lines.rig.pool.used_octets(), 0U);
    }
}

TEST(LineReader, BareCarriageReturnsAndLineFeedsEndNothing) {
    Lines lines;
    lines.rig.arrive("a\nb\rc\r\r\nRSET\n.\nx\r\n");
    const std::vector<Read> wanted = {{kOk, "a\nb\rc\r", true}, {kOk, "RSET\n.\nx", true}};
    EXPECT_EQ(lines.all, wanted);
}

TEST(LineReader, LineFeedsEndLinesWhereThatIsAllowed) {
    Lines lines(100, LineEnding::lf_too);
    lines.rig.arrive("a\nb\r\nc\rd\n");
    const std::vector<Read> wanted = {{kOk, "a", false}, {kOk, "b", false}, {kOk, "c\rd", true}};
    EXPECT_EQ(lines.all, wanted);
}

TEST(LineReader, TheLongestLineIsOneAndALongerOneIsNone) {
    for (bool at_once : {true, false}) {
        Lines lines(10);
        const std::string longest = "0123456789\r\n";
        const std::string longer = "0123456789a\r\n";
        for (const std::string& each : {longest, longer})
            for (size_t at = 0; at < each.size(); at += at_once ? each.size() : 1)
                lines.rig.arrive(each.substr(at, at_once ? each.size() : 1));
        ASSERT_EQ(lines.all.size(), 2U) << at_once;
        EXPECT_EQ(lines.all[0], (Read{kOk, "0123456789", false}));
        EXPECT_EQ(lines.all[1].status, StreamStatus::too_long);
    }
}

TEST(LineReader, EndlessLinesAreToldAsSoonAsTheyAreTooLong) {
    Lines lines(10);
    lines.rig.arrive(std::string(12, 'x'));
    ASSERT_EQ(lines.all.size(), 1U);
    EXPECT_EQ(lines.all[0].status, StreamStatus::too_long);
}

TEST(LineReader, OneDeadlineForTheWholeLine) {
    Lines lines;
    for (int i = 0; i < 9; ++i) {
        lines.rig.arrive("x");
        lines.rig.advance(100);
    }
    EXPECT_TRUE(lines.all.empty());
    lines.rig.advance(150);
    ASSERT_EQ(lines.all.size(), 1U);
    EXPECT_EQ(lines.all[0].status, StreamStatus::timeout);
}

TEST(LineReader, AnEndInTheMiddle) {
    Lines lines;
    lines.rig.arrive("QUIT");
    lines.rig.transport.arrive_end();
    lines.rig.transport.run();
    ASSERT_EQ(lines.all.size(), 1U);
    EXPECT_EQ(lines.all[0].status, StreamStatus::end);
}

struct Collected final : LiteralSink {
    bool take(Bytes octets) override {
        pieces.push_back(octets.size());
        text += text_of(octets);
        return text.size() < wanted;
    }
    std::string text;
    std::vector<size_t> pieces;
    size_t wanted = SIZE_MAX;
};

struct Literal {
    explicit Literal(uint64_t octets) {
        rig.serve([this, octets](Stream& stream) -> Task<> {
            stream.expect_within(1000);
            StreamStatus read = co_await read_literal(stream, octets, sink);
            status = read;
            rest = text_of(stream.input());
        });
    }
    StreamRig rig;
    Collected sink;
    std::optional<StreamStatus> status;
    std::string rest;
};

TEST(LiteralReader, ExactlySoManyAndWhatFollowsStays) {
    Literal literal(10);
    literal.rig.arrive("0123");
    EXPECT_FALSE(literal.status);
    literal.rig.arrive("456789)\r\n");
    EXPECT_EQ(literal.status, StreamStatus::ok);
    EXPECT_EQ(literal.sink.text, "0123456789");
    EXPECT_EQ(literal.rest, ")\r\n");
}

TEST(LiteralReader, NoneAtAll) {
    Literal literal(0);
    EXPECT_EQ(literal.status, StreamStatus::ok);
    EXPECT_TRUE(literal.sink.pieces.empty());
}

TEST(LiteralReader, MemoryDoesNotGrowWithIt) {
    const std::string body = pattern(4 << 20);
    Literal literal(body.size());
    size_t most = 0;
    for (size_t at = 0; at < body.size(); at += 10'000) {
        literal.rig.arrive(body.substr(at, 10'000));
        most = std::max(most, literal.rig.pool.used_octets());
    }
    EXPECT_EQ(literal.status, StreamStatus::ok);
    EXPECT_TRUE(same_octets(literal.sink.text, body));
    EXPECT_LE(most, size_t{64} << 10);
}

TEST(LiteralReader, WhoWantsNoMoreIsSparedTheRest) {
    Literal literal(100);
    literal.sink.wanted = 10;
    for (int i = 0; i < 10; ++i) literal.rig.arrive("0123456789");
    EXPECT_EQ(literal.status, StreamStatus::ok);
    EXPECT_EQ(literal.sink.pieces.size(), 1U);
}

TEST(LiteralReader, AnEndTooSoon) {
    Literal literal(100);
    literal.rig.arrive("abc");
    literal.rig.transport.arrive_end();
    literal.rig.transport.run();
    EXPECT_EQ(literal.status, StreamStatus::end);
}

}  // namespace
}  // namespace gatepost::dataplane
