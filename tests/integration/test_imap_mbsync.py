"""mbsync keeps a Maildir and an account the same, both ways, whatever happens on either side."""

import random
import re
import unittest

from imap_support import ImapTest
from mail_support import DOMAIN, PASSWORD
from processes import DEADLINE
from tls_support import run_tool

DORA = f"dora@{DOMAIN}"
OPERATIONS = 1250  # of each side, in each round: 10,000 in all
ROUNDS = 4
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft"]


class Mbsync(ImapTest):
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
        return (f"From: a@example.org\r\nSubject: message {self.count}\r\n"
                f"Message-ID: <sync{self.count}@example.org>\r\n\r\nbody {self.count}\r\n").encode()

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
        # It compresses (RFC 4978) by itself.
        begun = re.search(r"^gatepost_imap_compression_begun_total (\d+)$", self.mail.metrics(), re.M)
        self.assertGreaterEqual(int(begun.group(1)), 2)


if __name__ == "__main__":
    unittest.main()
