#include "tools/load/imap/imap_watch.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

ImapCommand flag(uint32_t number, bool add) {
    ImapCommand command;
    command.operation = ImapOperation::store;
    command.number = number;
    command.add = add;
    return command;
}

TEST(ImapWatch, CountsFromTheOk) {
    ImapWatch watch({2});
    EXPECT_TRUE(watch.settled(0, 0));
    watch.begin(0, flag(5, true), 10);
    watch.heard(0, 0, R"(5 FETCH (FLAGS (\Flagged)))", 90);  // in front of the OK
    watch.made(0, true, 100);
    EXPECT_FALSE(watch.settled(0, 120));
    watch.heard(0, 1, R"(5 FETCH (FLAGS (\Flagged \Seen)))", 150);
    watch.heard(0, 1, R"(5 FETCH (FLAGS (\Flagged \Seen)))", 950);
    EXPECT_TRUE(watch.settled(0, 160));
    EXPECT_EQ(watch.changes(), 1u);
    EXPECT_EQ(watch.unseen(), 0u);
    EXPECT_EQ(watch.seen().count(), 2u);
    EXPECT_EQ(watch.seen().max_ns(), 50u);
}

TEST(ImapWatch, OtherNewsDoNotCount) {
    ImapWatch watch({1});
    watch.begin(0, flag(5, false), 10);
    watch.made(0, true, 100);
    for (const char* text : {R"(5 FETCH (FLAGS (\Flagged)))", R"(4 FETCH (FLAGS ()))", "11 EXISTS",
                             "5 FETCH (UID 9)", "OK still here"})
        watch.heard(0, 0, text, 110);
    EXPECT_FALSE(watch.settled(0, 120));
    EXPECT_TRUE(watch.settled(0, 100 + ImapWatch::kPatienceNs));
    EXPECT_EQ(watch.unseen(), 1u);
    EXPECT_EQ(watch.seen().count(), 0u);
}

TEST(ImapWatch, AMessageMore) {
    ImapWatch watch({1});
    ImapCommand append;
    append.operation = ImapOperation::append;
    watch.begin(0, append, 10);
    watch.made(0, true, 100);
    watch.heard(0, 0, "10 EXISTS", 110);
    EXPECT_FALSE(watch.settled(0, 120));
    watch.heard(0, 0, "11 EXISTS", 130);
    EXPECT_TRUE(watch.settled(0, 140));
    EXPECT_EQ(watch.seen().max_ns(), 30u);
}

TEST(ImapWatch, WhatWasRefusedIsNotWaitedFor) {
    ImapWatch watch({1});
    watch.begin(0, flag(1, true), 1);
    EXPECT_FALSE(watch.settled(0, 50));
    watch.made(0, false, 100);
    EXPECT_TRUE(watch.settled(0, 101));
    EXPECT_EQ(watch.changes(), 0u);
}

}  // namespace
}  // namespace gatepost::tools
