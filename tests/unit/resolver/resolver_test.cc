#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "dataplane/resolver/resolver_port.h"
#include "tests/unit/resolver/fake_dns_server.h"

namespace gatepost::dataplane {
namespace {

using AnswerStatus = DnsAnswer::Status;
using tests::FakeDnsServer;
using Answers = std::vector<DnsAnswer>;

constexpr uint64_t kSecond = 1'000'000'000;  // ns
// For tests of answers, on however busy a machine.
const ResolverOptions kPatient{.limit_ms = 60'000, .first_try_ms = 60'000};

class Resolving : public testing::Test {
  protected:
    void start(FakeDnsServer::Zone zone, ResolverOptions options = kPatient) {
        stop();
        server.emplace(std::move(zone));
        options.servers = server->address();
        auto opened = Resolver::open(options);
        ASSERT_TRUE(opened) << opened.error().message;
        resolver = std::move(*opened);
        resolver->start();
        ring = std::move(*Ring::create({.submissions = 8, .completions = 64}));
        ASSERT_TRUE(ring->enable());
        port = std::move(*ResolverPort::create(*ring, *resolver));
        port->start();
    }
    Answers ask(std::vector<DnsQuestion> questions) {
        Answers answers;
        auto body = [&]() -> Task<> { answers = co_await port->ask(questions); };
        Task<> task = body();
        task.start();
        for (int turns = 0; !task.is_done() && turns < 1000; ++turns) turn();
        EXPECT_TRUE(task.is_done());
        return answers;
    }
    void turn() {
        EXPECT_TRUE(ring->submit_and_wait(1, kSecond));
        ring->reap();
    }
    void stop() {
        if (port) port->close();
        ring.reset();
        port.reset();
        resolver.reset();
    }
    ~Resolving() override { stop(); }

    std::optional<FakeDnsServer> server;
    std::unique_ptr<Resolver> resolver;
    std::unique_ptr<ResolverPort> port;
    std::unique_ptr<Ring> ring;
};

TEST_F(Resolving, ManyKindsAtOnce) {
    start({.records = {{"mail.example", {tests::a_record(1), tests::a_record(2)}},
                       {"1.2.0.192.in-addr.arpa", {tests::ptr_record("Mail.Example")}},
                       {"example.org",
                        {tests::mx_record("mx.example.org"),
                         {DnsType::txt, {3, 'a', 'b', 'c', 2, 'd', 'e'}}}},
                       {"null.example", {tests::mx_record("")}}}});
    const Answers answers = ask({{"mail.example", DnsType::a},
                                 {"mail.example", DnsType::aaaa},
                                 {"1.2.0.192.in-addr.arpa", DnsType::ptr},
                                 {"example.org", DnsType::mx},
                                 {"example.org", DnsType::txt},
                                 {"null.example", DnsType::mx},
                                 {"nowhere.example", DnsType::a}});
    ASSERT_EQ(answers.size(), 7u);
    ASSERT_EQ(answers[0].addresses.size(), 2u);
    EXPECT_EQ(answers[0].addresses[1].octets[3], 2);
    EXPECT_EQ(answers[0].ttl_s, 60u);
    EXPECT_EQ(answers[1].status, AnswerStatus::none);
    EXPECT_EQ(answers[2].texts, std::vector<std::string>{"mail.example"});
    EXPECT_EQ(answers[3].texts, std::vector<std::string>{"mx.example.org"});
    EXPECT_EQ(answers[4].texts, std::vector<std::string>{"abcde"});
    EXPECT_EQ(answers[5].texts, std::vector<std::string>{""});
    EXPECT_EQ(answers[5].status, AnswerStatus::found);
    EXPECT_EQ(answers[6].status, AnswerStatus::none);
}

TEST_F(Resolving, AnAnswerIsKept) {
    start({.records = {{"mail.example", {tests::a_record(1)}}}});
    const Answers first = ask({{"mail.example", DnsType::a}});
    const Answers second = ask({{"MAIL.example", DnsType::a}});
    EXPECT_EQ(first, second);
    EXPECT_EQ(resolver->counters().questions, 2u);
    EXPECT_EQ(resolver->counters().cached, 1u);
    EXPECT_EQ(server->asked(), 1u);
}

TEST_F(Resolving, ThatThereIsNothingIsKeptAsWell) {
    start({});
    EXPECT_EQ(ask({{"nowhere.example", DnsType::a}})[0].status, AnswerStatus::none);
    EXPECT_EQ(ask({{"nowhere.example", DnsType::a}})[0].status, AnswerStatus::none);
    EXPECT_EQ(resolver->counters().cached, 1u);
}

TEST_F(Resolving, TheSameIsAskedOnce) {
    start({.records = {{"mail.example", {tests::a_record(1)}}}});
    const Answers answers = ask({{"mail.example", DnsType::a}, {"mail.example", DnsType::a}});
    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_EQ(answers[0].status, AnswerStatus::found);
    EXPECT_EQ(resolver->counters().joined, 1u);
}

TEST_F(Resolving, OneWithoutAnAnswerDoesNotTakeTheOthersWithIt) {
    Answers answers(3);
    // With a limit that is long enough for an answer on this machine.
    for (uint32_t limit_ms = 100; limit_ms < 60'000; limit_ms *= 4) {
        start({.records = {{"mail.example", {tests::a_record(1)}}},
               .silent = {"silent.example"},
               .broken = {"broken.example"}},
              {.limit_ms = limit_ms, .first_try_ms = 60'000});
        answers = ask({{"silent.example", DnsType::a},
                       {"mail.example", DnsType::a},
                       {"broken.example", DnsType::a}});
        if (answers[1].status == AnswerStatus::found) break;
    }
    EXPECT_EQ(answers[0].status, AnswerStatus::failed);
    EXPECT_EQ(answers[1].status, AnswerStatus::found);
    EXPECT_EQ(answers[2].status, AnswerStatus::failed);
    EXPECT_GE(resolver->counters().late, 1u);
}

TEST_F(Resolving, WhatIsNoNameIsNotAsked) {
    start({});
    const Answers answers =
        ask({{"a b.example", DnsType::a}, {"", DnsType::a}, {"a..b", DnsType::a}});
    for (const DnsAnswer& answer : answers) EXPECT_EQ(answer.status, AnswerStatus::none);
    EXPECT_EQ(server->asked(), 0u);
    EXPECT_TRUE(ask({}).empty());
}

TEST_F(Resolving, TooManyAtOnceFail) {
    start({.silent = {"a.example", "b.example"}}, {.limit_ms = 50, .questions_max = 1});
    const Answers answers = ask({{"a.example", DnsType::a}, {"b.example", DnsType::a}});
    EXPECT_EQ(answers[1].status, AnswerStatus::failed);
    EXPECT_EQ(resolver->counters().busy, 1u);
}

TEST_F(Resolving, ManyCoroutines) {
    FakeDnsServer::Zone zone;
    constexpr size_t kMany = 100;
    for (size_t i = 0; i < kMany; ++i)
        zone.records["h" + std::to_string(i) + ".example"] = {tests::a_record(uint8_t(i))};
    start(std::move(zone));
    size_t right = 0;
    auto body = [&](size_t i) -> Task<> {
        const std::string name = "h" + std::to_string(i) + ".example";
        std::vector<DnsQuestion> questions(1, DnsQuestion{name, DnsType::a});
        const Answers answers = co_await port->ask(std::move(questions));
        if (answers[0].addresses.size() == 1 && answers[0].addresses[0].octets[3] == i) ++right;
    };
    std::vector<Task<>> tasks;
    for (size_t i = 0; i < kMany; ++i) tasks.push_back(body(i));
    for (Task<>& task : tasks) task.start();
    const auto all_done = [&] {
        return std::ranges::all_of(tasks, [](const Task<>& task) { return task.is_done(); });
    };
    for (int turns = 0; !all_done() && turns < 1000; ++turns) turn();
    EXPECT_EQ(right, kMany);
    EXPECT_EQ(port->under_way(), 0u);
}

TEST_F(Resolving, AWorkerMayEndWhileItsQuestionsAreUnderWay) {
    start({.silent = {"silent.example"}});
    auto body = [&]() -> Task<> {
        std::vector<DnsQuestion> questions(1, DnsQuestion{"silent.example", DnsType::a});
        (void)co_await port->ask(std::move(questions));
    };
    Task<> task = body();
    task.start();
    EXPECT_EQ(port->under_way(), 1u);
    port->close();
    EXPECT_EQ(port->under_way(), 0u);
    EXPECT_FALSE(task.is_done());
    task.reset();
    EXPECT_EQ(ask({{"other.example", DnsType::a}})[0].status, AnswerStatus::failed);
}

TEST(Resolver, ServersMustBeAddresses) {
    EXPECT_FALSE(Resolver::open({.servers = "ns.example"}));
    EXPECT_TRUE(Resolver::open({.servers = "192.0.2.1,[2001:db8::1]:5353"}));
}

}  // namespace
}  // namespace gatepost::dataplane
