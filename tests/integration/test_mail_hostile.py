"""Clients of SMTP that lie, dawdle, flood and smuggle: nothing they do gets a message in that was not meant, keeps
anybody else from being served, or makes the dataplane grow."""

import contextlib
import re
import ssl
import time
import unittest

from mail_support import DOMAIN, ConnectionGone, MailTest, content, new_id, trace_fields
from processes import wait_until
from tls_support import is_sanitized

ADA, BOB = f"ada@{DOMAIN}", f"bob@{DOMAIN}"
IDLE = 2000  # sessions
MEMORY_MAX = 48 << 20  # octets that the dataplane may grow by in a test
SIZE_MAX = 50 << 20  # octets of a message


class Hostile(MailTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.add_user(ADA)
        cls.mail.add_user(BOB)

    def setUp(self):
        super().setUp()
        self.assert_serves()
        self.before = self.memory()
        self.delivered = self.subjects()

    def tearDown(self):
        self.assert_serves()
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 1)
        if not is_sanitized():
            self.assertLess(self.memory() - self.before, MEMORY_MAX)
        super().tearDown()

    def assert_serves(self):
        message_id = new_id()
        with self.mail.raw() as client:
            client.open()
            self.assertEqual(client.message(BOB, content(message_id)).status, "250 2.0.0")
            client.expect("QUIT", 221)
        self.assert_delivered(BOB, message_id)

    def memory(self):
        """Of the dataplane, resident, in octets."""
        with open(f"/proc/{self.instance.process('gatepost-dataplane')}/status", encoding="utf-8") as about:
            return next(int(line.split()[1]) << 10 for line in about if line.startswith("VmRSS:"))

    def subjects(self):
        """Of what ADA has."""
        return [row.subject for row in self.mail.messages(ADA)]

    def new_subjects(self):
        """Once all that was accepted up to now is there."""
        self.assert_serves()
        wait_until(lambda: "\ngatepost_spool_messages 0\n" in self.mail.metrics(), "everything is delivered")
        return self.subjects()[len(self.delivered):]

    def refused(self, reason):
        return int(re.search(rf'^gatepost_smtp_refused_total{{reason="{reason}"}} (\d+)$', self.mail.metrics(),
                             re.M).group(1))

    def client(self, role="mx", hello="EHLO client.example.net"):
        client = self.mail.raw(role)
        self.addCleanup(client.close)
        client.open(hello)
        return client


class Octets(Hostile):
    def test_starttls_injection(self):
        """CVE-2011-0411: what came in the clear behind STARTTLS is nothing that was said under TLS. It is taken for the
        handshake, which fails."""
        injected = f"MAIL FROM:<evil@example.net>\r\nRCPT TO:<{ADA}>\r\nDATA\r\nSubject: injected\r\n\r\n.\r\n".encode()
        before = self.injected()
        for role in ("mx", "submission"):
            with self.subTest(role=role):
                client = self.client(role)
                self.assertEqual(client.say(b"STARTTLS\r\n" + injected).code, 220)
                with self.assertRaises((OSError, ssl.SSLError)):
                    client.wrap()
        self.assertEqual(self.new_subjects(), [])
        self.assertEqual(self.injected() - before, 2)

    def injected(self):
        return int(re.search(r"^gatepost_smtp_starttls_injected_total (\d+)$", self.mail.metrics(), re.M).group(1))

    def test_starttls_forgets_what_was_said(self):
        client = self.client()
        client.begin(ADA)
        self.assertEqual(client.say("STARTTLS").code, 503)
        client.expect("RSET", 250)
        client.starttls()
        # RFC 3207 §4.2: the session begins anew.
        self.assertEqual([client.say(line).code for line in ("MAIL FROM:<a@example.net>", f"RCPT TO:<{ADA}>", "DATA")],
                         [503] * 3)
        client.expect("EHLO client.example.net", 250)
        self.assertEqual(client.say("STARTTLS").code, 503)
        self.assertEqual(client.message(ADA, content("tls@x", subject="under TLS")).code, 250)
        self.assertEqual(self.new_subjects(), ["under TLS"])

    def test_pipelined_garbage(self):
        for garbage in (b"\0" * 100_000, b"\xff\xfe" * 50_000, b"\r\n" * 50_000, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"QUIT" * 100_000, b"RCPT TO:<" * 1000 + b"\r\n", b"NOOP\r\n" * 5000,
                        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"MAIL FROM:<a@b>\r\n" * 3000,
                        b"VRFY x\r\nEXPN y\r\nHELP\r\nTURN\r\n" * 1000):
            with self.subTest(garbage=garbage[:12]):
                client = self.client()
                with contextlib.suppress(ConnectionError):
                    client.send(garbage)
                    client.send(b"\r\nQUIT\r\n")
                for line in client.wait_end().split(b"\r\n")[:-1]:
                    self.assertRegex(line, rb"^[245]\d\d[ -]")
        self.assertEqual(self.new_subjects(), [])

    def test_smuggling(self):
        """No line end but CR LF ends a message (RFC 5321 §2.3.8): a second one never begins within a first."""
        for end in (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\n.\r", b"\r\n\0.\r\n", b"\r\n.\0\r\n",
                    b"\r.\r\n", b"\r\r\n.\r\r\n", b"\r\n.\r\r\n", b"\n\n.\r\n", b"\r\n.\n\r\n"):
            with self.subTest(end=end):
                client = self.client()
                client.begin(ADA)
                client.expect("DATA", 354)
                smuggled = (b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<" + ADA.encode() +
                            b">\r\nDATA\r\nSubject: smuggled\r\n\r\nbody\r\n.\r\n")
                client.send(b"Subject: outer\r\n\r\nbody" + end + smuggled)
                reply = client.reply()
                # Refused, or taken with all that is within; in both cases there is one reply and not more.
                self.assertIn(reply.status, ("550 5.6.11", "250 2.0.0"), repr(reply))
                if reply.code == 250:
                    self.assertIn(b"\0", end, "a bare CR or LF is refused")
                # 503s for commands that followed a refused message's end would be replies to these lines.
                self.assertEqual(client.say("NOOP").code, 250)
        self.assertNotIn("smuggled", self.new_subjects())

    def test_nuls(self):
        client = self.client()
        self.assertEqual(client.message(ADA, b"Subject: a\0b\r\n\r\nbody\r\n").status, "550 5.6.0")
        self.assertEqual(client.say(b"MAIL FROM:<a\0@example.net>\r\n").code // 100, 5)
        client.expect("RSET", 250)
        sent = content(message_id := new_id())[:-2] + b"a\0b\r\n"
        self.assertEqual(client.message(ADA, sent).status, "250 2.0.0")
        trace_fields(self.mail.octets(self.assert_delivered(ADA, message_id)), sent)

    def test_a_line_of_a_megabyte(self):
        client = self.client()
        for command in (b"NOOP ", b"MAIL FROM:<", b"RCPT TO:<", b"x"):
            self.assertEqual(client.say(command + b"a" * (1 << 20) + b"\r\n").code, 500)
        sent = content(message_id := new_id())[:-2] + b"a" * (1 << 20) + b"\r\n"
        self.assertEqual(client.message(ADA, sent).code, 250)
        trace_fields(self.mail.octets(self.assert_delivered(ADA, message_id)), sent)
        sent = content(message_id := new_id()).replace(b"\r\n\r\n", b"\r\nX: " + b"h" * (1 << 20) + b"\r\n\r\n")
        self.assertEqual(client.message(ADA, sent).code, 250)
        trace_fields(self.mail.octets(self.assert_delivered(ADA, message_id)), sent)

    def test_commands_without_an_end(self):
        client = self.client()
        with contextlib.suppress(ConnectionError):
            for _ in range(80):
                client.send(b"a" * (1 << 20))
        self.assertRegex(client.wait_end(), rb"^(5|421)?")
        self.assertEqual(self.new_subjects(), [])

    def test_chunks_that_lie(self):
        """BDAT whose size cannot be read ends the session: nobody knows where the next command begins."""
        for size in ("-1", "1e9", "0x10", "99999999999999999999999", "", "5 LASTLAST", "18446744073709551615",
                     str(SIZE_MAX * 1000) + " LAST"):
            with self.subTest(size=size):
                client = self.client()
                client.begin(ADA)
                client.send(f"BDAT {size}\r\n".encode())
                self.assertIn(client.reply().code, (501, 552))
                self.assertEqual(client.wait_end()[:3] in (b"", b"421"), True)
        # One that is longer than what comes waits for the rest; nothing of it is delivered.
        client = self.client()
        client.begin(ADA)
        client.send(b"BDAT 1000 LAST\r\nSubject: cut off\r\n\r\n")
        client.close()
        # Commands within a chunk are octets of the message.
        client = self.client()
        client.begin(ADA)
        inner = f"Subject: chunk\r\n\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<{ADA}>\r\n".encode()
        client.expect(f"BDAT {len(inner)} LAST\r\n".encode() + inner, 250)
        self.assertEqual(client.say("NOOP").code, 250)
        # Refused recipients, and no transaction: the chunk is read over all the same.
        self.assertEqual(client.say(f"BDAT {len(inner)} LAST\r\n".encode() + inner).code, 503)
        self.assertEqual(client.say("NOOP").code, 250)
        # DATA in the middle of chunks.
        client.begin(ADA)
        client.expect(b"BDAT 5\r\nabcde", 250)
        self.assertEqual(client.say("DATA").code, 503)
        self.assertEqual(self.new_subjects(), ["chunk"])


class Sizes(Hostile):
    def test_the_largest_message_and_more(self):
        line = b"0123456789abcdef" * 6 + b"\r\n"
        head = content(message_id := new_id(), subject="large")
        sent = head + line * ((SIZE_MAX - len(head)) // len(line))
        with self.mail.smtp() as client:
            self.assertEqual(client.esmtp_features["size"], str(SIZE_MAX))
            client.sendmail("sender@example.net", [ADA], sent)
            row = self.assert_delivered(ADA, message_id)
            trace_fields(self.mail.octets(row), sent)
            self.assertEqual(client.mail("sender@example.net", [f"SIZE={SIZE_MAX + 1}"])[0], 552)
        client = self.client()
        reply = client.message(ADA, sent + line * 2)
        self.assertEqual(reply.status, "552 5.3.4")
        self.assertEqual(client.message(ADA, content("after@x", subject="after it")).code, 250)
        self.assertEqual(self.new_subjects(), ["large", "after it"])

    def test_many_large_ones_broken_off(self):
        before = self.subjects()
        for _ in range(20):
            client = self.client()
            client.begin(ADA)
            client.expect("DATA", 354)
            client.send(b"Subject: broken off\r\n\r\n" + b"x" * 98 + b"\r\n" + b"y" * (4 << 20))
            client.close()
        self.assertEqual(self.new_subjects(), [])
        self.assertEqual(self.subjects(), before)

    def test_ten_thousand_header_fields_and_parts(self):
        fields = b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
        client = self.client()
        sent = fields + content(message_id := new_id())
        self.assertEqual(client.message(ADA, sent).code, 250)
        trace_fields(self.mail.octets(self.assert_delivered(ADA, message_id)), sent)
        nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
                          for number in range(1000))
        sent = content(message_id := new_id())[:-len("\r\nHello\r\n")] + nested + b"\r\nend\r\n"
        self.assertEqual(client.message(ADA, sent).code, 250)
        trace_fields(self.mail.octets(self.assert_delivered(ADA, message_id)), sent)

    def test_mail_that_goes_round(self):
        hops = b"".join(b"Received: from a by b; Sat, 21 Nov 2026 12:00:00 +0000\r\n" for _ in range(60))
        self.assertEqual(self.client().message(ADA, hops + content("loop@x")).status, "554 5.4.6")


class Clients(Hostile):
    def test_slow_ones(self):
        """An octet at a time, in every state at once; the others are served meanwhile."""
        slow = [self.client() for _ in range(20)]
        script = (f"MAIL FROM:<a@example.net>\r\nRCPT TO:<{ADA}>\r\nDATA\r\n".encode() +
                  content("slow@x", subject="slow") + b".\r\n")
        for at, octet in enumerate(script):
            for client in slow:
                client.send(bytes([octet]))
            if at % 100 == 0:
                self.assert_serves()
        for client in slow:
            self.assertEqual([client.reply().code for _ in range(4)], [250, 250, 354, 250])
        self.assertEqual(self.new_subjects(), ["slow"] * 20)

    def test_who_does_not_read(self):
        """Replies pile up only so far."""
        client = self.mail.raw()
        self.addCleanup(client.close)
        client.open()
        client.set_timeout(2.0)
        with contextlib.suppress(TimeoutError, ConnectionError):
            for _ in range(200):
                client.send(b"MAIL FROM:<a@example.net>\r\nRSET\r\n" * 1000)
        self.assert_serves()

    def test_guessing_of_recipients_ends(self):
        client = self.client()
        client.expect("MAIL FROM:<a@example.net>", 250)
        codes = []
        with contextlib.suppress(ConnectionGone):
            while len(codes) < 200:
                codes.append(client.say(f"RCPT TO:<guess{len(codes)}@{DOMAIN}>").code)
        self.assertEqual((set(codes[:-1]), codes[-1]), ({550}, 421))
        self.assertLess(len(codes), 100)

    def test_idle_sessions_while_mail_flows(self):
        for number in range(IDLE):
            client = self.mail.raw()
            self.addCleanup(client.close)
            client.open()
            if number % 2:
                client.begin(ADA)
            if number % 4 == 3:
                client.expect("DATA", 354)
                client.send(b"Subject: begun\r\n\r\n")
        self.assertGreaterEqual(self.open_connections(), IDLE)
        report = self.mail.load("--recipients", BOB, "--messages", 500, "--sessions", 10, "--messages-per-session", 20)
        self.assertEqual(report["accepted"], 500)
        self.doCleanups()
        wait_until(lambda: self.open_connections() < 10, "they are gone")
        self.assertEqual(self.new_subjects(), [])

    def open_connections(self):
        return sum(worker["streams"]["open"] for worker in self.instance.status()["dataplane"]["workers"])


class Guessing(Hostile):
    """Logins that fail are answered later and later, by address; whoever else comes is not held up."""

    HELD_BACK_S = [0, 0, 0.5, 1, 2, 4]  # by the attempt

    def test_logins_that_fail(self):
        waits = []
        for _ in range(2):  # a session has so many attempts at most
            with self.mail.raw("submissions") as client:
                client.wrap()
                client.open()
                with contextlib.suppress(ConnectionGone):
                    for attempt in range(5):
                        before = time.monotonic()
                        reply = client.log_in(ADA, f"guess {attempt}")
                        waits.append(time.monotonic() - before)
                        if reply.code == 421:
                            break
                        self.assertEqual(reply.status, "535 5.7.8")
                        if len(waits) == len(self.HELD_BACK_S):
                            break
        # No upper bound is looked at: only that the server holds back what it says, more each time.
        for number, (wait, least) in enumerate(zip(waits, self.HELD_BACK_S, strict=True)):
            self.assertGreater(wait, least * 0.9, f"attempt {number} of {waits}")
        self.assertGreaterEqual(self.refused("login_failed"), len(waits))

    def test_dialogues_that_are_broken(self):
        for lines in (["AUTH PLAIN", "*"], ["AUTH PLAIN !!!!"], ["AUTH LOGIN", "====", "x"], ["AUTH XYZ"],
                      ["AUTH PLAIN " + "A" * 20_000], ["AUTH SCRAM-SHA-256 " + "A" * 400], ["AUTH"],
                      ["AUTH PLAIN AAAA AAAA"]):
            with self.subTest(lines=lines[0][:30]):
                with self.mail.raw("submissions", source="127.3.1.1") as client:
                    client.wrap()
                    client.open()
                    for line in lines:
                        reply = client.say(line)
                    self.assertGreaterEqual(reply.code, 500, repr(reply))
                    self.assertEqual(client.say(f"MAIL FROM:<{ADA}>").status, "530 5.7.0")


if __name__ == "__main__":
    unittest.main()
