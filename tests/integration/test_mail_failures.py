"""What was accepted is in the mailbox exactly once, whatever dies on the way: a generator of load writes down the fate
of each message, and the mailboxes are compared with its ledger afterwards."""

import contextlib
import random
import re
import subprocess
import unittest

from harness import GatepostTest
from mail_support import DOMAIN, ConnectionGone, MailHost, content, ledger
from processes import DEADLINE, kill_9_family, wait_until
from small_disk import SmallDisk

USERS = 10


class Failures(GatepostTest):
    """Each test has an instance of its own with ten mailboxes."""

    SETTINGS = {"log.level": "warning"}

    def setUp(self):
        super().setUp()
        self.before_start()
        self.mail = MailHost(self, self.SETTINGS)
        self.instance, self.postgres = self.mail.instance, self.mail.postgres
        self.mail.add_users(USERS)
        self.random = random.Random(5)
        self.seen = {}  # (address, UID): blob

    def before_start(self):
        pass

    @property
    def ledger(self):
        return self.directory / "ledger"

    def arguments(self, *arguments):
        """A new connection every now and then, so that both workers have some."""
        return ("--recipient-pattern", f"u%d@{DOMAIN}", "--recipient-count", USERS, "--messages-per-session", 20,
                "--ledger", self.ledger, *arguments)

    def send(self, count, *arguments):
        """So many messages, every one accepted."""
        report = self.mail.load(*self.arguments("--messages", count, "--sessions", 5, *arguments))
        self.assertEqual(report["accepted"], count, report)

    @contextlib.contextmanager
    def load(self, *arguments):
        """Messages come until the block ends. What had no reply, or no connection, is no failure here."""
        command = self.mail.load_command(*self.arguments("--sessions", 8, "--seconds", 600, "--timeout", "120s",
                                                         *arguments))
        with open(self.directory / "load.json", "wb") as report:
            process = subprocess.Popen(command, stdout=report, stderr=subprocess.STDOUT)
        try:
            self.wait_more_accepted(50)
            yield
        finally:
            process.terminate()
            process.wait(DEADLINE * 3)

    def accepted(self):
        return self.ledger.read_bytes().count(b"accepted\t") if self.ledger.exists() else 0

    def wait_more_accepted(self, count):
        before = self.accepted()
        wait_until(lambda: self.accepted() >= before + count, f"{count} more messages are accepted", DEADLINE * 2)

    def delivered(self):
        return int(self.postgres.sql("SELECT count(*) FROM gatepost.messages"))

    def check(self):
        """Once everything is delivered: each message once, in the order of its UIDs, none of which had another
        message before."""
        def empty():
            try:
                return re.search(r"^gatepost_spool_messages 0$", self.mail.metrics(), re.M)
            except OSError:
                return False
        wait_until(empty, "the spool is empty", DEADLINE * 2)
        verdict = ledger.verify_database(self.ledger, self.instance.database_dsn())
        self.assertTrue(verdict.ok, verdict.text())
        now = {}
        for row in self.mail.messages():
            self.assertEqual(row.mailbox, "INBOX")
            self.assertLess(row.uid, row.uid_next)
            now[row.address, row.uid] = row.blob
        self.assertEqual({key: now.get(key) for key in self.seen}, self.seen, "what was there is what is there")
        highest = {}
        for address, uid in self.seen:
            highest[address] = max(uid, highest.get(address, 0))
        self.assertEqual([key for key in now if key not in self.seen and key[1] <= highest.get(key[0], 0)], [],
                         "new messages have higher UIDs")
        self.seen = now
        self.check_octets()
        return verdict

    def check_octets(self):
        """Of some: the one that its row names is where the row says."""
        for row in self.random.sample(self.mail.messages(), 20):
            octets = self.mail.octets(row)
            self.assertRegex(octets, f"id {row.blob}[;\r]".encode())
            self.assertIn(f"Message-ID: {row.message_id}\r\n".encode(), octets)

    def kill_process(self, name):
        pid = self.instance.wait_process(name)
        kill_9_family(pid)
        return pid


class Outages(Failures):
    def test_postgresql_is_down_for_a_while(self):
        self.send(100)
        self.postgres.stop()
        self.send(300)
        self.wait_waiting(300)
        self.postgres.start()
        self.assertEqual(self.check().accepted, 400)

    def wait_waiting(self, count):
        """Each worker has its share, and tells of it in a turn of its own."""
        def look():
            try:
                found = re.search(r"^gatepost_spool_messages (\d+)$", self.mail.metrics(), re.M)
            except OSError:
                return False
            return found and int(found.group(1)) >= count
        wait_until(look, f"{count} messages wait")

    def test_postgresql_is_killed_under_load(self):
        with self.load():
            for _ in range(2):
                self.postgres.kill_9()
                self.wait_more_accepted(100)
                self.postgres.start()
                self.wait_more_accepted(100)
        self.check()

    def test_a_restart_with_an_undelivered_spool(self):
        """PostgreSQL is away all the time: who has a mailbox is known from the checkpoint."""
        self.send(50)
        self.instance.write_checkpoint()
        self.postgres.stop()
        self.send(200)
        for how in (self.instance.stop, self.instance.kill_9):
            how()
            self.instance.launch()
            wait_until(self.takes_mail, "mail is taken again")
            self.wait_waiting(200)
            self.send(100)
        self.postgres.start()
        self.assertEqual(self.check().accepted, 450)

    def takes_mail(self):
        try:
            with self.mail.raw() as client:
                client.open()
                client.begin(f"u1@{DOMAIN}")
                return True
        except (OSError, ConnectionGone, AssertionError):
            return False

    def test_the_control_plane_is_killed_under_load(self):
        with self.load():
            for _ in range(3):
                pid = self.kill_process("gatepost-controlplane")
                self.wait_more_accepted(100)
                self.instance.wait_process("gatepost-controlplane", other_than=pid)
                self.wait_more_accepted(100)
        verdict = self.check()
        self.assertEqual((verdict.unknown, self.instance.status()["dataplane"]["starts"]), (0, 1))

    def test_a_stop_under_load(self):
        """By SIGTERM: what is under way is finished, and nothing is without a reply."""
        with self.load():
            self.instance.stop()
            self.instance.start()
            self.wait_more_accepted(100)
        self.check()


class DataplaneKills(Failures):
    def test_rounds(self):
        for round_ in range(2):
            with self.load("--size", self.random.choice([1000, 4096, 60_000]), *self.random.choice(
                    [(), ("--pipelining",), ("--chunking",)]), *self.random.choice([(), ("--rcpt-per-message", 3)])):
                for _ in range(2):
                    self.wait_more_accepted(self.random.randint(1, 200))
                    pid = self.kill_process("gatepost-dataplane")
                    self.instance.wait_process("gatepost-dataplane", other_than=pid)
                self.wait_more_accepted(50)
            with self.subTest(round=round_):
                self.check()
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 5)

    def test_before_anything_is_delivered(self):
        """With PostgreSQL away nothing leaves the spool: all of it goes through each of the deaths."""
        self.send(20)
        self.postgres.stop()
        with self.load("--size", 2000):
            for _ in range(3):
                self.wait_more_accepted(50)
                pid = self.kill_process("gatepost-dataplane")
                self.instance.wait_process("gatepost-dataplane", other_than=pid)
            self.wait_more_accepted(50)
        self.postgres.start()
        self.check()

    def test_everything_at_once(self):
        for _ in range(2):
            with self.load():
                self.wait_more_accepted(self.random.randint(1, 100))
                self.postgres.kill_9()
                self.instance.kill_9()
                self.postgres.start()
                self.instance.start()
                self.wait_more_accepted(50)
            self.check()


class DiskFull(SmallDisk, Failures):
    RESERVE = 256 << 20  # that the store leaves for the delivery of what is accepted already

    def send_one(self, size):
        """The reply to a message of about that many octets, and its name."""
        self.count += 1
        message_id = f"disk{self.count}@load.example.test"
        with self.mail.raw() as client:
            client.open()
            reply = client.say("MAIL FROM:<sender@example.net>")
            if reply.code == 250:
                client.expect("RSET", 250)
                lines = "\r\n".join(["x" * 98] * (size // 100))
                reply = client.message(f"u1@{DOMAIN}", content(message_id, body=lines))
        with open(self.ledger, "a", encoding="ascii") as lines:
            lines.write(f"{'accepted' if reply.code == 250 else 'rejected'}\t{message_id}\tu1@{DOMAIN}\n")
        return reply.status

    def test_nothing_is_lost(self):
        self.count = 0
        self.assertEqual((self.send_one(1000), self.send_one(1 << 20)), ("250 2.0.0", "250 2.0.0"))
        self.postgres.stop()
        for left in (self.RESERVE - (16 << 20), 4096):
            wait_until(lambda: self.send_one(1000) == "250 2.0.0", "small messages are taken")
            self.fill(left)
            # Each worker looks for itself.
            wait_until(lambda: all(self.send_one(1000) == "452 4.3.1" for _ in range(8)), "the disk is full")
            self.assertTrue(self.refuses_as_full())
            self.assertEqual(self.instance.client().ask("disk.example").rcode_name, "REFUSED")
            self.assertRegex(self.mail.metrics(), r'(?m)^gatepost_smtp_refused_total{reason="store_full"} [1-9]')
            # Dying does not make it worse.
            pid = self.kill_process("gatepost-dataplane")
            self.instance.wait_process("gatepost-dataplane", other_than=pid)
            wait_until(self.refuses_as_full, "the disk is still full")
            (self.mount / "filler").unlink()
            wait_until(lambda: self.send_one(1 << 20) == "250 2.0.0", "large messages are taken again")
        self.fill(4096)
        self.postgres.start()  # what was accepted is delivered, full disk or not
        self.check()

    def refuses_as_full(self):
        try:
            return self.send_one(1 << 20) == "452 4.3.1"
        except (OSError, ConnectionGone):
            return False

    def check_octets(self):
        for row in self.mail.messages():
            self.assertIn(f"Message-ID: {row.message_id}\r\n".encode(), self.mail.octets(row))


if __name__ == "__main__":
    unittest.main()
