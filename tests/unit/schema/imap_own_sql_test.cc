// SQL of one's own on gatepost.messages: triggers keep modseqs, counters and tombstones.
#include "tests/unit/schema/imap_rig.h"

namespace gatepost::controlplane {
namespace {

TEST(SqlOfOnesOwn, ChangesOfFlagsAreCounted) {
    Connection connection = imap_database();
    must(connection,
         "UPDATE gatepost.messages SET flags = flags | 9, keywords = '{Mine}' WHERE uid <= 2");
    EXPECT_EQ(counts_of(connection, 1), "10 8 2 3");
    EXPECT_EQ(counts_of(connection, 7), "10 8 2 3");
    EXPECT_EQ(rows_of(connection,
                      "SELECT DISTINCT modseq, uid <= 2 AS u FROM gatepost.messages ORDER BY 1"),
              "2 false, 3 true");
    // The same once more, and another place of the octets: nothing that a client sees.
    must(connection, "UPDATE gatepost.messages SET flags = flags | 9 WHERE uid = 1");
    must(connection, "UPDATE gatepost.messages SET segment = 9, position = 8 WHERE mailbox_id = 1");
    EXPECT_EQ(counts_of(connection, 1), "10 8 2 3");
    // A modseq of one's own does not count.
    must(connection,
         "UPDATE gatepost.messages SET flags = 0, modseq = 1 WHERE mailbox_id = 1 AND uid = 1");
    EXPECT_EQ(rows_of(connection,
                      "SELECT modseq FROM gatepost.messages WHERE mailbox_id = 1 AND uid = 1"),
              "4");
    must(connection,
         "UPDATE gatepost.messages SET keywords = '{}' WHERE mailbox_id = 1 AND uid = 2");
    EXPECT_EQ(wrong_counters(connection), "");
    refused(connection, "UPDATE gatepost.messages SET uid = 99 WHERE mailbox_id = 1 AND uid = 1",
            "copy_messages");
    refused(connection, "UPDATE gatepost.messages SET size = 1 WHERE mailbox_id = 1 AND uid = 1",
            "another mailbox, UID, size");
    refused(connection, "UPDATE gatepost.messages SET mailbox_id = 2 WHERE mailbox_id = 1",
            "by UPDATE");
}

TEST(SqlOfOnesOwn, DeletedMessagesLeaveTombstones) {
    Connection connection = imap_database();
    must(connection, "UPDATE gatepost.messages SET flags = 8 WHERE uid = 4");
    must(connection, "DELETE FROM gatepost.messages WHERE uid IN (3, 4)");
    EXPECT_EQ(counts_of(connection, 1), "8 8 0 4");
    EXPECT_EQ(rows_of(connection,
                      "SELECT mailbox_id, uid, modseq, account_id FROM gatepost.expunged "
                      "ORDER BY 1, 2"),
              "1 3 4 1, 1 4 4 1, 7 3 4 2, 7 4 4 2");
    EXPECT_EQ(wrong_counters(connection), "");
    must(connection, "DELETE FROM gatepost.messages WHERE uid = 77");
    EXPECT_EQ(counts_of(connection, 1), "8 8 0 4");
    refused(connection, "INSERT INTO gatepost.messages SELECT * FROM gatepost.messages LIMIT 1",
            "append_messages");
    must(connection, "DELETE FROM gatepost.mailboxes WHERE id = 1");
    must(connection, "DELETE FROM gatepost.accounts WHERE id = 2");
    EXPECT_EQ(wrong_counters(connection), "");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.messages"), "0");
}

}  // namespace
}  // namespace gatepost::controlplane
