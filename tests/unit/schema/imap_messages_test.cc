// What services of IMAP do with messages (013_imap.sql).
#include <gtest/gtest.h>

#include "tests/unit/schema/imap_rig.h"

namespace gatepost::controlplane {
namespace {

// STORE of one request on INBOX of user1.
std::string store(int action, int flags, const std::string& keywords, const std::string& first,
                  const std::string& last, const std::string& unchanged_since = "NULL") {
    return fmt::format(
        "SELECT uid, modseq, flags, coalesce(array_to_string(keywords, '+'), '') AS keywords, "
        "changed FROM gatepost.store_flags('{{1}}', '{{{}}}', '{{{}}}', '{{\"{}\"}}', '{{{}}}', "
        "'{{1}}', '{{{}}}', '{{{}}}') ORDER BY uid",
        action, flags, keywords, unchanged_since, first, last);
}

std::string append(int mailbox, const std::string& sizes,
                   const std::string& replaced = "NULL, NULL") {
    return fmt::format(
        "SELECT * FROM (SELECT array_agg(n) AS place, array_agg(gen_random_uuid()) AS blobs, "
        "array_agg(s::bigint) AS sizes FROM unnest('{{{}}}'::bigint[]) WITH ORDINALITY AS u (s, "
        "n)) "
        "AS g, gatepost.append_messages({}, 0, g.blobs, g.place, g.place, g.sizes, "
        "array_fill('2020-01-01'::timestamptz, ARRAY[cardinality(g.sizes)]), "
        "array_fill(9, ARRAY[cardinality(g.sizes)]), "
        "array_fill('B a'::text, ARRAY[cardinality(g.sizes)]), "
        "array_fill('\\x'::bytea, ARRAY[cardinality(g.sizes)]), "
        "array_fill('<i>'::text, ARRAY[cardinality(g.sizes)]), "
        "array_fill('s'::text, ARRAY[cardinality(g.sizes)]), "
        "array_fill('f'::text, ARRAY[cardinality(g.sizes)]), {}) AS made (uid)",
        sizes, mailbox, replaced);
}

std::string appended(Connection& connection, int mailbox, const std::string& sizes,
                     const std::string& replaced = "NULL, NULL") {
    return rows_of(connection, "SELECT uid FROM (" + append(mailbox, sizes, replaced) + ") AS a");
}

TEST(StoreFlags, AddRemoveReplace) {
    Connection connection = imap_database();
    EXPECT_EQ(counts_of(connection, 1), "10 10 0 2");
    EXPECT_EQ(rows_of(connection, store(0, 9, "", "1", "2")), "1 3 9  true, 2 3 9  true");
    EXPECT_EQ(counts_of(connection, 1), "10 8 2 3");
    EXPECT_EQ(rows_of(connection, store(1, 1, "", "2", "3")), "2 4 8  true, 3 2 0  true")
        << "what is so already keeps its modseq";
    EXPECT_EQ(counts_of(connection, 1), "10 9 2 4");
    EXPECT_EQ(rows_of(connection, store(2, 4, "", "1", "1")), "1 5 4  true");
    EXPECT_EQ(counts_of(connection, 1), "10 10 1 5");
    EXPECT_EQ(rows_of(connection, store(2, 4, "", "1", "1")), "1 5 4  true");
    EXPECT_EQ(counts_of(connection, 1), "10 10 1 5");
    EXPECT_EQ(rows_of(connection, store(0, 1, "", "77", "4294967295")), "");
    EXPECT_EQ(wrong_counters(connection), "");
    EXPECT_EQ(state_of(connection,
                       "SELECT gatepost.store_flags('{999}', '{0}', '{1}', '{\"\"}', '{NULL}', "
                       "'{1}', '{1}', '{1}')"),
              "P0002");
}

TEST(StoreFlags, KeywordsAreTheSameInAnyCase) {
    Connection connection = imap_database();
    EXPECT_EQ(rows_of(connection, store(0, 0, "$Forwarded Work", "1", "1")),
              "1 3 0 $Forwarded+Work true");
    EXPECT_EQ(rows_of(connection, store(0, 0, "WORK", "1", "2")),
              "1 3 0 $Forwarded+Work true, 2 4 0 Work true");
    EXPECT_EQ(rows_of(connection, store(1, 0, "wOrK other", "1", "1")), "1 5 0 $Forwarded true");
    EXPECT_EQ(rows_of(connection, store(2, 1, "new", "1", "1")), "1 6 1 new true");
    EXPECT_EQ(rows_of(connection, store(2, 0, "", "1", "1")), "1 7 0  true");
    EXPECT_EQ(value(connection, "SELECT keywords FROM gatepost.mailboxes WHERE id = 1"),
              "{$Forwarded,Work,new}");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(StoreFlags, AMailboxHas64Keywords) {
    Connection connection = imap_database();
    std::string words = "k0";
    for (int n = 1; n < 64; ++n) words += fmt::format(" k{}", n);
    must(connection, store(0, 0, words, "1", "1"));
    EXPECT_EQ(state_of(connection, store(0, 0, "more", "1", "1")), "54000");
    // Those that no message has any more make room.
    must(connection, store(1, 0, "k7", "1", "1"));
    must(connection, store(0, 0, "more", "2", "2"));
    EXPECT_EQ(state_of(connection, store(0, 0, "k7", "1", "1")), "54000");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(StoreFlags, UnchangedSince) {
    Connection connection = imap_database();
    must(connection, store(0, 4, "", "2", "2"));
    EXPECT_EQ(rows_of(connection, store(0, 1, "", "1", "3", "2")),
              "1 4 1  true, 2 3 4  false, 3 4 1  true");
    EXPECT_EQ(rows_of(connection, store(0, 1, "", "2", "2", "0")), "2 3 4  false");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(StoreFlags, RequestsTakeEffectInTheirOrder) {
    Connection connection = imap_database();
    // On the same messages; the third sees what the first did, by its modseq too.
    EXPECT_EQ(rows_of(connection,
                      "SELECT request, uid, modseq, flags, changed FROM gatepost.store_flags("
                      "'{1,7,1,1}', '{0,0,0,2}', '{1,1,4,16}', '{\"\",\"\",\"\",\"\"}', "
                      "'{NULL,NULL,2,NULL}', '{1,1,2,3,4}', '{1,5,1,2,6}', '{3,5,1,4,6}') "
                      "ORDER BY request, uid"),
              "1 1 3 1 true, 1 2 3 1 true, 1 3 3 1 true, 1 5 3 1 true, 2 1 3 1 true, "
              "3 2 3 1 false, 3 3 3 1 false, 3 4 3 4 true, 4 6 3 16 true");
    EXPECT_EQ(counts_of(connection, 1), "10 6 0 3");
    // Two that meet in no message, of one mailbox: at once, with one modseq.
    must(connection,
         "SELECT gatepost.store_flags('{1,1}', '{0,1}', '{8,1}', '{\"\",\"\"}', '{NULL,NULL}', "
         "'{1,2}', '{1,2}', '{1,3}')");
    EXPECT_EQ(counts_of(connection, 1), "10 8 1 4");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Expunge, LeavesTombstones) {
    Connection connection = imap_database();
    must(connection, store(0, 8, "", "2", "5"));
    EXPECT_EQ(
        rows_of(connection, "SELECT * FROM gatepost.expunge_messages(1, '{1,5}', '{3,9}', true)"),
        "2, 3, 5");
    EXPECT_EQ(counts_of(connection, 1), "7 7 1 4");
    EXPECT_EQ(
        rows_of(connection, "SELECT uid, modseq, account_id FROM gatepost.expunged ORDER BY 1"),
        "2 4 1, 3 4 1, 5 4 1");
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.expunge_messages(1, NULL, NULL, true)"),
              "4");
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.expunge_messages(1, NULL, NULL, true)"),
              "");
    EXPECT_EQ(counts_of(connection, 1), "6 6 0 5") << "nothing went, and nothing changed";
    EXPECT_EQ(
        rows_of(connection, "SELECT * FROM gatepost.expunge_messages(1, '{1}', '{1}', false)"),
        "1");
    EXPECT_EQ(
        rows_of(connection, "SELECT count(*) FROM gatepost.expunge_messages(1, NULL, NULL, false)"),
        "5");
    EXPECT_EQ(wrong_counters(connection), "");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.expunge_messages(99, NULL, NULL, true)"),
              "P0002");
}

TEST(Expunge, OldTombstonesGo) {
    Connection connection = imap_database();
    must(connection, "SELECT gatepost.expunge_messages(1, '{1}', '{3}', false)");
    must(connection, "UPDATE gatepost.expunged SET at = at - interval '31 days' WHERE uid < 3");
    EXPECT_EQ(value(connection, "SELECT gatepost.prune_expunged('30 days')"), "2");
    EXPECT_EQ(value(connection, "SELECT gatepost.prune_expunged('30 days')"), "0");
    EXPECT_EQ(value(connection, "SELECT expunged_floor FROM gatepost.mailboxes WHERE id = 1"), "3");
    EXPECT_EQ(value(connection, "SELECT expunged_floor FROM gatepost.mailboxes WHERE id = 7"), "0");
}

TEST(Copy, WithinAnAccountAndToAnother) {
    Connection connection = imap_database();
    must(connection, store(0, 9, "Tag", "2", "2"));
    EXPECT_EQ(
        rows_of(connection, "SELECT * FROM gatepost.copy_messages(1, '{4,2}', '{5,2}', 6, false)"),
        "2 1, 4 2, 5 3");
    EXPECT_EQ(counts_of(connection, 6), "3 2 1 2");
    EXPECT_EQ(rows_of(connection,
                      "SELECT uid, modseq, flags, coalesce(keywords::text, '') AS k, size, "
                      "account_id IS NULL AS a FROM gatepost.messages WHERE mailbox_id = 6"),
              "1 2 9 {Tag} 200 true, 2 2 0  400 true, 3 2 0  500 true");
    EXPECT_EQ(
        rows_of(connection, "SELECT * FROM gatepost.copy_messages(1, '{2}', '{2}', 7, false)"),
        "2 11");
    EXPECT_EQ(
        rows_of(connection, "SELECT * FROM gatepost.copy_messages(1, '{2}', '{2}', 1, false)"),
        "2 11");
    EXPECT_EQ(
        rows_of(connection, "SELECT * FROM gatepost.copy_messages(1, '{50}', '{60}', 7, false)"),
        "");
    EXPECT_EQ(counts_of(connection, 7), "11 10 1 3");
    EXPECT_EQ(wrong_counters(connection), "");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.copy_messages(1, '{1}', '{1}', 99, false)"),
              "P0002");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.copy_messages(99, '{1}', '{1}', 1, false)"),
              "P0002");
}

TEST(Copy, FlagsThatMayNotBeSetStayBehind) {
    Connection connection = imap_database();
    must(connection, store(0, 9, "Tag", "2", "3"));
    for (const char* move : {"false", "true"})
        must(connection, fmt::format("SELECT gatepost.copy_messages(1, '{{2}}', '{{3}}', 6, {}, 1, "
                                     "false)",
                                     move));
    // \Seen goes along, \Deleted and the keyword do not.
    EXPECT_EQ(rows_of(connection,
                      "SELECT uid, flags, coalesce(keywords::text, '') AS k FROM gatepost.messages "
                      "WHERE mailbox_id = 6 ORDER BY uid"),
              "1 1 , 2 1 , 3 1 , 4 1 ");
    EXPECT_EQ(value(connection, "SELECT keywords FROM gatepost.mailboxes WHERE id = 6"), "{}");
    // Within a mailbox.
    must(connection, "SELECT gatepost.copy_messages(6, '{1}', '{2}', 6, true, 0, true)");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Copy, KeywordsGetTheTargetsSpelling) {
    Connection connection = imap_database();
    must(connection, store(0, 0, "work zz", "1", "1"));
    must(connection,
         "SELECT gatepost.store_flags('{7}', '{0}', '{0}', '{WORK}', '{NULL}', '{1}', '{1}', "
         "'{1}')");
    must(connection, "SELECT gatepost.copy_messages(1, '{1}', '{2}', 7, true)");
    EXPECT_EQ(rows_of(connection,
                      "SELECT uid, coalesce(keywords::text, '') AS k FROM gatepost.messages "
                      "WHERE mailbox_id = 7 AND uid > 10 ORDER BY uid"),
              "11 {WORK,zz}, 12 ");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Move, KeepsTheDelivery) {
    Connection connection = imap_database();
    must(connection, store(0, 9, "", "2", "2"));
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.copy_messages(1, '{2}', '{3}', 6, true)"),
              "2 1, 3 2");
    EXPECT_EQ(counts_of(connection, 1), "8 8 0 4");
    EXPECT_EQ(counts_of(connection, 6), "2 1 1 2");
    EXPECT_EQ(rows_of(connection,
                      "SELECT mailbox_id, uid, modseq, coalesce(account_id, 0) AS a "
                      "FROM gatepost.expunged ORDER BY 2"),
              "1 2 4 0, 1 3 4 0");
    // Within a mailbox it gets another UID.
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.copy_messages(6, '{1}', '{1}', 6, true)"),
              "1 3");
    EXPECT_EQ(counts_of(connection, 6), "2 1 1 3");
    // To another account: the delivery is remembered by the tombstone.
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.copy_messages(6, '{2}', '{2}', 7, true)"),
              "2 11");
    EXPECT_EQ(rows_of(connection,
                      "SELECT account_id FROM gatepost.expunged WHERE mailbox_id = 6 AND uid = 2"),
              "1");
    EXPECT_EQ(rows_of(connection,
                      "SELECT coalesce(account_id, 0) AS a FROM gatepost.messages "
                      "WHERE (mailbox_id, uid) IN ((7, 11), (6, 3)) ORDER BY mailbox_id"),
              "1, 0");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Append, PutsInAllOrNone) {
    Connection connection = imap_database();
    EXPECT_EQ(appended(connection, 1, "100,200"), "11, 12");
    EXPECT_EQ(
        rows_of(connection,
                "SELECT uid, modseq, flags, keywords, size, internal_date::date AS d, "
                "account_id IS NULL AS a FROM gatepost.messages WHERE mailbox_id = 1 AND uid > 10"),
        "11 3 9 [\"B\",\"a\"] 100 2020-01-01 true, 12 3 9 [\"B\",\"a\"] 200 2020-01-01 true");
    EXPECT_EQ(counts_of(connection, 1), "12 10 2 3");
    EXPECT_EQ(wrong_counters(connection), "");
    EXPECT_EQ(state_of(connection, append(99, "1")), "P0002");
}

// Messages of 100 octets to these mailboxes.
std::string append_together(const std::string& mailboxes) {
    return fmt::format(
        "SELECT t.n, t.uid FROM (SELECT array_agg(id ORDER BY n) AS ids, "
        "array_agg(gen_random_uuid()) AS blobs, array_agg(n) AS places, count(*)::integer AS count "
        "FROM unnest('{{{}}}'::bigint[]) WITH ORDINALITY AS u (id, n)) AS g, "
        "gatepost.append_together(g.ids, 0, g.blobs, g.places, g.places, "
        "array_fill(100::bigint, ARRAY[g.count]), "
        "array_fill('2020-01-01'::timestamptz, ARRAY[g.count]), array_fill(8, ARRAY[g.count]), "
        "array_fill('B a'::text, ARRAY[g.count]), array_fill('\\x'::bytea, ARRAY[g.count]), "
        "array_fill('<i>'::text, ARRAY[g.count]), array_fill('s'::text, ARRAY[g.count]), "
        "array_fill('f'::text, ARRAY[g.count])) AS t ORDER BY t.n",
        mailboxes);
}

TEST(Append, TogetherToSeveralMailboxes) {
    Connection connection = imap_database();
    EXPECT_EQ(rows_of(connection, append_together("1,7,1,6")), "1 11, 2 11, 3 12, 4 1");
    EXPECT_EQ(counts_of(connection, 1), "12 12 2 3") << "one change of a mailbox";
    EXPECT_EQ(counts_of(connection, 6), "1 1 1 2");
    EXPECT_EQ(rows_of(connection,
                      "SELECT mailbox_id, uid, modseq, flags, keywords, position, account_id IS "
                      "NULL AS a FROM gatepost.messages WHERE flags = 8 ORDER BY position"),
              "1 11 3 8 [\"B\",\"a\"] 1 true, 7 11 3 8 [\"B\",\"a\"] 2 true, "
              "1 12 3 8 [\"B\",\"a\"] 3 true, 6 1 2 8 [\"B\",\"a\"] 4 true");
    EXPECT_EQ(wrong_counters(connection), "");
    EXPECT_EQ(state_of(connection, append_together("1,99")), "P0002");
    must(connection, "UPDATE gatepost.accounts SET quota_messages = 14 WHERE id = 1");
    EXPECT_EQ(state_of(connection, append_together("1,7,6")), "53100") << "13 + 2";
    must(connection, append_together("7,6"));
    must(connection, "UPDATE gatepost.accounts SET quota_bytes = 1 WHERE id = 2");
    EXPECT_EQ(state_of(connection, append_together("7")), "53100");
    EXPECT_EQ(wrong_counters(connection), "");
}

// RFC 9051 §2.3.1.1: UIDs do not begin again.
TEST(Append, UidsThatAreUsedUp) {
    Connection connection = imap_database();
    must(connection, "UPDATE gatepost.mailboxes SET uid_next = 4294967295 WHERE id = 6");
    EXPECT_EQ(rows_of(connection, append_together("6")), "1 4294967295");
    EXPECT_EQ(state_of(connection, append_together("6")), "23514");
    EXPECT_EQ(state_of(connection, append(6, "1")), "23514");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.copy_messages(1, '{1}', '{1}', 6, false)"),
              "23514");
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Append, Replace) {
    Connection connection = imap_database();
    EXPECT_EQ(appended(connection, 1, "50", "1, 3"), "11");
    EXPECT_EQ(counts_of(connection, 1), "10 9 1 4");
    EXPECT_EQ(appended(connection, 6, "60", "1, 4"), "1");
    EXPECT_EQ(counts_of(connection, 1), "9 8 1 5");
    EXPECT_EQ(state_of(connection, append(6, "60", "1, 4")), "40001");
    EXPECT_EQ(counts_of(connection, 6), "1 0 1 2") << "nothing was done";
    EXPECT_EQ(appended(connection, 6, "70", "0, 0"), "2") << "0: nothing is replaced";
    EXPECT_EQ(wrong_counters(connection), "");
}

TEST(Quota, RefusesCopiesAndAppendedMessages) {
    Connection connection = imap_database();
    // user1 has 5,500 octets.
    must(connection,
         "UPDATE gatepost.accounts SET quota_bytes = 6000, quota_messages = 12 WHERE id = 1");
    EXPECT_EQ(state_of(connection, append(1, "501")), "53100");
    EXPECT_EQ(state_of(connection, append(1, "1,1,1")), "53100");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.copy_messages(1, '{6}', '{6}', 2, false)"),
              "53100");
    EXPECT_EQ(state_of(connection, "SELECT gatepost.copy_messages(7, '{6}', '{6}', 1, true)"),
              "53100");
    must(connection, append(1, "500"));
    EXPECT_EQ(rows_of(connection, "SELECT * FROM gatepost.get_quota(1)"), "6000 6000 11 12");
    EXPECT_EQ(value(connection, "SELECT over_quota FROM gatepost.accounts WHERE id = 1"), "t");
    // What is in the account may be moved, and one message replaced by another.
    must(connection, "SELECT gatepost.copy_messages(1, '{6}', '{6}', 2, true)");
    must(connection, append(1, "1000", "1, 10"));
    EXPECT_EQ(state_of(connection, append(1, "901", "1, 9")), "53100");
    must(connection, "SELECT gatepost.expunge_messages(1, NULL, NULL, false)");
    EXPECT_EQ(value(connection, "SELECT over_quota FROM gatepost.accounts WHERE id = 1"), "f");
    EXPECT_EQ(wrong_counters(connection), "");
}

// Whatever statistics say: here that the tables are small, where a planner likes to read them
// whole.
TEST(Plans, UseIndexesOnly) {
    Connection connection = imap_database();
    must(connection,
         "ANALYZE gatepost.messages; ANALYZE gatepost.mailboxes; "
         "ANALYZE gatepost.account_usage; ANALYZE gatepost.expunged");
    must(connection, "BEGIN");
    must(connection, "SELECT deliver_to(1, 3, '')");
    must(connection, store(0, 8, "Word", "1", "3"));
    must(connection, "SELECT gatepost.copy_messages(1, '{1}', '{4}', 6, false)");
    must(connection, append_together("1,6,7"));
    must(connection, "SELECT gatepost.copy_messages(1, '{4}', '{5}', 7, true)");
    must(connection, "SELECT gatepost.expunge_messages(1, NULL, NULL, true)");
    must(connection, append(1, "100"));
    EXPECT_EQ(rows_of(connection,
                      "SELECT relname, seq_scan, idx_scan > 0 AS i FROM pg_stat_xact_user_tables "
                      "WHERE relname IN ('messages', 'mailboxes', 'account_usage') ORDER BY 1"),
              "account_usage 0 true, mailboxes 0 true, messages 0 true");
    must(connection, "COMMIT");
}

}  // namespace
}  // namespace gatepost::controlplane
