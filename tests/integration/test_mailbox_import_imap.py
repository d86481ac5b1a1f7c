"""`gatepost mailbox import --imap`: an account moves here from Dovecot, and from Gatepost itself: every octet, flag and
date once, whatever happens on the way."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import subprocess
import unittest

from imap_support import quoted
from mail_support import DOMAIN, PASSWORD
from mailbox_import_support import MONTHS, OTHER_PASSWORD, MailboxImportTest, message, text
from processes import DEADLINE, free_port, kill_9, wait_until

SIZE_MAX = 16 << 20
MANY = 2500


class MailboxImport(MailboxImportTest):
    SETTINGS = {"smtp.message_size_max": "16MiB"}

    def fill(self):
        client = self.there()
        for name in ("INBOX.Work", "INBOX.Work.2026", "INBOX.Entw&APw-rfe &- mehr", "INBOX.&ZeVnLIqe-",
                     'INBOX.Say "hi" \\ there', "INBOX.Trash"):
            client.ok(f"CREATE {quoted(name)}")
        for name in ("INBOX", "INBOX.Work", "INBOX.&ZeVnLIqe-"):
            client.ok(f"SUBSCRIBE {quoted(name)}")
        flags = ["", "\\Seen", "\\Seen \\Answered $Forwarded", "\\Flagged Later-1", "\\Draft", "\\Deleted \\Seen",
                 "NonJunk $label1"]
        self.append_many(client, "INBOX", [
            (message(n), flags[n % len(flags)],
             f"{n % 28 + 1:02d}-{MONTHS[n % 12]}-{1999 + n % 25} 23:59:{n % 60:02d} -0{n % 10}30")
            for n in range(120)])
        self.append(client, "INBOX", message(1000, "Grüße\r\n".encode("latin-1"), Content_Type="text/plain"))
        self.append(client, "INBOX", b"\r\n")  # neither header nor body
        self.append(client, "INBOX", b"Subject: no end of line")
        for _ in range(2):  # twice the same is twice
            self.append(client, "INBOX.Work", message(2000), "\\Seen", "17-Jul-1996 02:44:25 -0700")
        line = b"0123456789" * 7 + b"\r\n"
        self.append(client, "INBOX.Work.2026", message(3000, line * 60_000), "\\Flagged")  # 4 MB: goes through
        self.append(client, "INBOX.Work.2026", message(3001, line * 4_000))
        self.append(client, "INBOX.Entw&APw-rfe &- mehr", message(4000), "\\Draft")
        self.append(client, "INBOX.&ZeVnLIqe-", message(5000))
        self.append(client, 'INBOX.Say "hi" \\ there', message(6000))
        self.append(client, "INBOX.Sent Messages", message(7000), "\\Seen")
        self.append(client, "INBOX.Trash", message(8000), "\\Seen")
        self.append(client, "INBOX.All", message(9000))
        return client

    NAMES = {"INBOX": "INBOX", "INBOX.Work": "Work", "INBOX.Work.2026": "Work/2026",
             "INBOX.Entw&APw-rfe &- mehr": "Entw&APw-rfe &- mehr", "INBOX.&ZeVnLIqe-": "&ZeVnLIqe-",
             'INBOX.Say "hi" \\ there': 'Say "hi" \\ there', "INBOX.Sent Messages": "Sent", "INBOX.Trash": "Trash"}

    def subscriptions(self, client, prefix=""):
        return {text(words[2]).removeprefix(prefix) for words in client.ok('LSUB "" "*"').of("LSUB")}

    def test_everything_moves_once(self):
        source = self.fill()
        plan = self.run_import("--dry-run")
        self.assertEqual((plan["imported"], plan["already_there"]), (132, 0))
        self.assertFalse(self.state.exists())
        self.assertEqual(self.mail.messages(self.address), [])
        first = self.run_import()
        self.assertEqual((first["imported"], first["already_there"], first["failed"]), (132, 0, 0))
        self.assert_same(self.NAMES)
        folders = {one["folder"]: one["mailbox"] for one in first["folders"]}
        self.assertEqual(folders["日本語"], "日本語")
        self.assertEqual(folders["Sent Messages"], "Sent")
        self.assertNotIn("All", folders)
        own = self.imap(self.address)
        subscribed = self.subscriptions(own)
        self.assertLessEqual({"INBOX", "Work", "&ZeVnLIqe-"}, subscribed)
        self.assertFalse({"Work/2026", "Entw&APw-rfe &- mehr"} & subscribed)
        # Nothing is left to do, with the state and without it.
        again = self.run_import()
        self.assertEqual((again["imported"], again["already_there"], again["flags_changed"]), (0, 132, 0))
        self.state.unlink()
        without = self.run_import()
        self.assertEqual((without["imported"], without["already_there"]), (0, 132))
        self.assert_same(self.NAMES)
        self.assertEqual(self.app_passwords(), [])
        source.ok("LOGOUT")

    def test_changes_follow(self):
        client = self.there()
        self.append_many(client, "INBOX", [(message(n), "\\Seen" if n % 2 else "", "01-Feb-2020 10:00:00 +0000")
                                           for n in range(20)])
        self.run_import()
        own = self.imap(self.address, "INBOX")
        own.ok("UID STORE 1:* +FLAGS.SILENT (Mine)")
        own.ok("UNSELECT")
        client.ok("SELECT INBOX")
        client.ok("STORE 1:4 +FLAGS.SILENT (\\Flagged Theirs)")
        client.ok("STORE 2 -FLAGS.SILENT (\\Seen)")
        client.ok("STORE 20 +FLAGS.SILENT (\\Deleted)")
        client.ok("EXPUNGE")
        client.ok("UNSELECT")
        self.append(client, "INBOX", message(100), "\\Answered")
        client.ok("CREATE INBOX.Later")
        client.ok("SUBSCRIBE INBOX.Later")
        done = self.run_import()
        self.assertEqual((done["imported"], done["already_there"], done["flags_changed"]), (1, 19, 4))
        # What changed there has changed here; what the user did here stays; what is gone there stays here.
        flags = {}
        own.ok("SELECT INBOX")
        for items in own.ok("UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])").fetched().values():
            name = next(text(value) for item, value in items.items() if item.startswith("BODY["))
            flags[int(re.search(r"number (\d+)", name).group(1))] = {
                flag.lower() for flag in items["FLAGS"] if flag != "\\Recent"}
        self.assertEqual(len(flags), 21)
        self.assertEqual(flags[0], {"mine", "theirs", "\\flagged"})
        self.assertEqual(flags[1], {"mine", "theirs", "\\flagged"})
        self.assertEqual(flags[3], {"mine", "theirs", "\\flagged", "\\seen"})
        self.assertEqual(flags[5], {"mine", "\\seen"})
        self.assertEqual(flags[100], {"\\answered"})
        self.assertIn("Later", self.subscriptions(self.imap(self.address)))

    def fill_many(self, count=MANY):
        """Half of them in INBOX, the others in Lists."""
        client = self.there()
        client.ok("CREATE INBOX.Lists")
        for begin in range(0, count, 500):
            self.append_many(client, "INBOX" if begin % 1000 else "INBOX.Lists", [
                (message(n, b"x" * (n * 37 % 4000) + b"\r\n"), "\\Seen" if n % 3 else "",
                 f"{n % 28 + 1:02d}-Mar-2021 12:{n % 60:02d}:00 +0000")
                for n in range(begin, min(count, begin + 500))])

    def test_killed_on_the_way(self):
        self.fill_many()
        for kill in range(3):
            before = self.copied()
            process = self.launch()
            wait_until(lambda least=before: self.copied() > least or process.poll() is not None, "it copies")
            process.kill()
            self.assertEqual(process.wait(DEADLINE), -signal.SIGKILL, f"kill {kill}")
        stored = len(self.mail.messages(self.address))
        self.assertLess(stored, MANY)
        done = self.run_import()
        self.assertEqual(done["imported"] + done["already_there"], MANY)
        self.assertGreater(done["already_there"], 0)
        self.assert_same({"INBOX": "INBOX", "INBOX.Lists": "Lists"})
        self.assertEqual(self.app_passwords(), [])

    def test_interrupted(self):
        self.fill_many()
        process = self.launch()
        wait_until(lambda: self.copied() > 0 or process.poll() is not None, "it copies")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(DEADLINE), 1)
        self.assertEqual(self.app_passwords(), [])
        self.run_import()
        self.assert_same({"INBOX": "INBOX", "INBOX.Lists": "Lists"})

    def test_connections_break(self):
        self.fill_many()
        process = self.launch()
        for _ in range(3):
            before = self.copied()
            wait_until(lambda least=before: self.copied() > least or process.poll() is not None, "it copies")
            self.dovecot.kill_sessions()
        self.assertEqual(process.wait(DEADLINE * 2), 0)
        self.assert_same({"INBOX": "INBOX", "INBOX.Lists": "Lists"})

    def test_gatepost_is_killed(self):
        """What it had stored, and could not say, is not stored again."""
        self.fill_many()
        process = self.launch()
        for _ in range(2):
            before = self.copied()
            wait_until(lambda least=before: self.copied() > least or process.poll() is not None, "it copies")
            pid = self.instance.process("gatepost-dataplane")
            kill_9([pid])
            self.instance.wait_process("gatepost-dataplane", other_than=pid)
        self.assertEqual(process.wait(DEADLINE * 3), 0)
        self.assert_same({"INBOX": "INBOX", "INBOX.Lists": "Lists"})

    def test_what_cannot_be_stored(self):
        client = self.there()
        line = b"0123456789" * 7 + b"\r\n"
        self.append(client, "INBOX", message(1))
        self.append(client, "INBOX", message(2, line * (SIZE_MAX // len(line) + 1)))
        self.append(client, "INBOX", message(3))
        done = self.run_import(code=8)
        self.assertEqual((done["imported"], done["failed"]), (2, 1))
        self.assertRegex(done["failures"][0], r"^INBOX UID 2: it has 16\.0 MiB.*smtp\.message_size_max")
        self.assert_same({"INBOX": "INBOX"}, left_out=1)

    def test_over_quota(self):
        client = self.there()
        self.append_many(client, "INBOX", [(message(n), "", "01-Feb-2020 10:00:00 +0000") for n in range(40)])
        self.instance.cli("user", "quota", self.address, "none", "--messages", "10")
        self.instance.wait_synced()
        done = self.run_import(code=8)
        self.assertEqual((done["imported"], done["failed"]), (10, 30))
        self.assertRegex(done["failures"][0], "OVERQUOTA")
        self.instance.cli("user", "quota", self.address, "none", "--messages", "0")
        self.instance.wait_synced()
        self.assertEqual(self.run_import()["imported"], 30)
        self.assert_same({"INBOX": "INBOX"})

    def test_chosen_folders(self):
        self.fill()
        done = self.run_import("--folder", "Work*", "--folder", "INBOX", "--exclude", "Work/*", "--connections", "1",
                               role="imap")
        self.assertEqual({one["folder"] for one in done["folders"]}, {"INBOX", "Work"})
        self.assert_same({"INBOX": "INBOX", "INBOX.Work": "Work"})

    def test_from_gatepost(self):
        source = f"from{self.user}@{DOMAIN}"
        self.mail.add_user(source)
        self.instance.wait_synced()
        client = self.imap(source)
        client.ok("CREATE Work/2026")
        flags = ["", "\\Seen", "\\Flagged $Forwarded"]
        for n in range(30):
            self.append(client, "INBOX" if n % 2 else "Work/2026", message(n, b"\xff\xfe\r\n"), flags[n % 3],
                        f"{n % 28 + 1:02d}-May-2019 01:02:{n:02d} +0200")
        self.append(client, "Sent", message(99, b"x" * 1_000_000), "\\Seen")
        self.user = source
        self.password.write_text(PASSWORD + "\n")
        done = self.run_import(port=self.mail.ports["imaps"])
        self.assertEqual((done["imported"], done["failed"]), (31, 0))
        own = self.imap(self.address)
        for name in ("INBOX", "Work/2026", "Sent"):
            self.assertEqual(self.content(own, name), self.content(client, name), name)
        self.assertEqual(self.run_import(port=self.mail.ports["imaps"])["imported"], 0)

    def test_the_password_is_asked_for(self):
        self.append(self.there(), "INBOX", message(1))
        words = self.words()
        at = words.index("--imap-password-file")
        del words[at:at + 2]
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        process = subprocess.Popen([self.instance.exe, *words, *self.instance.words()], stdin=terminal,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=self.instance._environment(), cwd=self.directory)
        os.close(terminal)
        with process.stderr as said:
            prompt = b""
            while not prompt.endswith(b": "):
                octet = said.read(1)
                self.assertTrue(octet, prompt)
                prompt += octet
            self.assertEqual(prompt.decode(), f"Password of {self.user} at localhost: ")
            os.write(master, OTHER_PASSWORD.encode() + b"\n")
            rest = said.read().decode()
        self.assertEqual(process.wait(DEADLINE), 0, rest)
        os.set_blocking(master, False)
        with contextlib.suppress(OSError):  # nothing is there, or nobody any more
            self.assertNotIn(OTHER_PASSWORD.encode(), os.read(master, 4096))
        self.assert_same({"INBOX": "INBOX"})

    def test_what_is_wrong_is_said(self):
        self.there()
        self.password.write_text("wrong\n")
        self.fail_import(6, "the login failed")
        self.password.write_text(OTHER_PASSWORD + "\n")
        self.fail_import(3, "cannot prove who it is.*--ca-file", authority=False)
        self.fail_import(3, "cannot prove who it is.*the name that its certificate is for", host="127.0.0.1")
        self.fail_import(3, "does an IMAP server listen there", port=free_port())
        self.fail_import(3, "is the name right", host="no-such-host.invalid")
        self.fail_import(2, "is no IMAP server", scheme="https")
        self.fail_import(2, "--plaintext is for imap://", "--plaintext")
        self.fail_import(6, "the server takes no password here: it wants TLS", "--plaintext", scheme="imap",
                         port=self.mail.ports["imap"], authority=False)
        self.fail_import(2, "one of --maildir, --mbox and --imap", "--mbox", "x")
        self.assertEqual(self.app_passwords(), [])
        self.run_import("--insecure", authority=False)
        # Two at the same time are one too many.
        self.fill_many(500)
        with open(self.state, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assert_one_sentence(self.instance.cli(*self.words(), check=False), 7, "another import has .* open")
        other = self.words()
        other[other.index(self.user)] = "someone-else"
        self.assert_one_sentence(self.instance.cli(*other, check=False), 1, "is of another import")


if __name__ == "__main__":
    unittest.main()
