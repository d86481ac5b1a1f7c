"""Whose password is another one, or whose account is closed, is logged out of what she is connected to: IMAP, POP3 and
submission. What was begun with another credential, or with the same password under a better hash, goes on."""

import base64
import hashlib
import poplib
import unittest

from harness import GatepostTest
from imap_support import ImapHost
from mail_support import DOMAIN, PASSWORD, content, new_id
from open_metrics import parse_metrics, value_of
from processes import DEADLINE, free_port, kill_9, wait_until
from tls_support import client_context

END = "This login is good no more; log in again"
SUSPENDED = "the account is suspended"


class LoginEnds(GatepostTest):
    """Its tests share an instance, each with an account of its own."""

    count = 0

    @classmethod
    def setUpClass(cls):
        cls.maker = cls("setUp")
        GatepostTest.setUp(cls.maker)
        cls.addClassCleanup(cls.maker.doCleanups)
        cls.pop3s = free_port()
        cls.mail = ImapHost(cls.maker, {"pop3.tls_listen": [f"127.0.0.1@{cls.pop3s}"]})
        cls.instance = cls.mail.instance

    def setUp(self):
        super().setUp()
        self._logs.append(self.instance.log_path)
        LoginEnds.count += 1
        self.address = f"user{LoginEnds.count}@{DOMAIN}"
        self.mail.add_user(self.address)

    # ---- connections that have logged in

    def imap(self, mailbox="INBOX", password=PASSWORD):
        client = self.mail.imap(self.address, mailbox, password=password)
        self.addCleanup(client.close)
        return client

    def pop3(self, password=PASSWORD):
        client = poplib.POP3_SSL("127.0.0.1", self.pop3s, context=client_context(), timeout=DEADLINE)
        self.addCleanup(client.close)
        client.user(self.address)
        client.pass_(password)
        return client

    def smtp(self, password=PASSWORD):
        client = self.mail.raw("submission")
        self.addCleanup(client.close)
        client.open()
        client.starttls()
        client.expect("EHLO client.example.net", 250)
        self.assertEqual(client.log_in(self.address, password).code, 235)
        return client

    # ---- how they end, and that they do not

    def assert_imap_ends(self, client, *other_reasons):
        """`other_reasons`: that the control plane may tell before the worker has looked for itself."""
        told, words = client.response()
        self.assertEqual((told, words[0]), ("*", "BYE"))
        self.assertIn(words[1:], [["AUTHENTICATIONFAILED", END], *(["", reason] for reason in other_reasons)])

    def assert_pop3_ends(self, client, *other_reasons):
        told = client.file.readline().decode()
        self.assertIn(told, [f"-ERR [AUTH] {END}\r\n", *(f"-ERR {reason}\r\n" for reason in other_reasons)])

    def assert_smtp_ends(self, client):
        reply = client.reply()
        self.assertEqual((reply.status, reply.code), ("421 4.7.0", 421), repr(reply))

    def metric(self, name):
        return value_of(parse_metrics(self.mail.metrics()), name)

    def change_and_wait(self, change):
        """Until every worker with a connection of this account has looked at what has become of it."""
        before = self.metric("gatepost_login_judged_total")
        change()
        self.instance.wait_synced()
        wait_until(lambda: self.metric("gatepost_login_judged_total") > before, "the account is looked at")

    # ---- tests

    def test_another_password(self):
        phone = self.instance.cli_json("user", "app-password", "add", self.address, "phone")["generated_password"]
        self.instance.wait_synced()
        idle, waiting, own = self.imap(), self.imap(mailbox=None), self.imap(password=phone)
        idle.idle()
        pop3, smtp, own_smtp = self.pop3(), self.smtp(), self.smtp(password=phone)
        before = self.metric("gatepost_login_ended_total")
        second = self.instance.cli_json("user", "password", self.address)["generated_password"]
        self.assert_imap_ends(idle)
        self.assert_imap_ends(waiting)
        self.assert_pop3_ends(pop3)
        self.assert_smtp_ends(smtp)
        wait_until(lambda: self.metric("gatepost_login_ended_total") == before + 4, "all four are counted")
        own.ok("NOOP")
        own_smtp.expect("NOOP", 250)
        # What the workers know from a moment ago does not let the old one in.
        client = self.mail.connect()
        self.addCleanup(client.close)
        client.greeting()
        self.assertEqual(client.log_in(self.address).code, "AUTHENTICATIONFAILED")
        # The other way round.
        main = self.imap(password=second)
        self.instance.cli("user", "app-password", "remove", self.address, "phone", "--yes")
        self.assert_imap_ends(own)
        self.assert_smtp_ends(own_smtp)
        main.ok("NOOP")

    def test_an_account_that_is_suspended(self):
        idle, pop3 = self.imap(), self.pop3()
        idle.idle()
        self.instance.cli("user", "suspend", self.address)
        self.assert_imap_ends(idle, SUSPENDED)
        self.assert_pop3_ends(pop3, SUSPENDED)

    def test_an_account_that_is_removed(self):
        waiting, smtp = self.imap(), self.smtp()
        self.instance.cli("user", "remove", self.address, "--yes")
        self.assert_imap_ends(waiting, SUSPENDED, "the account is gone")
        self.assert_smtp_ends(smtp)

    def test_a_domain_that_sleeps(self):
        self.mail.add_domain("sleepy.example")
        self.address = "ada@sleepy.example"
        self.mail.add_user(self.address)
        waiting = self.imap()
        self.instance.cli("domain", "set", "sleepy.example", "--inactive")
        self.assert_imap_ends(waiting)

    def test_changes_that_are_none_of_the_password(self):
        waiting, smtp = self.imap(), self.smtp()
        self.change_and_wait(lambda: self.instance.cli("user", "quota", self.address, "5GB"))
        self.change_and_wait(lambda: self.instance.cli("user", "app-password", "add", self.address, "tablet"))
        waiting.ok("NOOP")
        smtp.expect("NOOP", 250)

    def test_a_better_hash_of_the_same_password(self):
        salt = b"saltsalt"
        digest = base64.b64encode(hashlib.sha512(PASSWORD.encode() + salt).digest() + salt).decode()
        self.instance.sql(f"""UPDATE gatepost.credentials SET hash = '{{SSHA512}}{digest}'
            WHERE account_id = (SELECT id FROM gatepost.accounts WHERE address = '{self.address}')""")
        self.instance.wait_synced()

        def hash_of():
            return self.instance.sql(f"""SELECT hash FROM gatepost.credentials c JOIN gatepost.accounts a
                ON a.id = c.account_id WHERE a.address = '{self.address}'""")
        client = self.imap()
        self.change_and_wait(lambda: wait_until(lambda: hash_of().startswith("{ARGON2ID}"), "its hash is ARGON2ID"))
        client.ok("NOOP")

    def test_another_directory(self):
        waiting, leaving = self.imap(mailbox=None), self.imap(mailbox=None)
        leaving.ok("LOGOUT")

        def restart():
            pid = self.instance.process("gatepost-controlplane")
            kill_9([pid])
            self.instance.wait_process("gatepost-controlplane", other_than=pid)
            self.instance.wait_streaming()
        self.change_and_wait(restart)
        waiting.ok("NOOP")
        self.instance.cli("user", "password", self.address)
        self.assert_imap_ends(waiting)

    def test_what_is_under_way(self):
        appending, sending = self.imap(mailbox=None), self.smtp()
        appending.send(b"a1 APPEND INBOX {1000}\r\n")
        appending.wait_continuation()
        appending.send(b"From: ")
        sending.begin(self.address, sender=self.address)
        sending.expect("DATA", 354)
        sending.send(content(new_id())[:40])
        self.instance.cli("user", "password", self.address)
        self.assert_imap_ends(appending)
        self.assert_smtp_ends(sending)
        self.assertEqual(self.mail.messages(self.address), [])


if __name__ == "__main__":
    unittest.main()
