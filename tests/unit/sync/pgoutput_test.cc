#include "controlplane/sync/pgoutput.h"

#include <gtest/gtest.h>

#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

TEST(Pgoutput, BeginAndCommitGivePositionsAndTimes) {
    PgoutputDecoder decoder;
    const auto begin = decoder.decode(begin_message(0x1'0000'0010)).value();
    EXPECT_EQ(std::get<BeginMessage>(begin).final_lsn, 0x1'0000'0010u);
    EXPECT_EQ(std::get<BeginMessage>(begin).xid, 700u);
    // PostgreSQL counts from 2000-01-01.
    EXPECT_EQ(std::get<BeginMessage>(begin).commit_time_us, 946'684'801'000'000);
    const auto commit = decoder.decode(commit_message(0x1'0000'0050)).value();
    EXPECT_EQ(std::get<CommitMessage>(commit).commit_lsn, 0x1'0000'0030u);
    EXPECT_EQ(std::get<CommitMessage>(commit).end_lsn, 0x1'0000'0050u);
}

TEST(Pgoutput, RelationNamesItsColumns) {
    PgoutputDecoder decoder;
    const Octets octets = relation_message(7, "gatepost", "zones", {"id", "name"});
    const auto message = decoder.decode(octets).value();
    const auto& relation = std::get<RelationMessage>(message);
    EXPECT_EQ(relation.id, 7u);
    EXPECT_EQ(relation.schema, "gatepost");
    EXPECT_EQ(relation.table, "zones");
    ASSERT_EQ(relation.columns.size(), 2u);
    EXPECT_EQ(relation.columns[1], "name");
}

TEST(Pgoutput, TupleFieldsOfEveryKind) {
    PgoutputDecoder decoder;
    MessageBuilder builder('I');
    builder.u32(7).u8('N').u16(4).u8('n').u8('u').binary("abc").u8('t').u32(2).u8('4').u8('2');
    const auto message = decoder.decode(builder).value();
    const Tuple row = std::get<InsertMessage>(message).row;
    ASSERT_EQ(row.size(), 4u);
    EXPECT_EQ(row[0].kind, FieldKind::null);
    EXPECT_EQ(row[1].kind, FieldKind::unchanged);
    EXPECT_EQ(row[2].kind, FieldKind::binary);
    EXPECT_EQ(row[2].bytes.size(), 3u);
    EXPECT_EQ(row[3].kind, FieldKind::text);
    EXPECT_EQ(row[3].bytes[1], '2');
}

TEST(Pgoutput, UpdateWithAndWithoutOldKey) {
    PgoutputDecoder decoder;
    MessageBuilder plain('U');
    plain.u32(7).u8('N').u16(1).binary("new");
    EXPECT_FALSE(std::get<UpdateMessage>(decoder.decode(plain).value()).has_key);
    for (const char kind : {'K', 'O'}) {
        MessageBuilder keyed('U');
        keyed.u32(7).u8(static_cast<uint8_t>(kind)).u16(1).binary("older");
        keyed.u8('N').u16(1).binary("new");
        const auto message = decoder.decode(keyed).value();
        const auto& update = std::get<UpdateMessage>(message);
        ASSERT_TRUE(update.has_key);
        EXPECT_EQ(update.key[0].bytes.size(), 5u);
        EXPECT_EQ(update.row[0].bytes.size(), 3u);
    }
}

TEST(Pgoutput, DeleteAndTruncate) {
    PgoutputDecoder decoder;
    MessageBuilder removal('D');
    removal.u32(9).u8('K').u16(1).binary("key");
    EXPECT_EQ(std::get<DeleteMessage>(decoder.decode(removal).value()).relation, 9u);
    MessageBuilder truncation('T');
    truncation.u32(2).u8(1).u32(9).u32(10);
    const auto message = decoder.decode(truncation).value();
    ASSERT_EQ(std::get<TruncateMessage>(message).relations.size(), 2u);
    EXPECT_EQ(std::get<TruncateMessage>(message).relations[1], 10u);
}

TEST(Pgoutput, MessagesWithoutMeaningForUsArePassedOver) {
    PgoutputDecoder decoder;
    for (const char type : {'Y', 'O', 'M'})
        EXPECT_TRUE(std::holds_alternative<IgnoredMessage>(
            decoder.decode(MessageBuilder(type).u32(1)).value()));
}

TEST(Pgoutput, UnknownTypeIsNamed) {
    PgoutputDecoder decoder;
    EXPECT_NE(decoder.decode(MessageBuilder('S')).error().message.find("unknown type 'S'"),
              std::string::npos);
    EXPECT_NE(decoder.decode(MessageBuilder('\x01')).error().message.find("0x01"),
              std::string::npos);
    EXPECT_FALSE(decoder.decode({}).has_value());
}

// Every message cut at every place, and with an octet too many, is refused.
TEST(Pgoutput, CutShortOrTooLong) {
    MessageBuilder update('U');
    update.u32(7).u8('K').u16(1).binary("older").u8('N').u16(2).binary("new").u8('n');
    MessageBuilder truncation('T');
    truncation.u32(2).u8(1).u32(9).u32(10);
    const std::vector<Octets> messages = {
        begin_message(),
        commit_message(),
        zones_relation(),
        update.octets(),
        truncation.octets(),
        row_message('I', kRRsetsRelation, 'N',
                    rrset_tuple(OwnedRRset(1, "a.", "A", 1, {"192.0.2.1"}))),
        row_message('D', kRRsetsRelation, 'K', rrset_key_tuple(rrset_key(1, "a.", "A")))};
    PgoutputDecoder decoder;
    for (const Octets& whole : messages) {
        ASSERT_TRUE(decoder.decode(whole).has_value()) << whole[0];
        for (size_t length = 0; length < whole.size(); ++length) {
            const Octets cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
            EXPECT_FALSE(decoder.decode(cut).has_value()) << whole[0] << " cut at " << length;
        }
        Octets longer = whole;
        longer.push_back(0);
        EXPECT_FALSE(decoder.decode(longer).has_value()) << whole[0];
    }
}

TEST(Pgoutput, LengthsBeyondTheMessageAreRefused) {
    PgoutputDecoder decoder;
    MessageBuilder huge('I');
    huge.u32(7).u8('N').u16(1).u8('b').u32(0xffffffff).u8(1);
    EXPECT_FALSE(decoder.decode(huge).has_value());
    MessageBuilder many('T');
    many.u32(0xffffffff).u8(0).u32(1);
    EXPECT_FALSE(decoder.decode(many).has_value());
    MessageBuilder kind('I');
    kind.u32(7).u8('N').u16(1).u8('x');
    EXPECT_FALSE(decoder.decode(kind).has_value());
}

}  // namespace
}  // namespace gatepost::controlplane::tests
