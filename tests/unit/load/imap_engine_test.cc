#include "tools/load/imap/imap_engine.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "tests/unit/load/small_imap_server.h"

namespace gatepost::tools {
namespace {

class ImapEngineTest : public testing::Test {
  protected:
    ImapEngineTest() {
        char folder[] = "/tmp/imap-engine-XXXXXX";
        folder_ = ::mkdtemp(folder);
        options.user = "user%d";
        options.connections = 4;
        options.commands = 200;
        work(ImapOperation::noop);
    }
    ~ImapEngineTest() override { std::filesystem::remove_all(folder_); }

    void work(ImapOperation operation) {
        options.operation = operation;
        options.mix =
            ImapMix::only(operation == ImapOperation::watch ? ImapOperation::store : operation);
    }

    Result<ImapStatistics> run(size_t messages, const SmallImapServer::Faults& faults = {}) {
        const std::string path = (folder_ / "socket").string();
        SmallImapServer server(path, messages, faults);
        ImapPlan plan;
        plan.target = *mail_target_from_text(path, 143);
        plan.password = "secret";
        const MessageMaker maker({.run = "r", .host = "x.test", .size = 300, .date_s = 0});
        MonotonicClock clock;
        auto engine = std::make_unique<ImapEngine>(options, plan, maker, clock);
        engine->enter = [this](ImapStage stage) { stages.push_back(stage); };
        return engine->run();
    }

    uint64_t answered(const ImapStatistics& all, ImapOperation operation) {
        return all.operations[static_cast<size_t>(operation)].latency.count();
    }

    ImapEngineOptions options;
    std::vector<ImapStage> stages;
    std::filesystem::path folder_;
};

TEST_F(ImapEngineTest, AsManyCommandsAsWereAskedFor) {
    options.depth = 3;
    const auto all = run(3);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(answered(*all, ImapOperation::noop), 200u);
    EXPECT_EQ(all->begun, 200u);
    EXPECT_EQ(all->connections, 4u);
    EXPECT_GT(all->octets, 0u);
    EXPECT_FALSE(all->failed());
    EXPECT_FALSE(all->checked);
    EXPECT_EQ(stages, (std::vector<ImapStage>{ImapStage::opening, ImapStage::measuring,
                                              ImapStage::measured}));
}

TEST_F(ImapEngineTest, AsManyOfEachConnection) {
    options.commands = 0;
    options.commands_each = 7;
    work(ImapOperation::fetch_body);
    const auto all = run(3);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(answered(*all, ImapOperation::fetch_body), 28u);
}

TEST_F(ImapEngineTest, LoginsAreConnections) {
    options.commands = 30;
    work(ImapOperation::login);
    const auto all = run(0);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(answered(*all, ImapOperation::login), 30u);
    EXPECT_EQ(all->connections, 30u);
    EXPECT_FALSE(all->failed());
}

TEST_F(ImapEngineTest, WhatIsWrittenIsThere) {
    options.depth = 2;
    options.mix = *ImapMix::from_text("store=3,append=1,fetch_body=2");
    const auto all = run(50);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_TRUE(all->checked);
    EXPECT_EQ(all->differences.messages, 50 + answered(*all, ImapOperation::append));
    EXPECT_GT(answered(*all, ImapOperation::store), 0u);
    EXPECT_FALSE(all->failed());
}

TEST_F(ImapEngineTest, AFlagThatIsForgotten) {
    options.commands = 1;
    work(ImapOperation::store);
    const auto all = run(50, {.forgets_stores = true});
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(all->differences.wrong_flags, 1u);
    EXPECT_TRUE(all->failed());
}

TEST_F(ImapEngineTest, AMessageThatIsForgotten) {
    options.commands = 1;
    work(ImapOperation::append);
    const auto all = run(5, {.forgets_appends = true});
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(all->differences.doubled_uids, 1u);  // that of a message which was there
    EXPECT_TRUE(all->failed());
}

TEST_F(ImapEngineTest, ConnectionsThatAreLostComeBack) {
    options.connections = 2;
    work(ImapOperation::store);
    const auto all = run(20, {.hangs_up_after = 10});
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(all->begun, 200u);
    EXPECT_GT(all->failures[static_cast<size_t>(ImapFailure::lost)], 0u);
    EXPECT_EQ(answered(*all, ImapOperation::store) + all->unknown(), 200u);
    // What had no answer is not held against the server.
    EXPECT_FALSE(all->differences.any());
    EXPECT_TRUE(all->failed());
}

TEST_F(ImapEngineTest, IdlesForItsTime) {
    options.commands = 0;
    options.duration_ns = 1'000'000;
    work(ImapOperation::idle);
    const auto all = run(1);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(all->idle, 4u);
    EXPECT_FALSE(all->failed());
}

TEST_F(ImapEngineTest, NoLoginIsAnError) {
    const auto all = run(1, {.refuses_login = true});
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().code, ErrorCode::permission);
    EXPECT_NE(all.error().message.find("go away"), std::string::npos) << all.error().message;
}

TEST_F(ImapEngineTest, AnEmptyMailboxHasNothingToStore) {
    work(ImapOperation::store);
    const auto all = run(0);
    ASSERT_FALSE(all);
    EXPECT_NE(all.error().message.find("too few messages"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::tools
