"""Zones in and out of the database through the commands, and what is answered meanwhile."""

import json

from harness import SOURCE, GatepostTest, zone_text

GOLDEN = SOURCE / "tests/golden/zones"


class ZoneFiles(GatepostTest):
    def setUp(self):
        super().setUp()
        self.postgres, self.instance = self.ready_instance()

    def rrsets(self, zone):
        return self.instance.sql(f"""
            SELECT r.name, r.type, r.ttl, (SELECT array_agg(v ORDER BY v) FROM unnest(r.rdata) v)
            FROM gatepost.rrsets r JOIN gatepost.zones z ON z.id = r.zone_id WHERE z.name = '{zone}' ORDER BY 1, 2;
            SELECT mname, rname, serial, refresh, retry, expire, minimum, soa_ttl FROM gatepost.zones
            WHERE name = '{zone}'""")

    def imported(self, path, *arguments):
        done = self.instance.cli("zone", "import", str(path), "--json", *arguments, check=False)
        self.assertIn(done.returncode, (0, 8), done.stderr)  # 8: with warnings
        return json.loads(done.stdout)

    def test_export_and_import_give_the_same_zone(self):
        for path in sorted(GOLDEN.glob("*.zone")):
            apex = path.name.removesuffix(".zone") + "."
            with self.subTest(zone=apex):
                self.assertTrue(self.imported(path, "--zone", apex)["created"])
                before = self.rrsets(apex)
                exported = self.instance.cli("zone", "export", apex).stdout
                again = self.imported(self.write("again.zone", exported), "--zone", apex)
                self.assertEqual((again["added"], again["changed"], again["removed"]), (0, 0, 0))
                absolute = self.instance.cli("zone", "export", apex, "--absolute").stdout
                self.instance.cli("zone", "remove", apex, "--yes")
                self.assertEqual(self.rrsets(apex), "")
                self.imported(self.write("absolute.zone", absolute), "--zone", apex)
                self.assertEqual(self.rrsets(apex), before)
                self.assertEqual(self.instance.cli("zone", "export", apex).stdout, exported)

    def test_the_exported_file_is_one_that_others_read(self):
        """Every record stands in it as one line, in the order of names."""
        path = self.write("a.zone", zone_text("a.example.", ["www A 192.0.2.1", "txt TXT \"a;b\" \"c\\\"d\""]))
        self.imported(path)
        exported = self.instance.cli("zone", "export", "a.example").stdout
        self.assertRegex(exported, r"(?m)^\$ORIGIN a\.example\.$")
        self.assertRegex(exported, r"(?m)^www +300 +IN A +192\.0\.2\.1$")
        self.assertRegex(exported, r'(?m)^txt +300 +IN TXT +"a;b" "c\\"d"$')

    def test_an_import_makes_the_zone_be_what_the_file_says(self):
        self.imported(self.write("b.zone", zone_text("b.example.", [
            "stays A 192.0.2.1", "changes A 192.0.2.2", "goes A 192.0.2.3"], serial=1)))
        done = self.imported(self.write("b.zone", zone_text("b.example.", [
            "stays A 192.0.2.1", "changes A 192.0.2.22", "comes A 192.0.2.4"], serial=5)))
        self.assertEqual({key: done[key] for key in ("created", "added", "changed", "removed", "unchanged")},
                         {"created": False, "added": 1, "changed": 1, "removed": 1, "unchanged": 3})
        client = self.instance.client()
        self.assertEqual(client.ask("changes.b.example.").values("A"), ["192.0.2.22"])
        self.assertEqual(client.ask("comes.b.example.").values("A"), ["192.0.2.4"])
        self.assertEqual(client.ask("goes.b.example.").rcode_name, "NXDOMAIN")
        self.assertEqual(client.ask("b.example.", "SOA").answer[0].value.split()[2], "5")

    def test_the_import_is_answered_when_the_command_ends(self):
        for number in range(10):
            apex = f"z{number}.example."
            self.imported(self.write("z.zone", zone_text(apex, [f"www A 192.0.2.{number}"])))
            self.assertEqual(self.instance.client().ask(f"www.{apex}").values("A"), [f"192.0.2.{number}"])

    def test_from_standard_input(self):
        text = zone_text("stdin.example.", ["www A 192.0.2.1"])
        self.instance.cli("zone", "import", "-", stdin=text)
        self.assertEqual(self.instance.client().ask("www.stdin.example.").values("A"), ["192.0.2.1"])

    def test_a_dry_run_changes_nothing(self):
        path = self.write("dry.zone", zone_text("dry.example.", ["www A 192.0.2.1"]))
        done = self.imported(path, "--dry-run")
        self.assertEqual((done["dry_run"], done["created"]), (True, True))
        self.assertEqual(self.instance.sql("SELECT count(*) FROM gatepost.zones"), "0")

    def test_include_and_generate(self):
        self.write("part.inc", "inner A 192.0.2.9\n")
        path = self.write("g.zone", zone_text("g.example.", [
            "$INCLUDE part.inc sub", "$GENERATE 1-20/2 host${0,3} A 10.0.0.$", "$GENERATE 1-3 $ PTR host$"]))
        self.imported(path)
        client = self.instance.client()
        self.assertEqual(client.ask("inner.sub.g.example.").values("A"), ["192.0.2.9"])
        self.assertEqual(client.ask("host019.g.example.").values("A"), ["10.0.0.19"])
        self.assertEqual(client.ask("host020.g.example.").rcode_name, "NXDOMAIN")
        self.assertEqual(client.ask("2.g.example.", "PTR").values("PTR"), ["host2.g.example."])

    def test_removal(self):
        self.imported(self.write("r.zone", zone_text("r.example.", ["www A 192.0.2.1"])))
        done = self.instance.cli("zone", "remove", "r.example", check=False, stdin="")
        self.assertNotEqual(done.returncode, 0, "without --yes and without a person")
        self.assertEqual(self.instance.client().ask("www.r.example.").values("A"), ["192.0.2.1"])
        self.instance.cli("zone", "remove", "r.example", "--yes")
        self.assertEqual(self.instance.client().ask("www.r.example.").rcode_name, "REFUSED")
        self.assertNotEqual(self.instance.sql("SELECT count(*) FROM gatepost.history WHERE zone = 'r.example.'"), "0")

    def test_a_large_zone_is_answered_whole(self):
        count = 20_000
        lines = [f"h{i} A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(count)]
        self.imported(self.write("large.zone", zone_text("large.example.", lines)))
        replies = self.instance.client().ask_many([(f"h{i}.large.example.", "A", {}) for i in range(0, count, 7)])
        for i, reply in zip(range(0, count, 7), replies):
            self.assertEqual(reply.values("A"), [f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"])
