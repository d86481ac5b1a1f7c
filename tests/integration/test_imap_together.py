"""Several sessions of one account at once: what one does, or a delivery, or SQL, the others are told."""

import random
import threading
import time
import unittest

from imap_support import ImapTest, kind_of
from mail_support import DOMAIN, content, new_id
from tls_support import run_tool

BOB = f"bob@{DOMAIN}"
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft"]


class TwoAtOnce(ImapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.add_user(BOB)
        cls.instance.wait_synced()

    def setUp(self):
        super().setUp()
        self.first = self.empty(BOB)
        self.first.ok("SELECT INBOX")
        self.second = self.imap(BOB, "INBOX")

    def fill(self, count):
        for number in range(count):
            self.assertEqual(self.first.append("INBOX", content(new_id(), subject=f"m{number}")).status, "OK")
        self.first.ok("NOOP")
        self.second.ok("NOOP")

    def test_a_delivery_wakes_idle(self):
        """By swaks, and then many times, to see how long it takes."""
        tag = self.first.idle()
        out, code = run_tool("swaks", "--server", "127.0.0.1", "--port", self.mail.ports["mx"], "--from",
                             "x@example.net", "--to", BOB, "--header", "Subject: by swaks", "--timeout", "60s")
        self.assertEqual(code, 0, out)
        self.assertEqual(self.first.idle_until("EXISTS")[-1][0], "1")
        took = []
        with self.mail.raw() as client:
            client.open()
            for number in range(20):
                begun = time.monotonic()
                self.assertEqual(client.message(BOB, content(new_id())).code, 250)
                accepted = time.monotonic()
                self.assertEqual(self.first.idle_until("EXISTS")[-1][0], str(number + 2))
                took.append((time.monotonic() - accepted, accepted - begun))
        self.first.done(tag)
        took.sort()
        print(f"# from 250 to EXISTS: median {took[len(took) // 2][0] * 1000:.2f} ms, most {took[-1][0] * 1000:.2f} ms")
        # Far more than it takes, and less than polls would: on a busy machine, at least of the quicker ones.
        self.assertLess(took[len(took) // 4][0], 1.0)

    def test_flags(self):
        self.fill(3)
        tag = self.second.idle()
        self.first.ok("STORE 2 +FLAGS (\\Flagged Work)")
        told = self.second.idle_until("FETCH")[-1]
        self.assertEqual((told[0], told[2]), ("2", ["FLAGS", ["\\Flagged", "Work"]]))
        self.assertEqual(self.second.done(tag).status, "OK")
        self.second.ok("STORE 2 -FLAGS (Work)")
        self.assertEqual(self.first.ok("NOOP").fetched(), {2: {"FLAGS": ["\\Flagged"]}})

    def test_expunge_and_move(self):
        self.fill(5)
        self.first.ok("STORE 2,4 +FLAGS.SILENT (\\Deleted)")
        tag = self.second.idle()
        self.assertEqual(self.first.ok("EXPUNGE").numbers("EXPUNGE"), [4, 2])
        self.second.idle_until("EXPUNGE")
        self.assertEqual(self.second.idle_until("EXPUNGE")[-1], ["2", "EXPUNGE"])
        self.second.done(tag)
        moved = self.second.ok("MOVE 1 Archive")
        self.assertEqual(moved.numbers("EXPUNGE"), [1])
        # RFC 9051 §7.5.1: not while a command that goes by numbers runs.
        self.assertEqual(self.first.ok("SEARCH ALL").numbers("EXPUNGE"), [])
        self.assertEqual(self.first.ok("NOOP").numbers("EXPUNGE"), [1])
        self.assertEqual(self.first.ok("UID SEARCH ALL").searched(), self.second.ok("UID SEARCH ALL").searched())

    def test_rename_and_delete_of_what_is_open(self):
        self.first.ok("CREATE Tree/a/b")
        self.first.append("Tree/a/b", content(new_id()))
        self.second.ok("SELECT Tree/a/b")
        self.first.ok("RENAME Tree Forest")
        # It is the same mailbox under another name.
        self.assertEqual(list(self.second.ok("FETCH 1 (UID)").fetched()), [1])
        self.second.ok("STORE 1 +FLAGS (\\Seen)")
        self.assertEqual(self.first.ok("STATUS Forest/a/b (UNSEEN)").of("STATUS")[0][1], ["UNSEEN", "0"])
        names = [words[2] for words in self.second.ok('LIST "" *').of("LIST")]
        self.assertIn(b"Forest/a/b", names)
        self.assertNotIn(b"Tree/a/b", names)
        self.first.ok("DELETE Forest/a/b")
        self.second.begin("FETCH 1 (BODY[])")
        self.assertEqual(self.second.response()[1][0], "BYE")
        self.assertEqual(self.mail.imap(BOB).say("SELECT Forest/a/b").code, "NONEXISTENT")

    def test_many_sessions_of_one_account(self):
        """On both workers, all of them writing: at the end all see the same."""
        self.fill(20)
        clients = [self.imap(BOB, "INBOX", enable="QRESYNC") for _ in range(6)]
        failures = []

        def work(number, client):
            try:
                chosen = random.Random(number)
                for turn in range(40):
                    uids = client.ok("UID SEARCH ALL").searched()
                    uid = chosen.choice(uids)
                    if turn % 10 == 9 and len(uids) > 5:
                        client.ok(f"UID STORE {uid} +FLAGS (\\Deleted)")
                        client.ok(f"UID EXPUNGE {uid}")
                    elif turn % 10 == 4:
                        client.append("INBOX", content(new_id()))
                    else:
                        client.ok(f"UID STORE {uid} {chosen.choice('+-')}FLAGS ({chosen.choice(FLAGS)} k{number})")
            except Exception as error:  # told by the test's own thread
                failures.append(error)
        threads = [threading.Thread(target=work, args=both) for both in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.instance.wait_synced()
        states = []
        for client in [*clients, self.imap(BOB, "INBOX")]:
            client.ok("NOOP")
            fetched = client.ok("UID FETCH 1:* (FLAGS)").fetched()
            states.append([(number, items["UID"], sorted(items["FLAGS"])) for number, items in fetched.items()])
        for state in states:
            self.assertEqual(state, states[-1])
        stored = self.mail.messages(BOB, "INBOX")
        self.assertEqual([int(uid) for _, uid, _ in states[-1]], [row.uid for row in stored])

    def test_sql_is_seen(self):
        """A change by psql is an untagged response milliseconds later."""
        self.fill(2)
        tag = self.first.idle()
        row = self.mail.messages(BOB, "INBOX")[0]
        self.instance.sql(f"UPDATE gatepost.messages SET flags = 2 WHERE blob_id = '{row.blob}'")
        self.assertEqual(kind_of(self.first.idle_until("FETCH")[-1]), "FETCH")
        self.instance.sql(f"DELETE FROM gatepost.messages WHERE blob_id = '{row.blob}'")
        self.assertEqual(self.first.idle_until("EXPUNGE")[-1], ["1", "EXPUNGE"])
        self.first.done(tag)


if __name__ == "__main__":
    unittest.main()
