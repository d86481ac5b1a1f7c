"""DNS cookies and response rate limiting with real processes: what a resolver and a flood meet."""

import socket
import struct
import time

from dns_client import TIMEOUT, UdpSocket
from dns_message import make_query, parse_reply
from harness import GatepostTest
from processes import kill_9

NAME = "www.cookie.example."
CLIENT = bytes(range(1, 9))


def option(cookie):
    return struct.pack("!HH", 10, len(cookie)) + cookie


def cookie_of(reply):
    return next((data for code, data in reply.options if code == 10), None)


class CookieTest(GatepostTest):
    def ask(self, cookie, **arguments):
        return self.instance.client().ask(NAME, options=option(cookie), **arguments)

    def counters(self, name):
        return sum(worker[name] for worker in self.instance.status()["dataplane"]["workers"])


class Cookies(CookieTest):
    def setUp(self):
        super().setUp()
        self.postgres, self.instance = self.ready_instance(settings={"dataplane.workers": "2"})
        self.import_zone(self.instance, "cookie.example.", ["www A 192.0.2.1"])
        self.instance.wait_synced()
        self.cookie = cookie_of(self.ask(CLIENT))
        self.assertEqual((len(self.cookie), self.cookie[:8]), (24, CLIENT))

    def assert_valid(self, cookie, renewed=False):
        before = self.counters("cookies_valid")
        reply = self.ask(cookie)
        self.assertEqual(reply.values("A"), ["192.0.2.1"])
        self.assertEqual(self.counters("cookies_valid"), before + 1)
        (self.assertNotEqual if renewed else self.assertEqual)(cookie_of(reply), cookie)
        return cookie_of(reply)

    def test_one_outlives_every_restart(self):
        self.assert_valid(self.cookie)
        self.assert_valid(cookie_of(self.ask(CLIENT, tcp=True)))
        dataplane = self.instance.process("gatepost-dataplane")
        kill_9([dataplane])
        self.instance.wait_process("gatepost-dataplane", other_than=dataplane)
        self.instance.wait_streaming()
        self.assert_valid(self.cookie)
        # From the checkpoint, without PostgreSQL.
        self.instance.write_checkpoint()
        self.instance.stop()
        self.postgres.stop()
        self.instance.launch()
        self.instance.wait_log("event=dataplane.serving")
        self.instance.wait_answer(NAME, "A", ["192.0.2.1"])
        self.assertEqual(cookie_of(self.ask(self.cookie)), self.cookie)

    def test_rotation_keeps_the_cookies_that_are_about(self):
        rows = self.instance.cli_json("cookie", "list")["secrets"]
        self.assertEqual([row["state"] for row in rows], ["active"])
        self.assertNotIn("secret", rows[0])
        self.assertNotRegex(self.instance.cli("cookie", "list").stdout, "[0-9a-f]{32}")
        self.assertRegex(self.instance.cli("cookie", "list", "--reveal").stdout, "[0-9a-f]{32}")
        staged = self.instance.cli_json("cookie", "rotate")
        self.assertEqual(staged["steps"][0]["action"], "staged")
        self.assertTrue(staged["edge"]["reached"])
        self.assert_valid(self.cookie)
        self.assertEqual([step["action"] for step in self.instance.cli_json("cookie", "rotate")["steps"]],
                         ["retired", "activated"])
        new = self.assert_valid(self.cookie, renewed=True)
        self.assert_valid(new)
        refused = self.instance.cli("cookie", "remove", "1", check=False)
        self.assertNotEqual(refused.returncode, 0, "it was retired just now, and nobody said yes")
        self.instance.cli("cookie", "remove", "1", "--yes")
        before = self.counters("cookies_bad")
        self.assertEqual(self.ask(self.cookie).values("A"), ["192.0.2.1"])
        self.assertEqual(self.counters("cookies_bad"), before + 1)
        self.assert_valid(new)
        in_use = self.instance.cli_json("cookie", "list")["secrets"][0]["id"]
        self.assert_one_sentence(self.instance.cli("cookie", "remove", str(in_use), check=False), 7, "in use")

    def test_a_query_for_nothing_but_a_cookie(self):
        message = struct.pack("!HHHHHH", 77, 0, 0, 0, 0, 1) + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 12)
        with UdpSocket("127.0.0.1", self.instance.port) as udp:
            reply = udp.ask(message + option(CLIENT))
        self.assertEqual((reply.id, reply.rcode_name, reply.question), (77, "NOERROR", None))
        self.assertEqual(cookie_of(reply)[:8], CLIENT)


class RateLimit(CookieTest):
    def setUp(self):
        super().setUp()
        _, self.instance = self.ready_instance(settings={
            "dataplane.workers": "1", "dns.rate_limit.per_second": 5, "dns.rate_limit.burst": "2s",
            "dns.rate_limit.exempt": ["127.0.9.0/24"]})
        self.import_zone(self.instance, "cookie.example.", ["www A 192.0.2.1"])
        self.instance.wait_synced()

    # Of the settings: a network's whole replies at once, and in each second.
    BURST, PER_SECOND = 10, 5

    def allowed(self, begun):
        """Whole replies that a network may have had since `begun`, with a burst to spare."""
        return 2 * self.BURST + self.PER_SECOND * (time.monotonic() - begun) + 1

    def flood(self, source, count, **query):
        """Sends queries from an address and gives the replies."""
        replies = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((source, 0))
            udp.connect(("127.0.0.1", self.instance.port))
            for ident in range(count):
                udp.send(make_query(NAME, ident=ident, **query))
            # Behind the flood, a query that is always answered: NOTIMP is another kind of reply.
            udp.send(make_query(NAME, ident=0xFFFF, opcode=2))
            udp.settimeout(TIMEOUT)
            while (reply := parse_reply(udp.recv(4096))).id != 0xFFFF:
                replies.append(reply)
        return replies

    def test_a_flood_is_limited_and_others_are_not(self):
        cookie = cookie_of(self.ask(CLIENT))
        begun = time.monotonic()
        replies = self.flood("127.0.1.1", 200)
        whole = [reply for reply in replies if reply.answer]
        cut = [reply for reply in replies if not reply.answer]
        self.assertGreaterEqual(len(whole), self.BURST)
        self.assertLess(len(whole), self.allowed(begun))
        self.assertGreater(len(cut), 50, "every second limited one slips through")
        self.assertEqual({reply.flags for reply in cut}, {"qr aa tc"})
        # Another address of that network is limited as well, TCP is not.
        more = self.flood("127.0.1.2", 50)
        self.assertLess(len(whole) + len([reply for reply in more if reply.answer]), self.allowed(begun))
        self.assertEqual(self.instance.client().ask(NAME, tcp=True).values("A"), ["192.0.2.1"])
        # Other networks, exempt ones, and clients that have a cookie, are not concerned.
        self.assertGreaterEqual(len([reply for reply in self.flood("127.0.2.1", 10) if reply.answer]), 10)
        self.assertEqual(len([reply for reply in self.flood("127.0.9.1", 100) if reply.answer]), 100)
        with UdpSocket("127.0.0.1", self.instance.port) as udp:
            for _ in range(100):
                self.assertEqual(udp.ask(make_query(NAME, options=option(cookie))).values("A"), ["192.0.2.1"])
        worker = self.instance.status()["dataplane"]["workers"][0]
        self.assertGreater(worker["dropped"]["rate_limited"], 50)
        self.assertGreater(worker["slipped"], 50)
        self.assertEqual(worker["cookies_new"], 1)
        self.assertEqual(worker["cookies_valid"], 100)

    def test_a_limited_client_learns_a_cookie(self):
        replies = self.flood("127.0.1.1", 100, options=option(CLIENT))
        refused = [reply for reply in replies if reply.rcode_name == "BADCOOKIE"]
        self.assertGreater(len(refused), 10)
        self.assertEqual({len(cookie_of(reply)) for reply in refused}, {24})
        self.assertTrue(all(not reply.answer for reply in refused))
        learned = cookie_of(refused[0])
        replies = self.flood("127.0.1.1", 100, options=option(learned))
        self.assertEqual({len(reply.answer) for reply in replies}, {1})
        self.assertEqual(len(replies), 100)

    def test_values_that_cannot_be_are_refused(self):
        config = self.write("bad.toml", '[dns.rate_limit]\nper_second = 100000\nexempt = ["192.0.2.1/24"]\n')
        done = self.instance.cli("config", "check", str(config), check=False)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("dns.rate_limit.per_second", done.stderr)
        self.assertIn("192.0.2.1/24", done.stderr)
