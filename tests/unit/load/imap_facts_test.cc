#include "tools/load/imap/imap_facts.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

TEST(ImapFacts, Numbers) {
    const auto exists = numbered_response("172 EXISTS");
    ASSERT_TRUE(exists);
    EXPECT_EQ(exists->number, 172u);
    EXPECT_EQ(exists->rest, "EXISTS");
    EXPECT_FALSE(numbered_response("FLAGS (x)"));
    EXPECT_FALSE(numbered_response("4294967296 EXISTS"));
    EXPECT_FALSE(numbered_response(""));
}

TEST(ImapFacts, FlagsOfAFetch) {
    const auto fetched =
        fetched_flags(R"(12 FETCH (UID 5 FLAGS (\Seen \flagged $Junk \Draft) MODSEQ (7)))");
    ASSERT_TRUE(fetched);
    EXPECT_EQ(fetched->number, 12u);
    EXPECT_EQ(fetched->uid, 5u);
    EXPECT_EQ(fetched->flags, kImapSeen | kImapFlagged | kImapDraft);
}

TEST(ImapFacts, WhatElseAFetchHas) {
    const auto fetched = fetched_flags(
        R"(1 fetch (INTERNALDATE "17-Jul-1996 02:44:25 -0700" ENVELOPE ("a \") (" NIL ((NIL)) ) )"
        R"(FLAGS () UID 9))");
    ASSERT_TRUE(fetched);
    EXPECT_EQ(fetched->uid, 9u);
    EXPECT_EQ(fetched->flags, 0);
    const auto neither = fetched_flags("3 FETCH (RFC822.SIZE 44)");
    ASSERT_TRUE(neither);
    EXPECT_FALSE(neither->uid);
    EXPECT_FALSE(neither->flags);
}

TEST(ImapFacts, WhatIsNoFetch) {
    for (const char* text : {"12 EXISTS", "x FETCH (UID 1)", "1 FETCH", "1 FETCH (UID 1",
                             "1 FETCH (UID 1) x", "1 FETCH ()", "1 FETCH (FLAGS (\\Seen)", ""})
        EXPECT_FALSE(fetched_flags(text)) << text;
}

TEST(ImapFacts, UidOfAnAppend) {
    EXPECT_EQ(appended_uid("OK [APPENDUID 38505 3955] APPEND completed"), 3955u);
    EXPECT_EQ(appended_uid("OK [appenduid 1 2] x"), 2u);
    EXPECT_EQ(appended_uid("OK done"), std::nullopt);
    EXPECT_EQ(appended_uid("OK [APPENDUID 1 2:3] two"), std::nullopt);
    EXPECT_EQ(appended_uid("OK [APPENDUID x 2] y"), std::nullopt);
    EXPECT_EQ(appended_uid(""), std::nullopt);
}

}  // namespace
}  // namespace gatepost::tools
