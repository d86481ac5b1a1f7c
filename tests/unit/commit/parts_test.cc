#include <gtest/gtest.h>

#include "controlplane/commit/clean_text.h"
#include "controlplane/commit/statement.h"
#include "tests/unit/commit/commit_rig.h"

namespace gatepost::controlplane {
namespace {

TEST(CleanText, KeepsWhatIsUtf8) {
    for (const char* text : {"", "plain", "Grüße", "\u0800\uFFFF", "\U00010000\U0010FFFF"})
        EXPECT_EQ(clean_text(text), text);
}

// The Unicode Standard 15.0, §3.9, tables 3-8 to 3-11, and NUL.
TEST(CleanText, ReplacesWhatIsNot) {
    const auto nul = clean_text(std::string_view("a\0b", 3));
    EXPECT_EQ(nul, "a\uFFFDb");
    EXPECT_EQ(clean_text("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
              "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
    EXPECT_EQ(clean_text("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
              "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
    EXPECT_EQ(clean_text("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
              "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB");
    EXPECT_EQ(clean_text("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), "\uFFFD\uFFFD\uFFFD\uFFFDA");
}

TEST(Statement, Faults) {
    for (const char* state : {"", "08006", "25006", "28P01", "3D000", "42501", "42883", "53100",
                              "53300", "57P03", "58030"})
        EXPECT_EQ(fault_of(state), Fault::away) << state;
    for (const char* state : {"40001", "40P01"})
        EXPECT_EQ(fault_of(state), Fault::conflict) << state;
    for (const char* state : {"22021", "23514", "54000", "55P03", "57014", "P0001", "XX000"})
        EXPECT_EQ(fault_of(state), Fault::refused) << state;
}

StatementWait in(std::chrono::seconds time) {
    return {std::chrono::steady_clock::now() + time, -1, {}};
}

TEST(Statement, ArraysArriveAsTheyAre) {
    Connection connection = server->new_connection().value();
    BinaryArray texts(PgType::text);
    texts.add_text("a\"b{},\\");
    texts.add_null();
    texts.add_text("");
    BinaryArray numbers(PgType::int8);
    numbers.add_int8(-5);
    BinaryArray times(PgType::timestamptz);
    times.add_time(1);
    BinaryArray none(PgType::uuid);
    BinaryArray names(PgType::uuid);
    names.add_uuid({0x0123456789abcdef, 0xfedcba9876543210});
    BinaryArray truths(PgType::boolean);
    truths.add_boolean(true);
    BinaryParams params;
    for (BinaryArray* array : {&texts, &numbers, &times, &none, &names, &truths})
        params.add(std::move(*array));
    params.add_int4(-1);
    params.add_text("");
    const auto rows = run_statement(
        connection,
        "SELECT $1::text[], $2::bigint[], extract(epoch FROM ($3::timestamptz[])[1]), "
        "cardinality($4::uuid[]), $5::uuid[], $6::boolean[], $7::integer, $8::text",
        params, in(std::chrono::seconds(30)));
    ASSERT_TRUE(rows) << rows.error().error.message;
    EXPECT_EQ(rows->text(0, 0), R"({"a\"b{},\\",NULL,""})");
    EXPECT_EQ(rows->text(0, 1), "{-5}");
    EXPECT_EQ(rows->text(0, 2), "0.000001");
    EXPECT_EQ(rows->text(0, 3), "0");
    EXPECT_EQ(rows->text(0, 4), "{01234567-89ab-cdef-fedc-ba9876543210}");
    EXPECT_EQ(rows->text(0, 5), "{t}");
    EXPECT_EQ(rows->text(0, 6), "-1");
    EXPECT_FALSE(rows->is_null(0, 7));
}

// A constraint that is looked at only at COMMIT.
TEST(Statement, AnErrorOfTheCommitIsOne) {
    Connection connection = server->new_connection().value();
    must(connection, "CREATE TABLE t (x integer UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    const auto rows = run_statement(connection, "INSERT INTO t VALUES (1), (1) RETURNING x", {},
                                    in(std::chrono::seconds(30)));
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().fault, Fault::refused);
    EXPECT_TRUE(run_statement(connection, "SELECT 1", {}, in(std::chrono::seconds(30))))
        << "the connection is as good as before";
}

TEST(Statement, IsNotWaitedForAnyLonger) {
    Connection connection = server->new_connection().value();
    const auto rows = run_statement(connection, "SELECT pg_sleep(3600)", {},
                                    {std::chrono::steady_clock::now(), -1, {}});
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().fault, Fault::away);
    EXPECT_FALSE(connection.is_open());
}

}  // namespace
}  // namespace gatepost::controlplane
