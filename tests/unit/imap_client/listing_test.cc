#include <gtest/gtest.h>

#include "tools/gatepost/imap_client/command_text.h"
#include "tools/gatepost/imap_client/message_listing.h"
#include "tools/gatepost/imap_import/mailbox_appender.h"

namespace gatepost::tools {
namespace {

TEST(InternalDate, Seconds) {
    EXPECT_EQ(internal_date("17-Jul-1996 02:44:25 -0700"), 837596665);
    EXPECT_EQ(internal_date(" 1-Jan-1970 00:00:00 +0000"), 0);
    EXPECT_EQ(internal_date("1-jan-1970 01:00:00 +0100"), 0);
    EXPECT_EQ(internal_date("31-Dec-1969 23:59:59 +0000"), -1);
    EXPECT_EQ(internal_date("29-Feb-2024 12:00:00 +0530"), 1709188200);
    for (const char* text :
         {"", "17-Jul-1996", "17-Foo-1996 02:44:25 -0700", "30-Feb-2024 02:44:25 +0000",
          "17-Jul-1996 24:00:00 +0000", "17-Jul-1996 02:44:25 0700", "17-Jul-1996 02:44:25 +070",
          "17-Jul-1996 02:44:25 +0060", "-1-Jul-1996 02:44:25 +0000", "17-Jul-96 02:44:25 +0000"})
        EXPECT_EQ(internal_date(text), std::nullopt) << text;
}

TEST(UidSets, ThereAndBack) {
    EXPECT_EQ(uid_set({1, 2, 3, 7, 9, 10}), "1:3,7,9:10");
    EXPECT_EQ(uid_set({}), "");
    EXPECT_EQ(uids_in("1:3,7,9:10", 100), (std::vector<uint32_t>{1, 2, 3, 7, 9, 10}));
    EXPECT_EQ(uids_in("4294967295", 1), (std::vector<uint32_t>{4294967295}));
    EXPECT_EQ(uids_in("1:4294967295", 1000), std::nullopt);
    for (const char* text : {"", "0", "1:", "1,", ",1", "2:1", "a", "1:*", "1 2", "4294967296"})
        EXPECT_EQ(uids_in(text, 10), std::nullopt) << text;
    EXPECT_EQ(uids_in("1:3", 2), std::nullopt);
    EXPECT_EQ(uids_in("1,2,3", 2), std::nullopt);
}

TEST(CommandText, WhatCannotBeQuotedIsALiteral) {
    EXPECT_EQ(CommandText("LOGIN ").string("a\"b\\c").pieces(),
              std::vector<std::string>{"LOGIN \"a\\\"b\\\\c\""});
    const CommandText command =
        CommandText("LOGIN ").string("ada").words(" ").string("p\xc3\xa4ss");
    EXPECT_EQ(command.pieces(), (std::vector<std::string>{"LOGIN \"ada\" {5}\r\n", "p\xc3\xa4ss"}));
}

TEST(MailboxNames, AsACommandHasThem) {
    EXPECT_EQ(mailbox_argument_text("Entw\xc3\xbcrfe & \"mehr\""),
              "\"Entw&APw-rfe &- \\\"mehr\\\"\"");
}

}  // namespace
}  // namespace gatepost::tools
