"""PostgreSQL has lost what it had committed: clients learn that their UIDs are void, and no UID means two messages."""

import unittest

from imap_support import ImapTest
from mail_support import DOMAIN, content, new_id
from processes import wait_until

USER = f"carol@{DOMAIN}"


class WentBack(ImapTest):
    def status(self, client, item):
        return int(client.ok(f"STATUS INBOX ({item})").of("STATUS")[0][1][1])

    def test_the_last_messages_are_lost(self):
        self.mail.add_user(USER)
        self.instance.wait_synced()
        client = self.imap(USER)
        for _ in range(5):
            self.assertEqual(client.append("INBOX", content(new_id())).status, "OK")
        before = self.status(client, "UIDVALIDITY")
        client.ok("SELECT INBOX")
        idle = self.imap(USER, "INBOX")
        tag = idle.idle()
        other = self.imap(USER, "Archive")
        # As a backup of an hour ago would have it.
        self.instance.sql("""SET session_replication_role = replica;
            DELETE FROM gatepost.messages WHERE uid > 3;
            UPDATE gatepost.mailboxes SET uid_next = 4, highest_modseq = 4, message_count = 3, unseen_count = 3
            WHERE name = 'INBOX' AND message_count = 5;
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'gatepost mailbox %'""")
        while True:
            told, words = idle.response()
            self.assertNotEqual(told, tag, "IDLE goes on until BYE")
            if words[0] == "BYE":
                break
        client.begin("NOOP")
        while client.response()[1][0] != "BYE":
            pass
        other.ok("NOOP")
        self.assertIn("mailboxes.database_went_back", self.instance.log())
        again = wait_until(lambda: self.imap(USER), "a session begins")
        wait_until(lambda: again.say("SELECT INBOX").status == "OK", "the mailbox is in order")
        self.assertGreater(self.status(again, "UIDVALIDITY"), before)
        self.assertEqual(again.ok("UID SEARCH ALL").searched(), [1, 2, 3])
        self.assertEqual(again.append("INBOX", content(new_id())).code.split()[2], "6", "no UID is given twice")


if __name__ == "__main__":
    unittest.main()
