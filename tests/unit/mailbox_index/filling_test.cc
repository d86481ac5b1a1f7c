// Mailboxes that are loaded in pieces.
#include <gtest/gtest.h>

#include <string>

#include "storage/mailbox_index/mailbox_filling.h"
#include "storage/mailbox_index/mailbox_index_header.h"
#include "tests/unit/mailbox_index/mailbox_index_rig.h"

namespace gatepost::tests {
namespace {

using namespace gatepost::storage;  // NOLINT: the whole of a folder is under test

constexpr uint64_t kFilledBox = 40;

std::vector<MailboxMessage> piece_of(uint32_t first, uint32_t last) {
    std::vector<MailboxMessage> messages;
    for (uint32_t uid = first; uid <= last; ++uid) messages.push_back(message_of(uid, uid));
    return messages;
}

TEST(MailboxFilling, IsSeenAtOnceWhenItEnds) {
    MailboxIndexRig rig;
    const auto filling = rig.writer().begin_load();
    ASSERT_TRUE(rig.writer().add(*filling, piece_of(1, 512)).has_value());
    // Other mailboxes come, change and go meanwhile.
    ASSERT_TRUE(rig.load(kFilledBox + 1, 700).has_value());
    ASSERT_TRUE(rig.writer().put_status(status_of(kFilledBox, 3, 0)).has_value());
    ASSERT_TRUE(rig.writer().add(*filling, {}).has_value());
    ASSERT_TRUE(rig.writer().add(*filling, piece_of(600, 900)).has_value());
    rig.writer().evict(kFilledBox + 1);
    rig.writer().reclaim();
    EXPECT_FALSE(rig.mailbox(kFilledBox).has_messages());
    EXPECT_EQ(rig.writer().stats().messages, 0u);
    ASSERT_TRUE(rig.writer().end_load(*filling, status_of(kFilledBox, 900, 813)).has_value());

    const MailboxView mailbox = rig.mailbox(kFilledBox);
    ASSERT_TRUE(mailbox.has_messages());
    EXPECT_EQ(mailbox.expunge_modseq(), 900u);
    EXPECT_EQ(rig.writer().stats().messages, 813u);
    ASSERT_EQ(mailbox.size(), 813u);
    for (uint32_t i = 0; i < 813; ++i) {
        const uint32_t uid = i < 512 ? i + 1 : 600 + (i - 512);
        ASSERT_EQ(mailbox.at(i).uid, uid);
        ASSERT_EQ(mailbox.lower_bound(uid), i);
        ASSERT_EQ(mailbox.find(uid)->size, uid * 3);
    }
    EXPECT_EQ(mailbox.chunk(1).modseq_max, 512u);
    // It changes like any other.
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kFilledBox, 901, 812),
                            .messages = {message_of(901, 901)},
                            .expunged = {5, 900}})
                    .has_value());
    EXPECT_EQ(rig.mailbox(kFilledBox).size(), 812u);
}

// Each piece's octets go with it.
TEST(MailboxFilling, KeepsWhatItNeedsOfAPiece) {
    MailboxIndexRig rig;
    const auto filling = rig.writer().begin_load();
    for (uint32_t uid = 1; uid <= 70; ++uid) {
        std::string own = "a-keyword-of-more-than-a-few-letters-" + std::to_string(uid);
        std::string summary = "summary " + std::to_string(uid);
        const std::vector<MailboxMessage> piece = {message_of(uid, 1, 0, {own, "$Seen"}, summary)};
        ASSERT_TRUE(rig.writer().add(*filling, piece).has_value());
        own.assign(own.size(), 'x');
        summary.assign(summary.size(), 'x');
    }
    ASSERT_TRUE(rig.writer().end_load(*filling, status_of(kFilledBox, 1, 70)).has_value());
    const MailboxView mailbox = rig.mailbox(kFilledBox);
    ASSERT_EQ(mailbox.keyword_count(), kKeywordsMax);
    EXPECT_EQ(rig.writer().stats().keywords_left_out, 70 - (kKeywordsMax - 1));
    EXPECT_EQ(mailbox.keyword(0), "a-keyword-of-more-than-a-few-letters-1");
    EXPECT_EQ(mailbox.keyword(1), "$Seen");
    EXPECT_EQ(mailbox.keyword(63), "a-keyword-of-more-than-a-few-letters-63");
    EXPECT_EQ(mailbox.at(0).keywords, 0b11u);
    EXPECT_EQ(mailbox.at(69).keywords, 0b10u);
    EXPECT_EQ(text_of(mailbox.summary(mailbox.at(69))), "summary 70");
}

TEST(MailboxFilling, UidsAscendFromPieceToPiece) {
    MailboxIndexRig rig;
    const auto filling = rig.writer().begin_load();
    ASSERT_TRUE(rig.writer().add(*filling, piece_of(1, 10)).has_value());
    EXPECT_EQ(rig.writer().add(*filling, piece_of(10, 12)).error().code, ErrorCode::invalid);
    EXPECT_EQ(rig.writer().add(*filling, piece_of(1, 3)).error().code, ErrorCode::invalid);
    std::vector<MailboxMessage> twice = piece_of(11, 12);
    twice[1].entry.uid = 11;
    EXPECT_EQ(rig.writer().add(*filling, twice).error().code, ErrorCode::invalid);
    ASSERT_TRUE(rig.writer().add(*filling, piece_of(11, 12)).has_value());
    ASSERT_TRUE(rig.writer().end_load(*filling, status_of(kFilledBox, 12, 12)).has_value());
    EXPECT_EQ(rig.mailbox(kFilledBox).size(), 12u);
}

TEST(MailboxFilling, WithoutAMessage) {
    MailboxIndexRig rig;
    const auto filling = rig.writer().begin_load();
    ASSERT_TRUE(rig.writer().end_load(*filling, status_of(kFilledBox, 1, 0)).has_value());
    EXPECT_TRUE(rig.mailbox(kFilledBox).has_messages());
    EXPECT_EQ(rig.mailbox(kFilledBox).size(), 0u);
}

// A piece that does not fit is put when there is room; what was put before it stays.
TEST(MailboxFilling, WhereTheArenaIsFull) {
    MailboxIndexRig rig(size_t{2} << 20);
    ASSERT_TRUE(rig.load(kFilledBox + 1, 10'000).has_value());
    const auto filling = rig.writer().begin_load();
    uint32_t last = 0;
    Status added;
    for (; added; last += added ? 2560 : 0)
        added = rig.writer().add(*filling, piece_of(last + 1, last + 2560));
    EXPECT_EQ(added.error().code, ErrorCode::refused);
    EXPECT_EQ(filling->size(), last);
    rig.writer().evict(kFilledBox + 1);
    rig.writer().reclaim();
    ASSERT_TRUE(rig.writer().add(*filling, piece_of(last + 1, last + 2560)).has_value());
    ASSERT_TRUE(rig.writer()
                    .end_load(*filling, status_of(kFilledBox, last + 2560, last + 2560))
                    .has_value());
    EXPECT_EQ(rig.mailbox(kFilledBox).at(last).uid, last + 1);
    EXPECT_EQ(rig.mailbox(kFilledBox).size(), last + 2560);
}

TEST(MailboxFilling, GivesBackWhatIsNotLinked) {
    MailboxIndexRig rig(size_t{4} << 20);
    uint64_t used = 0;
    for (int i = 0; i < 50; ++i) {
        const auto filling = rig.writer().begin_load();
        ASSERT_TRUE(rig.writer().add(*filling, piece_of(1, 10'000)).has_value());
        ASSERT_TRUE(rig.writer().add(*filling, piece_of(10'001, 20'000)).has_value());
        if (i == 0) used = rig.writer().stats().used_bytes;
        EXPECT_EQ(rig.writer().stats().used_bytes, used);
    }
    EXPECT_EQ(rig.writer().stats().retired_bytes, 0u) << "no reader can have seen it";
    ASSERT_TRUE(rig.load(kFilledBox, 20'000).has_value());
}

}  // namespace
}  // namespace gatepost::tests
