"""Certificates follow the database: what is committed is what the next connection is shown, and what cannot be served
leaves things as they were."""

import hashlib
import itertools
import random
import subprocess
import threading

from dns_client import NoReply
from postgres import Psql
from processes import DEADLINE, wait_until
from tls_support import (ADDRESS, HOST, NAME, DotConnection, StreamTest, client_context, fingerprint_seen, leaf_of,
                         wait_fingerprint)

SWAP = "swap.example"
POOL = 6
SWAPS = 100
CLIENTS = 8
# A row of the pool takes the place of what is there.
TAKE = f"""
UPDATE gatepost.certificates c
SET (type, key_type, chain, sealed_key, ocsp_response, names, fingerprint, not_before, not_after) =
    (p.type, p.key_type, p.chain, p.sealed_key, p.ocsp_response, p.names, p.fingerprint, p.not_before, p.not_after)
FROM pool p WHERE c.domain = '{SWAP}' AND c.type = 'live' AND p.number = {{}}"""


class Client(threading.Thread):
    """Connects all the time, verifies what it is shown, and asks a question."""

    def __init__(self, port, context):
        super().__init__(daemon=True)
        self._port, self._context = port, context
        self._stopping = threading.Event()
        self.seen, self.errors, self.count = set(), [], 0

    def run(self):
        while not self._stopping.is_set() and not self.errors:
            try:
                with DotConnection(self._port, self._context, SWAP) as connection:
                    self.seen.add(hashlib.sha256(connection.tls.getpeercert(True)).hexdigest())
                    if connection.ask_name(NAME).values("A") != [ADDRESS]:
                        self.errors.append("a wrong answer")
                self.count += 1
            except (OSError, NoReply) as error:  # ssl.SSLError is an OSError
                self.errors.append(repr(error))

    def stop(self):
        self._stopping.set()
        self.join(DEADLINE)


class Swaps(StreamTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.instance.sql("CREATE TABLE pool AS SELECT 0 AS number, * FROM gatepost.certificates LIMIT 0")
        cls.fingerprints = []
        for number in range(POOL):
            algorithm = "rsa" if number == 3 else "ec"
            chain, _ = cls.import_certificate(f"swap{number}", [SWAP], algorithm=algorithm)
            cls.fingerprints.append(leaf_of(chain))
            cls.instance.sql(f"""INSERT INTO pool SELECT {number}, * FROM gatepost.certificates WHERE domain = '{SWAP}'
                                 AND fingerprint = '{leaf_of(chain)}';
                                 DELETE FROM gatepost.certificates WHERE domain = '{SWAP}'
                                 AND key_type = 'rsa'""")
        cls.instance.wait_synced()

    def seen(self, port="dot"):
        return fingerprint_seen(self.ports[port], SWAP)

    def take(self, number):
        self.instance.sql(TAKE.format(number))
        self.instance.wait_synced()

    def held(self):
        return self.instance.status()["held_certificates"]

    def test_a_new_row_is_shown_and_open_connections_live_on(self):
        self.take(0)
        with DotConnection(self.ports["dot"], client_context(self.authority), SWAP) as old:
            self.assertEqual(self.seen(), self.fingerprints[0])
            for number in (1, 2, 3, 0):
                self.instance.sql(TAKE.format(number))
                for port in ("dot", "https"):
                    wait_fingerprint(self.ports[port], self.fingerprints[number], SWAP)
                self.assertEqual(old.ask_name(NAME).values("A"), [ADDRESS])
            self.assertEqual(hashlib.sha256(old.tls.getpeercert(True)).hexdigest(), self.fingerprints[0])

    def test_a_session_from_before_a_swap_is_no_obstacle(self):
        self.take(0)
        context = client_context(self.authority)
        with DotConnection(self.ports["dot"], context, SWAP) as connection:
            connection.ask_name(NAME)
            session = connection.tls.session
        self.take(1)
        with DotConnection(self.ports["dot"], context, SWAP, session=session) as connection:
            self.assertEqual(connection.ask_name(NAME).values("A"), [ADDRESS])

    def test_rows_come_and_go(self):
        server = fingerprint_seen(self.ports["dot"], HOST)
        self.assertEqual(fingerprint_seen(self.ports["dot"], "new.example"), server)
        self.instance.sql(f"""INSERT INTO gatepost.certificates (domain, type, key_type, chain, sealed_key, names,
                              not_before, not_after) SELECT 'new.example', 'staged', key_type, chain, sealed_key,
                              '{{*.other.example}}', not_before, not_after FROM pool WHERE number = 4""")
        for name in ("new.example", "x.other.example"):
            wait_fingerprint(self.ports["dot"], self.fingerprints[4], name)
        self.instance.sql("UPDATE gatepost.certificates SET names = '{}' WHERE domain = 'new.example'")
        wait_fingerprint(self.ports["dot"], server, "x.other.example")
        self.instance.sql("""BEGIN; DELETE FROM gatepost.certificates WHERE domain = 'new.example'; ROLLBACK;""")
        self.instance.wait_synced()
        self.assertEqual(fingerprint_seen(self.ports["dot"], "new.example"), self.fingerprints[4])
        self.instance.sql("DELETE FROM gatepost.certificates WHERE domain = 'new.example'")
        wait_fingerprint(self.ports["dot"], server, "new.example")

    def test_commands(self):
        chain, _ = self.import_certificate("cli", ["cli.example"])
        self.instance.wait_synced()
        live = leaf_of(chain)
        self.assertEqual(fingerprint_seen(self.ports["https"], "cli.example"), live)
        made = self.instance.cli_json("cert", "self-signed", "cli.example")["after"][0]["fingerprint_sha256"]
        self.instance.wait_synced()
        self.assertEqual(fingerprint_seen(self.ports["https"], "cli.example"), live, "the better one")
        self.instance.cli("cert", "select", "https", "cli.example", "self-signed")
        self.instance.wait_synced()
        self.assertEqual(fingerprint_seen(self.ports["https"], "cli.example"), made)
        self.assertEqual(fingerprint_seen(self.ports["dot"], "cli.example"), live)
        self.instance.cli("cert", "select", "https", "cli.example", "auto")
        self.instance.wait_synced()
        self.assertEqual(fingerprint_seen(self.ports["https"], "cli.example"), live)

    def test_a_hundred_swaps_under_load(self):
        self.take(0)
        starts = self.instance.status()["dataplane"]["starts"]
        failures = self.streams()["identity_failures"]
        clients = [Client(self.ports["dot"], client_context(self.authority)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
            self.addCleanup(client.stop)
        order = random.Random(4)
        with Psql(self.instance.database_dsn()) as psql:
            for number in [order.randrange(POOL) for _ in range(SWAPS - 1)] + [POOL - 1]:
                psql.run(TAKE.format(number))
                # The next one when some have met this one, whole or in the middle of their handshakes.
                enough = sum(client.count for client in clients) + CLIENTS // 2
                wait_until(lambda: sum(client.count for client in clients) >= enough or
                           any(client.errors for client in clients), "the clients go on")
        wait_fingerprint(self.ports["dot"], self.fingerprints[POOL - 1], SWAP)
        for client in clients:
            client.stop()
        self.assertEqual([error for client in clients for error in client.errors], [])
        seen = set.union(*(client.seen for client in clients))
        self.assertLessEqual(seen, set(self.fingerprints), "nothing that never was in the database")
        self.assertEqual(len(seen), POOL, "the clients were there while it changed")
        self.assertEqual(self.streams()["identity_failures"], failures)
        self.assertEqual(self.instance.status()["dataplane"]["starts"], starts)
        self.assertEqual(self.held(), [])

    def check_held(self, change, pattern):
        """The row is changed to what cannot be served: the one before stays, and everybody is told why."""
        self.take(0)
        self.instance.sql(f"UPDATE gatepost.certificates SET {change} WHERE domain = '{SWAP}' AND "
                          "type = 'live'")
        self.instance.wait_synced()
        self.assertEqual(self.seen(), self.fingerprints[0])
        held = self.held()
        self.assertEqual(len(held), 1, held)
        self.assertRegex(held[0]["entry"], rf"\({SWAP}, live, ")
        self.assertRegex(held[0]["reason"], pattern)
        self.assertTrue(held[0]["served"])
        self.assertRegex(self.instance.log(), rf"event=sync.certificate_held .*domain={SWAP} .*served=true reason=\".*"
                         f"({pattern})")
        self.assertIn(SWAP, self.instance.cli("status", check=False).stdout)
        self.take(1)
        self.assertEqual(self.seen(), self.fingerprints[1])
        self.assertEqual(self.held(), [])
        self.assertIn("event=sync.certificate_released", self.instance.log())

    def test_the_key_of_another_certificate(self):
        self.check_held("sealed_key = (SELECT sealed_key FROM pool WHERE number = 2)", "does not belong")

    def test_a_chain_that_ends_in_the_middle(self):
        self.check_held("chain = left(chain, 300)", "ends in the middle")
        self.check_held("chain = left(chain, length(chain) - 100)", "ends in the middle")

    def test_a_chain_in_the_wrong_order(self):
        ca = self.authority.certificate.read_text()
        leaf = (self.authority.directory / "swap0.leaf").read_text()
        self.check_held(f"chain = '{ca}{leaf}'", "wrong order: the first certificate")

    def test_a_chain_that_is_none(self):
        self.check_held("chain = '-----BEGIN CERTIFICATE-----' || E'\\nAAAA\\n-----END CERTIFICATE-----\\n'",
                        "certificate")

    def test_a_key_that_is_sealed_with_an_unknown_key(self):
        self.check_held("sealed_key = overlay(sealed_key PLACING '\\xdeadbeef00112233' FROM 5)",
                        "sealed with the key deadbeef00112233")

    def test_a_sealed_key_with_a_flipped_bit(self):
        self.check_held("sealed_key = set_bit(sealed_key, 300, 1 - get_bit(sealed_key, 300))", "does not open")

    def test_a_row_of_another_kind_of_key(self):
        self.check_held("key_type = 'rsa'", "of type rsa")

    def test_a_new_row_that_cannot_be_served(self):
        server = fingerprint_seen(self.ports["dot"], HOST)
        self.instance.sql("""INSERT INTO gatepost.certificates (domain, type, key_type, chain, sealed_key, names,
                             not_before, not_after) SELECT 'bad.example', 'live', a.key_type, a.chain, b.sealed_key,
                             '{bad.example}', a.not_before, a.not_after FROM pool a, pool b
                             WHERE a.number = 0 AND b.number = 1""")
        self.instance.wait_synced()
        self.assertEqual(fingerprint_seen(self.ports["dot"], "bad.example"), server)
        self.assertEqual([held["served"] for held in self.held()], [False])
        self.instance.sql("DELETE FROM gatepost.certificates WHERE domain = 'bad.example'")
        self.instance.wait_synced()
        self.assertEqual(self.held(), [])

    def test_what_has_expired_is_passed_over(self):
        for stem, how in (("gone", {"days": -1}), ("nearly", {"days": 0.5}), ("early", {"days": 90, "begin_days": 3})):
            domain = f"{stem}.example"
            made = self.instance.cli_json("cert", "self-signed", domain)["after"][0]["fingerprint_sha256"]
            chain, _ = self.import_certificate(stem, [domain], "--force", **how)
            self.instance.wait_synced()
            self.assertEqual(fingerprint_seen(self.ports["dot"], domain), made, stem)
            # Where there is nothing better, the client is told who we are all the same.
            self.instance.cli("cert", "remove", domain, "--type", "self-signed", "--yes")
            self.instance.wait_synced()
            if stem == "early":
                self.assertEqual(fingerprint_seen(self.ports["dot"], domain), leaf_of(chain))
            else:  # … but the keeper sees to it that there is.
                wait_until(lambda: fingerprint_seen(self.ports["dot"], domain) != leaf_of(chain),
                           "a self-signed one is made")

    def test_others_are_told(self):
        with subprocess.Popen(["psql", "-XqAt", "-d", self.instance.database_dsn()], text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as psql:
            self.addCleanup(psql.kill)

            def run(sql):
                psql.stdin.write(f"{sql};\n\\echo done\n")
                psql.stdin.flush()
                return "".join(itertools.takewhile(lambda line: line != "done\n", psql.stdout))
            run("LISTEN certificate_change")
            self.take(2)
            self.assertIn(f'"certificate_change" with payload "*:{SWAP}:live"', run("SELECT 1"))
            self.instance.cli("cert", "select", "smtp", SWAP, "staged")
            self.assertIn(f'payload "smtp:{SWAP}:staged"', run("SELECT 1"))
            self.instance.cli("cert", "select", "smtp", SWAP, "auto")
            self.assertIn(f'payload "smtp:{SWAP}:auto"', run("SELECT 1"))
            psql.stdin.close()
