#include "controlplane/sync/rows.h"

#include <gtest/gtest.h>

#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

TEST(Rows, ColumnsAreFoundByName) {
    const std::string_view names[] = {"rdata", "ttl", "extra", "type", "zone_id", "name"};
    const auto columns = RRsetColumns::resolve(names).value();
    const Octets id = {0, 0, 0, 0, 0, 0, 0, 9};
    const Octets ttl = {0, 0, 0x0e, 0x10};
    const Octets name = {'a', '.'};
    const Octets type = {'A'};
    const TupleField tuple[] = {{name, FieldKind::binary}, {ttl, FieldKind::binary},
                                {{}, FieldKind::null},     {type, FieldKind::binary},
                                {id, FieldKind::binary},   {name, FieldKind::binary}};
    const auto row = columns.row(tuple).value();
    EXPECT_EQ(row.key.zone_id, 9);
    EXPECT_EQ(row.key.name, "a.");
    EXPECT_EQ(row.key.type, "A");
    EXPECT_EQ(row.ttl, 3600);
    EXPECT_EQ(row.rdata.size(), 2u);
    EXPECT_EQ(columns.key(tuple).value(), rrset_key(9, "a.", "A"));
}

TEST(Rows, MissingColumnIsASchemaError) {
    const std::string_view names[] = {"zone_id", "name", "type", "rdata"};
    const auto columns = RRsetColumns::resolve(names);
    ASSERT_FALSE(columns.has_value());
    EXPECT_EQ(columns.error().code, ErrorCode::schema);
    EXPECT_NE(columns.error().message.find("gatepost.rrsets is published without the column ttl"),
              std::string::npos);
}

TEST(Rows, BadValuesAreNamed) {
    const std::string_view names[] = {"zone_id", "name", "type", "ttl", "rdata"};
    const auto columns = RRsetColumns::resolve(names).value();
    const Octets id = {0, 0, 0, 0, 0, 0, 0, 9};
    const Octets text = {'3'};
    const TupleField good = {id, FieldKind::binary};
    const auto why = [&](TupleField ttl) {
        const TupleField tuple[] = {good, good, good, ttl, good};
        return columns.row(tuple).error().message;
    };
    EXPECT_NE(why({{}, FieldKind::null}).find("ttl is NULL"), std::string::npos);
    EXPECT_NE(why({{}, FieldKind::unchanged}).find("ttl was not sent"), std::string::npos);
    EXPECT_NE(why({text, FieldKind::text}).find("ttl came in text form"), std::string::npos);
    EXPECT_NE(why({text, FieldKind::binary}).find("ttl is not an integer"), std::string::npos);
    const TupleField shorter[] = {good, good};
    EXPECT_NE(columns.row(shorter).error().message.find("type is missing"), std::string::npos);
}

TEST(Rows, UnchangedDataAreNoted) {
    const std::string_view names[] = {"zone_id", "name", "type", "ttl", "rdata"};
    const auto columns = RRsetColumns::resolve(names).value();
    const Octets id = {0, 0, 0, 0, 0, 0, 0, 9};
    const TupleField good = {id, FieldKind::binary};
    const TupleField tuple[] = {good, good, good, good, {{}, FieldKind::unchanged}};
    EXPECT_TRUE(columns.row(tuple).value().rdata_unchanged);
}

TEST(Rows, CompactFormGivesTheRowBack) {
    Octets octets;
    append_row(octets, zone_row(-5, "example.org.", 4294967295));
    const ZoneRow zone = read_zone_row(octets);
    EXPECT_EQ(zone.id, -5);
    EXPECT_EQ(zone.name, "example.org.");
    EXPECT_EQ(zone.mname, "ns1.example.net.");
    EXPECT_EQ(zone.rname, "hostmaster.example.net.");
    EXPECT_EQ(zone.serial, 4294967295);
    EXPECT_EQ(zone.refresh, 7200);
    EXPECT_EQ(zone.retry, 3600);
    EXPECT_EQ(zone.expire, 1209600);
    EXPECT_EQ(zone.minimum, 300);
    EXPECT_EQ(zone.soa_ttl, 3600);

    octets.clear();
    const OwnedRRset owned(3, "www.example.org.", "TXT", 60, {"\"a b\"", "\"c\""});
    append_row(octets, RRsetRow(owned));
    const RRsetRow row = read_rrset_row(octets);
    EXPECT_EQ(row.key, RRsetRow(owned).key);
    EXPECT_EQ(row.ttl, 60);
    EXPECT_TRUE(std::equal(row.rdata.begin(), row.rdata.end(), RRsetRow(owned).rdata.begin(),
                           RRsetRow(owned).rdata.end()));
}

TEST(ChangeBatch, GroupsByZoneAndKeepsTheOrderWithin) {
    ChangeBatch batch;
    const OwnedRRset of_two(2, "a.two.", "A", 1, {"192.0.2.1"});
    const OwnedRRset of_one(1, "a.one.", "A", 1, {"192.0.2.1"});
    ASSERT_TRUE(batch.put_rrset(of_two));
    ASSERT_TRUE(batch.put_rrset(of_one));
    batch.put_zone(zone_row(2, "two."));
    batch.remove_rrset(rrset_key(1, "b.one.", "A"));
    batch.remove_zone(2);
    batch.group_by_zone();
    const auto changes = batch.changes();
    ASSERT_EQ(changes.size(), 5u);
    const ChangeKind kinds[] = {ChangeKind::rrset_put, ChangeKind::rrset_remove,
                                ChangeKind::rrset_put, ChangeKind::zone_put,
                                ChangeKind::zone_remove};
    const ZoneId zones[] = {1, 1, 2, 2, 2};
    for (size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(changes[i].kind, kinds[i]) << i;
        EXPECT_EQ(changes[i].zone_id, zones[i]) << i;
    }
    EXPECT_EQ(batch.rrset(changes[1]).key.name, "b.one.");
    EXPECT_EQ(batch.zone(changes[3]).name, "two.");
    batch.clear();
    EXPECT_TRUE(batch.empty());
}

TEST(ChangeBatch, UnchangedDataComeFromTheSameTransaction) {
    ChangeBatch batch;
    const OwnedRRset first(1, "big.one.", "TXT", 1, {"\"text\""});
    ASSERT_TRUE(batch.put_rrset(first));
    RRsetRow second{rrset_key(1, "big.one.", "TXT"), 2, {}, true};
    ASSERT_TRUE(batch.put_rrset(second));
    const RRsetRow row = batch.rrset(batch.changes()[1]);
    EXPECT_EQ(row.ttl, 2);
    EXPECT_EQ(row.rdata.size(), RRsetRow(first).rdata.size());
    second.key.name = "other.one.";
    EXPECT_FALSE(batch.put_rrset(second));
}

}  // namespace
}  // namespace gatepost::controlplane::tests
