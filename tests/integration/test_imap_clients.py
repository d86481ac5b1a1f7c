"""Programs that people read their mail with, against IMAP as it is served."""

import contextlib
import imaplib
import os
import pty
import re
import select
import signal
import time
import unittest

from harness import GatepostTest
from imap_support import ImapTest, plain
from mail_support import DOMAIN, PASSWORD, content, new_id
from processes import DEADLINE, free_port, wait_until
from tls_support import client_context, run_tool, tool

ADA, BOB, CAROL = (f"{name}@{DOMAIN}" for name in ("ada", "bob", "carol"))


class Programs(ImapTest):
    """That others have written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for address in (ADA, BOB, CAROL):
            cls.mail.add_user(address)
        cls.instance.wait_synced()

    def test_python(self):
        for kind in (imaplib.IMAP4_SSL, imaplib.IMAP4):
            with self.subTest(kind=kind.__name__):
                self.empty(ADA)
                self.check_python(kind)

    def check_python(self, kind):
        if kind is imaplib.IMAP4_SSL:
            client = kind("127.0.0.1", self.mail.ports["imaps"], ssl_context=client_context())
        else:
            client = kind("127.0.0.1", self.mail.ports["imap"])
            self.assertIn("LOGINDISABLED", client.capabilities)
            with self.assertRaises(imaplib.IMAP4.error):
                client.login(ADA, PASSWORD)
            client.starttls(client_context())
        self.addCleanup(client.sock.close)
        client.login(ADA, PASSWORD)
        self.assertEqual(client.select(), ("OK", [b"0"]))
        sent = content(name := new_id())
        self.assertEqual(client.append("INBOX", "(\\Seen)", '"21-Nov-2026 12:00:00 +0000"', sent)[0], "OK")
        delivered = self.deliver(ADA)
        wait_until(lambda: client.noop() and client.response("EXISTS")[1][-1] == b"2", "both are there")
        status, found = client.search(None, "HEADER", "Message-ID", name)
        self.assertEqual((status, found), ("OK", [b"1"]))
        status, found = client.fetch("1", "(FLAGS BODY.PEEK[])")
        self.assertEqual((found[0][1], imaplib.ParseFlags(found[0][0] + found[1])), (sent, (b"\\Seen",)))
        self.assertEqual(client.search(None, "HEADER", "Message-ID", delivered)[1], [b"2"])
        self.assertEqual(client.store("2", "+FLAGS", "(\\Flagged)"), ("OK", [b"2 (FLAGS (\\Flagged))"]))
        self.assertEqual(client.create("Work/B&APw-ro")[0], "OK")
        self.assertEqual(client.copy("1:2", "Work/B&APw-ro")[0], "OK")
        self.assertEqual(client.rename("Work", "Play")[0], "OK")
        self.assertEqual(client.status("Play/B&APw-ro", "(MESSAGES UNSEEN)")[1],
                         [b'"Play/B&APw-ro" (MESSAGES 2 UNSEEN 1)'])
        uid = re.search(rb"UID (\d+)", client.fetch("1", "(UID)")[1][0]).group(1).decode()
        self.assertEqual(client.uid("MOVE", uid, "Trash")[0], "OK")
        client.response("EXPUNGE")
        client.store("1", "+FLAGS", "(\\Deleted)")
        self.assertEqual(client.expunge(), ("OK", [b"1"]))
        self.assertEqual(client.select("Trash")[1], [b"1"])
        self.assertEqual(client.thread("REFERENCES", "UTF-8", "ALL"), ("OK", [b"(1)"]))
        self.assertEqual(client.sort("(REVERSE DATE)", "UTF-8", "ALL"), ("OK", [b"1"]))
        self.assertEqual(client.getquotaroot("INBOX")[0], "OK")
        self.assertEqual(client.getacl("INBOX")[0], "OK")
        self.assertEqual(client.logout()[0], "BYE")

    def test_every_mechanism(self):
        client = self.mail.connect()
        self.addCleanup(client.close)
        client.greeting()
        self.assertEqual(client.say(f"AUTHENTICATE PLAIN {plain(BOB, PASSWORD)}").status, "OK")
        client = self.mail.connect("imap")
        self.addCleanup(client.close)
        client.greeting()
        self.assertEqual(client.log_in(BOB).code, "PRIVACYREQUIRED")
        client.ok("STARTTLS")
        client.wrap()
        tag = client.begin("AUTHENTICATE PLAIN")
        client.wait_continuation()
        client.send(plain(BOB, PASSWORD).encode() + b"\r\n")
        self.assertEqual(client.finish(tag).status, "OK")
        wrong = self.mail.connect()
        self.addCleanup(wrong.close)
        wrong.greeting()
        self.assertEqual(wrong.log_in(BOB, "wrong").code, "AUTHENTICATIONFAILED")
        self.assertEqual(wrong.log_in("nobody@nowhere.example", "wrong").code, "AUTHENTICATIONFAILED")

    def curl(self, path, *arguments, role="imaps"):
        scheme = "imaps" if role == "imaps" else "imap"
        out, code = run_tool("curl", "-sS", "--insecure", "--ssl-reqd", "--user", f"{BOB}:{PASSWORD}",
                             f"{scheme}://127.0.0.1:{self.mail.ports[role]}/{path}", *arguments)
        self.assertEqual(code, 0, out)
        return out

    def test_curl(self):
        for role in ("imaps", "imap"):
            with self.subTest(role=role):
                self.empty(BOB)
                name = self.deliver(BOB, body="by curl")
                self.assert_delivered(BOB, name)
                self.assertRegex(self.curl("INBOX?ALL", role=role), r"\* SEARCH 1\r?\n")
                uid = int(self.curl("INBOX", "-X", "FETCH 1 (UID)", role=role).split("UID ")[1].split(")")[0])
                self.assertTrue(self.curl(f"INBOX;UID={uid}", role=role).endswith("\n\nby curl\n"))
                path = self.write("appended", content(name := new_id()).decode())
                self.curl("Sent", "--upload-file", path, role=role)
                self.assert_delivered(BOB, name, "Sent")
                self.assertEqual(self.curl("", role=role).count("* LIST"), 6)

    def test_offlineimap(self):
        self.empty(CAROL)
        names = {self.deliver(CAROL, body=f"number {number}") for number in range(20)}
        for name in names:
            self.assert_delivered(CAROL, name)
        config = self.write("offlineimaprc", f"""[general]
accounts = it
metadata = {self.directory}/offline
socktimeout = 60
[Account it]
localrepository = here
remoterepository = there
[Repository here]
type = Maildir
localfolders = {self.directory}/mail
[Repository there]
type = IMAP
remotehost = 127.0.0.1
remoteport = {self.mail.ports["imaps"]}
remoteuser = {CAROL}
remotepass = {PASSWORD}
ssl = yes
cert_fingerprint = {self.fingerprint()}
""")
        self.offlineimap(config)
        found = [path for path in (self.directory / "mail/INBOX").glob("*/*") if path.is_file()]
        self.assertEqual(len(found), 20)
        # What is done here goes there: one is gone, one is flagged.
        inbox = self.directory / "mail/INBOX"
        found[0].unlink()
        flagged = found[1].name.split(":2,")[0] + ":2,FS"
        found[1].rename(inbox / "cur" / flagged)
        self.offlineimap(config)
        client = self.imap(CAROL, "INBOX")
        self.assertEqual(len(client.ok("SEARCH ALL").searched()), 19)
        self.assertEqual(len(client.ok("SEARCH FLAGGED SEEN").searched()), 1)

    def test_neomutt(self):
        """In a terminal that nobody looks at: it opens the mailbox, flags and deletes, and files a copy."""
        client = self.empty(CAROL)
        for number in range(3):
            self.assertEqual(client.append("INBOX", content(new_id(), subject=f"mutt {number}")).status, "OK")
        config = self.write("muttrc", f"""set folder="imaps://127.0.0.1:{self.mail.ports["imaps"]}/"
set spoolfile="+INBOX"
set imap_user="{CAROL}"
set imap_pass="{PASSWORD}"
set ssl_verify_host=no
set ssl_verify_dates=no
set certificate_file="{self.mail.authority.certificate}"
set sort=mailbox-order
set confirmappend=no
set delete=yes
set move=no
set header_cache=""
push "<first-entry><flag-message><first-entry><copy-message>+Archive<enter>\
<last-entry><delete-message><sync-mailbox><quit>"
""")
        code = self.in_terminal("neomutt", "-n", "-F", config)
        self.assertEqual(code, 0)
        client.ok("SELECT INBOX")
        self.assertEqual(client.ok("SEARCH ALL").searched(), [1, 2])
        self.assertEqual(client.ok("SEARCH FLAGGED").searched(), [1])
        self.assertEqual(client.ok("STATUS Archive (MESSAGES)").of("STATUS")[0][1], ["MESSAGES", "1"])

    def in_terminal(self, name, *arguments):
        """A program's exit code; its screen is read, and thrown away."""
        pid, screen = pty.fork()
        if pid == 0:
            os.environ["TERM"], os.environ["HOME"] = "xterm", str(self.directory)
            os.execv(tool(name), [name, *map(str, arguments)])
        self.addCleanup(os.close, screen)
        shown, deadline = b"", time.monotonic() + DEADLINE * 2
        with contextlib.suppress(OSError):  # the end of a terminal
            while time.monotonic() < deadline:
                if select.select([screen], [], [], 0.2)[0]:
                    shown += os.read(screen, 65536)
        if time.monotonic() >= deadline:
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code != 0:
            print("".join(f"# {line}\n" for line in shown[-2000:].decode(errors="replace").splitlines()))
        return code

    def offlineimap(self, config):
        out, code = run_tool("offlineimap", "-c", config, "-u", "quiet", "-o", timeout=DEADLINE * 3)
        self.assertEqual(code, 0, out)

    def fingerprint(self):
        """Of the certificate that is served, as SHA-1: what offlineimap asks for."""
        out, code = run_tool("openssl", "s_client", "-connect", f"127.0.0.1:{self.mail.ports['imaps']}", "-servername",
                             "127.0.0.1")
        self.assertEqual(code, 0, out)
        pem = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", out, re.S).group()
        out, _ = run_tool("openssl", "x509", "-noout", "-fingerprint", "-sha1", stdin=pem)
        return out.strip().split("=")[1].replace(":", "").lower()


class FromNothing(GatepostTest):
    """What README says, by its commands: a server that makes itself a database and a certificate, an account,
    a message, and two clients that read it."""

    def test_first_mail(self):
        mx, imaps = free_port(), free_port()
        instance = self.instance(local=True, settings={"smtp.listen": [f"127.0.0.1@{mx}"],
                                                       "imap.tls_listen": [f"127.0.0.1@{imaps}"]})
        instance.start()
        instance.cli("domain", "create", DOMAIN, "--no-zone")
        password = instance.cli_json("user", "add", ADA)["generated_password"]
        instance.wait_synced()
        for subject in ("one to keep", "one to move", "one to delete"):
            out, code = run_tool("swaks", "--server", "127.0.0.1", "--port", mx, "--to", ADA, "--from",
                                 "you@example.net", "--header", f"Subject: {subject}", "--timeout", "60s")
            self.assertEqual(code, 0, out)
        first, second = (imaplib.IMAP4_SSL("127.0.0.1", imaps, ssl_context=client_context()) for _ in range(2))
        for client in (first, second):
            self.addCleanup(client.sock.close)
            client.login(ADA, password)
            wait_until(lambda client=client: client.select()[1] == [b"3"], "all have arrived")
        place = {}
        for word in ("keep", "move", "delete"):
            number = first.search(None, "SUBJECT", word)[1][0].decode()
            place[word] = re.search(rb"UID (\d+)", first.fetch(number, "(UID)")[1][0]).group(1).decode()
        first.uid("MOVE", place["move"], "Archive")
        first.uid("STORE", place["delete"], "+FLAGS", "(\\Deleted)")
        first.uid("STORE", place["keep"], "+FLAGS", "(\\Flagged)")
        first.expunge()
        second.noop()
        self.assertEqual(second.uid("SEARCH", "ALL")[1], [place["keep"].encode()])
        self.assertEqual(second.uid("SEARCH", "FLAGGED")[1], [place["keep"].encode()])
        self.assertEqual(second.select("Archive")[1], [b"1"])
        self.assertIn(b"Subject: one to move\r\n", second.fetch("1", "(RFC822)")[1][0][1])


if __name__ == "__main__":
    unittest.main()
