// What fill() and until() give, over memory.
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {
namespace {

using Statuses = std::vector<StreamStatus>;

// Takes all that comes until a wait fails.
struct Reader {
    Task<> operator()(Stream& stream) {
        for (;;) {
            statuses.push_back(co_await stream.fill());
            if (statuses.back() != StreamStatus::ok) co_return;
            got += text_of(stream.input());
            stream.consume(stream.input().size());
        }
    }
    StreamRig::Body body() {
        return [this](Stream& stream) { return (*this)(stream); };
    }
    std::string got;
    Statuses statuses;
};

TEST(StreamInput, FillGivesWhatComesAndTheEnd) {
    StreamRig rig;
    Reader reader;
    rig.serve(reader.body());
    EXPECT_TRUE(reader.statuses.empty());
    rig.arrive("one");
    EXPECT_EQ(reader.got, "one");
    EXPECT_EQ(rig.pool.used_octets(), 0U) << "nothing is held while nothing is on its way";
    rig.arrive("two");
    rig.transport.arrive_end();
    rig.transport.run();
    EXPECT_EQ(reader.got, "onetwo");
    EXPECT_EQ(reader.statuses, (Statuses{StreamStatus::ok, StreamStatus::ok, StreamStatus::end}));
    EXPECT_TRUE(rig.closed);
    EXPECT_EQ(rig.counters.received_octets, 6U);
}

TEST(StreamInput, FillWaitsForMoreThanThereIs) {
    StreamRig rig;
    std::vector<std::string> seen;
    rig.serve([&](Stream& stream) -> Task<> {
        while (co_await stream.fill() == StreamStatus::ok) {
            seen.push_back(text_of(stream.input()));
            if (seen.size() == 3) stream.consume(2);
        }
    });
    for (const char* octet : {"a", "b", "c", "d"}) rig.arrive(octet);
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "ab", "abc", "cd"}));
}

TEST(StreamInput, UntilOctetByOctet) {
    StreamRig rig;
    rig.transport.receive_max = 1;
    std::string got;
    size_t wakes = 0;
    rig.serve([&](Stream& stream) -> Task<> {
        for (;;) {
            StreamStatus status = co_await stream.until(5);
            if (status == StreamStatus::end) break;
            ++wakes;
            EXPECT_EQ(stream.input().size(), 5U);
            got += text_of(stream.input().first(4)) + "|";
            stream.consume(4);
        }
        got += text_of(stream.input());
    });
    rig.arrive("abcdefghijkl");
    EXPECT_EQ(got, "abcd|efgh|");
    EXPECT_EQ(wakes, 2U) << "and not at every octet";
    rig.transport.arrive_end();
    rig.transport.run();
    EXPECT_EQ(got, "abcd|efgh|ijkl") << "what came before the end is given with it";
}

// Consumed in part inside the call that brought it: the rest has to be there later.
TEST(StreamInput, RestOfWhatWasBorrowedStays) {
    StreamRig rig;
    std::string got;
    rig.serve([&](Stream& stream) -> Task<> {
        while (co_await stream.fill() == StreamStatus::ok) {
            got += text_of(stream.input().first(1));
            stream.consume(1);
            const std::string rest = text_of(stream.input());
            EXPECT_EQ(co_await stream.until(rest.size()), StreamStatus::ok);
            EXPECT_EQ(text_of(stream.input()), rest);
            EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
            EXPECT_EQ(text_of(stream.input()), rest);
        }
    });
    rig.arrive("abc");
    EXPECT_EQ(got, "a");
    EXPECT_EQ(rig.pool.used_octets(), 4096U);
    rig.arrive("de");
    rig.arrive("f");
    EXPECT_EQ(got, "abc");
    rig.close();
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

TEST(StreamInput, ArrivalsWhileNobodyWaits) {
    StreamRig rig;
    rig.transport.send_blocked = true;
    std::string got;
    rig.serve([&](Stream& stream) -> Task<> {
        EXPECT_EQ(co_await stream.fill(), StreamStatus::ok);
        EXPECT_TRUE(stream.append(octets_of("reply")));
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        EXPECT_EQ(co_await stream.until(12), StreamStatus::ok);
        got = text_of(stream.input());
        stream.consume(12);
        EXPECT_EQ(co_await stream.fill(), StreamStatus::end);
    });
    rig.arrive("query");
    rig.arrive("more");
    rig.arrive("end");
    EXPECT_EQ(got, "");
    rig.transport.arrive_end();
    rig.transport.send_blocked = false;
    rig.transport.run();
    EXPECT_EQ(got, "querymoreend");
    EXPECT_TRUE(rig.closed);
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

// Nobody takes what comes: after 16 KiB, no more is received, and so TCP holds the peer back.
TEST(StreamInput, BackPressure) {
    StreamRig rig;
    rig.transport.send_blocked = true;
    rig.transport.receive_max = 1000;
    std::string got;
    rig.serve([&](Stream& stream) -> Task<> {
        EXPECT_EQ(co_await stream.fill(), StreamStatus::ok);
        EXPECT_TRUE(stream.append(octets_of("x")));
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        while (co_await stream.fill() == StreamStatus::ok) {
            got += text_of(stream.input());
            stream.consume(stream.input().size());
        }
    });
    const std::string sent = pattern(200'000);
    rig.arrive(sent);
    EXPECT_LE(rig.counters.received_octets, 1000U + (16 << 10) + 1000U);
    EXPECT_GT(rig.counters.received_octets, uint64_t{16} << 10);
    EXPECT_LE(rig.pool.used_octets(), size_t{48} << 10);
    rig.transport.send_blocked = false;
    rig.transport.run();
    rig.transport.arrive_end();
    rig.transport.run();
    EXPECT_EQ(got.size(), sent.size());
    EXPECT_TRUE(same_octets(got, sent));
    EXPECT_EQ(rig.pool.used_octets(), 0U);
}

TEST(StreamInput, TooLong) {
    for (size_t piece : {size_t{1}, size_t{7}, size_t{100}, size_t{65'536}}) {
        StreamRig rig;
        rig.transport.receive_max = piece;
        Statuses statuses;
        std::string got;
        rig.serve([&](Stream& stream) -> Task<> {
            stream.set_input_max(100);
            StreamStatus status = co_await stream.fill();
            while (status == StreamStatus::ok) status = co_await stream.fill();
            statuses.push_back(status);
            EXPECT_EQ(stream.input().size(), 100U);
            got = text_of(stream.input());
            statuses.push_back(co_await stream.until(101));
            stream.consume(60);
            statuses.push_back(co_await stream.until(100));
            EXPECT_EQ(stream.input().size(), 100U);
            got += text_of(stream.input());
        });
        const std::string sent = pattern(300);
        rig.arrive(sent);
        EXPECT_EQ(statuses,
                  (Statuses{StreamStatus::too_long, StreamStatus::too_long, StreamStatus::ok}))
            << piece;
        EXPECT_TRUE(same_octets(got, sent.substr(0, 100) + sent.substr(60, 100)));
    }
}

TEST(StreamInput, LargestInputInOnePiece) {
    StreamRig rig;
    rig.transport.receive_max = 4096;
    const std::string sent = pattern(BufferPool::largest());
    std::string got;
    rig.serve([&](Stream& stream) -> Task<> {
        stream.set_input_max(BufferPool::largest());
        EXPECT_EQ(co_await stream.until(BufferPool::largest()), StreamStatus::ok);
        got = text_of(stream.input());
        stream.consume(got.size());
        EXPECT_EQ(co_await stream.fill(), StreamStatus::end);
    });
    rig.arrive(sent);
    EXPECT_TRUE(same_octets(got, sent));
    EXPECT_EQ(rig.pool.used_octets(), 0U);
    rig.transport.arrive_end();
    rig.transport.run();
    EXPECT_TRUE(rig.closed);
}

TEST(StreamInput, Reset) {
    StreamRig rig;
    Reader reader;
    rig.serve(reader.body());
    rig.arrive("a");
    rig.transport.arrive_error(ECONNRESET);
    rig.transport.run();
    EXPECT_EQ(reader.statuses, (Statuses{StreamStatus::ok, StreamStatus::reset}));
    EXPECT_TRUE(rig.closed);
}

TEST(StreamInput, EveryWaitAfterAResetGivesIt) {
    StreamRig rig;
    Statuses statuses;
    rig.serve([&](Stream& stream) -> Task<> {
        statuses.push_back(co_await stream.fill());
        statuses.push_back(co_await stream.until(5));
        EXPECT_TRUE(stream.append(octets_of("x")));
        statuses.push_back(co_await stream.push());
        statuses.push_back(co_await stream.linger());
    });
    rig.transport.arrive_error(ETIMEDOUT);
    rig.transport.run();
    EXPECT_EQ(statuses, Statuses(4, StreamStatus::reset));
}

TEST(StreamInput, DeadlineIsOfAllWaitsUntilSetAnew) {
    StreamRig rig;
    Statuses statuses;
    rig.serve([&](Stream& stream) -> Task<> {
        stream.expect_within(1000);
        for (int i = 0; i < 4; ++i) statuses.push_back(co_await stream.until(10));
        stream.expect_within(1000);
        statuses.push_back(co_await stream.until(10));
        stream.expect_within(0);
        statuses.push_back(co_await stream.until(10));
    });
    rig.advance(900);
    rig.arrive("12345");
    EXPECT_TRUE(statuses.empty());
    rig.advance(200);
    EXPECT_EQ(statuses, Statuses(4, StreamStatus::timeout)) << "a wait cannot forget it";
    rig.advance(900);
    EXPECT_EQ(statuses.size(), 4U);
    rig.advance(200);
    EXPECT_EQ(statuses.size(), 5U);
    rig.advance(1'000'000);
    EXPECT_EQ(statuses.size(), 5U) << "there is none any more";
    rig.arrive("67890");
    EXPECT_EQ(statuses.back(), StreamStatus::ok);
}

TEST(StreamInput, DeadlineThatPassesWhileNobodyWaits) {
    StreamRig rig;
    Statuses statuses;
    std::coroutine_handle<> elsewhere;
    struct Elsewhere {
        std::coroutine_handle<>& handle;
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> waiter) { handle = waiter; }
        void await_resume() const {}
    };
    rig.serve([&](Stream& stream) -> Task<> {
        stream.expect_within(1000);
        statuses.push_back(co_await stream.fill());
        co_await Elsewhere{elsewhere};
        statuses.push_back(co_await stream.until(2));  // there already
        statuses.push_back(co_await stream.until(3));
        stream.expect_within(1000);
        statuses.push_back(co_await stream.until(3));
    });
    rig.arrive("1");
    rig.arrive("2");
    rig.advance(2000);
    EXPECT_EQ(statuses.size(), 1U);
    elsewhere.resume();
    EXPECT_EQ(statuses, (Statuses{StreamStatus::ok, StreamStatus::ok, StreamStatus::timeout}));
    rig.arrive("3");
    EXPECT_EQ(statuses.back(), StreamStatus::ok);
}

TEST(StreamInput, InterruptEndsTheWaitForInputOrTheNextOne) {
    StreamRig rig;
    Statuses statuses;
    std::string got;
    rig.transport.send_blocked = true;
    rig.serve([&](Stream& stream) -> Task<> {
        statuses.push_back(co_await stream.until(3));
        EXPECT_EQ(text_of(stream.input()), "ab");
        EXPECT_TRUE(stream.append(octets_of("x")));
        statuses.push_back(co_await stream.push());
        statuses.push_back(co_await stream.until(2));  // there already
        statuses.push_back(co_await stream.until(3));
        statuses.push_back(co_await stream.until(3));
        got = text_of(stream.input());
    });
    rig.arrive("ab");
    rig.stream->interrupt();
    EXPECT_EQ(statuses, Statuses{StreamStatus::woken});
    rig.stream->interrupt();
    rig.transport.run();
    EXPECT_EQ(statuses, Statuses{StreamStatus::woken}) << "the wait for output goes on";
    rig.transport.send_blocked = false;
    rig.transport.run();
    EXPECT_EQ(statuses, (Statuses{StreamStatus::woken, StreamStatus::ok, StreamStatus::ok,
                                  StreamStatus::woken}));
    rig.arrive("c");
    EXPECT_EQ(got, "abc");
}

TEST(StreamInput, NoMemory) {
    StreamRig rig(1);
    Statuses statuses;
    std::vector<Chunk*> all;
    while (Chunk* chunk = rig.pool.take(1)) all.push_back(chunk);
    rig.serve([&](Stream& stream) -> Task<> {
        statuses.push_back(co_await stream.until(10));
        EXPECT_FALSE(stream.append(octets_of("x")));
        EXPECT_EQ(stream.reserve(1), nullptr);
        statuses.push_back(co_await stream.fill());
        statuses.push_back(co_await stream.push());
    });
    rig.arrive("incomplete");
    EXPECT_TRUE(statuses.empty() || statuses[0] == StreamStatus::ok) << "borrowed: none is needed";
    rig.close();
    for (Chunk* chunk : all) rig.pool.give(chunk);
}

TEST(StreamInput, NoMemoryForWhatIsIncomplete) {
    StreamRig rig(1);
    Statuses statuses;
    std::vector<Chunk*> all;
    while (Chunk* chunk = rig.pool.take(1)) all.push_back(chunk);
    rig.serve([&](Stream& stream) -> Task<> {
        statuses.push_back(co_await stream.until(10));
        statuses.push_back(co_await stream.fill());
        statuses.push_back(co_await stream.push());
    });
    rig.arrive("short");
    rig.arrive("!");
    rig.advance(100);
    EXPECT_EQ(statuses, Statuses(3, StreamStatus::no_memory));
    EXPECT_TRUE(rig.closed);
    for (Chunk* chunk : all) rig.pool.give(chunk);
}

TEST(StreamInput, LingerThrowsAwayWhatComes) {
    StreamRig rig;
    Statuses statuses;
    rig.serve([&](Stream& stream) -> Task<> {
        co_await stream.until(3);
        stream.shutdown_write();
        stream.expect_within(1000);
        statuses.push_back(co_await stream.linger());
        stream.expect_within(1000);
        statuses.push_back(co_await stream.linger());
        EXPECT_TRUE(stream.input().empty());
    });
    rig.arrive("abcdef");
    EXPECT_TRUE(rig.transport.has_shut_down());
    rig.arrive(pattern(1'000'000));
    EXPECT_EQ(rig.pool.used_octets(), 0U);
    rig.stream->interrupt();
    rig.advance(1100);
    EXPECT_EQ(statuses, Statuses{StreamStatus::timeout});
    rig.transport.arrive_end();
    rig.transport.run();
    EXPECT_EQ(statuses, (Statuses{StreamStatus::timeout, StreamStatus::end}));
}

}  // namespace
}  // namespace gatepost::dataplane
