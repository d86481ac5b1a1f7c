#include "controlplane/model/domain.h"

#include <gtest/gtest.h>

#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

using Values = std::vector<std::string>;

const NewDomain kDomain = {
    .zone = {.name = "example.org",
             .name_servers = {"ns1.example.org", "ns.example.net"},
             .email = "ada@example.org"},
    .addresses = {"192.0.2.1", "2001:db8::1"},
    .extras = {
        {"www", "A", {"192.0.2.1"}}, {"ns1", "A", {"192.0.2.53"}}, {"@", "MX", {"10 mail"}}}};

TEST(Domain, CreateIsOneTransactionAndIdempotent) {
    Connection connection = new_database();
    auto dry = domain_create(connection, kDomain, {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_EQ(dry->write.lsn, 0U);
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.domains"), "0");

    auto made = domain_create(connection, kDomain, {.actor = "ada"});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->domain_created);
    EXPECT_TRUE(made->zone_created);
    EXPECT_GT(made->write.lsn, 0U);
    EXPECT_EQ(made->write.serial, 1U);
    EXPECT_EQ(made->zone.rname, "ada.example.org.");
    EXPECT_EQ(made->zone.domain, "example.org.");
    EXPECT_EQ(made->write.changes.size(), 6U);
    EXPECT_EQ(made->name_servers, (Values{"ns.example.net.", "ns1.example.org."}));
    EXPECT_EQ(made->glue, Values{"ns1.example.org. 192.0.2.53"});
    EXPECT_EQ(
        value(
            connection,
            "SELECT string_agg(concat_ws(' ', name, type, value), '|' ORDER BY name, type, value) "
            "FROM gatepost.records WHERE type <> 'SOA'"),
        "example.org. A 192.0.2.1|example.org. AAAA 2001:db8::1|example.org. MX 10 "
        "mail.example.org.|"
        "example.org. NS ns.example.net.|example.org. NS ns1.example.org.|ns1.example.org. A "
        "192.0.2.53|"
        "www.example.org. A 192.0.2.1");

    auto again = domain_create(connection, kDomain, {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_FALSE(again->domain_created || again->zone_created || again->soa_changed);
    EXPECT_EQ(again->write.lsn, 0U);
    EXPECT_EQ(again->write.serial, 1U);

    NewDomain other = kDomain;
    other.addresses = {"192.0.2.9"};
    other.zone.timers.minimum = 60;
    other.zone.email.clear();
    auto changed = domain_create(connection, other, {});
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_TRUE(changed->soa_changed);
    EXPECT_EQ(changed->write.serial, 2U) << "once for SOA and records together";
    EXPECT_EQ(changed->zone.minimum, 60U);
    EXPECT_EQ(changed->zone.rname, "ada.example.org.");
    EXPECT_EQ(value(connection,
                    "SELECT rdata FROM gatepost.rrsets WHERE name = 'example.org.' AND type = 'A'"),
              "{192.0.2.9}");
    EXPECT_EQ(value(connection, "SELECT rdata FROM gatepost.rrsets WHERE type = 'AAAA'"),
              "{2001:db8::1}");
    auto domains = domain_list(connection);
    ASSERT_TRUE(domains) << domains.error().message;
    ASSERT_EQ(domains->size(), 1U);
    EXPECT_EQ(domains->front().created_by, "ada");
    EXPECT_EQ(domains->front().zones, Values{"example.org."});
}

TEST(Domain, RefusedAsAWhole) {
    Connection connection = new_database();
    NewDomain bad = kDomain;
    bad.extras.push_back({"www", "CNAME", {"x."}});
    EXPECT_ERROR(domain_create(connection, bad, {}), ErrorCode::invalid, "stands alone");
    bad = kDomain;
    bad.addresses = {"192.0.2"};
    EXPECT_ERROR(domain_create(connection, bad, {}), ErrorCode::invalid, "192.0.2");
    bad = kDomain;
    bad.zone.name_servers.clear();
    EXPECT_ERROR(domain_create(connection, bad, {}), ErrorCode::usage, "name server");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.domains"), "0");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.zones"), "0");
}

}  // namespace
}  // namespace gatepost::controlplane
