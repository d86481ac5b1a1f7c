// What COPY sends, octet by octet.
#include <gtest/gtest.h>

#include "controlplane/mailboxes/whole_mailbox.h"

namespace gatepost::controlplane {
namespace {

constexpr uint64_t kMailbox = 40;
constexpr size_t kStatusColumns = 9;

class CopyOctets {
  public:
    std::vector<uint8_t> octets;

    CopyOctets() = default;
    // What is appended to a copy goes into the copy.
    CopyOctets(const CopyOctets& other) : octets(other.octets) {}
    CopyOctets& operator=(const CopyOctets&) = delete;

    CopyOctets& header() {
        for (const char c : std::string_view("PGCOPY\n\377\r\n\0", 11))
            writer_.u8(static_cast<uint8_t>(c));
        writer_.u32(0);
        writer_.u32(0);
        return *this;
    }
    CopyOctets& columns(uint16_t count) {
        writer_.u16(count);
        return *this;
    }
    CopyOctets& int8(uint64_t value) {
        writer_.u32(8);
        writer_.u32(static_cast<uint32_t>(value >> 32));
        writer_.u32(static_cast<uint32_t>(value));
        return *this;
    }
    CopyOctets& int4(uint32_t value) {
        writer_.u32(4);
        writer_.u32(value);
        return *this;
    }
    CopyOctets& uuid(uint64_t high, uint64_t low) {
        writer_.u32(16);
        for (const uint64_t half : {high, low}) {
            writer_.u32(static_cast<uint32_t>(half >> 32));
            writer_.u32(static_cast<uint32_t>(half));
        }
        return *this;
    }
    CopyOctets& null() {
        writer_.u32(0xffffffff);
        return *this;
    }
    CopyOctets& texts(const std::vector<std::string_view>& values) {
        CopyOctets array;
        for (const uint32_t number : {1u, 0u, 25u, static_cast<uint32_t>(values.size()), 1u})
            array.writer_.u32(number);
        for (const std::string_view value : values) {
            array.writer_.u32(static_cast<uint32_t>(value.size()));
            for (const char c : value) array.writer_.u8(static_cast<uint8_t>(c));
        }
        writer_.u32(static_cast<uint32_t>(array.octets.size()));
        octets.insert(octets.end(), array.octets.begin(), array.octets.end());
        return *this;
    }

  private:
    ByteWriter writer_{octets};
};

CopyOctets message_up_to_keywords(uint64_t uid) {
    CopyOctets row;
    row.columns(11).int8(uid).int8(9).int4(5).int8(1'500'000).int8(0);
    row.uuid(0x0102030405060708, 0x090a0b0c0d0e0f10);
    row.int8(3).int8(uint64_t{1} << 33).int8(700).int4(44);
    return row;
}

class WholeMailboxTest : public testing::Test {
  protected:
    WholeMailboxTest() {
        EXPECT_TRUE(whole.take(1, CopyOctets().header().columns(0xffff).octets) &&
                    "a trailer is no row");
    }
    Status take(const CopyOctets& row) { return whole.take(1, row.octets); }

    std::vector<MailboxPiece> pieces;
    WholeMailbox whole{kMailbox, [this](MailboxPiece piece) -> Status {
                           if (refuses) return fail(ErrorCode::refused, "no more");
                           pieces.push_back(std::move(piece));
                           return {};
                       }};
    bool refuses = false;
};

TEST_F(WholeMailboxTest, RowsBecomeMessages) {
    ASSERT_TRUE(take(message_up_to_keywords(7).null()));
    ASSERT_TRUE(take(message_up_to_keywords(4294967295).texts({"$Junk", "Work"})));
    CopyOctets status;
    status.header().columns(kStatusColumns);
    for (uint64_t value = 1; value <= kStatusColumns; ++value) status.int8(value);
    ASSERT_TRUE(whole.take(0, status.octets));
    ASSERT_TRUE(whole.finish());
    const auto& found = whole.status();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->mailbox_id, 1u);
    EXPECT_EQ(found->uid_validity, 3u);
    EXPECT_EQ(found->highest_modseq, 5u);
    EXPECT_EQ(found->octets, 9u);
    ASSERT_EQ(pieces.size(), 1u);
    ASSERT_EQ(pieces[0].messages.size(), 2u);
    const storage::MailboxMessage& first = pieces[0].messages[0];
    EXPECT_EQ(first.entry.uid, 7u);
    EXPECT_EQ(first.entry.modseq, 9u);
    EXPECT_EQ(first.entry.flags, 5u);
    EXPECT_EQ(first.entry.internal_date_s, 946'684'801);
    EXPECT_EQ(first.entry.save_date_s, 946'684'800);
    EXPECT_EQ(first.entry.blob, (storage::BlobId{0x0102030405060708, 0x090a0b0c0d0e0f10}));
    EXPECT_EQ(first.entry.segment, 3u);
    EXPECT_EQ(first.entry.offset, uint64_t{1} << 33);
    EXPECT_EQ(first.entry.size, 700u);
    EXPECT_EQ(first.entry.summary_size, 44u);
    EXPECT_TRUE(first.keywords.empty());
    EXPECT_EQ(pieces[0].messages[1].keywords, (std::vector<std::string_view>{"$Junk", "Work"}));
}

TEST_F(WholeMailboxTest, PiecesAreGivenAsTheyAreFull) {
    for (uint64_t uid = 1; uid <= 2 * WholeMailbox::kPieceMax + 1; ++uid) {
        ASSERT_TRUE(take(message_up_to_keywords(uid).null()));
        ASSERT_EQ(pieces.size(), uid / WholeMailbox::kPieceMax);
    }
    ASSERT_TRUE(whole.finish());
    EXPECT_FALSE(whole.status()) << "no row of the mailbox itself";
    ASSERT_EQ(pieces.size(), 3u);
    EXPECT_EQ(pieces[1].messages.front().entry.uid, WholeMailbox::kPieceMax + 1);
    EXPECT_EQ(pieces[2].messages.size(), 1u);
}

TEST_F(WholeMailboxTest, APieceThatNobodyTakes) {
    for (uint64_t uid = 1; uid < WholeMailbox::kPieceMax; ++uid)
        ASSERT_TRUE(take(message_up_to_keywords(uid).null()));
    refuses = true;
    EXPECT_FALSE(take(message_up_to_keywords(WholeMailbox::kPieceMax).null()));
    ASSERT_TRUE(take(message_up_to_keywords(WholeMailbox::kPieceMax + 1).null()));
    EXPECT_FALSE(whole.finish());
}

TEST_F(WholeMailboxTest, RowsThatAreNotAsTheyShouldBe) {
    ASSERT_TRUE(take(message_up_to_keywords(7).null()));
    const std::vector<uint8_t> sound = message_up_to_keywords(8).null().octets;
    for (size_t length = 0; length < sound.size(); ++length)
        ASSERT_FALSE(whole.take(1, Bytes(sound).first(length))) << length;
    EXPECT_FALSE(take(message_up_to_keywords(7).null())) << "no UID is there twice";
    EXPECT_FALSE(take(message_up_to_keywords(6).null()));
    EXPECT_FALSE(take(message_up_to_keywords(uint64_t{1} << 32).null()));
    EXPECT_FALSE(take(message_up_to_keywords(UINT64_MAX).null()));
    EXPECT_FALSE(take(message_up_to_keywords(8).int8(0))) << "keywords that are no texts";
    EXPECT_FALSE(take(CopyOctets().columns(1).int8(8)));
    CopyOctets longer = message_up_to_keywords(8).null();
    longer.octets[1] = 12;
    EXPECT_FALSE(take(longer.null()));
    CopyOctets no_uid;
    no_uid.columns(11).null();
    for (int i = 0; i < 9; ++i) no_uid.int8(1);
    EXPECT_FALSE(take(no_uid.null()));
    EXPECT_FALSE(whole.take(0, CopyOctets().header().columns(1).int8(1).octets));
    EXPECT_TRUE(whole.take(1, sound));
}

TEST(WholeMailbox, WhatIsNoCopy) {
    WholeMailbox whole(kMailbox, [](MailboxPiece) { return Status(); });
    EXPECT_FALSE(whole.take(1, message_up_to_keywords(1).null().octets)) << "there is no header";
}

}  // namespace
}  // namespace gatepost::controlplane
