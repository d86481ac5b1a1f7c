// Upkeep of mailboxes (017), and what compaction waits for, by a role that may not look at others.
#include <chrono>

#include "controlplane/compaction/compaction_database.h"
#include "controlplane/schema/schema.h"
#include "tests/unit/schema/imap_rig.h"

namespace gatepost::controlplane {
namespace {

// Roles that served mailboxes before these migrations serve them after them, and after a way back.
// The owner is no superuser.
TEST(ImapUpkeep, RightsOfNewFunctions) {
    ASSERT_TRUE(server->postgres().create_database("rights"));
    const std::string dsn = server->postgres().dsn("rights");
    Connection admin = Connection::open(dsn, "admin").value();
    must(admin,
         "CREATE ROLE owner_of_mail LOGIN; GRANT CREATE ON DATABASE rights TO owner_of_mail; "
         "CREATE ROLE \"Edge of mail\"; CREATE ROLE copier; CREATE ROLE pruner; "
         "CREATE ROLE stranger");
    Connection owner = Connection::open(dsn + " user=owner_of_mail", "owner").value();
    ASSERT_TRUE(schema_migrate(owner, {.target = 14}));
    must(owner,
         "GRANT EXECUTE ON FUNCTION gatepost.append_messages TO \"Edge of mail\" "
         "WITH GRANT OPTION; GRANT EXECUTE ON FUNCTION gatepost.copy_messages TO copier; "
         "GRANT EXECUTE ON FUNCTION gatepost.prune_expunged TO pruner");
    const auto rights = [&](const std::string& role) {
        return value(owner,
                     "SELECT coalesce(string_agg(p.proname || CASE WHEN a.is_grantable THEN '*' "
                     "ELSE '' END, ' ' ORDER BY p.proname), '') FROM pg_proc p, "
                     "aclexplode(p.proacl) AS a WHERE p.pronamespace = 'gatepost'::regnamespace "
                     "AND a.grantee = '" +
                         role + "'::regrole");
    };
    for (int round = 0; round < 2; ++round) {
        auto applied = schema_migrate(owner);
        ASSERT_TRUE(applied) << applied.error().message;
        EXPECT_EQ(rights("\"Edge of mail\""),
                  "append_messages* append_together* copy_messages* find_url_key* make_url_key* "
                  "prune_expunged* renumber_mailbox* reset_url_keys*");
        EXPECT_EQ(rights("copier"), "copy_messages");
        EXPECT_EQ(rights("pruner"), "prune_expunged");
        EXPECT_EQ(value(owner,
                        "SELECT bool_or(has_function_privilege('stranger', p.oid, 'EXECUTE')) || "
                        "' of ' || count(*) FROM pg_proc p WHERE p.pronamespace = "
                        "'gatepost'::regnamespace AND p.proname IN ('append_together', "
                        "'copy_messages', 'find_url_key', 'grant_as', 'make_url_key', "
                        "'prune_expunged', 'renumber_mailbox', 'reset_url_keys')"),
                  "false of 8");
        auto undone = schema_rollback(owner, 14);
        ASSERT_TRUE(undone) << undone.error().message;
        EXPECT_EQ(rights("\"Edge of mail\""), "append_messages* copy_messages* prune_expunged*");
        EXPECT_EQ(rights("copier"), "copy_messages");
        EXPECT_EQ(rights("pruner"), "prune_expunged");
    }
    ASSERT_TRUE(schema_rollback(owner, 0));
    must(admin,
         "REVOKE CREATE ON DATABASE rights FROM owner_of_mail; DROP OWNED BY owner_of_mail; "
         "DROP ROLE owner_of_mail, \"Edge of mail\", copier, pruner, stranger");
}

TEST(Prune, InBatchesTheOldestFirst) {
    Connection connection = imap_database();
    for (int uid = 1; uid <= 6; ++uid)
        must(connection,
             fmt::format("SELECT gatepost.expunge_messages(1, '{{{0}}}', '{{{0}}}', false)", uid));
    must(connection, "SELECT gatepost.expunge_messages(7, '{1}', '{2}', false)");
    must(connection,
         "UPDATE gatepost.expunged SET at = at - interval '31 days' - uid * interval '1 minute' "
         "WHERE mailbox_id = 1 AND uid <> 6");
    // The one with the highest modseq is the oldest: what the floor covers may be there still, and
    // never is anything above it missing.
    EXPECT_EQ(value(connection, "SELECT gatepost.prune_expunged('30 days', 2)"), "2");
    EXPECT_EQ(rows_of(connection,
                      "SELECT uid FROM gatepost.expunged WHERE mailbox_id = 1 "
                      "ORDER BY uid"),
              "1, 2, 3, 6");
    const char* floors =
        "SELECT id, expunged_floor, highest_modseq FROM gatepost.mailboxes "
        "WHERE id IN (1, 7) ORDER BY id";
    EXPECT_EQ(rows_of(connection, floors), "1 7 8, 7 0 3");
    EXPECT_EQ(value(connection, "SELECT gatepost.prune_expunged('30 days', 2)"), "2");
    EXPECT_EQ(value(connection, "SELECT gatepost.prune_expunged('30 days', 2)"), "1");
    EXPECT_EQ(value(connection, "SELECT gatepost.prune_expunged('30 days')"), "0");
    EXPECT_EQ(rows_of(connection, floors), "1 7 8, 7 0 3");
    // Those of mailboxes that are gone.
    must(connection, "DELETE FROM gatepost.mailboxes WHERE id = 7");
    must(connection, "UPDATE gatepost.expunged SET at = at - interval '31 days'");
    EXPECT_NE(value(connection, "SELECT gatepost.prune_expunged('30 days')"), "0");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.expunged"), "0");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Renumber, GoesOnBehindWhatWasSeen) {
    Connection connection = imap_database();
    const std::string before =
        value(connection, "SELECT uid_validity FROM gatepost.mailboxes WHERE id = 1");
    const auto renumber = [&](const std::string& arguments) {
        return value(connection, "SELECT gatepost.renumber_mailbox(" + arguments + ")");
    };
    const char* numbers =
        "SELECT uid_next, highest_modseq, expunged_floor "
        "FROM gatepost.mailboxes WHERE id = 1";
    const std::string after = renumber("1, " + before + ", 20, 30");
    EXPECT_GT(std::stoull(after), std::stoull(before));
    EXPECT_EQ(rows_of(connection, numbers), "20 31 31");
    EXPECT_EQ(renumber("1, " + before + ", 90, 90"), after) << "another edge was faster";
    EXPECT_EQ(rows_of(connection, numbers), "20 31 31");
    EXPECT_GT(std::stoull(renumber("1")), std::stoull(after));
    EXPECT_EQ(rows_of(connection, numbers), "20 32 32");
    EXPECT_EQ(value(connection, "SELECT gatepost.renumber_mailbox(999) IS NULL"), "t");
    must(connection, "SELECT deliver_to(1, 1, '')");
    EXPECT_EQ(value(connection, "SELECT max(uid) FROM gatepost.messages WHERE mailbox_id = 1"),
              "20");
    EXPECT_EQ(wrong_counters(connection), "");
}

class OlderTransactions : public testing::Test {
  protected:
    void SetUp() override {
        database = imap_database(1, &dsn);
        must(database,
             "DO $$ BEGIN CREATE ROLE onlooker LOGIN; CREATE ROLE neighbour LOGIN; EXCEPTION WHEN "
             "duplicate_object THEN NULL; END $$");
        must(database,
             "GRANT USAGE ON SCHEMA gatepost TO neighbour; "
             "GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA gatepost TO neighbour");
        other = Connection::open(dsn + " user=neighbour", "other").value();
        compaction = std::make_unique<CompactionDatabase>(dsn + " user=onlooker", 0, -1, [] {
            return CompactionDatabase::Clock::time_point::max();
        });
    }
    std::optional<std::string> older(int64_t horizon) {
        auto found = compaction->older_transaction(horizon);
        EXPECT_TRUE(found) << (found ? "" : found.error().message);
        return found ? *found : std::nullopt;
    }
    int64_t horizon() {
        const auto now = compaction->horizon();
        EXPECT_TRUE(now) << (now ? "" : now.error().message);
        return now.value_or(0);
    }

    std::string dsn;
    Connection database;
    Connection other;
    std::unique_ptr<CompactionDatabase> compaction;
};

TEST_F(OlderTransactions, OneThatHasWritten) {
    must(other, "BEGIN; UPDATE gatepost.messages SET subject = 'b' WHERE uid = 1");
    const int64_t then = horizon();
    const auto found = older(then);
    ASSERT_TRUE(found);
    EXPECT_NE(found->find("(other)"), std::string::npos) << *found;
    must(other, "COMMIT");
    EXPECT_FALSE(older(then)) << *older(then);
    // One that began afterwards.
    must(other, "BEGIN; UPDATE gatepost.messages SET subject = 'c' WHERE uid = 1");
    EXPECT_FALSE(older(then)) << *older(then);
    must(other, "ROLLBACK");
}

TEST_F(OlderTransactions, OneThatHasASnapshot) {
    must(other, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM gatepost.messages");
    must(database, "UPDATE gatepost.messages SET segment = 2");
    const int64_t then = horizon();
    EXPECT_TRUE(older(then));
    must(other, "COMMIT");
    EXPECT_FALSE(older(then)) << *older(then);
    // Each of its statements sees what is there then.
    must(other, "BEGIN; SELECT count(*) FROM gatepost.messages");
    EXPECT_FALSE(older(horizon()));
    must(other, "COMMIT");
}

TEST_F(OlderTransactions, OneThatIsPrepared) {
    ASSERT_NE(value(database, "SHOW max_prepared_transactions"), "0");
    must(other,
         "BEGIN; UPDATE gatepost.messages SET subject = 'b' WHERE uid = 1; "
         "PREPARE TRANSACTION 'kept back'");
    const int64_t then = horizon();
    const auto found = older(then);
    ASSERT_TRUE(found);
    EXPECT_NE(found->find("'kept back'"), std::string::npos) << *found;
    must(other, "ROLLBACK PREPARED 'kept back'");
    EXPECT_FALSE(older(then)) << *older(then);
}

TEST_F(OlderTransactions, PruningByTheService) {
    must(database,
         "SELECT gatepost.expunge_messages(1, '{1}', '{3}', false); "
         "UPDATE gatepost.expunged SET at = at - interval '2 hours' WHERE uid < 3");
    EXPECT_FALSE(compaction->prune_expunged(std::chrono::hours(1))) << "it may not";
    must(database,
         "GRANT USAGE ON SCHEMA gatepost TO onlooker; "
         "GRANT EXECUTE ON FUNCTION gatepost.prune_expunged TO onlooker");
    EXPECT_EQ(compaction->prune_expunged(std::chrono::hours(1)).value(), 2u);
    EXPECT_EQ(compaction->prune_expunged(std::chrono::hours(1)).value(), 0u);
}

}  // namespace
}  // namespace gatepost::controlplane
