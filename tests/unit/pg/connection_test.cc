#include "controlplane/pg/connection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/pg/copy.h"
#include "controlplane/pg/error.h"
#include "controlplane/pg/text_array.h"
#include "controlplane/pg/transaction.h"
#include "tests/support/private_postgres.h"

namespace gatepost::controlplane {
namespace {

tests::PrivatePostgres* server = nullptr;

class Environment : public testing::Environment {
  public:
    void SetUp() override {
        server = new tests::PrivatePostgres;
        const Status started = server->start();
        ASSERT_TRUE(started) << started.error().message;
    }
    void TearDown() override { delete std::exchange(server, nullptr); }
};
[[maybe_unused]] const auto* environment = testing::AddGlobalTestEnvironment(new Environment);

Connection open() {
    auto connection = Connection::open(server->dsn(), "pg_test");
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : Connection();
}

TEST(Connection, TypedValues) {
    Connection connection = open();
    auto result = connection.exec_params(
        "SELECT $1::text, $2::int8, $3::bool, $4::int8, NULL::text AS nothing, 1.5::float8, "
        "$5::text",
        {"a'\\b", int64_t{-5}, true, uint64_t{9223372036854775807U}, nullptr});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows(), 1);
    EXPECT_EQ(result->text(0, 0), "a'\\b");
    EXPECT_EQ(result->integer(0, 1), -5);
    EXPECT_TRUE(result->boolean(0, 2));
    EXPECT_EQ(result->unsigned_integer(0, 3), 9223372036854775807U);
    EXPECT_TRUE(result->is_null(0, 4));
    EXPECT_EQ(result->column("nothing"), 4);
    EXPECT_EQ(result->column("something"), -1);
    EXPECT_EQ(result->real(0, 5), 1.5);
    EXPECT_TRUE(result->is_null(0, 6));
    EXPECT_EQ(connection
                  .exec("SELECT application_name FROM pg_stat_activity "
                        "WHERE pid = pg_backend_pid()")
                  ->text(0, 0),
              "pg_test");
}

TEST(Connection, ErrorsHaveCodeAndText) {
    Connection connection = open();
    ASSERT_TRUE(connection.exec("CREATE TABLE errors (a int PRIMARY KEY)"));
    struct Case {
        const char* sql;
        ErrorCode code;
        const char* text;
    };
    const Case cases[] = {
        {"INSERT INTO errors VALUES (1), (1)", ErrorCode::invalid, "Key (a)=(1) already exists."},
        {"DO $$BEGIN RAISE EXCEPTION 'bad thing' USING DETAIL = 'the detail', HINT = 'Do that.'; "
         "END$$",
         ErrorCode::invalid, "bad thing. the detail. Do that."},
        {"SELECT * FROM no_such_table", ErrorCode::schema, "gatepost schema migrate"},
        {"SELECT * FROM no_such_schema.t", ErrorCode::schema, "no_such_schema"},
        {"SET LOCAL ROLE pg_monitor; SELECT pg_read_file('x')", ErrorCode::permission,
         "permission denied"},
        {"SELECT 1/0", ErrorCode::invalid, "division by zero"},
        {"SELEC", ErrorCode::refused, "syntax error"},
    };
    for (const Case& c : cases) {
        auto result = connection.exec(c.sql);
        ASSERT_FALSE(result) << c.sql;
        EXPECT_EQ(static_cast<int>(result.error().code), static_cast<int>(c.code)) << c.sql;
        EXPECT_NE(result.error().message.find(c.text), std::string::npos)
            << c.sql << " → " << result.error().message;
        EXPECT_EQ(result.error().message.find('\n'), std::string::npos);
    }
}

TEST(Connection, LockConflict) {
    Connection holder = open();
    Connection other = open();
    ASSERT_TRUE(holder.exec("CREATE TABLE locks (a int)"));
    ASSERT_TRUE(holder.exec("BEGIN; LOCK locks"));
    auto result = other.exec("LOCK locks NOWAIT");
    ASSERT_FALSE(result);
    result = other.exec("BEGIN; LOCK locks NOWAIT");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::conflict);
    EXPECT_TRUE(error_is_transient(result.error()));
}

TEST(Connection, RefusalsAtOpen) {
    auto result = Connection::open("host=/nonexistent dbname=x", "pg_test");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::unreachable);
    EXPECT_NE(result.error().message.find("/nonexistent"), std::string::npos);

    result = Connection::open(server->dsn("no_such_database"), "pg_test");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::unreachable);
    EXPECT_EQ(result.error().message.find("3D000"), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().message.find("LOCATION"), std::string::npos) << result.error().message;

    result = Connection::open(server->dsn() + " user=nobody_known", "pg_test");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::permission) << result.error().message;

    result = Connection::open("nonsense=1", "pg_test");
    ASSERT_FALSE(result);

    Connection closed;
    EXPECT_EQ(closed.exec("SELECT 1").error().code, ErrorCode::unreachable);
    EXPECT_EQ(closed.socket(), -1);
}

TEST(Connection, LosesItsBackend) {
    Connection victim = open();
    Connection killer = open();
    ASSERT_TRUE(killer.exec_params("SELECT pg_terminate_backend($1)", {victim.backend_pid()}));
    auto result = victim.exec("SELECT pg_sleep(5)");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::unreachable);
    EXPECT_FALSE(victim.is_open());
}

TEST(Copy, RoundTrip) {
    Connection connection = open();
    ASSERT_TRUE(connection.exec("CREATE TABLE copies (id bigint, name text, list text[])"));
    const std::vector<std::string> awkward = {"a\tb", "c\nd\\", "\"quoted\", {braces}", "NULL", ""};
    {
        auto copy = connection.copy_in("COPY copies FROM STDIN");
        ASSERT_TRUE(copy) << copy.error().message;
        CopyText rows;
        rows.integer(-1).text("x\\y\tz\r\n").text_array(awkward).end_row();
        rows.integer(2).null().text_array({}).end_row();
        ASSERT_TRUE(copy->put(rows.view()));
        EXPECT_EQ(copy->finish().value_or(-1), 2);
    }
    CopyBinaryReader reader;
    std::vector<std::string> seen;
    std::vector<std::string_view> elements;
    auto count = connection.copy_out(
        "COPY (SELECT * FROM copies ORDER BY id) TO STDOUT (FORMAT binary)",
        [&](Bytes message) -> Status {
            auto row = reader.row(message);
            if (!row) return tl::unexpected(row.error());
            if (row->empty()) return {};
            EXPECT_EQ(row->size(), 3U);
            seen.push_back(std::to_string((*row)[0].integer()));
            seen.push_back((*row)[1].null ? "null" : std::string((*row)[1].text()));
            if (Status parsed = text_array_from_binary((*row)[2].bytes, elements); !parsed)
                return parsed;
            seen.insert(seen.end(), elements.begin(), elements.end());
            return {};
        });
    ASSERT_TRUE(count) << count.error().message;
    std::vector<std::string> wanted = {"-1", "x\\y\tz\r\n"};
    wanted.insert(wanted.end(), awkward.begin(), awkward.end());
    wanted.insert(wanted.end(), {"2", "null"});
    EXPECT_EQ(seen, wanted);
    auto literal = connection.exec("SELECT list FROM copies WHERE id = -1");
    EXPECT_EQ(text_array_from_literal(literal->view(0, 0)).value(), awkward);
}

TEST(Copy, DroppedCopyLeavesNothing) {
    Connection connection = open();
    ASSERT_TRUE(connection.exec("CREATE TABLE dropped (id bigint)"));
    {
        auto copy = connection.copy_in("COPY dropped FROM STDIN");
        ASSERT_TRUE(copy);
        ASSERT_TRUE(copy->put("1\n2\n"));
    }
    EXPECT_EQ(connection.exec("SELECT count(*) FROM dropped")->integer(0, 0), 0);
    auto copy = connection.copy_in("COPY dropped FROM STDIN");
    ASSERT_TRUE(copy->put("not a number\n"));
    auto finished = copy->finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::invalid);
    EXPECT_TRUE(connection.exec("SELECT 1"));
}

TEST(Copy, CallbackErrorEndsIt) {
    Connection connection = open();
    auto count =
        connection.copy_out("COPY (SELECT generate_series(1, 10000000)) TO STDOUT",
                            [](Bytes) -> Status { return fail(ErrorCode::refused, "enough"); });
    ASSERT_FALSE(count);
    EXPECT_EQ(count.error().message, "enough");
    EXPECT_TRUE(connection.exec("SELECT 1"));
}

TEST(Copy, MalformedBinary) {
    CopyBinaryReader reader;
    const uint8_t rubbish[30] = {1, 2, 3};
    EXPECT_FALSE(reader.row(rubbish));
    std::vector<std::string_view> elements;
    EXPECT_FALSE(text_array_from_binary(rubbish, elements));
    EXPECT_FALSE(text_array_from_binary({}, elements));
    EXPECT_FALSE(text_array_from_literal("{\"a"));
    EXPECT_FALSE(text_array_from_literal("{NULL}"));
    EXPECT_FALSE(text_array_from_literal("{{a}}"));
}

TEST(Lsn, Text) {
    EXPECT_EQ(lsn_from_text("16/B374D848").value(), 0x16B374D848U);
    EXPECT_EQ(lsn_to_text(0x16B374D848U), "16/B374D848");
    for (const char* bad : {"", "/", "1", "1/", "/1", "x/1", "1/123456789", "1/2 "})
        EXPECT_FALSE(lsn_from_text(bad)) << bad;
}

TEST(Transaction, CommitGivesPosition) {
    Connection connection = open();
    ASSERT_TRUE(connection.exec("CREATE TABLE commits (who text)"));
    auto transaction = Transaction::begin(connection, "o'brien\\");
    ASSERT_TRUE(transaction) << transaction.error().message;
    ASSERT_TRUE(connection.exec("INSERT INTO commits VALUES (current_setting('gatepost.actor'))"));
    auto lsn = transaction->commit();
    ASSERT_TRUE(lsn) << lsn.error().message;
    EXPECT_GT(*lsn, 0U);
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(connection.exec("SELECT who FROM commits")->text(0, 0), "o'brien\\");
    EXPECT_EQ(connection.exec("SELECT current_setting('gatepost.actor', true)")->text(0, 0), "");
}

TEST(Transaction, DroppedOrFailedCommitsNothing) {
    Connection connection = open();
    ASSERT_TRUE(connection.exec("CREATE TABLE rollbacks (a int)"));
    {
        auto transaction = Transaction::begin(connection);
        ASSERT_TRUE(connection.exec("INSERT INTO rollbacks VALUES (1)"));
    }
    EXPECT_FALSE(connection.in_transaction());
    auto transaction = Transaction::begin(connection);
    ASSERT_TRUE(connection.exec("INSERT INTO rollbacks VALUES (2)"));
    ASSERT_FALSE(connection.exec("SELECT 1/0"));
    EXPECT_FALSE(transaction->commit());
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(connection.exec("SELECT count(*) FROM rollbacks")->integer(0, 0), 0);
}

// Last, as it takes the server down under every other connection.
TEST(Zz, ServerKilledAndBack) {
    Connection connection = open();
    ASSERT_TRUE(connection.exec("CREATE TABLE survives AS SELECT 42 AS a"));
    ASSERT_TRUE(server->kill9());
    EXPECT_EQ(connection.exec("SELECT 1").error().code, ErrorCode::unreachable);
    EXPECT_EQ(Connection::open(server->dsn(), "pg_test").error().code, ErrorCode::unreachable);
    const Status restarted = server->restart();
    ASSERT_TRUE(restarted) << restarted.error().message;
    EXPECT_EQ(open().exec("SELECT a FROM survives")->integer(0, 0), 42);
}

}  // namespace
}  // namespace gatepost::controlplane
