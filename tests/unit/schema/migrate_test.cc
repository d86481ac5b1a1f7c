#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "controlplane/schema/schema.h"
#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

using std::chrono::milliseconds;

// An empty database, without the schema.
Connection empty_database(const std::string& name, std::string* dsn = nullptr) {
    EXPECT_TRUE(server->postgres().create_database(name));
    if (dsn != nullptr) *dsn = server->postgres().dsn(name);
    auto connection = Connection::open(server->postgres().dsn(name), "schema_test");
    EXPECT_TRUE(connection);
    return std::move(*connection);
}

// Tables, columns, constraints, functions, triggers, indexes: what two equal schemas have in
// common.
std::string fingerprint(Connection& connection) {
    return value(connection, R"(
        SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
            SELECT format('column %s.%s %s', attrelid::regclass, attname, atttypid::regtype) AS line
            FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid IN
                (SELECT oid FROM pg_class WHERE relnamespace = 'gatepost'::regnamespace AND relkind IN ('r', 'v'))
            UNION ALL SELECT 'function ' || oid::regprocedure ||
                md5(prosrc || coalesce(pg_get_function_sqlbody(oid), ''))
            FROM pg_proc WHERE pronamespace = 'gatepost'::regnamespace
            UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
            WHERE relnamespace = 'gatepost'::regnamespace AND NOT tgisinternal
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'gatepost'
            UNION ALL SELECT 'publication ' || pubname || ' ' || tablename FROM pg_publication_tables) all_lines)");
}

TEST(Migrate, UpDownUp) {
    Connection connection = empty_database("up_down_up");
    const int last = migrations().back().version;
    EXPECT_EQ(schema_require_current(connection).error().code, ErrorCode::schema);

    auto plan = schema_migrate(connection, {.plan_only = true});
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->size(), migrations().size());
    EXPECT_EQ(schema_status(connection)->version, 0);

    std::vector<std::string> fingerprints;
    for (int version = 1; version <= last; ++version) {
        auto applied = schema_migrate(connection, {.target = version});
        ASSERT_TRUE(applied) << applied.error().message;
        ASSERT_EQ(applied->size(), 1U);
        EXPECT_EQ(applied->front().version, version);
        fingerprints.push_back(fingerprint(connection));
    }
    EXPECT_TRUE(schema_require_current(connection));
    EXPECT_TRUE(schema_migrate(connection)->empty());
    auto status = schema_status(connection);
    EXPECT_EQ(status->version, last);
    EXPECT_EQ(status->count(MigrationState::applied), migrations().size());
    EXPECT_EQ(status->migrations.front().checksum.size(), 64U);
    EXPECT_EQ(status->migrations.front().applied_by, "gatepost");

    auto rollback_plan = schema_rollback(connection, 0, true);
    EXPECT_EQ(rollback_plan->size(), migrations().size());
    EXPECT_EQ(schema_status(connection)->version, last);
    for (int version = last - 1; version >= 1; --version) {
        auto undone = schema_rollback(connection, version);
        ASSERT_TRUE(undone) << undone.error().message;
        ASSERT_EQ(undone->size(), 1U);
        EXPECT_EQ(fingerprint(connection), fingerprints[static_cast<size_t>(version) - 1]);
        EXPECT_EQ(schema_require_current(connection).error().code, ErrorCode::schema);
    }
    ASSERT_TRUE(schema_rollback(connection, 0));
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(relname, ',') FROM pg_class WHERE relkind = 'r' "
                    "AND relnamespace = 'gatepost'::regnamespace"),
              "schema_migrations");
    ASSERT_TRUE(schema_migrate(connection));
    EXPECT_EQ(fingerprint(connection), fingerprints.back());
}

constexpr Migration kOne[] = {{1, "one", "CREATE TABLE one (a int)", "DROP TABLE one"}};
constexpr Migration kTwo[] = {{1, "one", "CREATE TABLE one (a int)", "DROP TABLE one"},
                              {2, "two", "CREATE TABLE two (a int)", "DROP TABLE two"}};
constexpr Migration kChanged[] = {{1, "one", "CREATE TABLE one (a bigint)", "DROP TABLE one"},
                                  {2, "two", "CREATE TABLE two (a int)", "DROP TABLE two"}};
constexpr Migration kBroken[] = {
    {1, "one", "CREATE TABLE one (a int)", "DROP TABLE one"},
    {2, "two", "CREATE TABLE two (a int); SELECT 1/0", "DROP TABLE two"}};

TEST(Migrate, ChangedTextIsRefused) {
    Connection connection = empty_database("changed");
    ASSERT_TRUE(schema_migrate(connection, {}, kOne));
    auto result = schema_migrate(connection, {}, kChanged);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::schema);
    EXPECT_NE(result.error().message.find("migration 001 (one)"), std::string::npos);
    auto status = schema_status(connection, kChanged);
    EXPECT_EQ(status->migrations[0].state, MigrationState::changed);
    EXPECT_EQ(status->migrations[1].state, MigrationState::pending);
    EXPECT_EQ(schema_require_current(connection, kChanged).error().code, ErrorCode::schema);
}

TEST(Migrate, NewerSchemaIsRefused) {
    Connection connection = empty_database("newer");
    ASSERT_TRUE(schema_migrate(connection, {}, kTwo));
    for (const Error& error : {schema_migrate(connection, {}, kOne).error(),
                               schema_require_current(connection, kOne).error()}) {
        EXPECT_EQ(error.code, ErrorCode::schema);
        EXPECT_NE(error.message.find("version 2, newer than this program, which knows 1"),
                  std::string::npos)
            << error.message;
    }
    EXPECT_EQ(schema_status(connection, kOne)->count(MigrationState::newer), 1U);
    // The stored text takes back what this program does not know.
    auto undone = schema_rollback(connection, 1);
    ASSERT_TRUE(undone) << undone.error().message;
    EXPECT_TRUE(schema_require_current(connection, kOne));
    EXPECT_EQ(value(connection, "SELECT to_regclass('two') IS NULL"), "t");
}

TEST(Migrate, FailedStepLeavesNothing) {
    Connection connection = empty_database("failed");
    auto result = schema_migrate(connection, {}, kBroken);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::schema);
    EXPECT_NE(result.error().message.find("migration 002 (two): division by zero"),
              std::string::npos);
    EXPECT_EQ(schema_status(connection, kBroken)->version, 1);
    EXPECT_EQ(value(connection, "SELECT to_regclass('two') IS NULL"), "t");
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_TRUE(schema_migrate(connection, {}, kTwo));
}

TEST(Migrate, TargetsOutOfRange) {
    Connection connection = empty_database("targets");
    EXPECT_EQ(schema_migrate(connection, {.target = 3}, kTwo).error().code, ErrorCode::usage);
    EXPECT_EQ(schema_rollback(connection, 1).error().code, ErrorCode::usage);
    EXPECT_EQ(schema_rollback(connection, -1).error().code, ErrorCode::usage);
}

TEST(Migrate, LockContention) {
    std::string dsn;
    Connection connection = empty_database("contention", &dsn);
    Connection holder = std::move(*Connection::open(dsn, "schema_test"));
    must(holder, "SELECT pg_advisory_lock(7449363237674382196)");
    auto result = schema_migrate(connection, {.lock_wait = milliseconds(50)}, kOne);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::schema);
    EXPECT_NE(result.error().message.find("another program"), std::string::npos);
    EXPECT_FALSE(connection.in_transaction());
    must(holder, "SELECT pg_advisory_unlock(7449363237674382196)");
    EXPECT_TRUE(schema_migrate(connection, {}, kOne));
    EXPECT_EQ(value(connection,
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
                    "database = (SELECT oid FROM pg_database WHERE datname = current_database())"),
              "0");
}

TEST(Migrate, TwoAtOnce) {
    std::string dsn;
    Connection first = empty_database("two_at_once", &dsn);
    Connection second = std::move(*Connection::open(dsn, "schema_test"));
    size_t applied_second = 0;
    std::string problem;
    std::thread other([&] {
        auto done = schema_migrate(second);
        if (done)
            applied_second = done->size();
        else
            problem = done.error().message;
    });
    auto done = schema_migrate(first);
    other.join();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(problem, "");
    EXPECT_EQ(done->size() + applied_second, migrations().size());
    EXPECT_TRUE(schema_require_current(first));
}

// No superuser is needed: the right to create in the database is enough.
TEST(Migrate, AsOrdinaryOwner) {
    std::string dsn;
    Connection connection = empty_database("ordinary", &dsn);
    must(connection, "CREATE ROLE ordinary LOGIN; GRANT CREATE ON DATABASE ordinary TO ordinary");
    Connection owner = std::move(*Connection::open(dsn + " user=ordinary", "schema_test"));
    auto done = schema_migrate(owner);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(schema_status(owner)->migrations.front().applied_by, "ordinary");
    must(owner, "INSERT INTO gatepost.zones (name, mname, rname) VALUES ('a.', 'n.', 'h.')");
    must(owner, "INSERT INTO gatepost.rrsets VALUES (1, 'a.', 'NS', 60, '{n.}')");
    refused(owner, "DELETE FROM gatepost.history", "cannot be changed");
    auto undone = schema_rollback(owner, 0);
    EXPECT_TRUE(undone) << undone.error().message;
}

}  // namespace
}  // namespace gatepost::controlplane
