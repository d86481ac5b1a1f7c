#include "controlplane/model/zone_import.h"

#include <gtest/gtest.h>

#include "controlplane/model/record.h"
#include "controlplane/model/zone_export.h"
#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

const std::string kSoa = "@ 3600 SOA Ns1 hostmaster 100 7200 3600 1209600 300\n";
const std::string kZoneText = R"(@ 3600 NS ns1
@ 3600 NS ns2.example.net.
ns1 300 A 192.0.2.1
ns1 300 AAAA 2001:db8::1
*.w 60 TXT "a \"quoted\" text" "\\ and \255 and ;" ""
a\.b 60 CNAME Other.example.net.
_sip._tcp 60 SRV 0 5 5060 ns1
u 60 TYPE65280 \# 3 010203
d 60 DNAME example.net.
x 60 CAA 0 issue "ca.example.net"
)";

ZoneImportResult import_text(Connection& connection, const std::string& text,
                             bool dry_run = false) {
    auto result = zone_import(connection, zone_from_text(text),
                              {.write = {.actor = "ada", .dry_run = dry_run}});
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result.value_or(ZoneImportResult{});
}

std::string with_serial(const std::string& serial) {
    return "@ 3600 SOA Ns1 hostmaster " + serial + " 7200 3600 1209600 300\n";
}

TEST(ZoneImport, RoundTrip) {
    Connection connection = new_database();
    const storage::ZoneData zone = zone_from_text(kSoa + kZoneText);
    auto result = zone_import(connection, zone);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->created);
    EXPECT_EQ(result->added, 9U);
    EXPECT_EQ(result->serial, 100U) << "as the file says";
    EXPECT_GT(result->lsn, 0U);
    auto back = zone_read(connection, "example.org");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == zone);

    std::vector<std::string> order;
    ASSERT_TRUE(zone_export(connection, "example.org", [&](const storage::RRset& rrset) -> Status {
        order.push_back(storage::rrtype_to_text(rrset.type()));
        return {};
    }));
    EXPECT_EQ(order, (std::vector<std::string>{"SOA", "NS", "SRV", "CNAME", "DNAME", "A", "AAAA",
                                               "TYPE65280", "TXT", "CAA"}));
    EXPECT_ERROR(zone_export(connection, "example.org",
                             [](const storage::RRset&) -> Status {
                                 return fail(ErrorCode::refused, "disk full");
                             }),
                 ErrorCode::refused, "disk full");

    const ZoneImportResult again = import_text(connection, kSoa + kZoneText);
    EXPECT_FALSE(again.anything());
    EXPECT_EQ(again.unchanged, 9U);
    EXPECT_EQ(again.lsn, 0U);
    EXPECT_EQ(again.serial, 100U);
}

TEST(ZoneImport, MergeCountsAndDryRunAgree) {
    Connection connection = new_database();
    import_text(connection, kSoa + kZoneText);
    const std::string changed = kSoa + R"(@ 3600 NS ns1
ns1 301 A 192.0.2.1
ns1 300 AAAA 2001:db8::1
a\.b 60 A 192.0.2.2
n 60 A 192.0.2.3
)";
    for (const bool dry_run : {true, false}) {
        const ZoneImportResult result = import_text(connection, changed, dry_run);
        EXPECT_EQ(result.added, 2U);
        EXPECT_EQ(result.changed, 2U);
        EXPECT_EQ(result.removed, 6U);
        EXPECT_EQ(result.unchanged, 1U);
        EXPECT_EQ(result.serial_before, 100U);
        EXPECT_EQ(result.serial, 101U) << "the file's is not newer, so it moves by one";
        EXPECT_EQ(result.lsn != 0, !dry_run);
        EXPECT_FALSE(result.soa_changed);
        EXPECT_EQ(zone_get(connection, "example.org")->serial, dry_run ? 100U : 101U);
        EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.rrsets"), dry_run ? "9" : "5");
    }
    EXPECT_TRUE(zone_read(connection, "example.org")->rrsets().size() == 5);
    EXPECT_EQ(value(connection, "SELECT string_agg(DISTINCT who, ',') FROM gatepost.history"),
              "ada");
}

TEST(ZoneImport, Serials) {
    Connection connection = new_database();
    import_text(connection, kSoa + kZoneText);
    const std::string more = kZoneText + "more 60 A 192.0.2.1\n";
    struct Case {
        std::string text;
        uint32_t serial;
        bool soa_changed;
    };
    for (const Case& c :
         {Case{with_serial("101") + more, 101, false},     // one more, with changes
          Case{with_serial("105") + more, 105, false},     // the serial alone
          Case{with_serial("3") + kZoneText, 106, false},  // older, with changes
          Case{with_serial("2147483754") + kZoneText, 106,
               false},  // 2^31 away: neither older nor newer
          Case{"@ 3600 SOA Ns1 other 3 7200 3600 1209600 300\n" + kZoneText, 107, true},
          Case{"@ 3600 SOA Ns1 other 200 7200 3600 1209600 301\n" + kZoneText, 200, true}})
        for (const bool dry_run : {true, false}) {
            const ZoneImportResult result = import_text(connection, c.text, dry_run);
            EXPECT_EQ(result.serial, c.serial) << c.text.substr(0, 40) << dry_run;
            EXPECT_EQ(result.soa_changed, c.soa_changed) << c.text.substr(0, 40) << dry_run;
        }
}

TEST(ZoneImport, Refusals) {
    Connection connection = new_database();
    EXPECT_ERROR(zone_import(connection, zone_from_text("@ 3600 SOA a. b. 1 4294967295 1 1 1\n")),
                 ErrorCode::invalid, "4294967295 seconds");
    EXPECT_ERROR(
        zone_import(connection, zone_from_text(kSoa + "a 60 A 192.0.2.1\na 60 CNAME b.\n")),
        ErrorCode::invalid, "stands alone");
    EXPECT_ERROR(zone_import(connection, zone_from_text(kSoa + "a.example.com. 60 A 192.0.2.1\n")),
                 ErrorCode::invalid, "outside zone");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.zones"), "0")
        << "refused as a whole";
    import_text(connection, kSoa + kZoneText);
    EXPECT_ERROR(zone_import(connection, zone_from_text(kSoa), {.write = {.if_serial = 99}}),
                 ErrorCode::conflict, "its serial is 100, not 99");
    EXPECT_ERROR(zone_read(connection, "example.net"), ErrorCode::refused, "`gatepost zone list`");
}

TEST(ZoneImport, ProgressAndManyRrsets) {
    Connection connection = new_database();
    std::string text = kSoa;
    for (int i = 0; i < 25000; ++i)
        text += fmt::format("h{} 60 A 10.0.{}.{}\n", i, i / 256, i % 256);
    std::vector<uint64_t> steps;
    ZoneImportOptions options;
    options.progress = [&](uint64_t done, uint64_t total) {
        EXPECT_EQ(total, 25000U);
        steps.push_back(done);
    };
    auto result = zone_import(connection, zone_from_text(text), options);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->added, 25000U);
    EXPECT_EQ(steps, (std::vector<uint64_t>{10000, 20000, 25000}));
    EXPECT_EQ(zone_read(connection, "example.org")->rrsets().size(), 25000U);
}

TEST(ZoneRead, ReportsWhatIsNoRecord) {
    Connection connection = example_zone();
    ASSERT_TRUE(
        connection.exec("INSERT INTO gatepost.rrsets VALUES (1, 'm.example.org.', 'MX', 60, "
                        "ARRAY['10 a.', 'ten b.'])"));
    EXPECT_ERROR(zone_read(connection, "example.org"), ErrorCode::invalid,
                 "m.example.org. MX: \"ten b.\"");
    EXPECT_TRUE(connection.exec("SELECT 1")) << "usable after the COPY was given up";
    std::vector<std::string> problems;
    auto zone = zone_read(connection, "example.org", &problems);
    ASSERT_TRUE(zone) << zone.error().message;
    EXPECT_EQ(problems.size(), 1U);
    EXPECT_EQ(zone->rrsets().size(), 2U);
}

// The one who imports waits for the one who writes, and the other way round: nothing is lost or
// mixed.
TEST(ZoneImport, WaitsForOtherWriters) {
    std::string dsn;
    Connection connection = new_database(&dsn);
    import_text(connection, kSoa + kZoneText);
    Connection writer = std::move(*Connection::open(dsn, "writer"));
    ASSERT_TRUE(
        writer.exec("BEGIN; INSERT INTO gatepost.rrsets VALUES (1, 'late.example.org.', 'A', 1, "
                    "'{192.0.2.1}')"));
    ASSERT_TRUE(connection.exec("SET lock_timeout = 50"));
    EXPECT_ERROR(zone_import(connection, zone_from_text(kSoa + kZoneText)), ErrorCode::conflict,
                 "example.org.");
    ASSERT_TRUE(writer.exec("COMMIT"));
    const ZoneImportResult result = import_text(connection, kSoa + kZoneText);
    EXPECT_EQ(result.removed, 1U);
}

// The grants that the README of the schema lists are enough.
TEST(ZoneImport, AsControlPlaneRole) {
    std::string dsn;
    Connection owner = new_database(&dsn);
    ASSERT_TRUE(owner.exec(fmt::format(
        "CREATE ROLE edge LOGIN REPLICATION; GRANT CONNECT, TEMPORARY ON DATABASE {} TO edge; "
        "GRANT USAGE ON SCHEMA gatepost TO edge; GRANT SELECT ON ALL TABLES IN SCHEMA gatepost TO "
        "edge; "
        "GRANT INSERT, UPDATE, DELETE ON gatepost.domains, gatepost.zones, gatepost.rrsets TO edge",
        value(owner, "SELECT current_database()"))));
    Connection connection = std::move(*Connection::open(dsn + " user=edge", "edge"));
    EXPECT_TRUE(import_text(connection, kSoa + kZoneText).created);
    EXPECT_EQ(import_text(connection, kSoa + "more 60 A 192.0.2.1\n").removed, 9U);
    auto removed = zone_remove(connection, "example.org", {});
    EXPECT_TRUE(removed) << removed.error().message;
    auto slot = Connection::open(dsn + " user=edge", "edge", true);
    ASSERT_TRUE(slot) << slot.error().message;
    EXPECT_TRUE(
        slot->exec("CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')"));
    const Error refused = connection.exec("DELETE FROM gatepost.history").error();
    EXPECT_EQ(refused.code, ErrorCode::permission);
}

}  // namespace
}  // namespace gatepost::controlplane
