// The loop over a server that is a function, in a time that is a number.
#include "tools/load/engine/engine.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace gatepost::tools {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kSecond = 1'000'000'000;

// Each look at it takes a while.
class FakeClock final : public LoadClock {
  public:
    uint64_t now_ns() override { return time += 1000; }
    uint64_t time = 10 * kSecond;
};

struct Answer {
    uint64_t at_ns = 0;
    uint32_t flow = 0;
    std::vector<uint8_t> message;
};

class FakeTransport final : public Transport {
  public:
    FakeTransport(const TemplateSet& templates, FakeClock& clock)
        : templates_(templates), clock_(clock) {}

    size_t send(std::span<const Outgoing> queries) override {
        size_t count = std::min(queries.size(), room);
        for (const Outgoing& query : queries.first(count)) {
            sent.push_back(query);
            serve(query);
        }
        return count;
    }
    Received receive(std::span<Incoming> into) override {
        size_t count = 0;
        given_.clear();
        for (auto at = on_their_way.begin(); at != on_their_way.end() && count < into.size();) {
            if (at->at_ns > clock_.time) {
                ++at;
                continue;
            }
            given_.push_back(std::move(*at));
            at = on_their_way.erase(at);
            into[count++] = {given_.back().flow, given_.back().message};
        }
        return {count, count > 0};
    }
    void wait(uint32_t timeout_us) override {
        ++waits;
        uint64_t until = clock_.time + uint64_t{timeout_us} * 1000;
        for (const Answer& answer : on_their_way) until = std::min(until, answer.at_ns);
        clock_.time = std::max(clock_.time, until);
    }
    unsigned flow_block() const override { return 1; }
    uint32_t flows() const override { return 8; }
    std::string name() const override { return "fake"; }

    std::vector<uint8_t> response(const Outgoing& query, uint16_t flags = 0x8400) const {
        Bytes message = templates_.message(templates_[query.query]);
        std::vector<uint8_t> out(message.begin(), message.end());
        store_be16(&out[0], query.id);
        store_be16(&out[2], flags);
        return out;
    }
    void answer(const Outgoing& query, std::vector<uint8_t> message) {
        on_their_way.push_back({clock_.time + delay_ns, query.flow, std::move(message)});
    }

    std::function<void(const Outgoing&)> serve = [this](const Outgoing& query) {
        answer(query, response(query));
    };
    uint64_t delay_ns = 100'000;
    size_t room = kBurstMax;
    size_t waits = 0;
    std::vector<Outgoing> sent;
    std::deque<Answer> on_their_way;

  private:
    const TemplateSet& templates_;
    FakeClock& clock_;
    std::deque<Answer> given_;
};

class EngineTest : public testing::Test {
  protected:
    EngineTest()
        : queries_(*queries_from_text("a. A\nb. A\nc. AAAA\nd. MX\ne. A\n", "q")),
          templates_(queries_, {}, 0),
          transport_(templates_, clock_) {}

    Statistics run(uint64_t rate, uint64_t in_flight, uint64_t duration_ns,
                   const Expectations* expectations = nullptr) {
        EngineOptions options;
        options.rate = rate;
        options.in_flight = in_flight;
        options.duration_ns = duration_ns;
        options.id_mask = 0x2b3c;
        Engine engine(options, templates_, expectations, transport_, clock_);
        engine.watch = [this](const Interval& interval) { intervals_.push_back(interval.counts); };
        Statistics all = engine.run();
        EXPECT_EQ(all.total.sent, transport_.sent.size());
        EXPECT_EQ(all.total.sent, all.total.answered + all.lost);
        EXPECT_EQ(all.latency.count(), all.total.answered);
        return all;
    }
    uint64_t verdict(const Statistics& all, Verdict verdict) const {
        return all.total.verdicts[static_cast<size_t>(verdict)];
    }

    FakeClock clock_;
    QueryList queries_;
    TemplateSet templates_;
    FakeTransport transport_;
    std::vector<Counts> intervals_;
};

TEST_F(EngineTest, OpenLoopKeepsItsRateWhateverTheServerDoes) {
    transport_.serve = [](const Outgoing&) {};
    Statistics all = run(10'000, 0, 2 * kSecond);
    EXPECT_NEAR(static_cast<double>(all.total.sent), 20'000, 5);
    EXPECT_EQ(all.lost, all.total.sent);
    EXPECT_EQ(all.late, 0u);
    EXPECT_NEAR(static_cast<double>(all.duration_ns), 2e9, 1e6);
}

TEST_F(EngineTest, AsksRoundAndRoundInOrder) {
    run(10'000, 0, 10 * kMs);
    for (size_t i = 0; i < transport_.sent.size(); ++i)
        EXPECT_EQ(transport_.sent[i].query, i % queries_.size());
}

TEST_F(EngineTest, MeasuresHowLongAnAnswerTakes) {
    transport_.delay_ns = 3 * kMs;
    Statistics all = run(1000, 0, kSecond);
    EXPECT_EQ(all.lost, 0u);
    EXPECT_NEAR(static_cast<double>(all.latency.percentile_ns(0.5)), 3e6, 1e5);
    EXPECT_LT(all.latency.max_ns(), 4 * kMs);
    EXPECT_EQ(all.total.rcodes[0], all.total.answered);
}

TEST_F(EngineTest, ClosedLoopKeepsSoManyInFlightAndNoMore) {
    size_t most = 0;
    transport_.serve = [&](const Outgoing& query) {
        transport_.answer(query, transport_.response(query));
        most = std::max(most, transport_.on_their_way.size());
    };
    transport_.delay_ns = kMs;
    Statistics all = run(0, 150, kSecond);
    EXPECT_EQ(most, 150u);
    EXPECT_EQ(all.lost, 0u);
    // 150 each millisecond, but for the time that the loop itself takes.
    EXPECT_GT(all.total.sent, 100'000u);
    EXPECT_LE(all.total.sent, 150'150u);
}

TEST_F(EngineTest, ClosedLoopGoesOnAfterLosses) {
    size_t number = 0;
    transport_.serve = [&](const Outgoing& query) {
        if (++number % 10 != 0) transport_.answer(query, transport_.response(query));
    };
    Statistics all = run(0, 20, 5 * kSecond);
    EXPECT_EQ(all.lost, all.total.sent / 10);
    // 20 of them lost block it for a second, then it goes on.
    EXPECT_GT(all.total.sent, 800u);
}

TEST_F(EngineTest, DuplicatesAndLateAnswersAreOfNoKnownQuery) {
    transport_.serve = [&](const Outgoing& query) {
        transport_.answer(query, transport_.response(query));
        transport_.answer(query, transport_.response(query));
    };
    Statistics twice = run(1000, 0, 100 * kMs);
    EXPECT_EQ(twice.total.unknown_id, twice.total.sent);
    EXPECT_EQ(twice.total.wrong(), 0u);

    transport_.sent.clear();
    transport_.serve = [&](const Outgoing& query) {
        transport_.answer(query, transport_.response(query));
    };
    transport_.delay_ns = 1500 * kMs;
    Statistics late = run(1000, 0, 2 * kSecond);
    EXPECT_EQ(late.total.answered, 0u);
    EXPECT_GT(late.total.unknown_id, 0u);
    EXPECT_EQ(late.total.wrong(), 0u);
}

TEST_F(EngineTest, AnswersInAnotherOrderAreMatched) {
    std::vector<Outgoing> held;
    transport_.serve = [&](const Outgoing& query) {
        held.push_back(query);
        if (held.size() < 7) return;
        for (auto one = held.rbegin(); one != held.rend(); ++one)
            transport_.answer(*one, transport_.response(*one));
        held.clear();
    };
    Statistics all = run(7000, 0, kSecond);
    EXPECT_EQ(all.total.wrong(), 0u);
    EXPECT_LT(all.lost, 7u);
}

TEST_F(EngineTest, WrongAnswersAreToldApart) {
    size_t number = 0;
    transport_.serve = [&](const Outgoing& query) {
        std::vector<uint8_t> message = transport_.response(query);
        switch (number++ % 5) {
            case 0:
                message.resize(11);
                break;
            case 1:
                store_be16(&message[2], 0);  // the query sent back
                break;
            case 2:
                message[13] ^= 0x20;  // another case: not what was asked
                break;
            case 3:
                message.resize(14);  // cut off inside the question
                break;
            case 4:  // a refusal without a question
                store_be16(&message[2], 0x8001);
                store_be16(&message[4], 0);
                message.resize(12);
                break;
        }
        transport_.answer(query, std::move(message));
    };
    Statistics all = run(1000, 0, kSecond);
    // The number of those whose place in the round is one of the `from` first.
    const auto of_kinds = [&](uint64_t from) {
        return all.total.sent / 5 * from + std::min(all.total.sent % 5, from);
    };
    EXPECT_EQ(verdict(all, Verdict::no_message), of_kinds(1));
    EXPECT_EQ(verdict(all, Verdict::no_response), of_kinds(2) - of_kinds(1));
    EXPECT_EQ(verdict(all, Verdict::other_question), of_kinds(4) - of_kinds(2));
    EXPECT_EQ(all.total.answered, of_kinds(5) - of_kinds(4));
    EXPECT_EQ(all.total.rcodes[1], all.total.answered);
    EXPECT_EQ(all.lost, of_kinds(4));
}

TEST_F(EngineTest, AnswersAreComparedWithExpectedOnes) {
    auto expected = Expectations::from_text("a. A NXDOMAIN\nc. AAAA NODATA\n", "e", queries_);
    ASSERT_TRUE(expected);
    transport_.serve = [&](const Outgoing& query) {
        // All but the last query of the set: NOERROR without data.
        transport_.answer(query, transport_.response(query, query.query == 4 ? 0x8403 : 0x8400));
    };
    Statistics all = run(1000, 0, kSecond, &*expected);
    uint64_t each = all.total.sent / 5;
    EXPECT_NEAR(static_cast<double>(all.total.verified), 2.0 * static_cast<double>(each), 2);
    EXPECT_NEAR(static_cast<double>(verdict(all, Verdict::unexpected)), static_cast<double>(each),
                1);
    EXPECT_EQ(all.total.answered, all.total.sent);
}

TEST_F(EngineTest, ADeviceThatTakesFewMakesItLateNotWrong) {
    transport_.room = 1;
    // Each round takes some 2 us and sends one: not more than half a million a second.
    Statistics all = run(2'000'000, 0, 100 * kMs);
    EXPECT_EQ(all.total.answered, all.total.sent);
    EXPECT_GT(all.late, 0u);
    EXPECT_GT(all.unsent, 0u);
    EXPECT_LE(all.total.sent + all.unsent, 200'000u);
    EXPECT_EQ(all.total.wrong(), 0u);
}

TEST_F(EngineTest, SleepsWhereThereIsTime) {
    run(10, 0, kSecond);
    EXPECT_GT(transport_.waits, 10u);
    EXPECT_LE(transport_.sent.size(), 10u);
}

TEST_F(EngineTest, TellsEverySecond) {
    Statistics all = run(1000, 0, 3 * kSecond);
    ASSERT_GE(intervals_.size(), 3u);
    uint64_t sent = 0;
    for (const Counts& counts : intervals_) sent += counts.sent;
    EXPECT_EQ(sent, all.total.sent);
    EXPECT_NEAR(static_cast<double>(intervals_[1].sent), 1000, 20);
}

TEST_F(EngineTest, StopsWhenTold) {
    EngineOptions options;
    options.rate = 1000;
    options.duration_ns = 3600 * kSecond;
    Engine engine(options, templates_, nullptr, transport_, clock_);
    engine.watch = [&](const Interval&) { engine.stop(); };
    Statistics all = engine.run();
    EXPECT_LT(all.duration_ns, 2 * kSecond);
    EXPECT_EQ(all.total.answered, all.total.sent);
}

}  // namespace
}  // namespace gatepost::tools
