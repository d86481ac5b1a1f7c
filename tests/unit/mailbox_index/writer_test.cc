// Accounts and mailboxes in their arena: what is put is found, what is refused changes nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "storage/mailbox_index/block_step.h"
#include "storage/mailbox_index/mailbox_index_header.h"
#include "storage/mailbox_index/mailbox_index_image.h"
#include "tests/unit/mailbox_index/mailbox_index_rig.h"

namespace gatepost::tests {
namespace {

using namespace gatepost::storage;  // NOLINT: the whole of a folder is under test

constexpr uint64_t kWrittenBox = 40;

std::vector<uint32_t> uids_of(const MailboxView& mailbox) {
    std::vector<uint32_t> uids;
    for (size_t i = 0; i < mailbox.chunk_count(); ++i)
        for (const MailboxEntry& entry : mailbox.chunk(i).entries) uids.push_back(entry.uid);
    return uids;
}

TEST(MailboxIndex, AnAccountsListIsSortedAndFound) {
    MailboxIndexRig rig;
    const std::vector<MailboxListing> list = {
        {.mailbox_id = 12, .owner_id = 7, .name = "Sent", .special_use = SpecialUse::sent},
        {.mailbox_id = 0, .owner_id = 7, .name = "Gone", .subscribed = true},
        {.mailbox_id = 10, .owner_id = 7, .name = "INBOX", .subscribed = true},
        {.mailbox_id = 90,
         .owner_id = 8,
         .name = "Other Users/bob@example.org/INBOX",
         .rights = kRightLookup | kRightRead},
        {.mailbox_id = 14, .owner_id = 7, .name = "\xc3\x84rger"},
    };
    EXPECT_FALSE(rig.writer().view().account(7).has_value());
    ASSERT_TRUE(rig.writer().put_account(7, list).has_value());
    const auto account = rig.writer().view().account(7);
    ASSERT_TRUE(account.has_value());
    EXPECT_EQ(account->account_id(), 7u);
    ASSERT_EQ(account->size(), 5u);
    std::vector<std::string_view> names;
    for (size_t i = 0; i < account->size(); ++i) names.push_back(account->at(i).name);
    EXPECT_EQ(names,
              (std::vector<std::string_view>{"Gone", "INBOX", "Other Users/bob@example.org/INBOX",
                                             "Sent", "\xc3\x84rger"}));
    for (const std::string_view name : {"INBOX", "inbox", "InBoX"})
        EXPECT_EQ(account->find(name)->mailbox_id, 10u) << name;
    EXPECT_TRUE(account->find("INBOX")->subscribed);
    EXPECT_FALSE(account->find("sent").has_value());
    EXPECT_FALSE(account->find("").has_value());
    EXPECT_EQ(account->find("Sent")->special_use, SpecialUse::sent);
    EXPECT_EQ(account->find(uint64_t{90})->owner_id, 8u);
    EXPECT_EQ(account->find(uint64_t{90})->rights, kRightLookup | kRightRead);
    EXPECT_EQ(account->find(uint64_t{14})->name, "\xc3\x84rger");
    EXPECT_FALSE(account->find(uint64_t{11}).has_value());
    EXPECT_FALSE(account->find(uint64_t{0}).has_value());
}

TEST(MailboxIndex, TheSerialChangesWithTheListOnly) {
    MailboxIndexRig rig;
    std::vector<MailboxListing> list = {{.mailbox_id = 1, .name = "A"},
                                        {.mailbox_id = 2, .name = "B"}};
    ASSERT_TRUE(rig.writer().put_account(7, list).has_value());
    const uint64_t first = rig.writer().view().account(7)->serial();
    std::swap(list[0], list[1]);
    ASSERT_TRUE(rig.writer().put_account(7, list).has_value());
    EXPECT_EQ(rig.writer().view().account(7)->serial(), first);
    list[0].subscribed = true;
    ASSERT_TRUE(rig.writer().put_account(7, list).has_value());
    EXPECT_NE(rig.writer().view().account(7)->serial(), first);
    EXPECT_EQ(rig.writer().stats().accounts, 1u);
    ASSERT_TRUE(rig.writer().put_account(8, {}).has_value());
    EXPECT_EQ(rig.writer().view().account(8)->size(), 0u);
    EXPECT_FALSE(rig.writer().view().account(8)->find("INBOX").has_value());
    rig.writer().remove_account(7);
    rig.writer().remove_account(7);
    EXPECT_FALSE(rig.writer().view().account(7).has_value());
    EXPECT_EQ(rig.writer().stats().accounts, 1u);
}

TEST(MailboxIndex, AccountsAndMailboxesOfOneIdAreTwo) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.writer().put_status(status_of(7, 1, 0)).has_value());
    EXPECT_FALSE(rig.writer().view().account(7).has_value());
    ASSERT_TRUE(rig.writer().put_account(7, {}).has_value());
    rig.writer().remove_account(7);
    EXPECT_TRUE(rig.writer().view().mailbox(7).has_value());
}

TEST(MailboxIndex, TheStatusComesBeforeTheMessages) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.writer().put_status(status_of(kWrittenBox, 5, 3)).has_value());
    EXPECT_FALSE(rig.mailbox(kWrittenBox).has_messages());
    EXPECT_EQ(rig.mailbox(kWrittenBox).status().messages, 3u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).size(), 0u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).find(1), nullptr);
    EXPECT_EQ(rig.mailbox(kWrittenBox).lower_bound(1), 0u);
    const auto refused = rig.writer().apply({.status = status_of(kWrittenBox, 6, 4)});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    ASSERT_TRUE(rig.load(kWrittenBox, 700).has_value());
    EXPECT_TRUE(rig.mailbox(kWrittenBox).has_messages());
    // A status that comes late says nothing of a resident mailbox.
    ASSERT_TRUE(rig.writer().put_status(status_of(kWrittenBox, 5, 3)).has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).status().messages, 700u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).size(), 700u);
    EXPECT_EQ(rig.writer().stats().messages, 700u);
    EXPECT_EQ(rig.writer().stats().resident, 1u);
    rig.writer().evict(kWrittenBox);
    EXPECT_FALSE(rig.mailbox(kWrittenBox).has_messages());
    EXPECT_EQ(rig.mailbox(kWrittenBox).status().messages, 700u);
    EXPECT_EQ(rig.writer().octets_of(kWrittenBox), 0u);
    EXPECT_EQ(rig.writer().stats().messages, 0u);
    EXPECT_EQ(rig.writer().stats().mailboxes, 1u);
    rig.writer().remove_mailbox(kWrittenBox);
    EXPECT_FALSE(rig.writer().view().mailbox(kWrittenBox).has_value());
    EXPECT_EQ(rig.writer().stats().mailboxes, 0u);
}

TEST(MailboxIndex, MessagesAreFoundByUidAndByPlace) {
    MailboxIndexRig rig;
    MailboxUpdate whole{.status = status_of(kWrittenBox, 9, 1000)};
    for (uint32_t i = 0; i < 1000; ++i) whole.messages.push_back(message_of(10 + i * 3, i + 1));
    ASSERT_TRUE(rig.writer().load(whole).has_value());
    const MailboxView mailbox = rig.mailbox(kWrittenBox);
    ASSERT_EQ(mailbox.size(), 1000u);
    EXPECT_EQ(mailbox.chunk_count(), 4u);
    for (uint32_t i = 0; i < 1000; ++i) {
        const uint32_t uid = 10 + i * 3;
        EXPECT_EQ(mailbox.at(i).uid, uid);
        ASSERT_NE(mailbox.find(uid), nullptr);
        EXPECT_EQ(mailbox.find(uid)->modseq, i + 1);
        EXPECT_EQ(mailbox.find(uid + 1), nullptr);
        EXPECT_EQ(mailbox.lower_bound(uid), i);
        EXPECT_EQ(mailbox.lower_bound(uid + 1), i + 1);
    }
    EXPECT_EQ(mailbox.lower_bound(0), 0u);
    EXPECT_EQ(mailbox.find(9), nullptr);
    EXPECT_EQ(mailbox.chunk(0).modseq_max, 256u);
    EXPECT_EQ(mailbox.chunk(3).modseq_max, 1000u);
}

TEST(MailboxIndex, AnOlderStateOfAMessageMovesItAtMost) {
    MailboxIndexRig rig;
    MailboxUpdate whole{.status = status_of(kWrittenBox, 9, 2)};
    whole.messages = {message_of(1, 5, kFlagSeen, {"$Junk"}, "one"), message_of(2, 9)};
    ASSERT_TRUE(rig.writer().load(whole).has_value());
    auto stale = message_of(1, 5, kFlagDeleted);
    stale.entry.segment = 4;
    stale.entry.offset = 4096;
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kWrittenBox, 9, 2), .messages = {stale}})
                    .has_value());
    const MailboxEntry* entry = rig.mailbox(kWrittenBox).find(1);
    EXPECT_EQ(entry->flags, kFlagSeen);
    EXPECT_EQ(entry->keywords, 1u);
    EXPECT_EQ(entry->segment, 4u);
    EXPECT_EQ(entry->offset, 4096u);
    EXPECT_EQ(text_of(rig.mailbox(kWrittenBox).summary(*entry)), "one");
    // At the same place it is not written at all.
    const MailboxEntry* before = rig.mailbox(kWrittenBox).find(1);
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kWrittenBox, 9, 2), .messages = {stale}})
                    .has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).find(1), before);
}

TEST(MailboxIndex, ExpungeModseq) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.load(kWrittenBox, 10).has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).expunge_modseq(), 10u);
    ASSERT_TRUE(
        rig.writer()
            .apply({.status = status_of(kWrittenBox, 11, 11), .messages = {message_of(11, 11)}})
            .has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).expunge_modseq(), 10u);
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kWrittenBox, 12, 10), .expunged = {3, 700}})
                    .has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).expunge_modseq(), 12u);
    EXPECT_EQ(uids_of(rig.mailbox(kWrittenBox)),
              (std::vector<uint32_t>{1, 2, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(MailboxIndex, KeywordsAreBitsOfTheMailbox) {
    MailboxIndexRig rig;
    MailboxUpdate whole{.status = status_of(kWrittenBox, 1, 2)};
    whole.messages = {message_of(1, 1, 0, {"$Forwarded", "work"}),
                      message_of(2, 1, 0, {"WORK", "", "$MDNSent"})};
    ASSERT_TRUE(rig.writer().load(whole).has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).keyword_count(), 3u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).keyword(1), "work");
    EXPECT_EQ(rig.mailbox(kWrittenBox).find_keyword("$mdnsent"), 2u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).find_keyword("$mdnsen"), std::nullopt);
    EXPECT_EQ(rig.mailbox(kWrittenBox).find(1)->keywords, 0b011u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).find(2)->keywords, 0b110u);

    std::vector<std::string> names;
    for (size_t i = 0; i < kKeywordsMax; ++i) names.push_back("k" + std::to_string(i));
    MailboxMessage many = message_of(3, 2);
    many.keywords.assign(names.begin(), names.end());
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kWrittenBox, 2, 3), .messages = {many}})
                    .has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).keyword_count(), kKeywordsMax);
    EXPECT_EQ(rig.mailbox(kWrittenBox).keyword(63), "k60");
    EXPECT_EQ(rig.mailbox(kWrittenBox).find(3)->keywords, ~uint64_t{0b111});
    EXPECT_EQ(rig.writer().stats().keywords_left_out, 3u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).find(1)->keywords, 0b011u);
}

TEST(MailboxIndex, SummariesComeLaterAndStay) {
    MailboxIndexRig rig;
    MailboxUpdate whole{.status = status_of(kWrittenBox, 1, 3)};
    whole.messages = {message_of(1, 1, 0, {}, "first"), message_of(2, 1), message_of(3, 1)};
    whole.messages[1].entry.summary_size = 6;
    ASSERT_TRUE(rig.writer().load(whole).has_value());
    EXPECT_FALSE(rig.mailbox(kWrittenBox).find(1)->has_summary_to_load());
    EXPECT_TRUE(rig.mailbox(kWrittenBox).find(2)->has_summary_to_load());
    EXPECT_FALSE(rig.mailbox(kWrittenBox).find(3)->has_summary_to_load());
    EXPECT_TRUE(rig.mailbox(kWrittenBox).summary(*rig.mailbox(kWrittenBox).find(2)).empty());
    const uint64_t before = rig.writer().octets_of(kWrittenBox);
    const std::vector<std::pair<uint32_t, Bytes>> summaries = {{9, octets_of("nobody")},
                                                               {2, octets_of("second")},
                                                               {1, octets_of("other")},
                                                               {2, octets_of("again")}};
    ASSERT_TRUE(rig.writer().add_summaries(kWrittenBox, summaries).has_value());
    EXPECT_EQ(rig.writer().octets_of(kWrittenBox), before + BlockStep::rounded(6));
    EXPECT_EQ(text_of(rig.mailbox(kWrittenBox).summary(*rig.mailbox(kWrittenBox).find(1))),
              "first");
    EXPECT_EQ(text_of(rig.mailbox(kWrittenBox).summary(*rig.mailbox(kWrittenBox).find(2))),
              "second");
    // A flag does not take it away, whether the row has it or not.
    MailboxMessage flagged = message_of(2, 2, kFlagSeen);
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kWrittenBox, 2, 3), .messages = {flagged}})
                    .has_value());
    EXPECT_EQ(text_of(rig.mailbox(kWrittenBox).summary(*rig.mailbox(kWrittenBox).find(2))),
              "second");
    ASSERT_TRUE(
        rig.writer().apply({.status = status_of(kWrittenBox, 3, 2), .expunged = {2}}).has_value());
    EXPECT_EQ(rig.writer().octets_of(kWrittenBox), before);
}

TEST(MailboxIndex, UidsThatDoNotAscendAreRefused) {
    MailboxIndexRig rig;
    MailboxUpdate whole{.status = status_of(kWrittenBox, 1, 2)};
    whole.messages = {message_of(2, 1), message_of(2, 1)};
    EXPECT_EQ(rig.writer().load(whole).error().code, ErrorCode::invalid);
    EXPECT_FALSE(rig.writer().view().mailbox(kWrittenBox).has_value());
    ASSERT_TRUE(rig.load(kWrittenBox, 3).has_value());
    for (const std::vector<uint32_t>& expunged :
         {std::vector<uint32_t>{3, 1}, std::vector<uint32_t>{2, 2}}) {
        const Status refused =
            rig.writer().apply({.status = status_of(kWrittenBox, 9, 3), .expunged = expunged});
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    }
    EXPECT_EQ(rig.mailbox(kWrittenBox).size(), 3u);
}

TEST(MailboxIndex, AppendingDoesNotCopyTheChunkEachTime) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.load(kWrittenBox, 1).has_value());
    for (uint32_t uid = 2; uid <= 1000; ++uid)
        ASSERT_TRUE(rig.writer()
                        .apply({.status = status_of(kWrittenBox, uid, uid),
                                .messages = {message_of(uid, uid)}})
                        .has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).size(), 1000u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).chunk_count(), 4u);
    // 999 chunk lists and records, and blocks of all sizes: not a block for each.
    EXPECT_LT(rig.writer().stats().retired_bytes, 999 * 512u + 4 * 30'000u);
}

TEST(MailboxIndex, ExpungeKeepsChunksFull) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.load(kWrittenBox, 25'600).has_value());
    ASSERT_EQ(rig.mailbox(kWrittenBox).chunk_count(), 100u);
    MailboxUpdate update{.status = status_of(kWrittenBox, 30'000, 256)};
    for (uint32_t uid = 1; uid <= 25'600; ++uid)
        if (uid % 100 != 0) update.expunged.push_back(uid);
    ASSERT_TRUE(rig.writer().apply(update).has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).size(), 256u);
    EXPECT_LE(rig.mailbox(kWrittenBox).chunk_count(), 4u);
    rig.writer().reclaim();
    update.expunged.clear();
    for (uint32_t uid = 100; uid <= 25'600; uid += 100) update.expunged.push_back(uid);
    ASSERT_TRUE(rig.writer().apply(update).has_value());
    EXPECT_EQ(rig.mailbox(kWrittenBox).size(), 0u);
    EXPECT_EQ(rig.mailbox(kWrittenBox).chunk_count(), 0u);
    EXPECT_TRUE(rig.mailbox(kWrittenBox).has_messages());
    EXPECT_EQ(rig.mailbox(kWrittenBox).find(100), nullptr);
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kWrittenBox, 30'001, 1),
                            .messages = {message_of(25'601, 30'001)}})
                    .has_value());
    EXPECT_EQ(uids_of(rig.mailbox(kWrittenBox)), std::vector<uint32_t>{25'601});
}

TEST(MailboxIndex, AFullArenaRefusesAndKeepsWhatIsThere) {
    MailboxIndexRig rig(size_t{4} << 20);
    QsbrReader& reader = rig.qsbr().readers[0];
    reader.online(rig.qsbr().epoch);  // nothing can be reclaimed
    ASSERT_TRUE(rig.load(kWrittenBox, 10'000).has_value());
    uint64_t steps = 0;
    Status status;
    for (; status.has_value(); ++steps) {
        MailboxUpdate update{.status = status_of(kWrittenBox, 20'000 + steps, 10'000)};
        // Two chunks, so that one may be there and the other not.
        update.messages = {message_of(1, 20'000 + steps, kFlagSeen),
                           message_of(5'000, 20'000 + steps, kFlagSeen, {}, "a summary")};
        status = rig.writer().apply(update);
    }
    EXPECT_EQ(status.error().code, ErrorCode::refused);
    ASSERT_GT(steps, 10u);
    const uint64_t last = 20'000 + steps - 2;
    const MailboxView mailbox = rig.mailbox(kWrittenBox);
    EXPECT_EQ(mailbox.status().highest_modseq, last);
    EXPECT_EQ(mailbox.find(1)->modseq, last);
    EXPECT_EQ(mailbox.find(5'000)->modseq, last);
    EXPECT_EQ(mailbox.size(), 10'000u);
    EXPECT_FALSE(rig.load(kWrittenBox + 1, 10'000).has_value());
    EXPECT_FALSE(rig.writer().view().mailbox(kWrittenBox + 1).has_value());
    EXPECT_EQ(rig.writer().stats().mailboxes, 1u);
    // Making room works without any, and a step takes it by itself.
    rig.writer().evict(kWrittenBox);
    EXPECT_FALSE(rig.mailbox(kWrittenBox).has_messages());
    EXPECT_EQ(rig.mailbox(kWrittenBox).status().highest_modseq, last);
    EXPECT_FALSE(rig.load(kWrittenBox + 1, 10'000).has_value()) << "a reader may still see it";
    reader.offline();
    EXPECT_TRUE(rig.load(kWrittenBox + 1, 10'000).has_value());
}

TEST(MailboxIndex, BlocksAreUsedAgain) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.load(kWrittenBox, 20'000).has_value());
    uint64_t used = 0;
    for (uint32_t step = 0; step < 5'000; ++step) {
        const uint32_t uid = step * 7919 % 20'000 + 1;
        MailboxUpdate update{.status = status_of(kWrittenBox, 30'000 + step, 20'000)};
        update.messages = {message_of(uid, 30'000 + step, static_cast<uint8_t>(step & kAllFlags))};
        ASSERT_TRUE(rig.writer().apply(update).has_value());
        rig.writer().reclaim();
        if (step == 1'000) used = rig.writer().stats().used_bytes;
    }
    EXPECT_EQ(rig.writer().stats().used_bytes, used);
    EXPECT_EQ(rig.writer().stats().retired_bytes, 0u);
}

// Mailboxes of all sizes that come and go leave nothing behind.
TEST(MailboxIndex, LoadingAndEvictingTakesNoMoreThanItDidOnce) {
    MailboxIndexRig rig;
    const auto round = [&] {
        for (uint64_t box = 1; box <= 30; ++box)
            ASSERT_TRUE(rig.load(box, static_cast<uint32_t>(box * box * 5)).has_value());
        for (uint64_t box = 1; box <= 30; ++box) rig.writer().evict(box);
        rig.writer().reclaim();
    };
    // A block may be cut up for others at first.
    for (int i = 0; i < 3; ++i) round();
    const uint64_t used = rig.writer().stats().used_bytes;
    for (int i = 0; i < 20; ++i) round();
    EXPECT_EQ(rig.writer().stats().used_bytes, used);
    EXPECT_EQ(rig.writer().stats().resident, 0u);
    EXPECT_EQ(rig.writer().stats().messages, 0u);
}

TEST(MailboxIndexImage, MapsWhatIsOneAndNothingElse) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.load(kWrittenBox, 300).has_value());
    const auto image = MailboxIndexImage::map(UniqueFd(::dup(rig.writer().segment().fd())));
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->generation(), 3u);
    EXPECT_EQ(rig.writer().generation(), 3u);
    EXPECT_EQ(image->view().mailbox(kWrittenBox)->find(300)->size, 900u);
    // What the writer does is seen through the mapping.
    ASSERT_TRUE(rig.writer()
                    .apply({.status = status_of(kWrittenBox, 400, 299), .expunged = {300}})
                    .has_value());
    EXPECT_EQ(image->view().mailbox(kWrittenBox)->find(300), nullptr);

    auto other = Segment::create("not-an-index", 4096, PageKind::plain);
    ASSERT_TRUE(other.has_value());
    const auto refused = MailboxIndexImage::map(UniqueFd(::dup(other->fd())));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace gatepost::tests
