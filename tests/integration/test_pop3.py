"""POP3 as the programs that people have speak it: Python's poplib, curl, fetchmail and getmail."""

import base64
import os
import poplib
import re
import shutil
import subprocess
import unittest

from harness import GatepostTest
from imap_support import ImapHost
from mail_support import DOMAIN, PASSWORD, content, new_id
from processes import DEADLINE, free_port, wait_until
from tls_support import client_context

ADA = f"ada@{DOMAIN}"


class Pop3(GatepostTest):
    """Its tests share an instance."""

    @classmethod
    def setUpClass(cls):
        cls.maker = cls("setUp")
        GatepostTest.setUp(cls.maker)
        cls.addClassCleanup(cls.maker.doCleanups)
        cls.pop3, cls.pop3s = free_port(), free_port()
        cls.mail = ImapHost(cls.maker, {"pop3.listen": [f"127.0.0.1@{cls.pop3}"],
                                        "pop3.tls_listen": [f"127.0.0.1@{cls.pop3s}"]})
        cls.instance = cls.mail.instance
        cls.mail.add_user(ADA)
        cls.instance.wait_synced()

    def setUp(self):
        super().setUp()
        self._logs.append(self.instance.log_path)
        self.instance.sql("DELETE FROM gatepost.messages")
        wait_until(lambda: self.stat() == (0, 0), "the mailbox is empty")

    def client(self):
        """Logged in, under TLS."""
        client = poplib.POP3_SSL("127.0.0.1", self.pop3s, context=client_context(), timeout=DEADLINE)
        self.addCleanup(client.close)
        client.user(ADA)
        client.pass_(PASSWORD)
        return client

    def stat(self):
        client = self.client()
        found = client.stat()
        client.quit()
        return found

    def deliver(self, count=1, **fields):
        names = [new_id() for _ in range(count)]
        with self.mail.raw() as client:
            client.open()
            for name in names:
                self.assertEqual(client.message(ADA, content(name, **fields)).code, 250)
        for name in names:
            self.mail.wait_message(ADA, name)
        wait_until(lambda: self.stat()[0] == count, "the messages can be fetched")
        return names

    def stored(self):
        return self.mail.messages(ADA, "INBOX")

    def flags(self):
        return self.instance.sql("SELECT string_agg(flags::text, ' ' ORDER BY uid) FROM gatepost.messages").strip()

    def run_program(self, arguments, config=None, codes=(0,)):
        """What it says. `config` is written to a file that "{}" stands for."""
        path = os.path.join(self.directory, f"{os.path.basename(arguments[0])}.rc")
        if config is not None:
            with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600), encoding="ascii") as file:
                file.write(config)
        if not shutil.which(arguments[0]):
            self.skipTest(f"{arguments[0]} is not installed")
        done = subprocess.run([one.format(path) for one in arguments], capture_output=True, timeout=DEADLINE,
                              check=False, env=os.environ | {"HOME": str(self.directory)})
        self.assertIn(done.returncode, codes, done)
        return done.stdout

    def test_python(self):
        names = self.deliver(3)
        client = poplib.POP3("127.0.0.1", self.pop3, timeout=DEADLINE)
        self.addCleanup(client.close)
        with self.assertRaises(poplib.error_proto):
            client.user(ADA)
        client.stls(client_context())
        offered = client.capa()
        self.assertTrue({"TOP", "UIDL", "USER", "SASL", "PIPELINING", "RESP-CODES", "UTF8"} <= set(offered), offered)
        client.user(ADA)
        with self.assertRaisesRegex(poplib.error_proto, re.escape("[AUTH]")):
            client.pass_("wrong")
        client.user(ADA)
        client.pass_(PASSWORD)
        rows = self.stored()
        self.assertEqual(client.stat(), (3, sum(row.size for row in rows)))
        self.assertEqual(client.list()[1], [f"{n} {row.size}".encode() for n, row in enumerate(rows, 1)])
        ids = [line.split()[1] for line in client.uidl()[1]]
        self.assertEqual([int(one[:8], 16) for one in ids], [row.uid for row in rows])
        for number, row in enumerate(rows, 1):
            octets = b"".join(line + b"\r\n" for line in client.retr(number)[1])
            self.assertEqual(octets, self.mail.octets(row))
        self.assertIn(f"<{names[0]}>".encode(), b"\n".join(client.top(1, 0)[1]))
        client.dele(2)
        self.assertEqual(client.stat()[0], 2)
        client.quit()
        wait_until(lambda: len(self.stored()) == 2, "what was deleted is gone")
        self.assertEqual([row.uid for row in self.stored()], [rows[0].uid, rows[2].uid])
        wait_until(lambda: self.flags() == "1 1", "what was fetched is seen")
        self.assertEqual([line.split()[1] for line in self.client().uidl()[1]], [ids[0], ids[2]])

    def test_without_quit_nothing_is_deleted(self):
        self.deliver(2)
        client = self.client()
        client.dele(1)
        client.close()
        self.assertEqual(self.stat()[0], 2)

    def test_auth(self):
        client = poplib.POP3_SSL("127.0.0.1", self.pop3s, context=client_context(), timeout=DEADLINE)
        self.addCleanup(client.close)
        initial = base64.b64encode(f"\0{ADA}\0{PASSWORD}".encode()).decode()
        client._shortcmd(f"AUTH PLAIN {initial}")  # pylint: disable=protected-access
        self.assertEqual(client.stat(), (0, 0))

    def test_imap_sees_it(self):
        self.deliver(2)
        imap = self.mail.imap(ADA, "INBOX")
        self.addCleanup(imap.close)
        client = self.client()
        client.dele(1)
        client.quit()
        self.assertEqual(imap.ok("NOOP").numbers("EXPUNGE"), [1])

    def test_app_password_of_another_service(self):
        """One that is for IMAP alone does not open POP3."""
        secret = self.instance.cli_json("user", "app-password", "add", ADA, "phone", "--service",
                                        "imap")["generated_password"]
        self.instance.wait_synced()
        client = poplib.POP3_SSL("127.0.0.1", self.pop3s, context=client_context(), timeout=DEADLINE)
        self.addCleanup(client.close)
        client.user(ADA)
        with self.assertRaisesRegex(poplib.error_proto, re.escape("[AUTH]")):
            client.pass_(secret)

    def test_curl(self):
        self.deliver(2)
        rows = self.stored()
        login = ["curl", "-sS", "-k", "-u", f"{ADA}:{PASSWORD}"]
        for number, row in enumerate(rows, 1):
            said = self.run_program([*login, f"pop3s://127.0.0.1:{self.pop3s}/{number}"])
            self.assertEqual(said, self.mail.octets(row))
        said = self.run_program([*login, "--ssl-reqd", f"pop3://127.0.0.1:{self.pop3}/"])
        self.assertEqual(said.split(), b" ".join(f"{n} {r.size}".encode() for n, r in enumerate(rows, 1)).split())

    def test_fetchmail(self):
        names = self.deliver(3)
        folder = os.path.join(self.directory, "fetched")
        said = self.run_program(
            ["fetchmail", "-f", "{}", "--nosyslog", "--invisible"],
            f'set no bouncemail\npoll 127.0.0.1 service {self.pop3s} proto pop3 user "{ADA}" pass "{PASSWORD}"\n'
            f'  ssl no sslcertck no rewrite fetchall nokeep mda "/bin/cat >> {folder}"\n')
        with open(folder, encoding="utf-8") as file:
            text = file.read()
        for name in names:
            self.assertEqual(text.count(f"<{name}>"), 1, said)
        wait_until(lambda: not self.stored(), "what was fetched is gone")

    def test_getmail(self):
        names = self.deliver(3)
        fetched = os.path.join(self.directory, "got")
        command = ["getmail", f"--getmaildir={self.directory}", "--rcfile={}"]
        config = (f"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = 127.0.0.1\nport = {self.pop3s}\n"
                  f"username = {ADA}\npassword = {PASSWORD}\nssl_cert_hostname =\n"
                  f'[destination]\ntype = MDA_external\npath = /usr/bin/tee\narguments = ("-a", "{fetched}")\n'
                  "allow_root_commands = true\n[options]\nread_all = false\ndelete = false\n")
        for _ in range(2):
            self.run_program(command, config)
            # The second time it knows them by what UIDL says.
            with open(fetched, encoding="utf-8") as file:
                text = file.read()
            self.assertEqual([text.count(f"<{name}>") for name in names], [1, 1, 1])
        self.assertEqual(len(self.stored()), 3)


if __name__ == "__main__":
    unittest.main()
