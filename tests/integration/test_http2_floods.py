"""HTTP/2 clients that want a server's time and memory, and nothing else. Whatever they do: their connection is ended
or told off, everybody else is served, and what they made the server keep is given back."""

import struct

from dns_message import make_query
from http2_client import (ACK, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM,
                          FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS, INITIAL_WINDOW, NO_ERROR, PING,
                          PREFACE,
                          PRIORITY, PROTOCOL_ERROR, PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED,
                          WINDOW_UPDATE,
                          Http2Client, connect, frame, indexed, literal, request, settings)
from processes import wait_until
from tls_support import NAME, ZONE, StreamTest, client_context, tls_connect

FLOOD = 20_000  # frames
MEMORY_MAX = 48 << 20  # octets that the process may grow by
GET = request(scheme="http")
POST = request("/dns-query", "POST", more=literal("content-type", "application/dns-message"))


def get(stream):
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, GET)


class Floods(StreamTest):
    SETTINGS = {"connections.per_address": 0, "connections.per_network": 0}

    def setUp(self):
        super().setUp()
        self.assert_serves()
        self.before = self.memory()

    def tearDown(self):
        self.wait_quiet()
        self.assert_serves()
        self.assert_bounded(self.before, MEMORY_MAX)
        super().tearDown()

    def client(self, **options):
        return connect(self.ports["http"], **options)

    def over_tls(self, **options):
        return Http2Client(tls_connect(self.ports["https"], client_context(self.authority, alpn=["h2"])), **options)

    def flood(self, piece, expected=ENHANCE_YOUR_CALM, client=None, count=FLOOD):
        """Sends piece(0), piece(1), …: the server ends it before it is through."""
        with client or self.client() as attacker:
            for begin in range(0, count, 100):
                if not attacker.send(b"".join(piece(number) for number in range(begin, begin + 100))):
                    break
                attacker.poll()
                if attacker.ended:
                    break
            # A reset, for what it sent in vain, may overtake the GOAWAY.
            self.assertIn(attacker.wait_end(), (expected, None))

    def refused(self, octets, error, client=None):
        """The connection is ended, with this error."""
        with client or self.client() as attacker:
            attacker.send(octets)
            self.assertEqual(attacker.wait_end(), error)

    def test_a_client_that_behaves(self):
        for client, status in ((self.client(), 308), (self.over_tls(), 200)):
            with client:
                client.send(get(1))
                self.assertEqual(client.status(), status)
                client.send(frame(PING, payload=b"12345678"))
                self.assertEqual(client.wait(PING).payload, b"12345678")
                self.assertEqual(client.wait(PING).flags, ACK)
                body = make_query(NAME)
                client.send(frame(HEADERS, 0, 3, POST[:20]) + frame(CONTINUATION, END_HEADERS, 3, POST[20:]))
                for number, octet in enumerate(body):
                    client.send(frame(DATA, END_STREAM if number == len(body) - 1 else 0, 3, bytes([octet])))
                self.assertTrue(client.wait(HEADERS, 3))
                client.send(frame(GOAWAY, payload=bytes(8)))
                client.wait_end()

    def test_rapid_reset(self):
        """CVE-2023-44487."""
        def piece(number):
            stream = 2 * number + 1
            return get(stream) + frame(RST_STREAM, 0, stream, struct.pack("!I", 8))
        for client in (self.client(), self.over_tls()):
            before = self.ended("protocol")
            self.flood(piece, client=client)
            wait_until(lambda: self.ended("protocol") > before, "it is counted")

    def test_streams_that_we_are_made_to_reset(self):
        """CVE-2025-8671: the client resets nothing itself."""
        def piece(number):
            stream = 2 * number + 1
            return frame(HEADERS, END_HEADERS, stream, POST) + frame(WINDOW_UPDATE, 0, stream,
                                                                     struct.pack("!I", 0x7FFFFFFF))
        self.flood(piece, client=self.over_tls())

    def test_continuation_flood(self):
        """CVE-2024-28182 and the like: a head that never ends."""
        for fragment in (b"", b"\0\1a\1b", literal("x", "y" * 16_000)):
            with self.client() as attacker:
                attacker.send(frame(HEADERS, END_STREAM, 1, GET))
                for _ in range(FLOOD):
                    if not attacker.send(frame(CONTINUATION, 0, 1, fragment)):
                        break
                attacker.wait_end()

    def test_continuation_that_stops(self):
        """The head neither ends nor goes on: its time is limited."""
        before = self.ended("deadline")
        with self.client() as attacker:
            attacker.send(frame(HEADERS, END_STREAM, 1, GET))
            attacker.wait_end()
        wait_until(lambda: self.ended("deadline") == before + 1, "it is counted")

    def test_header_bomb(self):
        """A large header in the dynamic table, and a head that is nothing but references to it."""
        first = frame(HEADERS, END_STREAM | END_HEADERS, 1, GET + literal("x", "y" * 1900, indexed=True))
        for references in (20, 1000, 16_000):
            bomb = frame(HEADERS, END_STREAM | END_HEADERS, 3, GET + indexed(62) * references)
            clients = [self.client() for _ in range(10)]
            for client in clients:
                client.send(first)
                client.wait(HEADERS, 1)
                client.send(bomb)
            for client in clients:
                with client:
                    if references == 20:
                        self.assertIsNotNone(client.wait(HEADERS, 3), "it is told 431")
                        self.assertIsNone(client.find(GOAWAY))
                    else:
                        self.assertIn(client.wait_end(), (ENHANCE_YOUR_CALM, None))

    def test_many_headers(self):
        with self.client() as client:
            client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, GET + literal("a", "b") * 200))
            self.assertEqual(client.status(), 431)
            client.send(get(3))
            self.assertTrue(client.wait(HEADERS, 3), "the connection is none the worse for it")
            client.send(frame(HEADERS, END_STREAM | END_HEADERS, 5, GET + literal("a", "b") * 3000))
            self.assertEqual(client.wait_end(), ENHANCE_YOUR_CALM)

    def test_floods_of_what_asks_for_nothing(self):
        """CVE-2019-9511 to 9518."""
        self.flood(lambda number: frame(SETTINGS, ACK), PROTOCOL_ERROR)
        for piece in (lambda number: frame(PING, payload=struct.pack("!Q", number)),
                      lambda number: settings(),
                      lambda number: settings(*[(0x7777, number)] * 30),
                      lambda number: frame(PRIORITY, 0, 2 * number + 1, struct.pack("!IB", 0, 1)),
                      lambda number: frame(WINDOW_UPDATE, payload=struct.pack("!I", 1)),
                      lambda number: frame(0x77, payload=b"x")):
            self.flood(piece)

    def test_floods_of_what_asks_for_nothing_inside_a_request(self):
        for piece in (frame(DATA, 0, 1), frame(WINDOW_UPDATE, 0, 1, struct.pack("!I", 1)),
                      frame(PRIORITY, 0, 1, struct.pack("!IB", 0, 1))):
            client = self.over_tls()
            client.send(frame(HEADERS, END_HEADERS, 1, POST))
            self.flood(lambda number, piece=piece: piece, client=client)

    def test_nobody_reads_the_acks(self):
        """The client asks on and on and takes nothing: what waits for it is bounded."""
        clients = [self.client() for _ in range(20)]
        for client in clients:
            client.socket.settimeout(0.2)
            try:
                for _ in range(200):
                    client.socket.sendall(frame(PING, payload=b"01234567") * 100)
            except OSError:
                pass
        self.assert_bounded(self.before, MEMORY_MAX)
        for client in clients:
            client.socket.close()

    def test_windows_that_stay_shut(self):
        """Many long responses, and no window to send them in: more streams are refused, memory is bounded."""
        clients = []
        for _ in range(20):
            client = self.over_tls(first=PREFACE + settings((INITIAL_WINDOW, 0)))
            clients.append(client)
            path = f"/dns-query?name=long.{ZONE}&type=TXT"
            for number in range(100):
                client.send(frame(HEADERS, END_STREAM | END_HEADERS, 2 * number + 1, request(path)))
            client.wait(HEADERS, 1)
        self.assert_bounded(self.before, MEMORY_MAX)
        for client in clients:
            client.send(frame(SETTINGS, payload=struct.pack("!HI", INITIAL_WINDOW, 65_535)))
            self.assertTrue(client.wait(DATA, 1), "when the window opens, there it is")
            client.socket.close()

    def test_more_streams_than_there_may_be(self):
        with self.over_tls() as client:
            client.send(b"".join(frame(HEADERS, END_HEADERS, 2 * number + 1, POST) for number in range(140)))
            refused = client.wait(RST_STREAM)
            self.assertEqual((refused.stream, refused.error), (257, REFUSED_STREAM), "the 129th")

    def test_what_breaks_the_protocol(self):
        head = frame(HEADERS, END_STREAM | END_HEADERS, 1, GET)
        for octets, error in (
                (frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR), (frame(HEADERS, END_HEADERS, 0, GET), PROTOCOL_ERROR),
                (frame(HEADERS, END_HEADERS, 2, GET), PROTOCOL_ERROR), (frame(DATA, 0, 1, b"x"), PROTOCOL_ERROR),
                (frame(CONTINUATION, END_HEADERS, 1, GET), PROTOCOL_ERROR),
                (frame(HEADERS, 0, 1, GET) + frame(PING, payload=bytes(8)), PROTOCOL_ERROR),
                (frame(HEADERS, 0, 1, GET) + frame(CONTINUATION, END_HEADERS, 3, b""), PROTOCOL_ERROR),
                (head + frame(HEADERS, END_STREAM | END_HEADERS, 1, GET), STREAM_CLOSED),
                (frame(RST_STREAM, 0, 99, bytes(4)), PROTOCOL_ERROR), (frame(RST_STREAM, 0, 1, b"x"), FRAME_SIZE_ERROR),
                (frame(PING, payload=b"short"), FRAME_SIZE_ERROR), (frame(SETTINGS, payload=b"x"), FRAME_SIZE_ERROR),
                (frame(SETTINGS, ACK, payload=bytes(6)), FRAME_SIZE_ERROR),
                (settings((INITIAL_WINDOW, 1 << 31)), FLOW_CONTROL_ERROR), (settings((5, 1)), PROTOCOL_ERROR),
                (settings((2, 7)), PROTOCOL_ERROR), (frame(DATA, length=16_385), FRAME_SIZE_ERROR),
                (frame(HEADERS, length=0xFFFFFF, stream=1), FRAME_SIZE_ERROR),
                (frame(WINDOW_UPDATE, payload=bytes(4)), PROTOCOL_ERROR),
                (frame(WINDOW_UPDATE, payload=struct.pack("!I", 0x7FFFFFFF)), FLOW_CONTROL_ERROR),
                (frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack("!I", 2) + GET), PROTOCOL_ERROR),
                (frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"), COMPRESSION_ERROR),
                (frame(HEADERS, END_STREAM | END_HEADERS, 1, indexed(99)), COMPRESSION_ERROR),
                (frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x3f\xe1\xff\xff\x0f"), COMPRESSION_ERROR),
                (frame(HEADERS, END_STREAM | END_HEADERS | 8, 1, b"\xff" + GET), PROTOCOL_ERROR)):
            with self.subTest(octets=octets[:40].hex()):
                self.refused(octets, error)

    def test_what_breaks_one_request(self):
        for block in (literal(":method", "GET"), request(method="GET") + literal(":path", "/x"),
                      literal("x", "y") + request(), request() + literal("Upper", "case"),
                      request() + literal("connection", "close"), request() + literal("te", "gzip"),
                      request() + literal(":status", "200"), request() + literal("x", "a\r\nb"),
                      request(path=""), request() + literal("content-length", "5"),
                      request() + literal("content-length", "5") + literal("content-length", "6")):
            with self.subTest(block=block), self.client() as client:
                client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block) + get(3))
                client.wait(HEADERS, 3)
                broken = client.find(RST_STREAM, 1)
                self.assertTrue(broken.error == PROTOCOL_ERROR if broken else client.status(1) == 400, client.frames)

    def test_prefaces(self):
        for first in (PREFACE + frame(PING, payload=bytes(8)), PREFACE[:-2] + b"XX", PREFACE[:14] + b"\r\n",
                      PREFACE + b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n"):
            with self.client(first=first) as client:
                client.socket.shutdown(1)
                self.assertNotEqual(client.wait_end(), NO_ERROR)
        # Over TLS it is what ALPN says: HTTP/1.1 in an h2 connection is none.
        with self.over_tls(first=b"GET / HTTP/1.1\r\nhost: a\r\n\r\n") as client:
            self.assertIn(client.wait_end(), (PROTOCOL_ERROR, None))
