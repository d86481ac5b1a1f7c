"""What tests of `gatepost mailbox import --imap` stand on: a Dovecot that an account moves from, the command, and what
is in a mailbox, there and here."""

import calendar
import hashlib
import json
import re
import subprocess

from dovecot_support import DovecotHost
from imap_support import ImapTest, quoted
from mail_support import DOMAIN
from processes import DEADLINE

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
OTHER_PASSWORD = "elsewhere-7"


def message(number, body=b"", **fields):
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return (f"From: a{number}@example.org\r\nTo: b@example.org\r\nSubject: number {number}\r\n"
            f"Message-ID: <m{number}@example.org>\r\n{head}\r\nbody {number}\r\n").encode() + body


def seconds(date):
    """INTERNALDATE as seconds since 1970."""
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = re.fullmatch(
        r" ?(\d+)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", date).groups()
    offset = (int(zone_hours) * 60 + int(zone_minutes)) * 60
    local = calendar.timegm((int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second)))
    return local - offset if sign == "+" else local + offset


def text(value):
    return value.decode() if isinstance(value, bytes) else value


class MailboxImportTest(ImapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dovecot = DovecotHost(cls.maker.directory / "dovecot", cls.mail.authority, OTHER_PASSWORD)
        cls.addClassCleanup(cls.dovecot.close)
        cls.accounts = 0

    def setUp(self):
        super().setUp()
        self._logs.append(self.dovecot.log_path)
        type(self).accounts += 1
        self.user = f"user{self.accounts}"  # there
        self.address = f"import{self.accounts}@{DOMAIN}"
        self.mail.add_user(self.address)
        self.password = self.write("password", OTHER_PASSWORD + "\n")
        self.state = self.directory / "state"

    # ---- the two ends

    def there(self):
        client = self.dovecot.imap(self.user)
        self.addCleanup(client.close)
        return client

    def append(self, client, mailbox, octets, flags="", date=""):
        answer = client.append(mailbox, octets, flags, date)
        self.assertEqual(answer.status, "OK", repr(answer))

    def append_many(self, client, mailbox, messages):
        """Of one command (RFC 3502)."""
        command = f"APPEND {quoted(mailbox)}".encode()
        for octets, flags, date in messages:
            command += b' (%b) "%b" {%d+}\r\n%b' % (flags.encode(), date.encode(), len(octets), octets)
        self.assertEqual(client.say(command).status, "OK")

    def content(self, client, mailbox):
        """[(digest, size, flags, date)], sorted."""
        client.ok(f"EXAMINE {quoted(mailbox)}")
        found = []
        for items in client.ok("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])").fetched().values():
            octets = items["BODY[]"]
            flags = tuple(sorted(flag.lower() for flag in items["FLAGS"] if flag != "\\Recent"))
            found.append((hashlib.sha256(octets).hexdigest(), len(octets), flags, seconds(text(items["INTERNALDATE"]))))
        client.ok("UNSELECT")
        return sorted(found)

    def assert_same(self, names, left_out=0):
        """{mailbox there: mailbox here}; `left_out` messages are there alone."""
        source, own = self.there(), self.imap(self.address)
        for name, here in names.items():
            theirs, ours = self.content(source, name), self.content(own, here)
            self.assertEqual(len(ours), len(theirs) - left_out, name)
            if left_out:
                theirs = [one for one in theirs if one in ours]
            self.assertEqual(ours, theirs, name)

    # ---- the command

    def words(self, *arguments, role="imaps", host="localhost", scheme=None, authority=True, port=None):
        out = ["mailbox", "import", self.address, "--imap",
               f"{scheme or role}://{host}:{port or self.dovecot.ports[role]}", "--imap-user", self.user,
               "--imap-password-file", str(self.password), "--state", str(self.state)]
        if authority:
            out += ["--ca-file", str(self.mail.authority.certificate)]
        return [*out, *arguments]

    def run_import(self, *arguments, code=0, **how):
        done = self.instance.cli(*self.words("--json", *arguments, **how), check=False, timeout=DEADLINE * 3)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def fail_import(self, code, pattern, *arguments, **how):
        self.state = self.directory / f"state{len(list(self.directory.iterdir()))}"  # of this one alone
        done = self.instance.cli(*self.words(*arguments, **how), check=False)
        self.assert_one_sentence(done, code, pattern)

    def launch(self, *arguments):
        """Without waiting for its end."""
        process = subprocess.Popen([self.instance.exe, *self.words(*arguments), *self.instance.words()],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=self.instance._environment(), cwd=self.directory)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def copied(self):
        return self.state.read_bytes().count(b"\nM ") if self.state.exists() else 0

    def app_passwords(self):
        return self.instance.cli_json("user", "app-password", "list", self.address)["app_passwords"]
