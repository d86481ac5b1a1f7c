"""Expunged mail gives its space back, and what is left is what it was, whatever dies on the way."""

import random
import threading
import time
import unittest

from harness import GatepostTest
from mail_support import DOMAIN, ConnectionGone, MailHost, content
from processes import kill_9_family, wait_until

USERS = 5
GRACE_S = 1  # the shortest that can be configured


class Compaction(GatepostTest):
    SETTINGS = {"log.level": "info", "store.compact_grace": f"{GRACE_S}s"}

    def setUp(self):
        super().setUp()
        self.mail = MailHost(self, self.SETTINGS)
        self.instance = self.mail.instance
        self.mail.add_users(USERS)
        self.random = random.Random(11)
        self.sent = {}  # Message-ID: the text of its body

    def send(self, count, size):
        """Messages with bodies that say which they are, to one account each but for every tenth, which goes to two."""
        with self.mail.raw() as client:
            client.open()
            for _ in range(count):
                number = len(self.sent)
                message_id = f"c{number}@client.example.net"
                body = f"message {number} " + self.random.choice("abc") * size
                client.expect("MAIL FROM:<sender@example.net>", 250)
                for user in {1 + number % USERS, 1 + (number // 10 if number % 10 == 0 else number) % USERS}:
                    client.expect(f"RCPT TO:<u{user}@{DOMAIN}>", 250)
                client.expect("DATA", 354)
                self.assertEqual(client.say(content(message_id, body) + b".\r\n").code, 250)
                self.sent[f"<{message_id}>"] = body

    def segments(self):
        folder = self.instance.state / "messages"
        return {path.name for path in folder.iterdir() if path.suffix in (".seg", ".big")}

    def kill(self, name):
        pid = self.instance.wait_process(name)
        kill_9_family(pid)
        self.instance.wait_process(name, other_than=pid)

    def seal(self):
        """What has been written so far is in segments that nobody appends to: a new process makes its own."""
        wait_until(lambda: "gatepost_spool_messages 0\n" in self.mail.metrics(), "the spool is empty")
        before = self.floor()
        self.kill("gatepost-dataplane")
        wait_until(lambda: self.floor() > before, "the floor is above what was written")

    def floor(self):
        octets = (self.instance.state / "messages" / "spool.ckpt")
        return int.from_bytes(octets.read_bytes()[12:16], "big") if octets.exists() else 0

    def expunge(self, left_percent):
        self.instance.sql(f"DELETE FROM gatepost.messages WHERE hashtext(message_id) % 100 NOT BETWEEN "
                          f"-{left_percent} AND {left_percent}")

    def compact(self):
        """The report, once the old files are gone."""
        report = wait_until(self.try_compact, "a compaction is done")
        wait_until(lambda: not set(self.instance.control("store.compact", dry_run=True)["waiting_files"]),
                   "the old files are removed")
        return report

    def try_compact(self):
        done = self.instance.cli("store", "compact", "--json", check=False)
        return done.returncode == 0 and done

    def check(self):
        """Every message that is left has its octets, by its row and as the command shows it."""
        rows = self.mail.messages()
        self.assertTrue(rows)
        for row in rows:
            octets = self.mail.octets(row)
            self.assertTrue(f"Message-ID: {row.message_id}\r\n".encode() in octets, row)
            self.assertTrue(octets.endswith(self.sent[row.message_id].encode() + b"\r\n"), row)
        row = self.random.choice(rows)
        shown = self.instance.cli("message", "show", row.blob, "--raw").stdout
        self.assertTrue(self.sent[row.message_id] in shown, row)
        self.instance.cli("store", "check")
        return rows

    def test_space_comes_back(self):
        self.send(60, 20_000)
        self.send(3, 300_000)
        self.seal()
        before, rows = self.segments(), self.mail.messages()
        dry = self.instance.cli_json("store", "compact", "--dry-run")
        self.assertEqual((dry["sparse"], dry["findings"]), (0, []))
        self.expunge(20)
        modseqs = self.instance.sql("SELECT array_agg(highest_modseq ORDER BY id) FROM gatepost.mailboxes")
        dry = self.instance.cli_json("store", "compact", "--dry-run")
        self.assertGreater(dry["freed_bytes"], 500_000)
        self.assertEqual((dry["bodies_copied"], self.segments() - before), (0, set()), "nothing has happened")
        self.compact()
        left = self.check()
        self.assertLess(len(left), len(rows))
        self.assertTrue(set(dry["sparse_files"] + dry["dead_files"]).isdisjoint(self.segments()))
        self.assertEqual(self.instance.sql("SELECT array_agg(highest_modseq ORDER BY id) FROM gatepost.mailboxes"),
                         modseqs, "nobody's mailbox has changed")
        again = self.instance.cli_json("store", "compact", "--dry-run")
        self.assertEqual((again["sparse"], again["findings"]), (0, []))

    def test_kills(self):
        """Each process dies at moments of its own while passes are made, mail comes and messages go."""
        self.send(200, 10_000)
        for _ in range(3):
            self.seal()
            self.expunge(50)
            ended = threading.Event()
            killer = threading.Thread(target=self.kill_until, args=(ended,))
            killer.start()
            try:
                for _ in range(4):
                    self.try_compact()
                    self.instance.sql("UPDATE gatepost.messages SET flags = flags | 1")
            finally:
                ended.set()
                killer.join()
            self.instance.wait_streaming()
            wait_until(self.takes_mail, "mail is taken")
            self.send(60, 10_000)
            new = set(list(self.sent)[-60:])
            wait_until(lambda: new <= {row.message_id for row in self.mail.messages()},
                       "what came meanwhile is delivered")
            self.check()
        self.seal()
        self.expunge(30)
        self.compact()
        rows = self.check()
        # What the dead left behind is gone, too: no file below the floor but those with messages.
        needed = {row.segment for row in rows}
        floor = self.floor()
        wait_until(lambda: self.compact() and not {name for name in self.segments()
                                                   if int(name[:8], 16) < floor and int(name[:8], 16) not in needed},
                   "files that nobody needs are removed")

    def takes_mail(self):
        try:
            with self.mail.raw() as client:
                client.open()
                client.begin(f"u1@{DOMAIN}")
                return True
        except (OSError, ConnectionGone, AssertionError):
            return False

    def kill_until(self, ended):
        randomness = random.Random(3)
        while not ended.wait(randomness.uniform(0.05, 0.8)):
            self.kill(randomness.choice(["gatepost-controlplane", "gatepost-dataplane"]))

    def test_mail_for_others_and_without_account_stays(self):
        self.send(20, 20_000)
        self.seal()
        self.instance.sql("""
            INSERT INTO gatepost.outbound (blob_id, segment, position, size, sender, recipient)
            SELECT blob_id, segment, position, size, '', 'a@elsewhere.example' FROM gatepost.messages
            WHERE message_id = '<c3@client.example.net>' LIMIT 1;
            INSERT INTO gatepost.undeliverable (blob_id, segment, position, size, account_id, sender, recipient, reason)
            SELECT blob_id, segment, position, size, 999999, '', 'gone@mail.example', 'test' FROM gatepost.messages
            WHERE message_id = '<c4@client.example.net>' LIMIT 1;
            DELETE FROM gatepost.messages""")
        self.compact()
        for table, number in (("outbound", 3), ("undeliverable", 4)):
            segment, position, size = map(int, self.instance.sql(
                f"SELECT segment, position, size FROM gatepost.{table}").strip().split("|"))
            path = self.instance.state / "messages" / f"{segment:08x}.seg"
            with open(path, "rb") as file:
                file.seek(position)
                self.assertIn(self.sent[f"<c{number}@client.example.net>"].encode(), file.read(size))

    def is_blocked(self):
        return self.instance.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(8)%' AND "
                                 "state = 'active' AND pid <> pg_backend_pid()").strip() == "1"

    def test_an_older_transaction_keeps_the_files(self):
        """It may have seen the old places, and may write them down yet."""
        self.send(40, 20_000)
        self.seal()
        self.expunge(20)
        dry = self.instance.cli_json("store", "compact", "--dry-run")
        files = set(dry["sparse_files"])
        self.assertTrue(files)
        blocker = threading.Thread(target=self.instance.sql, args=(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM gatepost.messages; SELECT pg_sleep(8); COMMIT",))
        blocker.start()
        try:
            wait_until(self.is_blocked, "the transaction is under way")
            report = self.instance.cli_json("store", "compact")
            self.assertGreater(report["messages_moved"], 0)
            begin = time.monotonic()
            while blocker.is_alive() and time.monotonic() < begin + GRACE_S * 4:
                # Looked at in this order: where the transaction goes on, it did so when files were seen to be gone.
                self.assertTrue(files <= self.segments() or not self.is_blocked())
                blocker.join(0.2)
        finally:
            blocker.join()
        wait_until(lambda: files.isdisjoint(self.segments()), "the files are removed")
        self.check()


if __name__ == "__main__":
    unittest.main()
