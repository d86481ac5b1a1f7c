#include <gtest/gtest.h>

#include <string>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

const std::string kInsert =
    "INSERT INTO gatepost.rrsets VALUES (1, 'w.example.org.', 'A', 300, '{192.0.2.1}')";

TEST(ZoneRules, SerialOnceATransaction) {
    Connection connection = example_zone();
    must(connection, "BEGIN");
    must(connection, kInsert);
    must(connection, "UPDATE gatepost.rrsets SET ttl = 5");
    must(connection, "UPDATE gatepost.zones SET refresh = 7200");
    must(connection, "DELETE FROM gatepost.rrsets");
    must(connection, "COMMIT");
    EXPECT_EQ(serial_of(connection), "101");
    must(connection, "UPDATE gatepost.zones SET refresh = 7201");
    EXPECT_EQ(serial_of(connection), "102");
    must(connection, "UPDATE gatepost.zones SET refresh = 7201, default_ttl = 5");
    EXPECT_EQ(serial_of(connection), "102") << "neither the SOA nor a record changed";
    must(connection, "BEGIN; " + kInsert + "; ROLLBACK");
    EXPECT_EQ(serial_of(connection), "102");
    must(connection, "BEGIN; SAVEPOINT s; " + kInsert + "; ROLLBACK TO s; " + kInsert + "; COMMIT");
    EXPECT_EQ(serial_of(connection), "103");
}

TEST(ZoneRules, SerialWrapsToOne) {
    Connection connection = example_zone();
    must(connection, "UPDATE gatepost.zones SET serial = 2147483747");  // 100 + 2^31 - 1
    must(connection, "UPDATE gatepost.zones SET serial = 4294967295");
    must(connection, kInsert);
    EXPECT_EQ(serial_of(connection), "1");
    must(connection, "UPDATE gatepost.rrsets SET ttl = 7");
    EXPECT_EQ(serial_of(connection), "2");
    // RFC 1982 §5: 0 is newer than 4294967295, and so is what wraps.
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(gatepost.serial_is_newer(a, b)::text, ' ') FROM (VALUES "
                    "(1, 0), (0, 1), (0, 4294967295), (44, 0), (100, 44), (200, 100), (100, 300), "
                    "(2147483648, 0), (0, 2147483648), (5, 5)) t (a, b)"),
              "true false true true true true false false false false");
}

TEST(ZoneRules, ExplicitSerial) {
    Connection connection = example_zone();
    refused(connection, "UPDATE gatepost.zones SET serial = 99", "serial 99 is not newer than 100");
    refused(connection, "UPDATE gatepost.zones SET serial = 2147483748", "not newer");
    refused(connection, "UPDATE gatepost.zones SET serial = 4294967296", "4294967295");
    must(connection,
         "BEGIN; UPDATE gatepost.zones SET serial = 2026082102; " + kInsert + "; COMMIT");
    EXPECT_EQ(serial_of(connection), "2026082102");
    must(connection,
         "BEGIN; DELETE FROM gatepost.rrsets; UPDATE gatepost.zones SET serial = 2026082200; "
         "COMMIT");
    EXPECT_EQ(serial_of(connection), "2026082200");
}

TEST(ZoneRules, NewZoneKeepsItsSerial) {
    Connection connection = example_zone();
    must(connection,
         "BEGIN; INSERT INTO gatepost.zones (name, mname, rname, serial) VALUES ('b.', 'n.', 'h.', "
         "7); "
         "INSERT INTO gatepost.rrsets VALUES (2, 'b.', 'NS', 1, '{n.}'); COMMIT");
    EXPECT_EQ(serial_of(connection, 2), "7");
}

TEST(ZoneRules, Refusals) {
    Connection connection = example_zone();
    const std::string begin =
        "INSERT INTO gatepost.zones (name, mname, rname, serial, refresh) VALUES ";
    refused(connection, begin + "('B.', 'n.', 'h.', 1, 1)", "zone name \"B.\"");
    refused(connection, begin + "('b', 'n.', 'h.', 1, 1)", "zone name \"b\"");
    refused(connection, begin + "('b.', 'n', 'h.', 1, 1)", "mname \"n\"");
    refused(connection, begin + "('b.', 'n.', 'h@b', 1, 1)", "rname \"h@b\"");
    refused(connection, begin + "('b.', 'n.', 'h.', -1, 1)", "serial -1");
    refused(connection, begin + "('b.', 'n.', 'h.', 1, -1)", "refresh");
    refused(connection, begin + "('example.org.', 'n.', 'h.', 1, 1)", "already exists");
    refused(connection, "UPDATE gatepost.zones SET name = 'c.'", "cannot be renamed");
    refused(connection, "UPDATE gatepost.zones SET expire = -1", "expire");
    refused(connection, "TRUNCATE gatepost.zones", "TRUNCATE");
}

TEST(ZoneRules, DeleteTakesTheRrsets) {
    Connection connection = example_zone();
    must(connection, kInsert);
    must(connection, "INSERT INTO gatepost.domains (name) VALUES ('example.org.')");
    must(connection, "UPDATE gatepost.zones SET domain_id = 1");
    must(connection, "DELETE FROM gatepost.domains");
    EXPECT_EQ(value(connection, "SELECT domain_id IS NULL FROM gatepost.zones"), "t");
    must(connection, "DELETE FROM gatepost.zones");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.rrsets"), "0");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(concat_ws(' ', zone, name, type, action), '|' ORDER BY id) "
                    "FROM gatepost.history WHERE action = 'delete'"),
              "example.org. example.org. SOA delete|example.org. w.example.org. A delete");
}

TEST(History, SaysWhoWhatAndHow) {
    Connection connection = example_zone();
    must(connection, "BEGIN; SET LOCAL gatepost.actor = 'ada'; " + kInsert + "; COMMIT");
    must(connection, "UPDATE gatepost.rrsets SET ttl = 5, rdata = '{192.0.2.2,192.0.2.3}'");
    must(connection, "UPDATE gatepost.rrsets SET name = 'v.example.org.'");
    must(connection, "UPDATE gatepost.zones SET minimum = 60");
    must(connection, "DELETE FROM gatepost.rrsets");
    const PgResult rows =
        must(connection,
             "SELECT concat_ws(' ', who, via, zone, name, type, action), old, new "
             "FROM gatepost.history ORDER BY id");
    const std::string a = R"({"ttl": 300, "rdata": ["192.0.2.1"]})";
    const std::string b = R"({"ttl": 5, "rdata": ["192.0.2.2", "192.0.2.3"]})";
    const char* soa = "gatepost gatepost_test example.org. example.org. SOA ";
    ASSERT_EQ(rows.rows(), 7);
    EXPECT_EQ(rows.text(0, 0), std::string(soa) + "insert");
    EXPECT_EQ(rows.text(1, 0), "ada gatepost_test example.org. w.example.org. A insert");
    EXPECT_TRUE(rows.is_null(1, 1));
    EXPECT_EQ(rows.text(1, 2), a);
    EXPECT_EQ(rows.text(2, 0), "gatepost gatepost_test example.org. w.example.org. A update");
    EXPECT_EQ(rows.text(2, 1), a);
    EXPECT_EQ(rows.text(2, 2), b);
    // A new name is a delete and an insert, in whichever order.
    const bool swapped = rows.text(3, 0).ends_with("insert");
    EXPECT_EQ(rows.text(swapped ? 4 : 3, 0),
              "gatepost gatepost_test example.org. w.example.org. A delete");
    EXPECT_EQ(rows.text(swapped ? 3 : 4, 0),
              "gatepost gatepost_test example.org. v.example.org. A insert");
    EXPECT_EQ(rows.text(5, 0), std::string(soa) + "update");
    EXPECT_NE(rows.text(5, 1).find("\"minimum\": 180"), std::string::npos);
    EXPECT_NE(rows.text(5, 2).find("\"minimum\": 60"), std::string::npos);
    EXPECT_EQ(rows.text(6, 0), "gatepost gatepost_test example.org. v.example.org. A delete");
    EXPECT_EQ(rows.text(6, 1), b);
    EXPECT_TRUE(rows.is_null(6, 2));
}

TEST(History, IsAppendOnly) {
    Connection connection = example_zone();
    refused(connection, "UPDATE gatepost.history SET who = 'eve'", "cannot be changed");
    refused(connection, "DELETE FROM gatepost.history", "cannot be changed");
    refused(connection, "TRUNCATE gatepost.history", "cannot be changed");
}

// The triggers act with their owner's rights.
TEST(Roles, WriterNeedsNoRightToHistory) {
    std::string dsn;
    Connection connection = example_zone(&dsn);
    must(connection,
         "CREATE ROLE writer LOGIN; GRANT USAGE ON SCHEMA gatepost TO writer; "
         "GRANT SELECT, INSERT, UPDATE, DELETE ON gatepost.zones, gatepost.rrsets TO writer");
    Connection writer = std::move(*Connection::open(dsn + " user=writer", "writer"));
    must(writer, kInsert);
    must(writer, "UPDATE gatepost.zones SET refresh = 1");
    EXPECT_EQ(
        value(connection, "SELECT string_agg(who || via, ',') FROM gatepost.history WHERE id > 1"),
        "writerwriter,writerwriter");
    EXPECT_EQ(
        writer
            .exec("INSERT INTO gatepost.history (who, via, zone_id, zone, name, type, action) "
                  "VALUES ('', '', 1, '', '', '', '')")
            .error()
            .code,
        ErrorCode::permission);
    EXPECT_EQ(writer.exec("DELETE FROM gatepost.history").error().code, ErrorCode::permission);
    must(writer, "DELETE FROM gatepost.zones");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.rrsets"), "0");
}

}  // namespace
}  // namespace gatepost::controlplane
