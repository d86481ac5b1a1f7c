"""What must not be served, and what cannot be started: one clear sentence, the right exit code, nothing changed."""

import contextlib
import re
import socket
import subprocess

from harness import GatepostTest, zone_text
from postgres import SqlError
from processes import has_ipv6

ZONE = "refuse.example."


class BadData(GatepostTest):
    def setUp(self):
        super().setUp()
        _, self.instance = self.ready_instance()
        self.import_zone(self.instance, ZONE, ["www A 192.0.2.1", "alias CNAME www"], serial=7)
        self.before = self.state()

    def state(self):
        """Of the database and of DNS."""
        serial = self.instance.client().ask(ZONE, "SOA").answer[0].value.split()[2]
        return self.instance.sql("SELECT * FROM gatepost.rrsets ORDER BY 1, 2, 3; SELECT serial FROM gatepost.zones; "
                                 "SELECT count(*) FROM gatepost.history"), serial

    def assert_nothing_changed(self):
        self.instance.wait_synced()
        self.assertEqual(self.state(), self.before)

    def assert_refused_file(self, lines, *patterns):
        path = self.write("bad.zone", zone_text(ZONE, lines, serial=8))
        for command in ("import", "check"):
            with self.subTest(command=command):
                done = self.instance.cli("zone", command, str(path), check=False)
                self.assertEqual(done.returncode, 5, done.stderr)
                for pattern in patterns:
                    self.assertRegex(done.stdout + done.stderr, re.escape(str(path)) + pattern)
        self.assert_nothing_changed()

    def test_a_zone_file_with_a_bad_value(self):
        self.assert_refused_file(["www A 192.0.2.1", "bad A 192.0.2.300"], r":7:7: .*192\.0\.2\.300.*IPv4 address")

    def test_a_zone_file_with_an_unknown_type(self):
        self.assert_refused_file(["www   ADDRESS 192.0.2.1"], r":6:7: .*ADDRESS")

    def test_a_zone_file_with_an_open_parenthesis(self):
        self.assert_refused_file(["www TXT ( \"a\"", "x A 192.0.2.1"], r":\d+:\d+: .*parenthes")

    def test_a_zone_file_with_an_alias_beside_other_data(self):
        self.assert_refused_file(["www A 192.0.2.1", "www CNAME ns"], r":7.*CNAME.*RFC 1034")

    def test_a_zone_file_with_a_name_out_of_the_zone(self):
        self.assert_refused_file(["www.example.net. A 192.0.2.1"], r":6.*out of the zone")

    def test_a_zone_file_with_missing_glue(self):
        self.assert_refused_file(["sub NS ns.sub"], r":6.*ns\.sub\.refuse\.example\.")

    def test_a_zone_file_with_several_errors_tells_them_all(self):
        self.assert_refused_file(["www A 192.0.2.1", "www CNAME ns", "sub NS ns.sub"], ":7.*CNAME", ":8.*glue")

    def test_a_zone_file_that_is_not_there(self):
        done = self.instance.cli("zone", "import", "/nonexistent.zone", check=False)
        self.assert_one_sentence(done, 1, "/nonexistent.zone.*No such file")
        self.assert_nothing_changed()

    def test_records_by_command(self):
        for words, pattern in ((("www", "A", "192.0.2.256"), "192.0.2.256"),
                               (("www", "CNAME", "ns"), "CNAME"),
                               (("alias", "A", "192.0.2.1"), "CNAME"),
                               (("www", "ADDRESS", "192.0.2.1"), "ADDRESS"),
                               (("www.example.net.", "A", "192.0.2.1"), "example.net")):
            with self.subTest(words=words):
                done = self.instance.cli("record", "add", ZONE, *words, check=False)
                self.assert_one_sentence(done, 5, pattern)
        self.assert_nothing_changed()

    def test_records_by_sql(self):
        insert = ("INSERT INTO gatepost.rrsets SELECT id, {}, {}, 300, {} FROM gatepost.zones WHERE name = '" + ZONE +
                  "'")
        for values, pattern in (
                (("'www.refuse.example.'", "'CNAME'", "'{ns.refuse.example.}'"), "RFC 1034 §3.6.2"),
                (("'bad.refuse.example.'", "'A'", "'{192.0.2.256}'"), "not an IPv4 address"),
                (("'bad.refuse.example.'", "'A'", "'{}'"), "at least one value"),
                (("'bad.refuse.example.'", "'SOA'", "'{x}'"), "SOA"),
                (("'bad.refuse.example'", "'A'", "'{192.0.2.1}'"), "canonical form"),
                (("'Bad.refuse.example.'", "'A'", "'{192.0.2.1}'"), "canonical form"),
                (("'bad.example.net.'", "'A'", "'{192.0.2.1}'"), "outside zone")):
            with self.subTest(values=values), self.assertRaisesRegex(SqlError, pattern):
                self.instance.sql(insert.format(*values))
        self.assert_nothing_changed()

    def test_a_transaction_with_one_bad_record_has_no_effect(self):
        with self.assertRaises(SqlError):
            self.instance.sql(f"""BEGIN;
                UPDATE gatepost.rrsets SET rdata = '{{192.0.2.2}}' WHERE name = 'www.{ZONE}';
                UPDATE gatepost.rrsets SET rdata = '{{bad}}' WHERE name = 'ns.{ZONE}';
                COMMIT;""")
        self.assert_nothing_changed()


class HeldZone(GatepostTest):
    """What got around the rules of the database is held back by the control plane: the previous version goes on."""

    def setUp(self):
        super().setUp()
        _, self.instance = self.ready_instance()
        self.import_zone(self.instance, "held.example.", ["www A 192.0.2.1", "other A 192.0.2.2"])
        self.import_zone(self.instance, "well.example.", ["www A 192.0.2.3"])

    def around_the_rules(self, sql):
        self.instance.sql(f"""BEGIN;
            ALTER TABLE gatepost.rrsets DISABLE TRIGGER USER;
            {sql};
            UPDATE gatepost.zones SET serial = serial + 1 WHERE name = 'held.example.';
            ALTER TABLE gatepost.rrsets ENABLE TRIGGER USER;
            COMMIT;""")

    def values(self, name):
        return self.instance.client().ask(name).values("A")

    def wait_held(self):
        held = self.instance.wait_status(lambda status: status["held_zones"], "a zone is held")["held_zones"]
        self.assertEqual([zone["zone"] for zone in held], ["held.example."])
        return held[0]["reason"]

    def wait_released(self):
        self.instance.wait_status(lambda status: not status["held_zones"], "no zone is held")

    def test_the_previous_version_is_served_until_it_is_mended(self):
        self.around_the_rules("""
            UPDATE gatepost.rrsets SET rdata = '{192.0.2.22}' WHERE name = 'other.held.example.';
            UPDATE gatepost.rrsets SET rdata = '{not-an-address}' WHERE name = 'www.held.example.'""")
        reason = self.wait_held()
        self.assertRegex(reason, "www.held.example.")
        self.assertRegex(reason, "not-an-address")
        self.assertEqual(self.values("www.held.example."), ["192.0.2.1"])
        self.assertEqual(self.values("other.held.example."), ["192.0.2.2"], "the zone is held as a whole")
        for command in (("status",), ("zone", "show", "held.example")):
            self.assertRegex(self.instance.cli(*command).stdout, "held")

        self.instance.sql("UPDATE gatepost.rrsets SET rdata = '{192.0.2.4}' WHERE name = 'www.well.example.'")
        self.instance.wait_answer("www.well.example.", "A", ["192.0.2.4"])

        self.instance.sql("UPDATE gatepost.rrsets SET rdata = '{192.0.2.5}' WHERE name = 'www.held.example.'")
        self.instance.wait_answer("www.held.example.", "A", ["192.0.2.5"])
        self.instance.wait_answer("other.held.example.", "A", ["192.0.2.22"])  # another worker, perhaps
        self.wait_released()

    def test_the_database_says_so_after_a_restart_too(self):
        self.around_the_rules("UPDATE gatepost.rrsets SET rdata = '{bad}' WHERE name = 'www.held.example.'")
        self.wait_held()
        self.instance.stop()
        self.instance.start()
        self.assertRegex(self.wait_held(), "bad")
        self.assertEqual(self.values("www.well.example."), ["192.0.2.3"])
        self.instance.sql("UPDATE gatepost.rrsets SET rdata = '{192.0.2.6}' WHERE name = 'www.held.example.'")
        self.instance.wait_answer("www.held.example.", "A", ["192.0.2.6"])
        self.wait_released()

    def test_an_alias_beside_other_data(self):
        self.around_the_rules("INSERT INTO gatepost.rrsets SELECT id, 'www.held.example.', 'CNAME', 300, "
                              "'{other.held.example.}' FROM gatepost.zones WHERE name = 'held.example.'")
        self.assertRegex(self.wait_held(), "www.held.example.*CNAME")
        self.assertEqual(self.values("www.held.example."), ["192.0.2.1"])
        self.instance.sql("DELETE FROM gatepost.rrsets WHERE type = 'CNAME'")
        self.wait_released()
        self.assertEqual(self.values("www.held.example."), ["192.0.2.1"])

    def test_removing_the_zone_ends_it(self):
        self.around_the_rules("UPDATE gatepost.rrsets SET rdata = '{bad}' WHERE name = 'www.held.example.'")
        self.wait_held()
        self.instance.sql("DELETE FROM gatepost.zones WHERE name = 'held.example.'")
        self.wait_released()
        self.instance.wait_synced()
        self.assertEqual(self.instance.client().ask("www.held.example.").rcode_name, "REFUSED")


class Schema(GatepostTest):
    NEWER = """
        INSERT INTO gatepost.schema_migrations
            SELECT (jsonb_populate_record(m, '{"version": 9999, "name": "from_the_future"}')).*
            FROM gatepost.schema_migrations m ORDER BY version DESC LIMIT 1"""

    def test_newer_than_the_program(self):
        postgres = self.cluster()
        instance = self.instance(postgres.dsn())
        instance.cli("schema", "migrate")
        instance.sql(self.NEWER)
        path = self.write("z.zone", zone_text("z.example.", []))
        for command in (("zone", "list"), ("zone", "import", str(path)), ("schema", "migrate")):
            with self.subTest(command=command):
                self.assert_one_sentence(instance.cli(*command, check=False), 4, "9999.*newer than this program")
        self.assertEqual(instance.cli("schema", "status", check=False).returncode, 4)
        instance.launch()
        instance.wait_status(lambda status: re.search("newer than this program", status["sync"]["error"] or ""),
                             "the status says why nothing is followed")

    def test_newer_while_it_runs_keeps_what_is_answered(self):
        _, instance = self.ready_instance()
        self.import_zone(instance, "z.example.", ["www A 192.0.2.1"])
        pid = instance.process("gatepost-controlplane")
        instance.sql(self.NEWER)
        subprocess.run(["kill", "-9", str(pid)], check=True)
        instance.wait_status(lambda status: re.search("newer", status["sync"]["error"] or ""), "it is told")
        self.assertEqual(instance.client().ask("www.z.example.").values("A"), ["192.0.2.1"])

    def test_missing(self):
        instance = self.instance(self.cluster().dsn())
        self.assert_one_sentence(instance.cli("zone", "list", check=False), 4, "schema migrate")
        instance.launch()
        instance.wait_status(lambda status: re.search("schema", status["sync"]["error"] or ""), "it is told")
        instance.cli("schema", "migrate")
        instance.wait_streaming()


class Start(GatepostTest):
    """`gatepost run` that cannot: it ends by itself and says why."""

    def run_refused(self, instance, code, pattern):
        done = instance.cli("run", check=False)
        self.assert_one_sentence(done, code, pattern)

    def test_a_port_in_use(self):
        instance = self.instance("host=/nonexistent")
        addresses = [("127.0.0.1", socket.AF_INET)] + ([("::1", socket.AF_INET6)] if has_ipv6() else [])
        for host, family in addresses:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with self.subTest(host=host, kind=kind), contextlib.closing(socket.socket(family, kind)) as other:
                    other.bind((host, instance.port))
                    if kind == socket.SOCK_STREAM:
                        other.listen()
                    self.run_refused(instance, 1, f"{re.escape(host)}@{instance.port}.*another program")

    def test_an_address_that_is_not_here(self):
        instance = self.instance("host=/nonexistent", settings={"dns.listen": ["192.0.2.1@5300"]})
        self.run_refused(instance, 1, r"192\.0\.2\.1")

    def test_a_second_one(self):
        _, instance = self.ready_instance()
        second = self.instance(instance.dsn, settings={"paths.run_dir": str(instance.run_dir),
                                                       "paths.state_dir": str(instance.state)})
        self.run_refused(second, 1, f"already runs.*{instance.pid}")

    def test_a_second_one_on_the_same_state(self):
        _, instance = self.ready_instance()
        second = self.instance(instance.dsn, settings={"paths.state_dir": str(instance.state)})
        self.run_refused(second, 1, f"already runs.*{re.escape(str(instance.state))}")
        self.assertFalse(instance.has_ended())

    def test_a_bad_configuration(self):
        instance = self.instance("host=/nonexistent")
        good = instance.config.read_text()
        for text, pattern in (('[dns]\nlissten = ["127.0.0.1@5300"]\n', r':2:1: .*lissten.*did you mean "dns.listen"'),
                              ('[dns]\nlisten = ["127.0.0.1.5@5300"]\n', r":2:\d+: .*127\.0\.0\.1\.5"),
                              ("[dns]\ntcp_idle = 10\n", r":2:\d+: .*10s|:2:\d+: .*unit|:2:\d+: .*duration"),
                              ('[log]\nlevel = "loud"\n', r":2:\d+: .*loud.*debug"),
                              ("[dns\n", r":1:\d+: "),
                              ("[paths]\nstate_dir = \"relative\"\n", r":2:\d+: .*absolute path")):
            instance.config.write_text(text)
            for command in (("config", "check"), ("run",), ("zone", "list")):
                with self.subTest(text=text, command=command):
                    self.assert_one_sentence(instance.cli(*command, check=False), 5,
                                             re.escape(str(instance.config)) + pattern)
        instance.config.write_text(good)
        instance.cli("config", "check")

    def test_a_configuration_that_is_not_there(self):
        instance = self.instance("host=/nonexistent")
        instance.config.unlink()
        self.run_refused(instance, 5, f"{re.escape(str(instance.config))}.*No such file")

    def test_an_unreachable_database_is_no_reason_not_to_start(self):
        instance = self.instance("host=/nonexistent")
        self.assert_one_sentence(instance.cli("zone", "list", check=False), 3, "PostgreSQL")
        instance.launch()
        status = instance.wait_status(lambda status: status["sync"]["error"], "the status tells why")
        self.assertRegex(status["sync"]["error"], "/nonexistent")

    def test_nothing_runs(self):
        instance = self.instance("host=/nonexistent")
        for command in (("status",), ("sync", "status")):
            self.assert_one_sentence(instance.cli(*command, check=False), 3, "gatepost run")
