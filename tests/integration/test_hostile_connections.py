"""Connections that break off in every state, that are half open, that bring garbage: whatever they do, everybody else
is served, and nothing is kept for them."""

import contextlib
import random
import socket
import ssl
import struct

from dns_message import make_query
from http2_client import END_HEADERS, END_STREAM, HEADERS, PREFACE, Http2Client, frame, request, settings
from processes import wait_until
from tls_support import (HOST, NAME, RecordClient, StreamTest, client_context, reset, tcp_connect, tls_connect,
                         wait_closed)

QUERY = make_query(NAME)
FRAME = struct.pack("!H", len(QUERY)) + QUERY
GET = b"GET /dns-query?name=" + NAME.encode() + b" HTTP/1.1\r\nhost: a\r\n\r\n"
HTTP2 = PREFACE + settings() + frame(HEADERS, END_STREAM | END_HEADERS, 1, request(f"/dns-query?name={NAME}"))
MEMORY_MAX = 32 << 20
TLS = {"dot": FRAME * 20, "https": GET * 20, "h2": HTTP2}
PLAIN = {"dns": FRAME * 20, "http": GET * 20, "metrics": b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n" * 5}
ROUNDS = 400  # of each of the six


class Hostile(StreamTest):
    SETTINGS = {"connections.per_address": 0, "connections.per_network": 0}

    def setUp(self):
        super().setUp()
        self.assert_serves()
        self.random = random.Random(7)
        self.before = self.memory()

    def tearDown(self):
        self.wait_quiet()
        self.assert_serves()
        self.assert_bounded(self.before, MEMORY_MAX)
        super().tearDown()

    def context(self, kind):
        return client_context(self.authority, alpn=["h2"] if kind == "h2" else [],
                              high=self.random.choice([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]))

    def tls_client(self, kind):
        return RecordClient(self.ports["https" if kind == "h2" else kind], self.context(kind))

    def part(self, octets):
        return octets[:self.random.randint(0, len(octets))]

    def go_some_way(self, kind):
        """A TLS connection in the middle of something."""
        client = self.tls_client(kind)
        stage = self.random.randint(0, 5)
        with contextlib.suppress(ssl.SSLWantReadError):
            client.tls.do_handshake()
        hello = client.pull()
        if stage == 0:
            client.socket.sendall(self.part(hello))
            return client
        client.socket.sendall(hello)
        if stage == 1:
            return client  # what the server says may never be read
        client.feed()
        with contextlib.suppress(ssl.SSLWantReadError):
            client.tls.do_handshake()
        finished = client.pull()
        if stage == 2:
            client.socket.sendall(self.part(finished))
            return client
        client.socket.sendall(finished)
        client.handshake()
        client.tls.write(TLS[kind])
        records = client.pull()
        client.socket.sendall(self.part(records) if stage == 3 else records)
        if stage == 5:
            client.socket.recv(self.random.randint(1, 2000))
        return client

    def end(self, connection):
        """By RST, FIN or half of one, whichever it is the turn of."""
        how = self.random.randint(0, 3)
        if how == 0:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        connection.close() if how == 1 else reset(connection)

    def test_reset_in_every_state(self):
        open_ones = []
        for _ in range(ROUNDS):
            for kind in TLS:
                open_ones.append(self.go_some_way(kind).socket)
            for name, octets in PLAIN.items():
                connection = tcp_connect(self.ports[name])
                connection.sendall(self.part(octets))
                if self.random.random() < 0.3 and self.random.random() < 0.5:
                    connection.settimeout(0.01)
                    with contextlib.suppress(TimeoutError):
                        connection.recv(self.random.randint(1, 2000))
                open_ones.append(connection)
            # Some at once, some when others have come in between.
            self.random.shuffle(open_ones)
            while len(open_ones) > 40:
                self.end(open_ones.pop())
        for connection in open_ones:
            self.end(connection)
        wait_until(lambda: self.ended("reset") > ROUNDS, "they are counted")

    def test_gone_before_they_are_accepted(self):
        for port in self.ports.values():
            for _ in range(300):
                with socket.socket() as connection:
                    connection.connect(("127.0.0.1", port))
                    reset(connection)

    def test_garbage(self):
        hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"
        pieces = [b"", b"\0", b"\n", b"\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"EHLO there\r\n",
                  b"SSH-2.0-x\r\n",
                  hello, hello + self.random.randbytes(508), b"\x80\x2e\x01\x03\x01", b"\x15\x03\x03\0\x02\x02\x28",
                  b"\x17\x03\x03\0\x05hello", b"\x14\x03\x03\0\x01\x01" * 50, PREFACE, HTTP2, FRAME, b"\xff" * 70_000,
                  bytes(70_000)]
        pieces += [self.random.randbytes(self.random.choice([1, 3, 20, 600, 17_000, 70_000])) for _ in range(100)]
        for port in self.ports.values():
            for piece in pieces:
                with tcp_connect(port) as connection, contextlib.suppress(OSError):
                    connection.sendall(piece)
                    connection.shutdown(socket.SHUT_WR)
                    wait_closed(connection)

    def test_garbage_in_the_middle_of_tls(self):
        """A record that is changed on its way: the handshake or the connection is over, with an alert."""
        for kind in TLS:
            for _ in range(60):
                with self.tls_client(kind) as client:
                    with contextlib.suppress(ssl.SSLWantReadError):
                        client.tls.do_handshake()
                    octets = client.pull()
                    if self.random.random() < 0.5:
                        client.socket.sendall(octets)
                        client.handshake()
                        client.tls.write(TLS[kind])
                        octets = client.pull()
                    changed = bytearray(octets)
                    for _ in range(self.random.randint(1, 3)):
                        changed[self.random.randrange(len(changed))] ^= 1 << self.random.randrange(8)
                    client.socket.sendall(changed)
                    client.socket.shutdown(socket.SHUT_WR)
                    wait_closed(client.socket)

    def test_records_that_are_too_large(self):
        before = self.streams()["tls_failures"].get("bad_record", 0)
        for length in (16_385 + 256, 20_000, 65_535):
            for after in (False, True):
                with self.tls_client("dot") as client:
                    if after:
                        client.handshake()
                    kind = 0x17 if after else 0x16
                    with contextlib.suppress(OSError):
                        client.socket.sendall(struct.pack("!BHH", kind, 0x0303, length) + bytes(length))
                    self.assertRegex(wait_closed(client.socket), rb"(?s)\A(|.*\x15\x03.*|\x17\x03\x03.*)\Z")
        wait_until(lambda: self.streams()["tls_failures"].get("bad_record", 0) > before, "they are counted")

    def test_a_hello_that_is_far_too_long(self):
        """Of a handshake message, the length itself may lie: nothing is kept for what has not come."""
        for length in (0x00FFFF, 0xFFFFFF):
            clients = []
            for _ in range(50):
                connection = tcp_connect(self.ports["https"])
                clients.append(connection)
                body = b"\x01" + struct.pack("!I", length)[1:] + bytes(16_000)
                with contextlib.suppress(OSError):
                    for _ in range(10):
                        connection.sendall(struct.pack("!BHH", 0x16, 0x0301, len(body)) + body)
            self.assert_bounded(self.before, MEMORY_MAX)
            for connection in clients:
                connection.close()

    def test_empty_records(self):
        """Records that say nothing cost as much as others: they are bounded."""
        with self.tls_client("dot") as client:
            client.handshake()
            client.tls.write(FRAME)
            client.socket.sendall(client.pull())
            self.assertTrue(client.read())
        for record in (b"\x14\x03\x03\0\x01\x01", b"\x16\x03\x01\0\0", b"\x15\x03\x03\0\x02\x01\x5a"):
            with tcp_connect(self.ports["dot"]) as connection:
                with contextlib.suppress(OSError):
                    for _ in range(1000):
                        connection.sendall(record * 100)
                wait_closed(connection)

    def test_endless_key_updates(self):
        """RFC 8446 §4.6.3: each asks for one in return; the library's bound ends it."""
        # A client that cannot make them asks in plain text, which is refused as any forged record is.
        with self.tls_client("dot") as client:
            client.handshake()
            client.socket.sendall(b"\x16\x03\x03\0\x05\x18\0\0\x01\x01" * 1000)
            wait_closed(client.socket)

    def test_thousands_that_ask_nothing(self):
        """They stay for as long as they may, and are then ended; meanwhile there is room for others."""
        before = self.streams()["total"]
        clients = [tls_connect(self.ports["https"], client_context(alpn=["h2"])) for _ in range(100)]
        clients += [tcp_connect(self.ports[name]) for name in ("dns", "dot", "https", "http") for _ in range(500)]
        # The first may have had their time when the last come.
        wait_until(lambda: self.streams()["total"] >= before + 2100, "they were all let in")
        self.assert_serves()
        for client in clients:
            client.close()

    def test_http2_clients_that_vanish(self):
        for _ in range(200):
            client = Http2Client(tls_connect(self.ports["https"], client_context(alpn=["h2"])), first=self.part(HTTP2))
            reset(client.socket)
        for _ in range(100):
            client = Http2Client(tcp_connect(self.ports["http"]), first=HTTP2 + b"".join(
                frame(HEADERS, END_HEADERS, stream, request(method="POST")) for stream in range(3, 99, 2)))
            reset(client.socket)

    def test_names_are_as_long_as_they_may_be(self):
        for name in ("a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 61, "a.b" * 60, HOST.upper()):
            with tls_connect(self.ports["dot"], client_context(), name) as tls:
                tls.sendall(FRAME)
                self.assertTrue(tls.recv(4096))
