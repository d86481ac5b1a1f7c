#include "controlplane/sync/applier.h"

#include <gtest/gtest.h>

#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

class ApplierTest : public ::testing::Test {
  protected:
    void put_zone(ZoneId id, std::string_view name, int64_t serial = 1) {
        batch.put_zone(zone_row(id, name, serial));
    }
    void put(ZoneId id, const std::string& name, const std::string& type, const Values& values,
             int64_t ttl = 60) {
        ASSERT_TRUE(batch.put_rrset(OwnedRRset(id, name, type, ttl, values)));
    }
    void remove(ZoneId id, std::string_view name, std::string_view type) {
        batch.remove_rrset(rrset_key(id, name, type));
    }
    Status commit() {
        Status ok = applier.apply(batch, {++lsn, 7});
        batch.clear();
        return ok;
    }
    // A zone with one A record at www.
    void make_zone(ZoneId id, const std::string& name) {
        put_zone(id, name);
        put(id, "www." + name, "A", {"192.0.2.1"});
        ASSERT_TRUE(commit().has_value());
        ASSERT_EQ(test.count("www." + name, "A"), 1);
    }

    TestStore test;
    Applier applier{*test.store};
    ChangeBatch batch;
    uint64_t lsn = 0x1000;
};

TEST_F(ApplierTest, InsertUpdateDelete) {
    make_zone(1, "example.org.");
    EXPECT_EQ(test.serial("example.org."), 1u);
    EXPECT_EQ(test.store->writer->stats().zones, 1u);

    put_zone(1, "example.org.", 2);
    put(1, "www.example.org.", "A", {"192.0.2.1", "192.0.2.2"});
    put(1, "example.org.", "MX", {"10 www.example.org."});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("www.example.org.", "A"), 2);
    EXPECT_EQ(test.count("example.org.", "MX"), 1);
    EXPECT_EQ(test.serial("example.org."), 2u);

    remove(1, "www.example.org.", "A");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("www.example.org.", "A"), 0);
    EXPECT_EQ(test.count("example.org.", "MX"), 1);
    const auto info = test.store->directory->find("example.org.");
    ASSERT_TRUE(info.has_value());
    EXPECT_TRUE(info->served);
    EXPECT_EQ(info->serial, 2u);
    EXPECT_FALSE(info->hold.has_value());
}

TEST_F(ApplierTest, RowsMayComeBeforeTheirZone) {
    put(1, "www.example.org.", "A", {"192.0.2.1"});
    put_zone(1, "example.org.");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("www.example.org.", "A"), 1);
}

TEST_F(ApplierTest, RemovedZoneTakesItsRowsAlong) {
    make_zone(1, "example.org.");
    make_zone(2, "example.net.");
    batch.remove_zone(1);
    remove(1, "www.example.org.", "A");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.serial("example.org."), std::nullopt);
    EXPECT_EQ(test.count("www.example.org.", "A"), 0);
    EXPECT_EQ(test.count("www.example.net.", "A"), 1);
    EXPECT_FALSE(test.store->directory->find("example.org.").has_value());
    EXPECT_EQ(test.store->writer->stats().zones, 1u);
    // What still comes for it is passed over.
    remove(1, "www.example.org.", "A");
    put(1, "late.example.org.", "A", {"192.0.2.1"});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("late.example.org.", "A"), 0);
}

TEST_F(ApplierTest, ZoneRemovedWithoutItsRows) {
    make_zone(1, "example.org.");
    batch.remove_zone(1);
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("www.example.org.", "A"), 0);
    EXPECT_EQ(test.store->writer->stats().names, 0u);
}

TEST_F(ApplierTest, ZoneMadeAgainUnderAnotherId) {
    make_zone(7, "example.org.");
    // The new id sorts before the old one.
    batch.remove_zone(7);
    remove(7, "www.example.org.", "A");
    put_zone(3, "example.org.", 9);
    put(3, "mail.example.org.", "A", {"192.0.2.9"});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.serial("example.org."), 9u);
    EXPECT_EQ(test.count("www.example.org.", "A"), 0);
    EXPECT_EQ(test.count("mail.example.org.", "A"), 1);
}

TEST_F(ApplierTest, ZoneMadeAndRemovedInOneTransactionLeavesNothing) {
    put_zone(1, "example.org.");
    put(1, "www.example.org.", "A", {"192.0.2.1"});
    batch.remove_zone(1);
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.serial("example.org."), std::nullopt);
    EXPECT_TRUE(test.store->zones.empty());
}

TEST_F(ApplierTest, BadDataHoldTheZoneAndNoOther) {
    make_zone(1, "example.org.");
    make_zone(2, "example.net.");
    put_zone(1, "example.org.", 2);
    put(1, "new.example.org.", "A", {"192.0.2.7"});
    put(1, "www.example.org.", "A", {"not an address"});
    put_zone(2, "example.net.", 2);
    put(2, "new.example.net.", "A", {"192.0.2.7"});
    ASSERT_TRUE(commit().has_value());
    // Nothing of the transaction is in the zone that is held.
    EXPECT_EQ(test.serial("example.org."), 1u);
    EXPECT_EQ(test.count("new.example.org.", "A"), 0);
    EXPECT_EQ(test.count("www.example.org.", "A"), 1);
    EXPECT_NE(test.hold_reason("example.org.").find("www.example.org. A"), std::string::npos);
    EXPECT_EQ(test.store->directory->held(10).size(), 1u);
    EXPECT_EQ(test.serial("example.net."), 2u);
    EXPECT_EQ(test.count("new.example.net.", "A"), 1);
    EXPECT_EQ(test.hold_reason("example.net."), "");
}

TEST_F(ApplierTest, HeldZoneCatchesUpOnceItIsMended) {
    make_zone(1, "example.org.");
    put_zone(1, "example.org.", 2);
    put(1, "www.example.org.", "A", {"not an address"});
    ASSERT_TRUE(commit().has_value());
    // Goes on being held while other rows change.
    put_zone(1, "example.org.", 3);
    put(1, "later.example.org.", "A", {"192.0.2.8"});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("later.example.org.", "A"), 0);
    EXPECT_EQ(test.serial("example.org."), 1u);

    put_zone(1, "example.org.", 4);
    put(1, "www.example.org.", "A", {"192.0.2.5", "192.0.2.6"});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.hold_reason("example.org."), "");
    EXPECT_EQ(test.serial("example.org."), 4u);
    EXPECT_EQ(test.count("later.example.org.", "A"), 1);
    EXPECT_EQ(test.count("www.example.org.", "A"), 2);
}

TEST_F(ApplierTest, TakingTheBadRecordAwayMendsTheZone) {
    make_zone(1, "example.org.");
    put(1, "bad.example.org.", "MX", {"no preference."});
    put(1, "also.example.org.", "A", {"192.0.2.3"});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("also.example.org.", "A"), 0);
    remove(1, "bad.example.org.", "MX");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.hold_reason("example.org."), "");
    EXPECT_EQ(test.count("also.example.org.", "A"), 1);
}

// RFC 1034 §3.6.2. The error is about a name, not about one row, so every change of the zone may
// mend it.
TEST_F(ApplierTest, CnameBesideOtherDataHoldsTheZone) {
    make_zone(1, "example.org.");
    put_zone(1, "example.org.", 2);
    put(1, "www.example.org.", "CNAME", {"elsewhere.example.net."});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("www.example.org.", "CNAME"), 0);
    EXPECT_NE(test.hold_reason("example.org.").find("CNAME"), std::string::npos);
    put_zone(1, "example.org.", 3);
    remove(1, "www.example.org.", "A");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.hold_reason("example.org."), "");
    EXPECT_EQ(test.count("www.example.org.", "CNAME"), 1);
    EXPECT_EQ(test.count("www.example.org.", "A"), 0);
    EXPECT_EQ(test.serial("example.org."), 3u);
}

TEST_F(ApplierTest, CnameReplacesOtherDataInOneTransaction) {
    make_zone(1, "example.org.");
    put(1, "www.example.org.", "CNAME", {"elsewhere.example.net."});
    remove(1, "www.example.org.", "A");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.count("www.example.org.", "CNAME"), 1);
    EXPECT_EQ(test.hold_reason("example.org."), "");
}

TEST_F(ApplierTest, NewZoneThatIsBadIsServedOnceMended) {
    put_zone(1, "example.org.");
    put(1, "www.example.org.", "A", {"192.0.2.1"});
    put(1, "out.example.net.", "A", {"192.0.2.1"});
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.serial("example.org."), std::nullopt);
    EXPECT_NE(test.hold_reason("example.org.").find("outside of its zone"), std::string::npos);
    EXPECT_FALSE(test.store->directory->find("example.org.")->served);
    remove(1, "out.example.net.", "A");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.serial("example.org."), 1u);
    EXPECT_EQ(test.count("www.example.org.", "A"), 1);
}

TEST_F(ApplierTest, HeldZoneCanBeRemoved) {
    make_zone(1, "example.org.");
    put(1, "www.example.org.", "A", {"bad"});
    ASSERT_TRUE(commit().has_value());
    batch.remove_zone(1);
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.store->directory->held_count(), 0u);
    EXPECT_EQ(test.serial("example.org."), std::nullopt);
    EXPECT_EQ(test.store->writer->stats().names, 0u);
}

TEST_F(ApplierTest, BadZoneRowHoldsTheZone) {
    make_zone(1, "example.org.");
    put_zone(1, "example.org.", -1);
    ASSERT_TRUE(commit().has_value());
    EXPECT_NE(test.hold_reason("example.org.").find("serial"), std::string::npos);
    ZoneRow row = zone_row(1, "example.org.", 2);
    row.mname = "relative";
    batch.put_zone(row);
    ASSERT_TRUE(commit().has_value());
    EXPECT_NE(test.hold_reason("example.org.").find("MNAME"), std::string::npos);
    put_zone(1, "example.org.", 3);
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.hold_reason("example.org."), "");
    EXPECT_EQ(test.serial("example.org."), 3u);
}

TEST_F(ApplierTest, ValuesOutOfRange) {
    make_zone(1, "example.org.");
    put(1, "www.example.org.", "A", {"192.0.2.1"}, 0x80000000);
    ASSERT_TRUE(commit().has_value());
    EXPECT_NE(test.hold_reason("example.org.").find("TTL"), std::string::npos);
    put(1, "www.example.org.", "A", {});
    ASSERT_TRUE(commit().has_value());
    EXPECT_NE(test.hold_reason("example.org.").find("no value"), std::string::npos);
    put(1, "www.example.org.", "A", {"192.0.2.1"}, 0x7fffffff);
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.hold_reason("example.org."), "");
}

TEST_F(ApplierTest, RenamedZoneAsksForALoadAndPublishesNothing) {
    make_zone(1, "example.org.");
    make_zone(2, "example.net.");
    const auto version = test.store->writer->stats().version;
    put_zone(1, "example.com.", 2);
    put(2, "new.example.net.", "A", {"192.0.2.1"});
    const Status ok = commit();
    ASSERT_FALSE(ok.has_value());
    EXPECT_EQ(ok.error().code, ErrorCode::conflict);
    EXPECT_EQ(test.store->writer->stats().version, version);
    EXPECT_EQ(test.count("new.example.net.", "A"), 0);
    EXPECT_EQ(test.serial("example.org."), 1u);
}

TEST_F(ApplierTest, ZoneMadeAgainUnderItsIdAsksForALoad) {
    make_zone(1, "example.org.");
    batch.remove_zone(1);
    put_zone(1, "example.org.", 2);
    EXPECT_EQ(commit().error().code, ErrorCode::conflict);
}

TEST_F(ApplierTest, ChildZoneBesideItsParent) {
    make_zone(1, "example.org.");
    put(1, "sub.example.org.", "NS", {"ns1.example.net."});
    ASSERT_TRUE(commit().has_value());
    make_zone(2, "sub.example.org.");
    EXPECT_EQ(test.serial("sub.example.org."), 1u);
    batch.remove_zone(2);
    remove(2, "www.sub.example.org.", "A");
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.serial("sub.example.org."), std::nullopt);
    EXPECT_EQ(test.count("sub.example.org.", "NS"), 1);
}

TEST_F(ApplierTest, OneTransactionOfManyZones) {
    for (int i = 0; i < 500; ++i) {
        const std::string zone = fmt::format("z{}.example.", i);
        put_zone(i, zone);
        put(i, "www." + zone, "A", {"192.0.2.1"});
        if (i % 50 == 0) put(i, "bad." + zone, "AAAA", {"192.0.2.1"});
    }
    ASSERT_TRUE(commit().has_value());
    EXPECT_EQ(test.store->writer->stats().zones, 490u);
    EXPECT_EQ(test.store->directory->held_count(), 10u);
    EXPECT_EQ(test.count("www.z7.example.", "A"), 1);
    EXPECT_EQ(test.count("www.z50.example.", "A"), 0);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
