#include "controlplane/model/zone.h"

#include <gtest/gtest.h>

#include "controlplane/model/history.h"
#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

TEST(Zone, CreateGetRemove) {
    Connection connection = new_database();
    auto made = zone_create(connection,
                            {.name = "Example.ORG",
                             .name_servers = {"ns1.example.org", "ns2.example.net."},
                             .email = "ada.b@example.org",
                             .serial = 7,
                             .timers = {.refresh = 100, .ttl = 60}},
                            {.actor = "ada"});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_GT(made->lsn, 0U);
    EXPECT_EQ(made->serial, 7U);
    auto zone = zone_get(connection, "example.org");
    ASSERT_TRUE(zone) << zone.error().message;
    EXPECT_EQ(zone->name, "example.org.");
    EXPECT_EQ(zone->mname, "ns1.example.org.");
    EXPECT_EQ(zone->rname, "ada\\.b.example.org.");
    EXPECT_EQ(zone->serial, 7U);
    EXPECT_EQ(zone->refresh, 100U);
    EXPECT_EQ(zone->retry, 3600U);
    EXPECT_EQ(zone->expire, 2419200U);
    EXPECT_EQ(zone->minimum, 180U);
    EXPECT_EQ(zone->soa_ttl, 60U);
    EXPECT_EQ(zone->rrset_count, 2U);
    EXPECT_EQ(zone->record_count, 3U);
    EXPECT_TRUE(zone->created_at.ends_with('Z'));

    EXPECT_ERROR(zone_create(connection, {.name = "example.org.", .name_servers = {"a."}}, {}),
                 ErrorCode::conflict, "exists already");
    EXPECT_ERROR(zone_create(connection, {.name = "b.", .name_servers = {}}, {}), ErrorCode::usage,
                 "name server");
    EXPECT_ERROR(zone_get(connection, "example.net"), ErrorCode::refused, "`gatepost zone list`");
    EXPECT_ERROR(zone_remove(connection, "example.org", {.if_serial = 6}), ErrorCode::conflict,
                 "its serial is 7, not 6");
    EXPECT_FALSE(connection.in_transaction());

    ASSERT_TRUE(zone_remove(connection, "example.org", {.dry_run = true}));
    EXPECT_TRUE(zone_get(connection, "example.org"));
    auto removed = zone_remove(connection, "example.org", {.actor = "bob"});
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_GT(removed->lsn, made->lsn);
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.rrsets"), "0");
}

TEST(Zone, DryRunOfCreateWritesNothing) {
    Connection connection = new_database();
    auto made = zone_create(connection, {.name = "a.", .name_servers = {"n."}}, {.dry_run = true});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->lsn, 0U);
    EXPECT_EQ(made->changes.size(), 1U);
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.zones"), "0");
}

TEST(Zone, ListPagesFiltersCounts) {
    Connection connection = new_database();
    ASSERT_TRUE(
        connection.exec("INSERT INTO gatepost.zones (name, mname, rname) SELECT 'z' || "
                        "lpad(i::text, 4, '0') || '.org.', 'n.', 'h.' "
                        "FROM generate_series(1, 2000) i; INSERT INTO gatepost.rrsets SELECT id, "
                        "name, 'NS', 60, '{a.,b.}' "
                        "FROM gatepost.zones"));
    auto all = zone_list(connection);
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(all->size(), 2000U);
    EXPECT_EQ(all->front().name, "z0001.org.");
    EXPECT_EQ(all->back().rrset_count, 2U);
    EXPECT_EQ(all->back().record_count, 3U);
    auto page = zone_list(connection, {.contains = "Z01", .after = "z0120.org.", .limit = 3});
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->size(), 3U);
    EXPECT_EQ(page->front().name, "z0121.org.");
    EXPECT_EQ(page->front().record_count, 3U);
    EXPECT_EQ(zone_list(connection, {.contains = "1999", .counts = false})->front().rrset_count,
              0U);
}

TEST(History, ListFilters) {
    Connection connection = example_zone();
    ASSERT_TRUE(zone_create(connection, {.name = "b.", .name_servers = {"n."}}, {.actor = "ada"}));
    ASSERT_TRUE(zone_remove(connection, "b.", {.actor = "bob"}));
    auto all = history_list(connection);
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(all->size(), 6U);
    EXPECT_EQ(all->front().action, "delete");
    EXPECT_EQ(all->front().who, "bob");
    EXPECT_EQ(all->front().name, "b.");
    EXPECT_NE(all->front().before.find("\"n.\""), std::string::npos);
    EXPECT_EQ(all->front().after, "");
    EXPECT_EQ(history_list(connection, {.zone = "b"})->size(), 4U);
    EXPECT_EQ(history_list(connection, {.zone = "b", .type = "soa"})->size(), 2U);
    EXPECT_EQ(history_list(connection, {.zone = "example.org", .name = "@"})->size(), 2U);
    EXPECT_EQ(history_list(connection, {.who = "ada"})->size(), 2U);
    EXPECT_EQ(history_list(connection, {.since = "tomorrow"})->size(), 0U);
    EXPECT_EQ(history_list(connection, {.limit = 2})->size(), 2U);
    EXPECT_EQ(history_list(connection, {.before = all->at(1).id})->size(), 4U);
    EXPECT_EQ(history_list(connection, {.zone = "b", .before = all->at(1).id})->size(), 2U);
    EXPECT_ERROR(history_list(connection, {.since = "nonsense"}), ErrorCode::invalid, "nonsense");
}

}  // namespace
}  // namespace gatepost::controlplane
