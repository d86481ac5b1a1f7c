#include "controlplane/sync/transaction_decoder.h"

#include <gtest/gtest.h>

#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

class TransactionDecoderTest : public ::testing::Test {
  protected:
    // Gives the error's code, or nothing.
    std::optional<ErrorCode> feed(const Octets& message) {
        auto result = decoder.feed(message);
        if (!result) return result.error().code;
        complete = *result;
        return std::nullopt;
    }
    void describe_tables() {
        ASSERT_FALSE(feed(zones_relation()));
        ASSERT_FALSE(feed(rrsets_relation()));
    }

    TransactionDecoder decoder;
    bool complete = false;
    OwnedRRset rrset{1, "www.example.org.", "A", 60, {"192.0.2.1"}};
};

TEST_F(TransactionDecoderTest, CollectsAWholeTransaction) {
    ASSERT_FALSE(feed(begin_message()));
    EXPECT_TRUE(decoder.in_transaction());
    describe_tables();
    ASSERT_FALSE(
        feed(row_message('I', kZonesRelation, 'N', zone_tuple(zone_row(1, "example.org.", 5)))));
    ASSERT_FALSE(feed(row_message('I', kRRsetsRelation, 'N', rrset_tuple(rrset))));
    EXPECT_FALSE(complete);
    ASSERT_FALSE(feed(commit_message(0x500)));
    EXPECT_TRUE(complete);
    EXPECT_FALSE(decoder.in_transaction());
    EXPECT_EQ(decoder.commit().end_lsn, 0x500u);
    ASSERT_EQ(decoder.batch().size(), 2u);
    const ZoneRow zone = decoder.batch().zone(decoder.batch().changes()[0]);
    EXPECT_EQ(zone.serial, 5);
    EXPECT_EQ(zone.refresh, 7200);
    EXPECT_EQ(zone.soa_ttl, 3600);
    EXPECT_EQ(decoder.batch().rrset(decoder.batch().changes()[1]).key.name, "www.example.org.");

    ASSERT_FALSE(feed(begin_message()));
    EXPECT_TRUE(decoder.batch().empty());
}

TEST_F(TransactionDecoderTest, ChangedKeyRemovesTheOldRow) {
    ASSERT_FALSE(feed(begin_message()));
    describe_tables();
    Octets message = row_message('U', kRRsetsRelation, 'K',
                                 rrset_key_tuple(rrset_key(1, "old.example.org.", "A")));
    message.push_back('N');
    const Octets tuple = rrset_tuple(rrset);
    message.insert(message.end(), tuple.begin(), tuple.end());
    ASSERT_FALSE(feed(message));
    const auto changes = decoder.batch().changes();
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].kind, ChangeKind::rrset_remove);
    EXPECT_EQ(decoder.batch().rrset(changes[0]).key.name, "old.example.org.");
    EXPECT_EQ(changes[1].kind, ChangeKind::rrset_put);
}

TEST_F(TransactionDecoderTest, OldRowWithTheSameKeyRemovesNothing) {
    ASSERT_FALSE(feed(begin_message()));
    describe_tables();
    Octets message = row_message('U', kRRsetsRelation, 'O', rrset_tuple(rrset));
    message.push_back('N');
    const Octets tuple = rrset_tuple(rrset);
    message.insert(message.end(), tuple.begin(), tuple.end());
    ASSERT_FALSE(feed(message));
    EXPECT_EQ(decoder.batch().size(), 1u);
}

TEST_F(TransactionDecoderTest, OtherTablesArePassedOver) {
    ASSERT_FALSE(feed(begin_message()));
    ASSERT_FALSE(feed(relation_message(55, "public", "zones", {"whatever"})));
    MessageBuilder row('I');
    row.u32(55).u8('N').u16(1).u8('n');
    ASSERT_FALSE(feed(row.octets()));
    MessageBuilder truncation('T');
    truncation.u32(1).u8(0).u32(55);
    ASSERT_FALSE(feed(truncation.octets()));
    EXPECT_TRUE(decoder.batch().empty());
}

TEST_F(TransactionDecoderTest, WhatCannotBeFollowedAsksForALoad) {
    ASSERT_FALSE(feed(begin_message()));
    describe_tables();
    MessageBuilder truncation('T');
    truncation.u32(1).u8(0).u32(kRRsetsRelation);
    EXPECT_EQ(feed(truncation.octets()), ErrorCode::conflict);

    const RRsetRow unsent{rrset_key(1, "big.example.org.", "TXT"), 60, {}, true};
    EXPECT_EQ(feed(row_message('I', kRRsetsRelation, 'N', rrset_tuple(unsent))),
              ErrorCode::conflict);

    Octets message = row_message('U', kZonesRelation, 'O', zone_tuple(zone_row(1, "example.org.")));
    message.push_back('N');
    const Octets tuple = zone_tuple(zone_row(2, "example.org."));
    message.insert(message.end(), tuple.begin(), tuple.end());
    EXPECT_EQ(feed(message), ErrorCode::conflict);
}

TEST_F(TransactionDecoderTest, ATransactionIsBounded) {
    decoder = TransactionDecoder(200);
    ASSERT_FALSE(feed(begin_message()));
    describe_tables();
    std::optional<ErrorCode> error;
    for (int i = 0; i < 10 && !error; ++i)
        error = feed(row_message('I', kRRsetsRelation, 'N', rrset_tuple(rrset)));
    EXPECT_EQ(error, ErrorCode::conflict);
}

TEST_F(TransactionDecoderTest, ImpossibleSequencesAreErrors) {
    EXPECT_EQ(feed(commit_message()), ErrorCode::invalid);
    describe_tables();
    EXPECT_EQ(feed(row_message('I', kRRsetsRelation, 'N', rrset_tuple(rrset))), ErrorCode::invalid);
    ASSERT_FALSE(feed(begin_message()));
    EXPECT_EQ(feed(begin_message()), ErrorCode::invalid);
    EXPECT_EQ(feed(row_message('I', 999, 'N', rrset_tuple(rrset))), ErrorCode::invalid);
}

TEST_F(TransactionDecoderTest, ATableDescribedAgainIsReadByItsNewDescription) {
    ASSERT_FALSE(feed(begin_message()));
    describe_tables();
    ASSERT_FALSE(feed(relation_message(kRRsetsRelation, "gatepost", "rrsets",
                                       {"zone_id", "name", "type", "ttl", "rdata"})));
    MessageBuilder row('I');
    row.u32(kRRsetsRelation)
        .u8('N')
        .u16(5)
        .int8(1)
        .binary("n.")
        .binary("A")
        .int4(9)
        .binary(text_array({}));
    ASSERT_FALSE(feed(row.octets()));
    EXPECT_EQ(decoder.batch().rrset(decoder.batch().changes()[0]).ttl, 9);
    EXPECT_EQ(feed(relation_message(kRRsetsRelation, "gatepost", "rrsets", {"zone_id"})),
              ErrorCode::schema);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
