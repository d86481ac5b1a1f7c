// gatepost.audit_log: a chain of hashes (009_mail_directory.sql).
#include <thread>
#include <vector>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

TEST(AuditLog, AChainThatShowsWhatWasChanged) {
    std::string dsn;
    Connection connection = example_zone(&dsn);
    must(connection,
         "INSERT INTO gatepost.audit_log (service, action, resource, address, data) VALUES "
         "('imap', 'login', 'ada@example.org', '192.0.2.1', '{\"b\": 1, \"a\": 2}'), "
         "('imap', 'logout', 'ada@example.org', NULL, NULL)");
    must(connection,
         "INSERT INTO gatepost.audit_log (id, at, hash, previous_hash, service, action) VALUES "
         "(99, '2001-01-01', 'x', 'y', 'cli', 'what is given counts for nothing')");
    EXPECT_EQ(
        value(connection,
              "SELECT string_agg(concat_ws(' ', id, action, length(hash), at > '2020-01-01'), "
              "', ' ORDER BY id) FROM gatepost.audit_log"),
        "1 login 32 t, 2 logout 32 t, 3 what is given counts for nothing 32 t");
    EXPECT_EQ(value(connection, "SELECT gatepost.audit_first_broken() IS NULL"), "t");
    must(connection, "SET TimeZone = 'Asia/Tokyo'");
    EXPECT_EQ(value(connection, "SELECT gatepost.audit_first_broken() IS NULL"), "t");
    refused(connection, "UPDATE gatepost.audit_log SET success = false", "cannot be changed");
    refused(connection, "DELETE FROM gatepost.audit_log", "cannot be changed");
    refused(connection, "TRUNCATE gatepost.audit_log", "cannot be changed");
    // What only the owner can do, and shows.
    must(connection, "ALTER TABLE gatepost.audit_log DISABLE TRIGGER audit_append_only");
    must(connection, "BEGIN; UPDATE gatepost.audit_log SET address = '192.0.2.9' WHERE id = 1");
    EXPECT_EQ(value(connection, "SELECT gatepost.audit_first_broken()"), "1");
    must(connection, "ROLLBACK; BEGIN; DELETE FROM gatepost.audit_log WHERE id = 2");
    EXPECT_EQ(value(connection, "SELECT gatepost.audit_first_broken()"), "3");
    must(connection, "ROLLBACK");
}

TEST(AuditLog, OneChainOfManyWriters) {
    std::string dsn;
    Connection connection = example_zone(&dsn);
    constexpr int kWriters = 4;
    constexpr int kRows = 25;
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
        writers.emplace_back([&] {
            auto own = Connection::open(dsn, "schema_test");
            for (int row = 0; own && row < kRows; ++row)
                EXPECT_TRUE(own->exec(
                    "INSERT INTO gatepost.audit_log (service, action) VALUES ('cli', 'test')"));
        });
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(value(connection, "SELECT concat_ws(' ', count(*), max(id)) FROM gatepost.audit_log"),
              "100 100");
    EXPECT_EQ(value(connection, "SELECT gatepost.audit_first_broken() IS NULL"), "t");
}

}  // namespace
}  // namespace gatepost::controlplane
