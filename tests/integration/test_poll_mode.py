"""Poll mode: what it answers is what the kernel's sockets would have answered, and all else stays the kernel's.

Whether a query went past the kernel shows in the kernel's own count of UDP datagrams.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import struct

from dns_client import TIMEOUT, TcpConnection
from dns_message import make_query, parse_reply
from frames import ETHERTYPE_VLAN, Flow, checksum, mac, parse_frame
from netns import CLIENT, CLIENT4, CLIENT6, SERVER, SERVER4, SERVER6
from poll_instance import ZONE, SharedPollTest
from processes import kill_9, wait_until

SERVERS = (SERVER4, SERVER6)
QUESTIONS = [("www", "A", {}), ("www", "AAAA", {}), ("www", "A", {"edns": 1232}), ("www", "A", {"edns": 4096}),
             ("alias", "AAAA", {"rd": True}), ("nowhere", "A", {}), ("nowhere", "A", {"dnssec_ok": True}),
             ("x.y.wild", "A", {}), ("www", "MX", {}), ("big", "TXT", {}), ("big", "TXT", {"edns": 1232}),
             ("www", "A", {"edns_version": 1}), ("www", "A", {"klass": "CH"}), ("www", "A", {"opcode": 2})]
DESTINATION_OPTIONS = b"\0\0\x01\x04\0\0\0\0"  # RFC 8200 §4.6: PadN, the next header filled in by the kernel
RECORD_ROUTE = b"\x07\x07\x04\0\0\0\0\0"  # RFC 791 §3.1, with room for one address, and the end of the options


def padding(length):
    """An EDNS option (RFC 7830)."""
    return struct.pack("!HH", 12, length) + b"\0" * length


def exchange(udp, query, timeout=60.0):
    """The octets of the reply; a query that got lost is asked again. No two queries of a socket have the same ID."""
    udp.settimeout(timeout / 5)
    for _ in range(5):
        try:
            udp.send(query)
            while (reply := udp.recv(65535))[:2] != query[:2]:
                pass
            return reply
        except (TimeoutError, ConnectionRefusedError):
            continue
    raise AssertionError(f"no reply to {query.hex()}")


class InsideTest(SharedPollTest):
    def udp(self, host, port=53, options=()):
        """A socket on the clients' side."""
        with self.pair.b.entered():
            udp = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            for option in options:
                udp.setsockopt(*option)
            udp.connect((host, port))
        self.addCleanup(udp.close)
        return udp

    def all_answers(self, ident):
        """To every question, over both families, without the IDs, which count from `ident`."""
        out = {}
        for host in SERVERS:
            udp = self.udp(host)
            for number, (name, kind, options) in enumerate(QUESTIONS, ident):
                query = make_query(f"{name}.{ZONE}", kind, ident=number, **options)
                out[host, name, kind, str(options)] = exchange(udp, query)[2:].hex()
        return out

    def check_one(self, udp, query=None):
        query = query or make_query("www." + ZONE)
        self.assertEqual(parse_reply(exchange(udp, query)).values("A"), ["192.0.2.1"])


class Answers(InsideTest):
    def test_queries_go_past_the_kernel(self):
        before = self.pair.a.udp_datagrams()
        for v6 in (False, True):
            client = self.instance.client(v6)
            self.assertEqual(client.ask("www." + ZONE).values("A"), ["192.0.2.1"])
            self.assertEqual(client.ask("www." + ZONE, "AAAA").values("AAAA"), ["2001:db8::1"])
            reply = client.ask("nowhere." + ZONE)
            self.assertEqual((reply.rcode_name, reply.flags), ("NXDOMAIN", "qr aa"))
            self.assertEqual([record.type for record in reply.authority], [6])
            self.assertIn("tc", client.ask("big." + ZONE, "TXT").flags.split())
        self.assertEqual(self.pair.a.udp_datagrams(), before, "the kernel's sockets got some")

    def test_the_status_counts_them(self):
        before = sum(self.instance.poll_counts())
        for _ in range(10):
            self.world.check_answers()
        wait_until(lambda: sum(self.instance.poll_counts()) >= before + 10, "they are counted")

    def test_the_fall_back_answers_the_same(self):
        """The process in poll mode is killed, and the supervisor kept from starting another."""
        in_poll_mode = self.all_answers(1)
        pid, supervisor = self.instance.process("poll"), self.instance.pid
        starts = self.instance.nic()["starts"]
        try:
            os.kill(supervisor, signal.SIGSTOP)
            kill_9([pid])
            before = self.pair.a.udp_datagrams()
            in_kernel = self.all_answers(1000)
            self.assertGreaterEqual(self.pair.a.udp_datagrams(), before + len(in_kernel))
            self.assertEqual(self.dig("+notcp", "@" + SERVER4), "192.0.2.1\n")
        finally:
            os.kill(supervisor, signal.SIGCONT)
        self.assertEqual(in_poll_mode, in_kernel)
        self.instance.wait_poll_mode(starts + 1)
        self.world.check_poll_mode()

    def dig(self, *words):
        if not shutil.which("kdig"):
            self.skipTest("kdig is not installed")
        return self.pair.b.run("kdig", "+short", "+retry=5", "+timeout=10", *words, "www." + ZONE, "A").stdout

    def test_dig(self):
        for server in SERVERS:
            for transport in ("+notcp", "+tcp"):
                with self.subTest(server=server, transport=transport):
                    self.assertEqual(self.dig(transport, "@" + server), "192.0.2.1\n")

    def test_the_process_may_do_nothing_else(self):
        tasks = list(pathlib.Path(f"/proc/{self.instance.process('poll')}/task").iterdir())
        self.assertGreaterEqual(len(tasks), 2, "a main thread and a worker")
        nobody = pwd.getpwnam("nobody")
        for task in tasks:
            told = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
            with self.subTest(thread=told["Name"]):
                self.assertEqual((told["Uid"].split(), told["Gid"].split()),
                                 ([str(nobody.pw_uid)] * 4, [str(nobody.pw_gid)] * 4))
                for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                    self.assertEqual(int(told[name], 16), 0, name)
                self.assertEqual((told["NoNewPrivs"], told["Seccomp"]), ("1", "2"))


class Kernel(InsideTest):
    """What is no whole query to port 53 goes on as if there were no poll mode."""

    def test_tcp(self):
        for host in SERVERS:
            with self.pair.b.entered():
                connection = TcpConnection(host, 53)
            with connection:
                for _ in range(3):
                    self.assertEqual(len(connection.ask(make_query(f"big.{ZONE}", "TXT")).answer), 12)

    def test_echo(self):
        for host in SERVERS:
            v6 = ":" in host
            with self.pair.b.entered():
                icmp = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                                     socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
            with icmp:
                icmp.connect((host, 0))
                icmp.settimeout(TIMEOUT)
                request = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, 7, 1) + b"gatepost"
                icmp.send(request[:2] + struct.pack("!H", checksum(request)) + request[4:])
                wanted = (129 if v6 else 0, struct.pack("!HH", 7, 1) + b"gatepost")
                while True:
                    reply = icmp.recv(2048)[0 if v6 else 20:]
                    if (reply[0], reply[4:]) == wanted:
                        break

    def test_another_port_is_unreachable(self):
        for host in SERVERS:
            udp = self.udp(host, 5399)
            udp.settimeout(TIMEOUT)
            udp.send(make_query("www." + ZONE))
            with self.assertRaises(ConnectionRefusedError):
                udp.recv(512)

    def test_a_query_in_fragments(self):
        for host in SERVERS:
            query = make_query("www." + ZONE, edns=1232, options=padding(1600))
            udp = self.udp(host, options=[(socket.IPPROTO_IP, 10, 0)])  # IP_MTU_DISCOVER: may fragment
            self.assertGreaterEqual(self.world.kernel_gets(lambda: self.check_one(udp, query)), 1)

    def test_an_address_that_is_not_served(self):
        """Forwarded and foreign traffic is none of ours: here, a host that nobody is."""
        with self.pair.b.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect(("10.53.0.77", 53))
            udp.settimeout(0.2)
            udp.send(make_query("www." + ZONE))
            with self.assertRaises(OSError):
                udp.recv(512)


class Headers(InsideTest):
    """Queries in poll mode that do not look like most."""

    def check_past_kernel(self, udp, query=None):
        self.assertEqual(self.world.kernel_gets(lambda: self.check_one(udp, query)), 0)

    def test_destination_options(self):
        self.check_past_kernel(self.udp(SERVER6, options=[(socket.IPPROTO_IPV6, 59, DESTINATION_OPTIONS)]))

    def test_ipv4_options(self):
        self.check_past_kernel(self.udp(SERVER4, options=[(socket.IPPROTO_IP, socket.IP_OPTIONS, RECORD_ROUTE)]))

    def test_without_a_checksum(self):
        """RFC 768 lets IPv4 senders do so."""
        self.check_past_kernel(self.udp(SERVER4, options=[(socket.SOL_SOCKET, 11, 1)]))  # SO_NO_CHECK

    def test_long_queries(self):
        for host in SERVERS:
            self.check_past_kernel(self.udp(host), make_query("www." + ZONE, edns=1232, options=padding(1300)))

    def test_link_local(self):
        scope = self.pair.b.link(CLIENT)["ifindex"]
        for one in self.pair.a.ip("-6", "-o", "address", "show", "dev", SERVER, "scope", "link").stdout.splitlines():
            link_local = one.split()[3].split("/")[0]
        with self.pair.b.entered():
            udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        with udp:
            udp.connect((link_local, 53, 0, scope))
            self.check_past_kernel(udp)


class RawSocket:
    """Frames in and out of the clients' interface, tags and all (packet(7))."""

    _SOL_PACKET, _AUXDATA, _VLAN_VALID = 263, 8, 1 << 4

    def __init__(self, namespace):
        with namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self._socket.bind((CLIENT, 0x0003))
        self._socket.setsockopt(self._SOL_PACKET, self._AUXDATA, 1)
        self._socket.settimeout(TIMEOUT)

    def close(self):
        self._socket.close()

    def ask(self, frame, query):
        """The reply's frame; the kernel hands a tag beside the frame, and it is put back to its place."""
        self._socket.send(frame)
        while True:
            reply, more, _, _ = self._socket.recvmsg(2048, 128)
            if reply[:6] != frame[6:12] or query[:2] not in reply:
                continue
            for _, kind, data in more:
                status, *_, tag, _ = struct.unpack_from("=IIIHHHH", data)
                if kind == self._AUXDATA and status & self._VLAN_VALID:
                    reply = reply[:12] + struct.pack("!HH", ETHERTYPE_VLAN, tag) + reply[12:]
            return parse_frame(reply)


class Tags(InsideTest):
    """Frames as they come from a trunk: what has a tag is answered with that tag (IEEE 802.1Q)."""

    def test_the_reply_has_the_tag_of_the_query(self):
        raw = RawSocket(self.pair.b)
        self.addCleanup(raw.close)
        macs = [mac(side.link(name)["address"]) for side, name in ((self.pair.b, CLIENT), (self.pair.a, SERVER))]
        before = self.pair.a.udp_datagrams()
        for vlan in (0, 7, 3 << 13 | 4094):
            for source, destination in ((CLIENT4, SERVER4), (CLIENT6, SERVER6)):
                with self.subTest(vlan=vlan, destination=destination):
                    query = make_query("www." + ZONE)
                    flow = Flow(*macs, source, destination, vlan)
                    reply = raw.ask(flow.udp(40000, 53, query), query)
                    self.assertEqual((reply.vlan, reply.source, reply.destination), (vlan, destination, source))
                    self.assertEqual((reply.source_port, reply.destination_port), (53, 40000))
                    self.assertEqual(parse_reply(reply.payload).values("A"), ["192.0.2.1"])
        self.assertEqual(self.pair.a.udp_datagrams(), before)


class Queues(SharedPollTest):
    """Two queues, a worker each: the sender's queue, picked by flow, is the receiver's."""

    world_arguments = {"queues": 2}

    def test_both_workers_answer(self):
        def ask():
            self.world.check_answers()
            return all(self.instance.poll_counts())
        before = self.pair.a.udp_datagrams()
        wait_until(ask, "queries from many ports reach both queues")
        self.assertEqual(self.pair.a.udp_datagrams(), before)
        self.assertEqual(len(self.instance.poll_counts()), 2)

    def test_all_are_answered(self):
        client = self.instance.client()
        replies = client.ask_many([(f"n{number}.wild.{ZONE}", "A", {}) for number in range(2000)])
        self.assertEqual({tuple(reply.values("A")) for reply in replies}, {("192.0.2.2",)})
