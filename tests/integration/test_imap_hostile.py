"""Clients of IMAP that lie, flood, dawdle and ask for what costs much: each has its answer or its end, nobody else
waits, and the dataplane does not grow."""

import base64
import contextlib
import re
import ssl
import threading
import time
import unittest

from imap_support import Ended, ImapTest, kind_of, plain
from mail_support import DOMAIN, PASSWORD, content, new_id
from processes import wait_until
from tls_support import is_sanitized

ADA, BOB = f"ada@{DOMAIN}", f"bob@{DOMAIN}"
MEMORY_MAX = 64 << 20  # octets that the dataplane may grow by in a test
IDLE = 1000  # sessions
MAILBOXES = 9900  # an account has 10,000 at most
ANSWER_MAX = 45.0  # seconds: far above what any of this takes, far below what a quadratic one would


class Hostile(ImapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.add_user(ADA)
        cls.mail.add_user(BOB)
        cls.instance.wait_synced()

    def setUp(self):
        super().setUp()
        self.assert_serves()
        self.before = self.memory()

    def tearDown(self):
        self.assert_serves()
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 1)
        if not is_sanitized():
            self.assertLess(self.memory() - self.before, MEMORY_MAX)
        super().tearDown()

    def assert_serves(self):
        with self.mail.imap(BOB, "INBOX") as client:
            self.assertEqual(client.append("INBOX", content(new_id())).status, "OK")
            client.ok("FETCH * (BODY.PEEK[])")
            client.ok("STORE * +FLAGS.SILENT (\\Deleted)")
            client.ok("EXPUNGE")

    def memory(self):
        """Of the dataplane, resident, in octets."""
        with open(f"/proc/{self.instance.process('gatepost-dataplane')}/status", encoding="utf-8") as about:
            return next(int(line.split()[1]) << 10 for line in about if line.startswith("VmRSS:"))

    def counter(self, name):
        return int(re.search(rf"^gatepost_imap_{name}_total (\d+)$", self.mail.metrics(), re.M).group(1))

    def stranger(self, role="imaps"):
        """Greeted, not logged in."""
        client = self.mail.connect(role)
        self.addCleanup(client.close)
        self.assertEqual(client.greeting()[0], "OK")
        return client

    def until_end(self, client):
        """All the responses that come until the server ends the connection."""
        told = []
        with contextlib.suppress(Ended, OSError, ssl.SSLError):
            while True:
                told.append(client.response())
        return told

    def quick(self, client, command):
        begun = time.monotonic()
        answer = client.say(command)
        self.assertLess(time.monotonic() - begun, ANSWER_MAX, command[:100])
        return answer


class BeforeLogin(Hostile):
    def test_garbage(self):
        for garbage in (b"\0" * 100_000, b"\xff\xfe" * 50_000, b"\r\n" * 50_000, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"a" * 300_000, b"a NOOP\r\n" * 5000, b"* " * 50_000, b"a {\r\n" * 1000,
                        b'a LOGIN "' + b'\\"' * 90_000,
                        b"(" * 200_000 + b"\r\n", b"a " + b"(" * 60_000 + b"\r\n",
                        b"a CAPABILITY " + b"[" * 60_000 + b"\r\n",
                        b"a FETCH 1 " + b"(" * 60_000 + b"\r\n", b"a SEARCH " + b"NOT " * 15_000 + b"ALL\r\n"):
            with self.subTest(garbage=garbage[:16]):
                client = self.stranger()
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    client.send(garbage)
                    client.send(b"\r\nz LOGOUT\r\n")
                for tag, words in self.until_end(client):
                    self.assertIn(words[0] if tag != "+" else "OK", ("OK", "NO", "BAD", "BYE"))

    def test_literal_bombs(self):
        """RFC 9051 §4.3: what is too large is refused before it is sent, and is not kept where it is sent anyway."""
        for size in (1 << 20, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, 1 << 64, 10 ** 40):
            with self.subTest(size=size):
                client = self.stranger()
                answer = client.say(f"LOGIN {{{size}}}")
                self.assertIn(answer.status, ("NO", "BAD"), repr(answer))
        refused = self.counter("literals_refused")
        client = self.stranger()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            client.send(b"a LOGIN {4000000+}\r\n" + b"x" * 4_000_000 + b" {3+}\r\nabc\r\nb NOOP\r\n")
        told = self.until_end_or(client, "b")
        self.assertIn(told[0][1][0], ("BAD", "NO", "BYE"))
        self.assertGreater(self.counter("literals_refused"), refused)
        # Many at once, each a little below what is allowed.
        crowd = [self.stranger() for _ in range(50)]
        for one in crowd:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                one.send(b"a LOGIN {60000+}\r\n" + b"x" * 59_000)
        self.assertLess(self.memory() - self.before, MEMORY_MAX)

    def until_end_or(self, client, tag):
        told = []
        with contextlib.suppress(Ended, OSError, ssl.SSLError):
            while not told or told[-1][0] != tag:
                told.append(client.response())
        return told

    def test_sasl(self):
        for lines in (["AUTHENTICATE PLAIN", "*"], ["AUTHENTICATE PLAIN !!!!"], ["AUTHENTICATE PLAIN", "===="],
                      ["AUTHENTICATE PLAIN", "A"], ["AUTHENTICATE PLAIN " + "A" * 50_000], ["AUTHENTICATE XYZ"],
                      ["AUTHENTICATE"], ["AUTHENTICATE PLAIN =", "AAAA"], ["AUTHENTICATE LOGIN", "!!!"],
                      ["AUTHENTICATE SCRAM-SHA-256", "biws"], ["AUTHENTICATE SCRAM-SHA-256 " + "A" * 400],
                      ["AUTHENTICATE PLAIN " + base64.b64encode(b"\0" * 3000).decode()],
                      ["AUTHENTICATE PLAIN", "A" * 200_000],
                      # Channel binding that is not there.
                      ["AUTHENTICATE SCRAM-SHA-256 " + base64.b64encode(b"p=tls-unique,,n=ada,r=abc").decode()]):
            with self.subTest(lines=[line[:40] for line in lines]):
                client = self.stranger()
                tag = client.begin(lines[0])
                told = self.until_tag(client, tag)
                for line in lines[1:]:
                    if told[-1][0] == "+":
                        client.send(line.encode() + b"\r\n")
                        told = self.until_tag(client, tag)
                self.assertIn(told[-1][1][0], ("NO", "BAD", "BYE"), told)
                if told[-1][1][0] != "BYE":
                    self.assertEqual(client.say("SELECT INBOX").status, "BAD")

    def until_tag(self, client, tag):
        """Up to the answer, or a continuation, or the end."""
        told = [client.response()]
        while told[-1][0] not in (tag, "+") and told[-1][1][0] != "BYE":
            told.append(client.response())
        return told

    def test_guessing(self):
        client = self.stranger()
        statuses = []
        with contextlib.suppress(Ended):
            for _ in range(20):
                statuses.append(client.log_in(ADA, "wrong").status)
        self.assertLessEqual(len(statuses), 6)
        self.assertEqual(set(statuses), {"NO"})
        self.assertEqual(self.stranger().log_in(ADA, PASSWORD).status, "OK")

    def test_starttls_injection(self):
        """CVE-2011-0411: what came in the clear behind STARTTLS is nothing that was said under TLS."""
        client = self.stranger("imap")
        login = f"b LOGIN {ADA} \"{PASSWORD}\"\r\nc CREATE Injected\r\n"
        client.send(f"a STARTTLS\r\n{login}".encode())
        tag, words = client.response()
        self.assertEqual(tag, "a")
        with contextlib.suppress(OSError, ssl.SSLError):
            client.wrap()
            self.assertEqual(client.say("CAPABILITY").status, "OK")
            self.assertEqual(client.say("SELECT INBOX").status, "BAD")
        with self.mail.imap(ADA) as owner:
            self.assertNotIn(b"Injected", [one[2] for one in owner.ok('LIST "" *').of("LIST")])

    def test_no_password_in_the_clear(self):
        client = self.stranger("imap")
        for command in (f'LOGIN {ADA} "{PASSWORD}"', f"AUTHENTICATE PLAIN {plain(ADA, PASSWORD)}",
                        "AUTHENTICATE LOGIN"):
            answer = client.say(command)
            self.assertEqual((answer.status, answer.code), ("NO", "PRIVACYREQUIRED"))

    def test_a_crowd(self):
        """Of those who connect, and say nothing, or half a line."""
        crowd = []
        for number in range(IDLE):
            client = self.mail.connect("imap")
            self.addCleanup(client.close)
            if number % 2:
                client.send(b"a LOGIN ")
            crowd.append(client)
        self.assert_serves()
        self.assertEqual([client.greeting()[0] for client in crowd], ["OK"] * IDLE)


class LoggedIn(Hostile):
    def setUp(self):
        super().setUp()
        self.client = self.imap(ADA, "INBOX")

    def fill(self, count, body="Hello"):
        message = content(new_id(), body=body)
        while count > 0:
            now = min(count, 500)
            command = b"APPEND INBOX" + b"".join(b" {%d+}\r\n%b" % (len(message), message) for _ in range(now))
            self.assertEqual(self.client.say(command).status, "OK")
            count -= now
        self.client.ok("NOOP")

    def empty(self):
        if self.client.ok("SEARCH ALL").searched():
            self.client.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            self.client.ok("EXPUNGE")

    def test_sequence_sets(self):
        self.empty()
        self.fill(100)
        many = ",".join(["1:*"] * 10_000)
        for command in (f"FETCH {many} (UID)", f"UID FETCH {many} (FLAGS)", f"SEARCH {many}",
                        f"STORE {many} +FLAGS.SILENT (x)",
                        "UID FETCH 1:4294967295 (UID)", "UID STORE 1:4294967295 +FLAGS.SILENT (y)",
                        "UID SEARCH UID 4294967295:1",
                        "UID FETCH " + ",".join(str(number) for number in range(1, 12_000, 2)) + " (FLAGS)",
                        "UID FETCH " + ",".join(f"{number}:4294967295" for number in range(1, 4000)) + " (FLAGS)",
                        "UID COPY 4294967290:4294967295 Trash", "SEARCH UID " + ",".join(["*:1"] * 5000)):
            with self.subTest(command=command[:40]):
                answer = self.quick(self.client, command)
                self.assertEqual(answer.status, "OK", repr(answer)[:500])
                self.assertLessEqual(len(answer.fetched()), 100)
        for command in ("FETCH 4294967296 (UID)", "FETCH 1:99999999999999999999 (UID)", "FETCH 1, (UID)",
                        "FETCH ,1 (UID)",
                        "FETCH 1::2 (UID)", "FETCH -1 (UID)", "FETCH 1:2:3 (UID)", "FETCH 01 (UID)" + "\0"):
            with self.subTest(command=command):
                client = self.imap(ADA, "INBOX")
                self.assertEqual(client.say(command).status, "BAD")
        self.empty()

    def test_search_trees(self):
        self.fill(1)
        for command in ("SEARCH " + "NOT " * 10_000 + "ALL", "SEARCH " + "(" * 20_000 + "ALL" + ")" * 20_000,
                        "SEARCH " + "OR " * 8000 + "ALL " * 8001, "SEARCH " + "SUBJECT x " * 6000,
                        "SEARCH " + "OR SEEN " * 31 + "ALL", "SEARCH " + "BODY aaaaaaaaaa " * 900,
                        "SORT (" + "DATE " * 5000 + "DATE) UTF-8 ALL",
                        "THREAD REFERENCES UTF-8 " + "NOT " * 10_000 + "ALL",
                        "FETCH 1 (" + "FLAGS " * 9000 + "UID)", "FETCH 1 (BODY.PEEK[" + "1." * 20_000 + "1])",
                        "FETCH 1 (BODY.PEEK[HEADER.FIELDS (" + "a " * 20_000 + "b)])", 'LIST "" ' + "*" * 30_000,
                        'LIST "" ' + "%*" * 400 + "x", 'LIST "" (' + "* " * 5000 + ")",
                        "STATUS INBOX (" + "MESSAGES " * 5000 + ")",
                        "STORE 1 +FLAGS (" + " ".join(f"k{number}" for number in range(5000)) + ")",
                        "GETMETADATA INBOX (" + "/private/x " * 5000 + ")"):
            with self.subTest(command=command[:40]):
                client = self.imap(ADA, "INBOX")
                self.assertIn(self.quick(client, command).status, ("OK", "NO", "BAD"))
                client.ok("NOOP")

    def test_endless_lines_and_literals(self):
        client = self.imap(ADA, "INBOX")
        answer = client.say(b"SEARCH SUBJECT " + b"x" * 1_000_000)
        self.assertEqual(answer.status, "BAD")
        client.ok("NOOP")
        answer = client.say(b"SEARCH SUBJECT {200000+}\r\n" + b"x" * 200_000)
        self.assertIn(answer.status, ("NO", "BAD"))
        client.ok("NOOP")
        # Literal after literal, each small: together too much.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            client.send(b"a SEARCH" + b" SUBJECT {30000+}\r\n" % () + b"y" * 30_000)
            for _ in range(60):
                client.send(b" SUBJECT {30000+}\r\n" + b"y" * 30_000)
            client.send(b"\r\n")
        told = client.response()
        self.assertIn(told[1][0], ("BAD", "NO", "BYE"))
        for size in (60 << 20, 1 << 40):
            with self.subTest(append=size):
                other = self.imap(ADA)
                answer = other.say(f"APPEND INBOX {{{size}}}")
                self.assertEqual((answer.status, answer.code), ("NO", "TOOBIG"), repr(answer))
                other.ok("NOOP")

    def test_messages_that_cost(self):
        """Read, summarised, searched and shown in time whatever is in them."""
        names = "".join(f"; name*{number}*=%41%42%43" for number in range(3000))
        continued = "".join(f";\r\n\tname*{number}=\"{'x' * 50}\"" for number in range(3000))
        deep = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
                       for level in range(2000))
        wide = "Content-Type: multipart/mixed; boundary=w\r\n\r\n" + "--w\r\n\r\nx\r\n" * 30_000 + "--w--\r\n"
        messages = [f"Content-Type: text/plain{names}\r\n\r\nx\r\n",
                    f"Content-Type: text/plain{continued}\r\n\r\nx\r\n", deep, wide,
                    "Content-Type: message/rfc822\r\n\r\n" * 5000,
                    "To: " + ", ".join(f"a{number}@example.org" for number in range(30_000)) + "\r\n\r\nx\r\n",
                    "To: " + "(" * 100_000 + "\r\n\r\nx\r\n",
                    "Subject: " + "=?utf-8?q?" + "=41" * 60_000 + "?=\r\n\r\nx\r\n",
                    "Subject: " + "=?utf-8?q?a?= " * 20_000 + "\r\n\r\nx\r\n",
                    "References: " + " ".join(f"<{number}@x>" for number in range(20_000)) + "\r\n\r\nx\r\n",
                    "Subject: " + "Re: [x] " * 30_000 + "\r\n\r\nx\r\n", "A:\r\n" * 50_000 + "\r\nx\r\n",
                    "Content-Transfer-Encoding: base64\r\n\r\n" + "=" * 1_000_000 + "\r\n",
                    "Content-Type: text/html\r\n\r\n" + "<b" * 500_000 + "\r\n"]
        self.empty()
        for text in messages:
            begun = time.monotonic()
            self.assertEqual(self.client.append("INBOX", text.encode()).status, "OK")
            self.assertLess(time.monotonic() - begun, ANSWER_MAX, text[:60])
        self.client.ok("NOOP")
        for number, text in enumerate(messages):
            for items in ("ENVELOPE", "BODYSTRUCTURE", "PREVIEW", "BODY.PEEK[1.1]", "BODY.PEEK[HEADER.FIELDS (To)]"):
                with self.subTest(text=text[:40], items=items):
                    self.assertEqual(self.quick(self.client, f"FETCH {number + 1} ({items})").status, "OK")
            whole = self.client.ok(f"FETCH {number + 1} (BODY.PEEK[])").fetched()[number + 1]
            self.assertEqual(whole["BODY[]"], text.encode())
        for command in ("SEARCH TEXT nothing", "SEARCH BODY nothing", "SORT (SUBJECT FROM DATE) UTF-8 ALL",
                        "THREAD REFERENCES UTF-8 ALL", "THREAD ORDEREDSUBJECT UTF-8 ALL", "SEARCH SUBJECT aaaa TO a7"):
            with self.subTest(command=command):
                self.assertEqual(self.quick(self.client, command).status, "OK")
        self.empty()

    def test_slow_readers(self):
        """They ask for a gigabyte and do not take it: what waits for them is little, and others are served."""
        self.empty()
        self.fill(20, body="\r\n".join(["y" * 98] * 20_000))
        before = self.memory()
        slow = [self.imap(ADA, "INBOX", receive_buffer=4096) for _ in range(20)]
        for client in slow:
            for number in range(3):
                client.send(b"s%d FETCH 1:* (BODY.PEEK[])\r\n" % number)
        for _ in range(3):
            self.assert_serves()
        self.assertLess(self.memory() - before, MEMORY_MAX)
        # One that reads after all has everything.
        reader = slow[0]
        seen = 0
        while True:
            tag, words = reader.response()
            if tag == "s0":
                break
            seen += kind_of(words) == "FETCH"
        self.assertEqual((words[0], seen), ("OK", 20))
        for client in slow:
            client.close()
        self.empty()

    def test_expunge_against_fetch(self):
        """Numbers stay what they were while FETCHes run, and what is gone is told between commands only."""
        self.empty()
        self.fill(600)
        readers = [self.imap(ADA, "INBOX") for _ in range(3)]
        failures = []

        def read(client):
            try:
                held = {number: items["UID"] for number, items in client.ok("FETCH 1:* (UID)").fetched().items()}
                while held:
                    answer = client.say(f"FETCH 1:{max(held)} (UID BODY.PEEK[HEADER])")
                    if answer.status == "BAD" or answer.numbers("EXPUNGE"):
                        raise AssertionError(repr(answer)[:500])
                    for number, items in answer.fetched().items():
                        if "UID" in items and held[number] != items["UID"]:
                            raise AssertionError(f"{number} was {held[number]}, is {items['UID']}")
                    for number in client.ok("NOOP").numbers("EXPUNGE"):
                        uids = [held[one] for one in sorted(held)]
                        del uids[number - 1]
                        held = dict(enumerate(uids, 1))
            except Exception as error:  # told by the test's own thread
                failures.append(error)
        threads = [threading.Thread(target=read, args=(client,)) for client in readers]
        for thread in threads:
            thread.start()
        while found := self.client.ok("UID SEARCH ALL").searched():
            chosen = ",".join(map(str, found[::3]))
            self.client.ok(f"UID STORE {chosen} +FLAGS.SILENT (\\Deleted)")
            self.client.ok(f"UID EXPUNGE {chosen}")
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class ManyMailboxes(Hostile):
    def test_nearly_as_many_as_there_may_be(self):
        self.instance.sql(f"""SELECT count(gatepost.create_mailbox(a.id, 'm/' || (n / 100) || '/' || n, NULL))
            FROM gatepost.accounts a, generate_series(1, {MAILBOXES}) n WHERE a.address = '{ADA}'""")
        self.instance.wait_synced()
        client = self.imap(ADA)
        for pattern, least in (("m/*", MAILBOXES), ("m/%", 100), ("*77*", 100), ("m/5/%", 99), ("%*%*%*%*7", 1000)):
            with self.subTest(pattern=pattern):
                begun = time.monotonic()
                found = client.ok(f'LIST "" "{pattern}"').of("LIST")
                self.assertLess(time.monotonic() - begun, ANSWER_MAX)
                self.assertGreaterEqual(len(found), least)
        status = client.ok('LIST "" "m/*" RETURN (STATUS (MESSAGES UIDNEXT))').of("STATUS")
        self.assertEqual(len(status), MAILBOXES)
        client.ok("SELECT m/50/5000")
        client.ok("RENAME m/7 n")
        self.assertEqual(len(client.ok('LIST "" n/*').of("LIST")), 100)


if __name__ == "__main__":
    unittest.main()
