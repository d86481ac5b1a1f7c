"""How many connections there may be and from whom, who is behind a proxy, who is too slow, and how they end when the
server does."""

import contextlib
import resource
import socket
import ssl
import struct
import threading
import time

from dns_client import NoReply
from dns_message import make_query, parse_reply
from harness import GatepostTest
from http2_client import (DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, NO_ERROR, SETTINGS, Http2Client, frame,
                          literal, request)
from open_metrics import parse_metrics, value_of
from processes import free_port, kill_9, wait_until
from tls_support import (ADDRESS, HOST, NAME, DotConnection, StreamTest, client_context, http_get, is_sanitized,
                         proxy_header, run_tool, tcp_connect, tls_connect, wait_closed)

QUERY = make_query(NAME)
FRAME = struct.pack("!H", len(QUERY)) + QUERY


def frame_reply(octets):
    """The DNS message in a frame that has come."""
    return parse_reply(octets[2:2 + struct.unpack_from("!H", octets)[0]])


class Limits(StreamTest):
    WORKERS = "1"
    SETTINGS = {"connections.per_address": 8, "connections.per_network": 16, "dns.tcp_connections_max": 24,
                "connections.max": 40, "dns.tcp_idle": "600s"}

    def open(self, port, source, count=1):
        """Connections that are served, not only accepted."""
        out = []
        for _ in range(count):
            connection = tcp_connect(self.ports[port], source)
            self.addCleanup(connection.close)
            connection.sendall(FRAME if port == "dns" else b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n")
            self.assertGreater(len(connection.recv(4096)), 20)
            out.append(connection)
        return out

    def refused(self, port, source, reason):
        before = self.ended(reason)
        with tcp_connect(self.ports[port], source) as connection:
            self.assertEqual(wait_closed(connection), b"")
        wait_until(lambda: self.ended(reason) == before + 1, f"{reason} is counted")

    def metrics(self):
        return parse_metrics(http_get(self.ports["metrics"], "/metrics").text)

    def test_each_limit(self):
        mine = self.open("dns", "127.0.0.1", 8)
        self.refused("dns", "127.0.0.1", "source_limit")
        self.refused("dot", "127.0.0.1", "source_limit")
        self.open("dns", "127.0.0.2", 8)
        self.refused("http", "127.0.0.3", "prefix_limit")
        self.open("dns", "127.0.1.1", 8)
        self.refused("dns", "127.0.2.1", "listener_limit")
        self.open("http", "127.0.2.1", 8)
        self.open("http", "127.0.2.2", 8)
        self.refused("http", "127.0.3.1", "listener_limit")
        self.assertEqual(self.streams()["open"], 40)
        # Whoever looks after the server is let in all the same.
        now = self.metrics()
        for reason, count in (("source_limit", 2), ("prefix_limit", 1), ("listener_limit", 2)):
            self.assertEqual(value_of(now, "gatepost_streams_ended_total", reason=reason), count)
        self.assertEqual(value_of(now, "gatepost_dns_dropped_total", reason="tcp_limit"), 5)
        self.assertEqual(http_get(self.ports["metrics"], "/healthz").status, 200)
        # UDP has nothing to do with it; what was open before is served.
        self.assertEqual(self.instance.client().ask(NAME).values("A"), [ADDRESS])
        mine[0].sendall(FRAME)
        self.assertEqual(frame_reply(mine[0].recv(4096)).values("A"), [ADDRESS])
        # One that ends makes room for one, of the same address too.
        mine[0].close()
        mine[1].close()
        wait_until(lambda: self.streams()["open"] == 38, "their ends are noticed")
        self.open("dns", "127.0.0.1")
        self.refused("http", "127.0.0.2", "source_limit")
        self.doCleanups()
        self.wait_quiet()
        self.open("dns", "127.0.0.1", 8)


class Proxies(StreamTest):
    """127.0.0.2 is a proxy, 127.0.0.1 is not."""

    SETTINGS = {"connections.proxies": ["127.0.0.2/32"], "connections.per_address": 8}

    def through(self, port, header):
        connection = tcp_connect(self.ports[port], "127.0.0.2")
        self.addCleanup(connection.close)
        connection.sendall(header)
        return connection

    def address(self, header):
        """As the server sees it."""
        with client_context(self.authority).wrap_socket(self.through("https", header), server_hostname=HOST) as tls:
            tls.sendall(b"GET /dns/ip HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            reply = wait_closed(tls)
            self.assertTrue(reply.startswith(b"HTTP/1.1 200"), reply)
            return reply.partition(b"\r\n\r\n")[2].decode()

    def test_the_address_in_the_header_counts(self):
        tlvs = struct.pack("!BH", 4, 500) + bytes(500)
        for header, expected in ((proxy_header("192.0.2.77"), "192.0.2.77"),
                                 (proxy_header("2001:db8::77"), "2001:db8::77"),
                                 (proxy_header("192.0.2.78", tlvs=tlvs), "192.0.2.78"),
                                 (proxy_header(command=0), "127.0.0.2")):
            self.assertEqual(self.address(header), expected)
        with self.through("dns", proxy_header() + FRAME) as plain:
            self.assertEqual(frame_reply(plain.recv(4096)).values("A"), [ADDRESS])
        with self.through("dns", b"") as slow:
            for octet in proxy_header() + FRAME:
                slow.sendall(bytes([octet]))
            self.assertEqual(frame_reply(slow.recv(4096)).values("A"), [ADDRESS])
        out, code = run_tool("kdig", "@127.0.0.1", "-p", self.ports["dns"], "-b", "127.0.0.2", "+tcp", "+timeout=30",
                             "+proxy=192.0.2.79-192.0.2.1", NAME)
        self.assertEqual(code, 0, out)
        self.assertIn(ADDRESS, out)

    def test_limits_are_about_that_address_too(self):
        for source in ("192.0.2.80", "192.0.2.81"):
            for _ in range(4):  # each of the two workers has its share, and some more
                connection = self.through("dns", proxy_header(source) + FRAME)
                self.assertEqual(frame_reply(connection.recv(4096)).values("A"), [ADDRESS])
        before = self.ended("source_limit")
        for _ in range(20):
            self.through("dns", proxy_header("192.0.2.80") + FRAME)
        wait_until(lambda: self.ended("source_limit") > before, "one address has had enough")
        with self.through("dns", proxy_header("192.0.2.82") + FRAME) as other:
            self.assertEqual(frame_reply(other.recv(4096)).values("A"), [ADDRESS])
        self.doCleanups()
        self.wait_quiet()

    def test_from_anybody_else_it_is_no_header(self):
        with tcp_connect(self.ports["https"]) as connection:
            connection.sendall(proxy_header())
            self.assertRegex(wait_closed(connection), rb"\A\x15\x03.|\A\Z", "an alert at most")
        with tcp_connect(self.ports["http"]) as connection:
            connection.sendall(proxy_header() + b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            self.assertRegex(wait_closed(connection), rb"\AHTTP/1.1 400 ")
        self.assertEqual(http_get(self.ports["https"], "/dns/ip", tls=client_context(self.authority)).text, "127.0.0.1")
        self.assert_serves()

    def test_a_proxy_that_sends_none_or_a_broken_one(self):
        good = proxy_header()
        broken = [FRAME, b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", good[:11] + b"\r" + good[12:],
                  proxy_header(version=1), proxy_header(command=2), good[:14] + b"\xff\xff" + good[16:],
                  good[:14] + b"\0\1" + good[16:]]
        for octets in broken:
            before = self.ended("proxy_header")
            with self.through("dns", octets) as connection:
                self.assertEqual(wait_closed(connection), b"", octets)
            wait_until(lambda: self.ended("proxy_header") == before + 1, f"counted: {octets}")
        with self.through("dns", good[:20]) as connection:
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(wait_closed(connection), b"")
        # One that never comes to its end.
        with self.through("dns", good[:20]) as connection:
            self.assertEqual(wait_closed(connection), b"")


class Slow(StreamTest):
    SETTINGS = {"dns.tcp_idle": "8s"}  # some stay for so long; on a busy machine, others need some of that

    def dribble(self, connection, octets, ended):
        """An octet every tenth of a second, for as long as that is accepted."""
        with contextlib.suppress(OSError):
            for octet in octets:
                connection.sendall(bytes([octet]))
                connection.settimeout(0.1)
                with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
                    if not connection.recv(4096):
                        break
            else:
                return
        ended.append(connection)

    def hello(self):
        outgoing = ssl.MemoryBIO()
        tls = client_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=HOST)
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        return outgoing.read()

    def test_dribbling_clients(self):
        """Each state has a deadline for the whole, whatever still comes."""
        attackers, ended = [], []
        hello = self.hello()
        head = b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 1000
        tls = client_context(self.authority)
        for connection, octets in (
                (tcp_connect(self.ports["dot"]), hello), (tcp_connect(self.ports["https"]), hello),
                (tcp_connect(self.ports["http"]), head), (tcp_connect(self.ports["metrics"]), head),
                (tls_connect(self.ports["https"], tls), head), (tcp_connect(self.ports["dns"]),
                                                                b"\xff\xff" + bytes(999)),
                (tls_connect(self.ports["dot"], tls), b"\xff\xff" + bytes(999)),
                (tls_connect(self.ports["https"], tls),
                 b"POST /dns-query HTTP/1.1\r\nhost: a\r\ncontent-type: application"
                 b"/dns-message\r\ncontent-length: 999\r\n\r\n" + bytes(900))):
            attackers.append(threading.Thread(target=self.dribble, args=(connection, octets, ended), daemon=True))
            self.addCleanup(connection.close)
        half_open = [tcp_connect(self.ports[name]) for name in ("dns", "dot", "https") for _ in range(10)]
        for attacker in attackers:
            attacker.start()
        self.assertEqual(self.instance.client().ask(NAME, tcp=True).values("A"), [ADDRESS], "nobody else is held up")
        for attacker in attackers:
            attacker.join()
        self.assertEqual(len(ended), len(attackers), "each was cut off before its end")
        for connection in half_open:
            wait_closed(connection)
            connection.close()
        wait_until(lambda: self.ended("deadline") >= 6, "they are counted")
        self.assertGreaterEqual(self.streams()["tls_failures"]["timeout"], 2 + 20)
        self.wait_quiet()
        self.assert_serves()

    def test_a_client_that_does_not_read(self):
        """It asks for much and takes nothing: what waits for it is bounded, and its time is."""
        query = make_query(f"long.{NAME.partition('.')[2]}", "TXT", edns=4096)
        before, ended = self.memory(), self.ended("not_read")
        clients = []
        for _ in range(10):
            raw = tcp_connect(self.ports["dot"], receive_buffer=4096)
            clients.append(client_context(self.authority).wrap_socket(raw, server_hostname=HOST))
            clients[-1].settimeout(1.0)
            with contextlib.suppress(OSError):
                for _ in range(3000):
                    clients[-1].sendall((struct.pack("!H", len(query)) + query) * 10)
        self.assert_bounded(before, 32 << 20)
        wait_until(lambda: self.ended("not_read") + self.ended("reset") >= ended + len(clients), "they are cut off")
        for client in clients:
            client.close()
        self.wait_quiet()
        self.assert_serves()


class Drain(StreamTest):
    SETTINGS = {"connections.max": 20_000, "connections.per_address": 0, "connections.per_network": 0,
                "dns.tcp_connections_max": 20_000, "dns.tcp_idle": "600s", "connections.drain": "40s"}
    MOST = 10_000
    # Seconds that a client has for a message of DNS, and for a request of HTTP.
    MESSAGE_S, REQUEST_S = 5.0, 10.0

    def under_way(self):
        """Connections with a request each, without its last octets."""
        context = client_context(self.authority, alpn=["h2"])
        plain = tcp_connect(self.ports["dns"])
        dot = tls_connect(self.ports["dot"], client_context(self.authority))
        http = tls_connect(self.ports["https"], client_context(self.authority))
        http2 = Http2Client(tls_connect(self.ports["https"], context))
        http2.wait(SETTINGS)
        # Those with the most time first.
        for connection, octets in (
                (http2, frame(HEADERS, END_HEADERS, 1, request("/dns-query", "POST", more=literal(
                    "content-type", "application/dns-message"))) + frame(DATA, 0, 1, QUERY[:-3])),
                (http, b"GET /dns/ip HTTP/1.1\r\nho"), (dot, FRAME[:-3]), (plain, FRAME[:-3])):
            before = self.streams()["received_bytes"]
            connection.send(octets)
            # What has not arrived is not under way.
            wait_until(lambda: self.streams()["received_bytes"] > before, "it has arrived")
        return plain, dot, http, http2

    def check_finished(self, begun, limit, finish):
        """Of what was under way since `begun`; the server may have cut off what we were too slow for."""
        try:
            finish()
        except (AssertionError, NoReply, OSError, struct.error):
            if time.monotonic() < begun + limit:
                raise
            print(f"# not finished within {limit} s")

    def finish_dns(self, connection):
        connection.sendall(FRAME[-3:])
        self.assertEqual(frame_reply(wait_closed(connection)).values("A"), [ADDRESS])

    def finish_http(self, connection):
        connection.sendall(b"st: a\r\n\r\n")
        reply = wait_closed(connection)
        self.assertTrue(reply.startswith(b"HTTP/1.1 200") and reply.endswith(b"127.0.0.1"), reply)
        self.assertIn(b"connection: close", reply)

    def finish_http2(self, client):
        client.send(frame(DATA, END_STREAM, 1, QUERY[-3:]))
        self.assertEqual(parse_reply(client.wait(DATA, 1).payload).values("A"), [ADDRESS])
        self.assertEqual(client.wait_end(), NO_ERROR)

    def test_sigterm_with_many_connections(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = min(self.MOST, hard - 1000)
        idle = [tcp_connect(self.ports["dns"]) for _ in range(count - 150)]
        idle += [tls_connect(self.ports["dot"], client_context(self.authority)) for _ in range(100)]
        http2 = [Http2Client(tls_connect(self.ports["https"], client_context(self.authority, alpn=["h2"])))
                 for _ in range(50)]
        wait_until(lambda: self.streams()["open"] == count, "all are there")
        print(f"# {count + 4} connections")
        pid = self.instance.process("gatepost-dataplane")
        begun = time.monotonic()
        plain, dot, http, waiting = self.under_way()
        self.instance.signal_stop()
        self.instance.wait_log(r"event=dataplane.draining connections=\d+")
        self.assertEqual(self.instance.process("gatepost-dataplane"), pid, "it waits for them")
        # What was under way is finished.
        for connection in (plain, dot):
            self.check_finished(begun, self.MESSAGE_S, lambda one=connection: self.finish_dns(one))
        # Those that wait are told at once, and politely.
        for client in http2:
            self.assertEqual(client.wait(GOAWAY).error, NO_ERROR)
        for connection in idle:
            self.assertEqual(wait_closed(connection), b"")
            connection.close()
        self.check_finished(begun, self.REQUEST_S, lambda: self.finish_http(http))
        self.check_finished(begun, self.REQUEST_S, lambda: self.finish_http2(waiting))
        for connection in (plain, dot, http, waiting.socket, *(client.socket for client in http2)):
            connection.close()
        self.assertEqual(self.instance.wait_ended(), 0)
        log = self.instance.log()
        self.assertRegex(log, r"process_ended process=dataplane .*exited with code 0")
        self.assertNotIn("dataplane.cut_off", log)
        self.instance.start()

    def full_handshakes(self):
        """0 while there are no workers to ask."""
        return self.streams().get("handshakes", {"TLSv1.3": {"full": 0}})["TLSv1.3"]["full"]

    def test_a_dataplane_that_is_killed_under_load(self):
        errors, stopping = [], threading.Event()

        def load():
            context = client_context(self.authority)
            while not stopping.is_set():
                try:
                    with DotConnection(self.ports["dot"], context) as connection:
                        for _ in range(20):
                            connection.ask_name(NAME)
                except ConnectionRefusedError as error:
                    errors.append(repr(error))
                except (OSError, NoReply):
                    pass  # it was this one's turn to die
        threads = [threading.Thread(target=load, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        self.addCleanup(stopping.set)
        for _ in range(5):
            before = self.full_handshakes()
            pid = self.instance.wait_process("gatepost-dataplane")
            kill_9([pid])
            # The sockets stay open: who comes now waits for the next one.
            with self.dot() as connection:
                self.assertEqual(connection.ask_name(NAME).values("A"), [ADDRESS])
            wait_until(lambda least=before: self.full_handshakes() > least + 20, "load")
        stopping.set()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.wait_quiet()


class FewDescriptors(GatepostTest):
    LIMIT = 256

    def test_a_full_table(self):
        if is_sanitized():
            self.skipTest("the sanitizer needs descriptors of its own")
        cluster = self.cluster()
        dot, metrics = free_port(), free_port()
        instance = self.instance(cluster.dsn(), settings={
            "dns.tls_listen": [f"127.0.0.1@{dot}"], "metrics.listen": [f"127.0.0.1@{metrics}"],
            "connections.max": 4000, "connections.per_address": 0, "connections.per_network": 0,
            "dns.tcp_idle": "600s"}, user="nobody")
        instance.wrapper = ["prlimit", f"--nofile={self.LIMIT}:{self.LIMIT}"]
        instance.cli("schema", "migrate")
        instance.start()
        self.import_zone(instance, "streams.example.", [f"www A {ADDRESS}"])
        self.assertRegex(instance.log(), r"event=dataplane.few_descriptors limit=256")
        context = client_context()
        first = DotConnection(dot, context)
        self.addCleanup(first.close)
        others = [tcp_connect(dot) for _ in range(2 * self.LIMIT)]
        wait_until(lambda: instance.status()["dataplane"]["workers"][0]["streams"]["open"] > 50, "they are accepted")
        for _ in range(20):
            self.assertEqual(first.ask_name(NAME).values("A"), [ADDRESS], "who was there first is served")
            self.assertEqual(instance.client().ask(NAME).values("A"), [ADDRESS])
        for connection in others:
            connection.close()
        with DotConnection(dot, context) as connection:
            self.assertEqual(connection.ask_name(NAME).values("A"), [ADDRESS], "when there is room again")
        status = instance.status()["dataplane"]
        self.assertEqual(status["starts"], 1)
        first.close()
        instance.wait_status(lambda status: all(worker["streams"]["open"] == 0 for worker in
                                                status["dataplane"]["workers"]), "all have gone")
        self.assertEqual(http_get(metrics, "/readyz").status, 200)


class DrainTime(StreamTest):
    SETTINGS = {"connections.drain": "1s"}

    def test_a_client_that_does_not_come_to_an_end(self):
        with tls_connect(self.ports["https"], client_context(self.authority)) as stays:
            before = self.streams()["received_bytes"]
            stays.sendall(b"GET / HTTP/1.1\r\n")
            wait_until(lambda: self.streams()["received_bytes"] > before, "it has arrived")
            self.instance.signal_stop()
            self.assertEqual(self.instance.wait_ended(), 0)
            self.assertIn("event=dataplane.cut_off connections=1", self.instance.log())
            wait_closed(stays)
        self.instance.start()
