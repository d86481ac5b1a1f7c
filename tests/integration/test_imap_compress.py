"""COMPRESS=DEFLATE (RFC 4978) by a client of zlib: what it saves, what it holds while nobody speaks, and what it makes
of those who do not keep to it."""

import contextlib
import re
import ssl
import unittest
import zlib

from imap_support import Ended, ImapTest, kind_of
from mail_support import DOMAIN, content, new_id
from processes import wait_until
from tls_support import is_sanitized

ADA, BOB = f"ada@{DOMAIN}", f"bob@{DOMAIN}"
MANY = 1000  # messages
CROWD = 500  # sessions in IDLE
CROWD_MEMORY_MAX = 20 << 10  # octets that each of these may take; with its tables it would hold 110 KiB more
BOMB = 200 << 20  # octets, in some 200 KiB


class Deflated:
    """A connection that speaks deflate, as a socket."""

    def __init__(self, connection):
        self._connection = connection
        self._deflate = zlib.compressobj(wbits=-15)
        self._inflate = zlib.decompressobj(-15)
        self.received = 0

    def sendall(self, octets):
        self._connection.sendall(self._deflate.compress(octets) + self._deflate.flush(zlib.Z_SYNC_FLUSH))

    def send_raw(self, octets):
        self._connection.sendall(octets)

    def recv(self, size):
        while True:
            octets = self._connection.recv(size)
            self.received += len(octets)
            inflated = self._inflate.decompress(octets)
            if inflated or not octets or self._inflate.eof:
                return inflated

    @property
    def has_ended(self):
        """By the last block, as is said before the connection ends."""
        return self._inflate.eof

    def close(self):
        self._connection.close()


class Compress(ImapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.add_user(ADA)
        cls.mail.add_user(BOB)
        cls.instance.wait_synced()

    def compressed(self, user, mailbox=None):
        client = self.imap(user)
        client.ok("COMPRESS DEFLATE")
        client.socket = Deflated(client.socket)
        if mailbox:
            client.ok(f"SELECT {mailbox}")
        return client

    def counter(self, name):
        found = re.search(rf"^gatepost_imap_compression_{name}_total (\d+)$", self.mail.metrics(), re.M)
        return int(found.group(1))

    def gauge(self, name):
        return int(re.search(rf"^gatepost_imap_{name} (\d+)$", self.mail.metrics(), re.M).group(1))

    def memory(self):
        with open(f"/proc/{self.instance.process('gatepost-dataplane')}/status", encoding="utf-8") as about:
            return next(int(line.split()[1]) << 10 for line in about if line.startswith("VmRSS:"))

    def fill(self, client, count):
        while count > 0:
            now = min(count, 250)
            message = content(new_id())
            command = b"APPEND INBOX" + b"".join(b" {%d+}\r\n%b" % (len(message), message) for _ in range(now))
            self.assertEqual(client.say(command).status, "OK")
            count -= now

    def until_end(self, client):
        told = []
        with contextlib.suppress(Ended, OSError, ssl.SSLError):
            while True:
                told.append(client.response())
        return told

    def test_is_for_those_who_have_logged_in_and_once(self):
        with self.mail.connect() as stranger:
            self.assertNotIn("COMPRESS", stranger.greeting()[1])
            self.assertEqual(stranger.say("COMPRESS DEFLATE").status, "BAD")
        client = self.imap(ADA)
        self.assertIn("COMPRESS=DEFLATE", client.ok("CAPABILITY").of("CAPABILITY")[0])
        self.assertEqual(client.say("COMPRESS LZW").status, "BAD")
        client.ok("COMPRESS DEFLATE")
        client.socket = Deflated(client.socket)
        self.assertNotIn("COMPRESS=DEFLATE", client.ok("CAPABILITY").of("CAPABILITY")[0])
        answer = client.say("COMPRESS DEFLATE")
        self.assertEqual((answer.status, answer.code), ("NO", "COMPRESSIONACTIVE"))
        self.assertEqual(client.say("LOGOUT").status, "OK")
        self.until_end(client)
        self.assertTrue(client.socket.has_ended)

    def test_fetches_many(self):
        self.empty(ADA)
        client = self.compressed(ADA)
        self.fill(client, MANY)
        client.ok("SELECT INBOX")
        plain = self.imap(ADA, "INBOX")
        items = "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])"
        before = client.socket.received
        answer = client.ok(items)
        self.assertEqual(len(answer.fetched()), MANY)
        self.assertEqual(answer.fetched(), plain.ok(items).fetched())
        whole = sum(message["RFC822.SIZE"] and int(message["RFC822.SIZE"]) for message in answer.fetched().values())
        self.assertLess(client.socket.received - before, whole / 3)

    def test_appends_what_is_large(self):
        self.empty(ADA)
        client = self.compressed(ADA)
        message = b"Subject: large\r\n\r\n" + b"".join(b"line %d of it\r\n" % (line * 7919) for line in range(500_000))
        self.assertEqual(client.append("INBOX", message).status, "OK")
        client.ok("SELECT INBOX")
        self.assertEqual(client.ok("FETCH 1 (BODY.PEEK[])").fetched()[1]["BODY[]"], message)
        # RFC 7888: one that waits for the server.
        tag = client.begin(f"APPEND INBOX {{{len(message)}}}")
        client.wait_continuation()
        client.send(message + b"\r\n")
        self.assertEqual(client.finish(tag).status, "OK")

    def test_tells_in_idle_at_once(self):
        self.empty(BOB)
        client = self.compressed(BOB, "INBOX")
        tag = client.idle()
        for _ in range(3):
            # Its tables have gone meanwhile, and are made anew.
            wait_until(lambda: self.gauge("deflating") == 0, "a silent connection to rest")
            self.deliver(BOB)
            client.idle_until("EXISTS")
        self.assertEqual(client.done(tag).status, "OK")
        client.ok("NOOP")

    def test_broken_octets_end_it(self):
        for octets in (b"a NOOP\r\n", b"\x07\x00", b"\xff" * 1000, b"\x00" * 100, zlib.compress(b"a NOOP\r\n" * 100)):
            with self.subTest(octets=octets[:8]):
                broken = self.counter("broken")
                client = self.compressed(ADA)
                client.ok("NOOP")
                client.socket.send_raw(octets)
                told = self.until_end(client)
                self.assertEqual((told[-1][1][0], told[-1][1][1]), ("BYE", "CLIENTBUG"), told)
                wait_until(lambda least=broken: self.counter("broken") == least + 1, "it is counted")
        wait_until(lambda: self.gauge("compressed") == 0, "all have gone")

    def test_bombs(self):
        """What stands for a lot is never there as a whole."""
        before = self.memory()
        for head, code in ((b"a SEARCH SUBJECT ", "TOOBIG"), (b"a SEARCH SUBJECT {%d+}\r\n" % BOMB, "TOOBIG"),
                           (b"a APPEND INBOX {%d+}\r\n" % BOMB, "TOOBIG")):
            with self.subTest(head=head):
                client = self.compressed(ADA)
                deflate = zlib.compressobj(9, wbits=-15)
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    client.socket.send_raw(deflate.compress(head))
                    for _ in range(BOMB >> 20):
                        client.socket.send_raw(deflate.compress(b"x" * (1 << 20)))
                    client.socket.send_raw(deflate.flush(zlib.Z_SYNC_FLUSH))
                told = self.until_end(client)
                if told:  # the connection may be reset before it is read
                    self.assertEqual((told[-1][1][0], told[-1][1][1]), ("BYE", code), told)
        # Many small commands of a few octets: every one is answered, and others have their turns.
        client = self.compressed(ADA)
        client.send(b"n NOOP\r\n" * 100_000 + b"t1000 NOOP\r\n")
        with self.imap(BOB) as other:
            other.ok("NOOP")
        answered = 0
        while (told := client.response())[0] != "t1000":
            answered += told[1][0] == "OK"
        self.assertEqual(answered, 100_000)
        if not is_sanitized():
            self.assertLess(self.memory() - before, 64 << 20)
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 1)

    def test_unauthenticate_ends_it(self):
        """RFC 8437 §4.1."""
        client = self.compressed(ADA, "INBOX")
        client.ok("UNAUTHENTICATE")
        self.assertTrue(client.socket.has_ended)
        client.socket = client.socket._connection
        self.assertEqual(client.log_in(BOB).status, "OK")
        client.ok("COMPRESS DEFLATE")
        client.socket = Deflated(client.socket)
        client.ok("SELECT INBOX")

    def test_a_crowd_in_idle_takes_little(self):
        for make in (self.imap, self.compressed, self.imap):
            with make(BOB, "INBOX") as client:  # what the process needs anyway
                client.idle()
        crowd, tags, grown = [], [], {}
        for kind, make in (("plain", self.imap), ("compressed", self.compressed)):
            before = self.memory()
            for _ in range(CROWD):
                crowd.append(make(BOB, "INBOX"))
                tags.append(crowd[-1].idle())
            grown[kind] = (self.memory() - before) // CROWD
        print(f"# octets for each of {CROWD} sessions in IDLE under TLS: {grown}")
        wait_until(lambda: self.gauge("compressed") == CROWD, "those before to be gone")
        wait_until(lambda: self.gauge("deflating") == 0, "the crowd to rest")
        if not is_sanitized():
            self.assertLess(grown["compressed"], CROWD_MEMORY_MAX)
        self.deliver(BOB)
        for client, tag in zip(crowd, tags):
            self.assertEqual(kind_of(client.idle_until("EXISTS")[-1]), "EXISTS")
            self.assertEqual(client.done(tag).status, "OK")


if __name__ == "__main__":
    unittest.main()
