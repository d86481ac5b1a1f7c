#include "controlplane/sync/initial_load.h"

#include <gtest/gtest.h>

#include "controlplane/sync/applier.h"
#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

class InitialLoadTest : public ::testing::Test {
  protected:
    // Feeds both passes, as the loader does, and publishes.
    void load(const std::vector<ZoneRow>& zones, const std::vector<OwnedRRset>& rrsets) {
        InitialLoad load(*test.store);
        for (const ZoneRow& zone : zones) ASSERT_TRUE(load.put_zone(zone).has_value());
        for (const OwnedRRset& rrset : rrsets) ASSERT_TRUE(load.put_rrset(rrset).has_value());
        held = load.finish_pass().value();
        const auto is_held = [&](ZoneId id) {
            return std::find(held.begin(), held.end(), id) != held.end();
        };
        for (const ZoneRow& zone : zones)
            if (is_held(zone.id)) load.collect_zone(zone);
        for (const OwnedRRset& rrset : rrsets)
            if (is_held(RRsetRow(rrset).key.zone_id)) load.collect_rrset(rrset);
        load.finish();
        test.store->writer->publish({0x100, 1});
    }

    TestStore test;
    std::vector<ZoneId> held;
};

TEST_F(InitialLoadTest, RowsOfSeveralZonesInAnyOrder) {
    load({zone_row(1, "example.org."), zone_row(2, "example.net.", 8)},
         {{2, "www.example.net.", "A", 60, {"192.0.2.1"}},
          {1, "www.example.org.", "A", 60, {"192.0.2.1"}},
          {2, "www.example.net.", "AAAA", 60, {"2001:db8::1"}},
          {1, "example.org.", "NS", 60, {"ns1.example.net.", "ns2.example.net."}}});
    EXPECT_TRUE(held.empty());
    EXPECT_EQ(test.serial("example.net."), 8u);
    EXPECT_EQ(test.count("www.example.net.", "AAAA"), 1);
    EXPECT_EQ(test.count("example.org.", "NS"), 2);
    EXPECT_EQ(test.store->directory->find("example.net.")->serial, 8u);
}

TEST_F(InitialLoadTest, BadZoneIsLeftOutWholly) {
    load({zone_row(1, "example.org."), zone_row(2, "example.net.")},
         {{1, "a.example.org.", "A", 60, {"192.0.2.1"}},
          {2, "www.example.net.", "A", 60, {"192.0.2.1"}},
          {1, "bad.example.org.", "A", 60, {"192.0.2.256"}},
          {2, "b.example.net.", "A", 60, {"192.0.2.1"}},
          {1, "c.example.org.", "A", 60, {"192.0.2.1"}}});
    EXPECT_EQ(held, std::vector<ZoneId>{1});
    EXPECT_EQ(test.serial("example.org."), std::nullopt);
    EXPECT_EQ(test.count("a.example.org.", "A"), 0);
    EXPECT_EQ(test.count("c.example.org.", "A"), 0);
    EXPECT_NE(test.hold_reason("example.org.").find("bad.example.org."), std::string::npos);
    EXPECT_FALSE(test.store->directory->find("example.org.")->served);
    EXPECT_EQ(test.count("b.example.net.", "A"), 1);
    EXPECT_EQ(test.store->writer->stats().zones, 1u);

    // The transaction that mends it brings one row; the others are known from the load.
    Applier applier(*test.store);
    ChangeBatch batch;
    ASSERT_TRUE(batch.put_rrset(OwnedRRset(1, "bad.example.org.", "A", 60, {"192.0.2.25"})));
    ASSERT_TRUE(applier.apply(batch, {0x200, 2}).has_value());
    EXPECT_EQ(test.hold_reason("example.org."), "");
    EXPECT_EQ(test.serial("example.org."), 1u);
    for (const char* name : {"a.example.org.", "bad.example.org.", "c.example.org."})
        EXPECT_EQ(test.count(name, "A"), 1) << name;
}

TEST_F(InitialLoadTest, RuleBrokenAcrossTheRows) {
    load({zone_row(1, "example.org."), zone_row(2, "example.net.")},
         {{1, "www.example.org.", "A", 60, {"192.0.2.1"}},
          {2, "www.example.net.", "A", 60, {"192.0.2.1"}},
          {1, "www.example.org.", "CNAME", 60, {"example.net."}},
          {2, "x.example.net.", "A", 60, {"192.0.2.1"}}});
    EXPECT_EQ(held, std::vector<ZoneId>{1});
    EXPECT_EQ(test.serial("example.org."), std::nullopt);
    EXPECT_EQ(test.count("x.example.net.", "A"), 1);
}

TEST_F(InitialLoadTest, BadZoneRow) {
    ZoneRow row = zone_row(1, "example.org.");
    row.rname = "";
    load({row}, {{1, "www.example.org.", "A", 60, {"192.0.2.1"}}});
    EXPECT_EQ(held, std::vector<ZoneId>{1});
    Applier applier(*test.store);
    ChangeBatch batch;
    batch.put_zone(zone_row(1, "example.org.", 5));
    ASSERT_TRUE(applier.apply(batch, {0x200, 2}).has_value());
    EXPECT_EQ(test.serial("example.org."), 5u);
    EXPECT_EQ(test.count("www.example.org.", "A"), 1);
}

TEST_F(InitialLoadTest, FullIndexEndsTheLoad) {
    auto segment = storage::Segment::create("sync-test-small", 1);  // rounded up to 2 MiB
    auto writer = storage::ZoneIndexWriter::create(std::move(*segment), test.page->qsbr, 2);
    test.store = std::make_unique<ZoneStore>(std::move(writer.value()));
    InitialLoad load(*test.store);
    ASSERT_TRUE(load.put_zone(zone_row(1, "example.org.")).has_value());
    const std::string text = '"' + std::string(200, 'x') + '"';
    Status ok;
    for (int i = 0; i < 100'000 && ok; ++i)
        ok = load.put_rrset(OwnedRRset(1, fmt::format("n{}.example.org.", i), "TXT", 60, {text}));
    ASSERT_FALSE(ok.has_value());
    EXPECT_EQ(ok.error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
