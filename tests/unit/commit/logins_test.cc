// What is noted of logins (controlplane/schema/009_mail_directory.sql, 018_mail_clients.sql).
#include "tests/unit/commit/commit_rig.h"

namespace gatepost::controlplane {
namespace {

TEST(Logins, AreNoted) {
    Connection connection = database_with_accounts(2);
    must(connection,
         "INSERT INTO gatepost.credentials (account_id, hash) VALUES (1, '{PLAIN}old'), (2, "
         "'{PLAIN}other')");
    LoginNotes notes;
    EXPECT_TRUE(notes.add(storage::LoginNote{1, 1, "{PLAIN}old", "{ARGON2ID}new"}));
    // The password was changed meanwhile.
    EXPECT_TRUE(notes.add(storage::LoginNote{2, 2, "{PLAIN}old", "{ARGON2ID}new"}));
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(notes.add(storage::AuthFailure{"smtp", "user1", "192.0.2.1", "wrong"}));
    EXPECT_TRUE(notes.add(storage::AuthFailure{"imap", "user1", "not an address", "wrong"}));
    const StatementWait wait{std::chrono::steady_clock::now() + std::chrono::seconds(30), -1, {}};
    ASSERT_TRUE(run_statement(connection, kNoteLoginsSql, notes.logins(), wait));
    const auto failed = run_statement(connection, kNoteAuthFailuresSql, notes.failures(), wait);
    ASSERT_TRUE(failed) << failed.error().error.message;
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(hash || ' ' || (last_used_at IS NOT NULL), ', ' ORDER BY "
                    "id) FROM gatepost.credentials"),
              "{ARGON2ID}new true, {PLAIN}other true");
    EXPECT_EQ(
        value(connection, "SELECT count(*) FROM gatepost.accounts WHERE last_login_at IS NOT NULL"),
        "2");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(concat_ws(' ', actor, service, action, address, success, "
                    "error, data ->> 'attempts'), ', ' ORDER BY id) FROM gatepost.audit_log"),
              "user1 imap login f wrong, user1 smtp login 192.0.2.1 f wrong 3");
    EXPECT_EQ(value(connection, "SELECT gatepost.audit_first_broken() IS NULL"), "t");
}

TEST(Logins, TooManyKindsAreDropped) {
    LoginNotes notes;
    for (size_t i = 0; i < LoginNotes::kFailuresMax; ++i)
        EXPECT_TRUE(notes.add(storage::AuthFailure{"smtp", std::to_string(i), "", ""}));
    EXPECT_FALSE(notes.add(storage::AuthFailure{"smtp", "one more", "", ""}));
    EXPECT_TRUE(notes.add(storage::AuthFailure{"smtp", "7", "", ""})) << "no new kind";
}

}  // namespace
}  // namespace gatepost::controlplane
