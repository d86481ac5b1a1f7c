"""Clients of IMAP that people have, and several at once: what one does, the others see."""

import contextlib
import imaplib
import os
import pty
import random
import re
import select
import signal
import threading
import time
import unittest

from harness import GatepostTest
from imap_support import ImapTest, kind_of, plain, quoted
from mail_support import DOMAIN, PASSWORD, content, new_id
from processes import DEADLINE, free_port, wait_until
from tls_support import client_context, run_tool, tool

ADA, BOB, CAROL, DORA = (f"{name}@{DOMAIN}" for name in ("ada", "bob", "carol", "dora"))
OPERATIONS = 300  # of each side of a synchronisation, in each of its rounds
ROUNDS = 4
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft"]


class Clients(ImapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for address in (ADA, BOB, CAROL):
            cls.mail.add_user(address)
        cls.instance.wait_synced()

    def deliver(self, address, message_id=None, **fields):
        message_id = message_id or new_id()
        with self.mail.raw() as client:
            client.open()
            reply = client.message(address, content(message_id, **fields))
        self.assertEqual(reply.code, 250, repr(reply))
        return message_id

    def empty(self, address):
        """An account without a message, and without mailboxes of a test before."""
        client = self.imap(address)
        for words in client.ok('LIST "" * RETURN (SPECIAL-USE)').of("LIST"):
            name = words[2].decode()
            if name == "INBOX" or any(use in words[0] for use in ("\\Sent", "\\Drafts", "\\Junk", "\\Trash", "\\Archive")):
                client.ok(f"SELECT {quoted(name)}")
                if client.ok("SEARCH ALL").searched():
                    client.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
                    client.ok("EXPUNGE")
                client.ok("UNSELECT")
            elif "\\NonExistent" not in words[0]:
                client.ok(f"DELETE {quoted(name)}")
        return client


class Programs(Clients):
    """That others have written."""

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
        self.assertEqual(client.status("Play/B&APw-ro", "(MESSAGES UNSEEN)")[1], [b'"Play/B&APw-ro" (MESSAGES 2 UNSEEN 1)'])
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
push "<first-entry><flag-message><first-entry><copy-message>+Archive<enter><last-entry><delete-message><sync-mailbox><quit>"
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
        shown, deadline = b"", time.monotonic() + DEADLINE / 2
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
        out, code = run_tool("offlineimap", "-c", config, "-u", "quiet", "-o")
        self.assertEqual(code, 0, out)

    def fingerprint(self):
        """Of the certificate that is served, as SHA-1: what offlineimap asks for."""
        out, code = run_tool("openssl", "s_client", "-connect", f"127.0.0.1:{self.mail.ports['imaps']}", "-servername", "127.0.0.1")
        self.assertEqual(code, 0, out)
        pem = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", out, re.S).group()
        out, _ = run_tool("openssl", "x509", "-noout", "-fingerprint", "-sha1", stdin=pem)
        return out.strip().split("=")[1].replace(":", "").lower()


class Mbsync(Clients):
    """Both ways, with changes of all kinds on both sides between the runs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.add_user(DORA, "--scheme", "SCRAM-SHA-256")  # the mechanism that mbsync likes best
        cls.instance.wait_synced()

    def setUp(self):
        super().setUp()
        self.empty(DORA)
        self.random = random.Random(31)
        self.mail_folder = self.directory / "maildir"
        self.mail_folder.mkdir()
        self.config = self.write("mbsyncrc", f"""IMAPAccount there
Host localhost
Port {self.mail.ports["imaps"]}
User {DORA}
Pass "{PASSWORD}"
SSLType IMAPS
CertificateFile "{self.mail.authority.certificate}"
Timeout 60

IMAPStore there
Account there

MaildirStore here
Path {self.mail_folder}/
Inbox {self.mail_folder}/INBOX
SubFolders Verbatim

Channel it
Far :there:
Near :here:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")
        self.count = 0

    def sync(self):
        out, code = run_tool("mbsync", "-c", self.config, "-a", timeout=DEADLINE * 3)
        self.assertEqual(code, 0, out)

    def new_message(self):
        self.count += 1
        return (f"From: a@example.org\r\nSubject: message {self.count}\r\nMessage-ID: <sync{self.count}@example.org>\r\n"
                f"\r\nbody {self.count}\r\n").encode()

    def change_there(self, client):
        """One operation by IMAP."""
        kind = self.random.choice(["append", "flag", "flag", "unflag", "delete", "move", "copy"])
        if kind == "append":
            self.assertEqual(client.append(self.random.choice(self.boxes), self.new_message(),
                                           self.random.choice(["", "\\Seen", "\\Flagged"])).status, "OK")
            return
        client.ok(f"SELECT {self.random.choice(self.boxes)}")
        found = client.ok("UID SEARCH ALL").searched()
        if not found:
            return
        uid, flag = self.random.choice(found), self.random.choice(FLAGS)
        other = self.random.choice(self.boxes)
        client.ok({"flag": f"UID STORE {uid} +FLAGS ({flag})", "unflag": f"UID STORE {uid} -FLAGS ({flag})",
                   "delete": f"UID STORE {uid} +FLAGS (\\Deleted)", "move": f"UID MOVE {uid} {other}",
                   "copy": f"UID COPY {uid} {other}"}[kind])
        if kind == "delete":
            client.ok(f"UID EXPUNGE {uid}")

    def change_here(self):
        """One operation in the Maildir."""
        box = self.mail_folder / self.random.choice(self.boxes)
        kind = self.random.choice(["append", "flag", "flag", "delete"])
        if kind == "append":
            message = self.new_message().replace(b"\r\n", b"\n")
            (box / "new" / f"{self.count}.it.example").write_bytes(message)
            return
        found = sorted(path for folder in ("new", "cur") for path in (box / folder).iterdir())
        if not found:
            return
        path = self.random.choice(found)
        if kind == "delete":
            path.unlink()
            return
        base, _, letters = path.name.partition(":2,")
        changed = set(letters) ^ {self.random.choice("SFRD")}
        path.rename(box / "cur" / f"{base}:2,{''.join(sorted(changed))}")

    def here(self):
        """{mailbox: sorted (message, flags)}."""
        out = {}
        for box in self.mail_folder.iterdir():
            if (box / "cur").is_dir():
                out[box.name] = sorted(
                    (self.named(path.read_bytes()), "".join(sorted(path.name.partition(":2,")[2])))
                    for folder in ("new", "cur") for path in (box / folder).iterdir())
        return out

    def there(self):
        client, out = self.imap(DORA), {}
        letters = {"\\Seen": "S", "\\Flagged": "F", "\\Answered": "R", "\\Draft": "D", "\\Deleted": "T"}
        for words in client.ok('LIST "" *').of("LIST"):
            name = words[2].decode()
            client.ok(f"EXAMINE {name}")
            fetched = client.ok("UID FETCH 1:* (FLAGS BODY.PEEK[])").fetched().values()
            out[name] = sorted((self.named(items["BODY[]"]), "".join(sorted(letters[flag] for flag in items["FLAGS"]
                                                                             if flag in letters)))
                               for items in fetched)
        return out

    @staticmethod
    def named(octets):
        found = re.search(rb"^Message-ID: (<[^>]*>)", octets, re.M)
        body = re.search(rb"^body \d+\r?$", octets, re.M)
        return f"{found.group(1).decode()} {body.group().decode().strip()}"

    def test_no_drift(self):
        client = self.imap(DORA)
        client.ok("CREATE Work")
        self.sync()
        self.boxes = ["INBOX", "Work", "Archive"]
        for round_ in range(ROUNDS):
            for _ in range(OPERATIONS):
                self.change_there(client)
                self.change_here()
            client.ok("SELECT Trash")  # not one that changes meanwhile
            self.sync()
            with self.subTest(round=round_):
                self.assertEqual(self.here(), self.there())
        total = sum(map(len, self.there().values()))
        self.assertGreater(total, 50)
        # Nothing is left to do, and doing it again changes nothing.
        before = self.there()
        self.sync()
        self.assertEqual((self.here(), self.there()), (before, before))

    def test_mailboxes_both_ways(self):
        client = self.imap(DORA)
        client.ok("CREATE Projects")
        client.append("Projects", self.new_message())
        self.sync()
        self.assertEqual(len(self.here()["Projects"]), 1)
        for folder in ("cur", "new", "tmp"):
            (self.mail_folder / "Mine" / folder).mkdir(parents=True)
        (self.mail_folder / "Mine/new/1.it.example").write_bytes(self.new_message().replace(b"\r\n", b"\n"))
        self.sync()
        self.assertEqual(self.there()["Mine"], self.here()["Mine"])
        self.assertEqual(self.here(), self.there())


class TwoAtOnce(Clients):
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
        out, code = run_tool("swaks", "--server", "127.0.0.1", "--port", self.mail.ports["mx"], "--from", "x@example.net",
                             "--to", BOB, "--header", "Subject: by swaks")
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
        # Far more than it takes, so that a busy machine does not fail it, and less than any poll would take.
        self.assertLess(took[len(took) // 2][0], 1.0)

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


class FromNothing(GatepostTest):
    """What README says, by its commands: a server that makes itself a database and a certificate, an account, a message,
    and two clients that read it."""

    def test_first_mail(self):
        mx, imaps = free_port(), free_port()
        instance = self.instance(local=True, settings={"smtp.listen": [f"127.0.0.1@{mx}"],
                                                       "imap.tls_listen": [f"127.0.0.1@{imaps}"]})
        instance.start()
        instance.cli("domain", "create", DOMAIN, "--no-zone")
        password = instance.cli_json("user", "add", ADA)["generated_password"]
        instance.wait_synced()
        for subject in ("one to keep", "one to move", "one to delete"):
            out, code = run_tool("swaks", "--server", "127.0.0.1", "--port", mx, "--to", ADA, "--from", "you@example.net",
                                 "--header", f"Subject: {subject}")
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
