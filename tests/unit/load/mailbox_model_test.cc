#include "tools/load/imap/mailbox_model.h"

#include <gtest/gtest.h>

#include "tools/load/imap/imap_facts.h"

namespace gatepost::tools {
namespace {

class MailboxModelTest : public testing::Test {
  protected:
    void SetUp() override {
        model.learn(3, 0);
        model.learn(7, kImapSeen);
        model.end_learning();
    }

    MailboxModel model;
};

TEST_F(MailboxModelTest, AsItShouldBe) {
    EXPECT_EQ(model.learnt(), 2u);
    model.set_flags(0, kImapFlagged);
    model.appended(9, kImapSeen);
    model.appended(8, 0);  // of another connection, whose response came later
    const auto found = model.compare({{3, kImapFlagged}, {7, kImapSeen}, {8, 0}, {9, kImapSeen}});
    EXPECT_FALSE(found.any());
    EXPECT_EQ(found.messages, 4u);
}

TEST_F(MailboxModelTest, EachDifference) {
    model.appended(9, 0);
    model.appended(9, 0);
    const auto found = model.compare({{7, 0}, {9, 0}, {10, 0}});
    EXPECT_TRUE(found.any());
    EXPECT_EQ(found.missing, 1u);
    EXPECT_EQ(found.wrong_flags, 1u);
    EXPECT_EQ(found.unexpected, 1u);
    EXPECT_EQ(found.doubled_uids, 1u);
}

TEST_F(MailboxModelTest, DoubtIsNoDifference) {
    model.doubt(1);
    model.doubt_append();
    auto with = model;
    EXPECT_FALSE(with.compare({{3, 0}, {7, 0}, {8, 0}}).any());
    auto without = model;
    const auto found = without.compare({{3, 0}, {7, kImapSeen}});
    EXPECT_FALSE(found.any());
    EXPECT_EQ(found.uncertain, 1u);
    EXPECT_EQ(model.compare({{3, 0}, {7, 0}, {8, 0}, {9, 0}}).unexpected, 1u);
}

TEST_F(MailboxModelTest, UidsThatWereNotTold) {
    model.appended(std::nullopt, 0);
    auto fewer = model;
    EXPECT_FALSE(model.compare({{3, 0}, {7, kImapSeen}, {20, 0}}).any());
    EXPECT_EQ(fewer.compare({{3, 0}, {7, kImapSeen}}).missing, 1u);
}

}  // namespace
}  // namespace gatepost::tools
