#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "storage/zone/rrtype.h"
#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

std::string insert(const std::string& name, const std::string& type, const std::string& rdata,
                   const std::string& ttl = "300") {
    return "INSERT INTO gatepost.rrsets VALUES (1, '" + name + "', '" + type + "', " + ttl +
           ", ARRAY[" + rdata + "]::text[])";
}

struct Refusal {
    std::string sql;
    const char* text;
};

const Refusal kRefusals[] = {
    {insert("www.example.com.", "A", "'192.0.2.1'"), "outside zone example.org."},
    {insert("xexample.org.", "A", "'192.0.2.1'"), "outside zone example.org."},
    {insert("a\\.example.org.", "A", "'192.0.2.1'"), "outside zone example.org."},
    {insert("WWW.example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert("www.example.org", "A", "'192.0.2.1'"), "canonical form"},
    {insert("a..example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert(".example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert("", "A", "'192.0.2.1'"), "canonical form"},
    {insert("a b.example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert("\\097.example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert("\\a.example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert("\\256.example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert(std::string(64, 'a') + ".example.org.", "A", "'192.0.2.1'"), "canonical form"},
    {insert("w.example.org.", "a", "'192.0.2.1'"), "no record type"},
    {insert("w.example.org.", "TYPE1", "'192.0.2.1'"), "no record type"},
    {insert("w.example.org.", "TYPE65536", "'\\# 0'"), "no record type"},
    {insert("w.example.org.", "TYPE0", "'\\# 0'"), "no record type"},
    {insert("w.example.org.", "ANY", "'x'"), "no record type"},
    {insert("example.org.", "SOA", "'x'"), "the row of the zone"},
    {insert("w.example.org.", "A", "'192.0.2.1'", "-1"), "TTL -1"},
    {insert("w.example.org.", "A", ""), "at least one value"},
    {insert("w.example.org.", "A", "NULL"), "plain list"},
    {insert("w.example.org.", "TXT", "''"), "plain list"},
    {insert("w.example.org.", "A", "'192.0.2.256'"), "\"192.0.2.256\" is not an IPv4 address"},
    {insert("w.example.org.", "A", "'192.0.2.1/32'"), "is not an IPv4 address"},
    {insert("w.example.org.", "A", "'192.0.2.1.'"), "is not an IPv4 address"},
    {insert("w.example.org.", "A", "'192.0.2'"), "is not an IPv4 address"},
    {insert("w.example.org.", "A", "'192.0.2.1', 'x'"), "\"x\" is not an IPv4 address"},
    {insert("w.example.org.", "AAAA", "'192.0.2.1'"), "is not an IPv6 address"},
    {insert("w.example.org.", "AAAA", "'2001:db8::1/128'"), "is not an IPv6 address"},
    {insert("w.example.org.", "AAAA", "'2001:db8::g'"), "is not an IPv6 address"},
    {insert("w.example.org.", "A", "'192.0.2.1', '192.0.2.1'"), "stands twice"},
    {insert("w.example.org.", "CNAME", "'a.', 'b.'"), "at most one CNAME"},
    {insert("w.example.org.", "DNAME", "'a.', 'b.'"), "at most one DNAME"},
    {insert("example.org.", "CNAME", "'a.'"), "cannot be an alias"},
    {"INSERT INTO gatepost.rrsets VALUES (7, 'w.example.org.', 'A', 1, ARRAY['192.0.2.1'])",
     "no zone with id 7"},
    {"TRUNCATE gatepost.rrsets", "TRUNCATE"},
};

TEST(RrsetRules, Refusals) {
    Connection connection = example_zone();
    for (const Refusal& refusal : kRefusals) {
        refused(connection, refusal.sql, refusal.text);
        // The same as one row of several takes the other path through the trigger.
        if (refusal.sql.starts_with("INSERT"))
            refused(connection,
                    refusal.sql + ", (1, 'fine.example.org.', 'A', 300, ARRAY['192.0.2.9'])",
                    refusal.text);
    }
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.rrsets"), "0");
    EXPECT_EQ(serial_of(connection), "100");
}

TEST(RrsetRules, RefusedUpdatesKeepTheOld) {
    Connection connection = example_zone();
    must(connection, insert("w.example.org.", "A", "'192.0.2.1'"));
    must(connection, insert("c.example.org.", "CNAME", "'a.'"));
    must(connection, insert("v.example.org.", "AAAA", "'2001:db8::1'"));
    refused(connection, "UPDATE gatepost.rrsets SET ttl = -1 WHERE type = 'A'", "TTL -1");
    refused(connection, "UPDATE gatepost.rrsets SET ttl = -1", "TTL -1");
    refused(connection, "UPDATE gatepost.rrsets SET rdata = '{x}' WHERE type = 'A'", "not an IPv4");
    refused(connection, "UPDATE gatepost.rrsets SET rdata = '{}' WHERE type = 'A'", "at least one");
    refused(connection, "UPDATE gatepost.rrsets SET rdata = '{a.,b.}' WHERE type = 'CNAME'",
            "at most one");
    refused(connection, "UPDATE gatepost.rrsets SET rdata = '[0:0]={192.0.2.1}' WHERE type = 'A'",
            "plain list");
    refused(connection, "UPDATE gatepost.rrsets SET name = 'c.example.org.' WHERE type = 'A'",
            "CNAME");
    refused(connection, "UPDATE gatepost.rrsets SET name = 'w.example.com.' WHERE type = 'A'",
            "outside zone");
    EXPECT_EQ(serial_of(connection), "103");
    EXPECT_EQ(
        value(connection, "SELECT ttl::text || rdata::text FROM gatepost.rrsets WHERE type = 'A'"),
        "300{192.0.2.1}");
}

TEST(RrsetRules, WhatIsAllowed) {
    Connection connection = example_zone();
    for (const std::string& sql :
         {insert("example.org.", "NS", "'ns1.example.org.', 'ns2.example.org.'"),
          insert("*.example.org.", "A", "'192.0.2.1', '0.0.0.0', '255.255.255.255'"),
          insert("_sip._tcp.example.org.", "SRV", "'0 0 5060 a.'"),
          insert("w.example.org.", "AAAA", "'::', '2001:DB8::1', '::ffff:192.0.2.1'"),
          insert("w.example.org.", "TYPE65280", "'\\# 1 00'", "0"),
          insert("a\\.b.example.org.", "TXT", "'\"x\"'", "2147483647"),
          insert("\\000\\255\\@.example.org.", "TXT", "'\"x\"'"),
          insert("a\\\\.example.org.", "TXT", "'\"x\"'"),
          insert("2/25.example.org.", "DNAME", "'x.'"),
          insert(std::string(63, 'a') + ".example.org.", "A", "'192.0.2.1'"),
          insert("c.example.org.", "CNAME", "'www.example.net.'"),
          insert("c.example.org.", "NSEC", "'d.example.org. CNAME NSEC'"),
          insert("c.example.org.", "RRSIG", "'x'")})
        must(connection, sql);
    EXPECT_EQ(serial_of(connection), "113");
    must(connection, "INSERT INTO gatepost.zones (name, mname, rname) VALUES ('.', 'a.', 'b.')");
    must(connection,
         "INSERT INTO gatepost.rrsets VALUES (2, 'org.', 'NS', 1, '{a.}'), (2, '.', 'NS', 1, "
         "'{a.}')");
    EXPECT_EQ(serial_of(connection, 2), "2");
}

TEST(RrsetRules, CnameStandsAlone) {
    Connection connection = example_zone();
    must(connection, insert("c.example.org.", "CNAME", "'www.example.net.'"));
    must(connection, insert("w.example.org.", "A", "'192.0.2.1'"));
    refused(connection, insert("c.example.org.", "A", "'192.0.2.1'"), "a CNAME stands alone");
    refused(connection, insert("w.example.org.", "CNAME", "'x.'"), "the name has A records");
    refused(
        connection,
        insert("n.example.org.", "CNAME", "'x.'") + ", (1, 'n.example.org.', 'TXT', 1, '{\"x\"}')",
        "stands alone");
    refused(connection,
            insert("n.example.org.", "A", "'192.0.2.1'") +
                ", (1, 'c.example.org.', 'TXT', 1, '{\"x\"}')",
            "the name has CNAME records");
    refused(connection, "UPDATE gatepost.rrsets SET name = 'x.example.org.'", "stands alone");
    // In one transaction the alias may give way to records.
    must(connection, "BEGIN; DELETE FROM gatepost.rrsets WHERE name = 'c.example.org.';" +
                         insert("c.example.org.", "A", "'192.0.2.1'") + "; COMMIT");
}

// Two writers in one transaction each that do not see one another: the zone's lock lets one of them
// see.
TEST(RrsetRules, CnameRace) {
    std::string dsn;
    Connection first = example_zone(&dsn);
    Connection second = std::move(*Connection::open(dsn, "race"));
    for (const bool first_aborts : {false, true}) {
        const std::string name = first_aborts ? "b.example.org." : "a.example.org.";
        must(first, "BEGIN; " + insert(name, "CNAME", "'x.'"));
        std::string problem;
        std::thread other([&] {
            auto result = second.exec(insert(name, "A", "'192.0.2.1'"));
            if (!result) problem = result.error().message;
        });
        while (value(first, "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
        }
        must(first, first_aborts ? "ROLLBACK" : "COMMIT");
        other.join();
        EXPECT_EQ(problem.find("stands alone") != std::string::npos, !first_aborts) << problem;
        EXPECT_EQ(value(first, "SELECT type FROM gatepost.rrsets WHERE name = '" + name + "'"),
                  first_aborts ? "A" : "CNAME");
    }
    // Under REPEATABLE READ the second writer cannot look again, so it has to try again.
    must(second, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM gatepost.zones");
    must(first, insert("r.example.org.", "CNAME", "'x.'"));
    auto result = second.exec(insert("r.example.org.", "A", "'192.0.2.1'"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::conflict);
}

// The list of types here and the one of storage/zone must say the same.
TEST(RrsetRules, TypesAreThoseOfTheProgram) {
    Connection connection = example_zone();
    std::string rows;
    for (int number = 0; number <= 0xffff; ++number) {
        const auto type = static_cast<storage::RRType>(number);
        const bool stored = !storage::rrtype_is_meta(type) && type != storage::RRType::SOA;
        rows += fmt::format("{}('{}',{})", number == 0 ? "" : ",", storage::rrtype_to_text(type),
                            stored);
    }
    EXPECT_EQ(
        value(connection,
              "SELECT coalesce(string_agg(type, ' '), '') FROM (VALUES " + rows +
                  ") t (type, stored) WHERE gatepost.type_is_valid(type) IS DISTINCT FROM stored"),
        "");
}

TEST(RrsetRules, BulkInOneStatement) {
    Connection connection = example_zone();
    must(connection,
         "INSERT INTO gatepost.rrsets SELECT 1, 'h' || i || '.example.org.', 'A', 60, "
         "ARRAY['10.0.0.' || i % 256] FROM generate_series(1, 2000) i");
    EXPECT_EQ(serial_of(connection), "101");
    must(connection, "UPDATE gatepost.rrsets SET ttl = 61 WHERE name < 'h2'");
    must(connection, "DELETE FROM gatepost.rrsets WHERE name < 'h15'");
    must(connection, "UPDATE gatepost.rrsets SET ttl = 1 WHERE false");
    must(connection, "DELETE FROM gatepost.rrsets WHERE false");
    EXPECT_EQ(serial_of(connection), "103");
    EXPECT_EQ(
        value(
            connection,
            "SELECT string_agg(action || count, ' ' ORDER BY action) FROM (SELECT action, count(*) "
            "FROM gatepost.history WHERE type = 'A' GROUP BY action) c"),
        "delete" + value(connection, "SELECT 2000 - count(*) FROM gatepost.rrsets") +
            " insert2000 update" +
            value(connection,
                  "SELECT count(*) FROM generate_series(1, 2000) i WHERE 'h' || i < 'h2'"));
}

TEST(RrsetRules, RecordsView) {
    Connection connection = example_zone();
    must(connection, insert("w.example.org.", "A", "'192.0.2.1', '192.0.2.2'"));
    EXPECT_EQ(
        value(connection,
              "SELECT string_agg(concat_ws(' ', zone, name, ttl, type, value), '|' ORDER BY type, "
              "value) "
              "FROM gatepost.records WHERE zone = 'example.org.'"),
        "example.org. w.example.org. 300 A 192.0.2.1|example.org. w.example.org. 300 A 192.0.2.2|"
        "example.org. example.org. 14400 SOA ns1.example.org. hostmaster.example.org. 101 43200 "
        "3600 2419200 180");
}

}  // namespace
}  // namespace gatepost::controlplane
