#include "tools/gatepost/imap_import/message_match.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;

TEST(MessageMatch, SameDateSizeAndName) {
    const std::vector<NamedMessage> theirs = {{{1, 0, 100, 10}, "<a>"},
                                              {{2, 0, 100, 10}, "<b>"},
                                              {{3, 0, 101, 10}, "<a>"},
                                              {{4, 0, 100, 11}, "<a>"}};
    const std::vector<NamedMessage> ours = {{{50, 0, 100, 10}, "<b>"}, {{51, 0, 100, 11}, "<a>"}};
    EXPECT_EQ(match_messages(theirs, ours), (Pairs{{2, 50}, {4, 51}}));
}

TEST(MessageMatch, WhatIsTwiceThereAndOnceHereIsMatchedOnce) {
    const NamedMessage twin{{1, 0, 5, 5}, ""};
    NamedMessage other = twin;
    other.message.uid = 2;
    NamedMessage own = twin;
    own.message.uid = 9;
    EXPECT_EQ(match_messages({twin, other}, {own}), (Pairs{{1, 9}}));
    EXPECT_EQ(match_messages({twin, other}, {}), Pairs{});
}

TEST(MessageMatch, SimilarOnesAloneAreLookedAt) {
    const std::vector<RemoteMessage> messages = {{1, 0, 5, 5}, {2, 0, 5, 6}, {3, 0, 6, 5}};
    const auto found = similar(messages, {{77, 3, 5, 6}});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].uid, 2u);
}

}  // namespace
}  // namespace gatepost::tools
