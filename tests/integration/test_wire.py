"""What a network does to a server: malformed messages, split and pipelined streams, many connections."""

import contextlib
import random
import socket
import struct

from dns_client import TIMEOUT, NoReply, TcpConnection, UdpSocket
from dns_message import make_query, parse_reply
from harness import SOURCE, GatepostTest
from processes import has_ipv6, wait_until

CORPUS = SOURCE / "tests/fuzz/corpus/fuzz_responder"
NAME = "www.wire.example."


class WireTest(GatepostTest):
    IDLE = "60s"  # a connection is ended after that: longer than we may stand still ourselves

    def setUp(self):
        super().setUp()
        self.cluster_, self.instance = self.ready_instance(settings={
            "dns.tcp_idle": self.IDLE, "dns.tcp_connections_max": 20, "dataplane.workers": "1"})
        big = "big TXT " + " ".join(f'"{i:03d}{"x" * 200}"' for i in range(20))
        self.import_zone(self.instance, "wire.example.", ["www A 192.0.2.1", big])

    def assert_alive(self, tcp=True):
        for v6 in (False, True) if has_ipv6() else (False,):
            for over_tcp in (False, True) if tcp else (False,):
                self.assertEqual(self.instance.client(v6).ask(NAME, tcp=over_tcp).values("A"), ["192.0.2.1"])
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 1)

    def counters(self):
        return self.instance.status()["dataplane"]["workers"][0]


class Brief(WireTest):
    """Connections that say nothing more are soon ended."""

    IDLE = "500ms"

    def test_streams_that_are_no_dns(self):
        source = random.Random(2)
        for octets in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01" + b"\0" * 500,
                       b"\0\0", b"\0\0" * 1000, b"\xff\xff" + source.randbytes(65535), source.randbytes(3000)):
            with TcpConnection("127.0.0.1", self.instance.port) as connection, \
                    contextlib.suppress(NoReply, ConnectionError):
                connection.send_raw(octets)
                connection.receive()
        # Where we are slow, a connection of ours may be ended before we ask.
        self.assert_alive(tcp=False)
        self.instance.wait_answer(NAME, "A", ["192.0.2.1"], tcp=True)

    def test_an_idle_connection_is_closed_and_counted(self):
        with TcpConnection("127.0.0.1", self.instance.port) as connection:
            with self.assertRaises((NoReply, ConnectionError)) as ended:
                connection.ask(make_query(NAME))
                connection.receive()
        self.assertNotIn("no reply", str(ended.exception))
        wait_until(lambda: self.counters()["dropped"].get("tcp_idle"), "it is counted")


class Wire(WireTest):
    def seeds(self):
        """Messages of every kind, and variants of each, the same ones every time."""
        source = random.Random(1)
        for path in sorted(CORPUS.iterdir()):
            message = path.read_bytes()[1:]
            yield message
            for _ in range(5):
                changed = bytearray(message)
                for _ in range(source.randint(1, 4)):
                    if changed:
                        changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
                yield bytes(changed[:source.randint(0, len(changed))] if source.random() < 0.2 else changed)

    def test_whatever_comes_over_udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect(("127.0.0.1", self.instance.port))
            sent = 0
            for message in self.seeds():
                udp.send(message)
                sent += 1
                # A query that is always answered marks the end of what came for the message.
                mark = make_query(NAME, ident=0xFFFE if message[:2] == b"\xff\xff" else 0xFFFF)
                udp.send(mark)
                udp.settimeout(TIMEOUT)
                while (reply := udp.recv(65535))[:2] != mark[:2]:
                    self.assertEqual(reply[:2], message[:2])
                    self.assertLessEqual(len(reply), 1232)
                    parse_reply(reply)
        self.assertGreater(sent, 200)
        dropped = self.counters()["dropped"]
        self.assertGreater(dropped["runt"], 0)
        self.assertGreater(dropped["not_a_query"], 0)
        self.assertGreater(self.counters()["rcodes"]["FORMERR"], 0)
        self.assert_alive()

    def test_whatever_comes_over_tcp(self):
        for message in self.seeds():
            with contextlib.suppress(NoReply, ConnectionError), \
                    TcpConnection("127.0.0.1", self.instance.port) as connection:
                connection.send(message, make_query(NAME, ident=0xFFFF))
                while (reply := connection.receive())[:2] != b"\xff\xff":
                    parse_reply(reply)
        self.assert_alive()

    def test_queries_in_one_segment_and_in_many(self):
        queries = [make_query(NAME if i % 2 else "big.wire.example.", "A" if i % 2 else "TXT", ident=i)
                   for i in range(100)]
        stream = b"".join(struct.pack("!H", len(query)) + query for query in queries)
        for piece in (len(stream), 1000, 7, 1):
            with self.subTest(piece=piece), TcpConnection("127.0.0.1", self.instance.port) as connection:
                for at in range(0, len(stream), piece):
                    connection.send_raw(stream[at:at + piece])
                replies = {reply.id: reply for reply in (parse_reply(connection.receive()) for _ in queries)}
                self.assertEqual(sorted(replies), list(range(100)))
                self.assertEqual(len(replies[0].answer), 1)
                self.assertEqual(replies[1].values("A"), ["192.0.2.1"])

    def test_a_half_closed_connection_gets_its_replies(self):
        with socket.create_connection(("127.0.0.1", self.instance.port), timeout=TIMEOUT) as connection:
            query = make_query("big.wire.example.", "TXT")
            connection.sendall(struct.pack("!H", len(query)) + query)
            connection.shutdown(socket.SHUT_WR)
            octets = b""
            while piece := connection.recv(65536):
                octets += piece
        self.assertEqual(len(octets) - 2, struct.unpack_from("!H", octets)[0])
        self.assertEqual(len(parse_reply(octets[2:]).answer), 1)

    def test_connections_are_bounded(self):
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(TcpConnection("127.0.0.1", self.instance.port, timeout=TIMEOUT))
                           for _ in range(40)]
            self.assertLessEqual(self.counters()["tcp_connections"], 20)
            wait_until(lambda: self.counters()["dropped"].get("tcp_limit"), "one too many is counted")
            del connections
        wait_until(lambda: self.counters()["tcp_connections"] == 0, "all are closed")
        self.assert_alive()

    def test_one_port_many_queries_at_once(self):
        client = self.instance.client()
        replies = client.ask_many([(NAME, "A", {}), ("big.wire.example.", "TXT", {"edns": 1232})] * 2000, window=200)
        self.assertEqual({len(reply.answer) for reply in replies[::2]}, {1})
        self.assertEqual({reply.flags for reply in replies[1::2]}, {"qr aa tc"})

    def test_the_counters_count(self):
        before = self.counters()
        with UdpSocket("127.0.0.1", self.instance.port) as udp:
            for _ in range(10):
                udp.ask(make_query(NAME))
                udp.ask(make_query("missing.wire.example."))
        after = self.counters()
        self.assertEqual(after["queries"]["udp4"] - before["queries"]["udp4"], 20)
        self.assertEqual(after["rcodes"]["NXDOMAIN"] - before["rcodes"].get("NXDOMAIN", 0), 10)
