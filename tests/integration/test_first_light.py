"""From a COMMIT to the answer: what SQL writes is what DNS says, over every transport."""

import time

from harness import SOURCE, GatepostTest
from processes import has_ipv6

ZONE = """
INSERT INTO gatepost.zones (name, mname, rname, serial, minimum)
    VALUES ('light.example.', 'ns.light.example.', 'hostmaster.light.example.', 7, 60);
INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)
    SELECT id, 'light.example.', 'NS', 300, '{ns.light.example.}' FROM gatepost.zones;
INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)
    SELECT id, 'www.light.example.', 'A', 300, '{192.0.2.1}' FROM gatepost.zones;
"""
NAME = "www.light.example."


class FirstLight(GatepostTest):
    def setUp(self):
        super().setUp()
        _, self.instance = self.ready_instance()
        self.instance.sql(f"BEGIN; {ZONE} COMMIT;")
        self.instance.wait_synced()

    def serial(self):
        return int(self.instance.client().ask("light.example.", "SOA").answer[0].value.split()[2])

    def change(self, sql):
        self.instance.sql(sql)
        self.instance.wait_synced()

    def test_an_insert_is_answered_over_every_transport(self):
        for v6 in (False, True) if has_ipv6() else (False,):
            for tcp in (False, True):
                reply = self.instance.client(v6).ask(NAME, "A", tcp=tcp)
                self.assertEqual((reply.rcode_name, reply.flags), ("NOERROR", "qr aa"))
                self.assertEqual([record.text() for record in reply.answer], [f"{NAME} 300 A 192.0.2.1"])

    def test_an_update_is_answered_without_asking_for_it(self):
        self.instance.sql(f"UPDATE gatepost.rrsets SET rdata = '{{192.0.2.2}}' WHERE name = '{NAME}'")
        begin = time.monotonic()
        self.instance.wait_answer(NAME, "A", ["192.0.2.2"])
        print(f"# COMMIT to answer, with psql's own end: {(time.monotonic() - begin) * 1000:.1f} ms")

    def test_the_serial_moves_once_a_transaction(self):
        before = self.serial()
        self.change(f"""
            BEGIN;
            UPDATE gatepost.rrsets SET ttl = 60 WHERE name = '{NAME}';
            UPDATE gatepost.rrsets SET rdata = '{{192.0.2.3,192.0.2.4}}' WHERE name = '{NAME}';
            INSERT INTO gatepost.rrsets SELECT id, 'new.light.example.', 'A', 60, '{{192.0.2.5}}'
                FROM gatepost.zones;
            COMMIT;""")
        self.assertEqual(self.serial(), before + 1)
        self.assertEqual(self.instance.client().ask(NAME).values("A"), ["192.0.2.3", "192.0.2.4"])
        self.assertEqual(self.instance.client().ask("new.light.example.").values("A"), ["192.0.2.5"])
        self.change(f"UPDATE gatepost.rrsets SET ttl = 30 WHERE name = '{NAME}'")
        self.assertEqual(self.serial(), before + 2)

    def test_what_is_rolled_back_is_never_answered(self):
        before = self.serial()
        self.change(f"BEGIN; UPDATE gatepost.rrsets SET rdata = '{{192.0.2.9}}' WHERE name = '{NAME}'; ROLLBACK;")
        self.assertEqual(self.instance.client().ask(NAME).values("A"), ["192.0.2.1"])
        self.assertEqual(self.serial(), before)

    def test_a_delete_is_answered(self):
        self.change(f"DELETE FROM gatepost.rrsets WHERE name = '{NAME}'")
        reply = self.instance.client().ask(NAME)
        self.assertEqual(reply.rcode_name, "NXDOMAIN")
        self.assertEqual([record.ttl for record in reply.authority], [60])

    def test_a_zone_comes_and_goes(self):
        self.assertEqual(self.instance.client().ask("other.example.", "SOA").rcode_name, "REFUSED")
        self.change(ZONE.replace("light", "other").replace(
            "FROM gatepost.zones", "FROM gatepost.zones WHERE name = 'other.example.'"))
        self.assertEqual(self.instance.client().ask("www.other.example.").values("A"), ["192.0.2.1"])
        self.change("DELETE FROM gatepost.zones WHERE name = 'other.example.'")
        self.assertEqual(self.instance.client().ask("www.other.example.").rcode_name, "REFUSED")
        self.assertEqual(self.instance.client().ask(NAME).values("A"), ["192.0.2.1"])

    def test_many_transactions_in_a_row(self):
        before = self.serial()
        self.change("\n".join(f"UPDATE gatepost.rrsets SET rdata = '{{10.0.0.{number}}}' WHERE name = '{NAME}';"
                              for number in range(1, 201)))
        self.assertEqual(self.instance.client().ask(NAME).values("A"), ["10.0.0.200"])
        self.assertEqual(self.serial(), before + 200)

    def test_records_by_command(self):
        cli = self.instance.cli
        cli("record", "add", "light.example", "mail", "A", "192.0.2.25", "--ttl", "60")
        cli("record", "add", "light.example", "@", "MX", "10", "mail")
        client = self.instance.client()
        self.assertEqual(client.ask("light.example.", "MX").values("MX"), ["10 mail.light.example."])
        cli("record", "set", "light.example", "mail", "A", "192.0.2.26")
        self.assertEqual(client.ask("mail.light.example.").values("A"), ["192.0.2.26"])
        cli("record", "remove", "light.example", "mail", "A")
        self.assertEqual(client.ask("mail.light.example.").rcode_name, "NXDOMAIN")


class Quickstart(GatepostTest):
    def test_a_local_instance_serves_the_demo_zone_and_resumes(self):
        instance = self.instance(local=True)
        instance.start("--zone", str(SOURCE / "configs/demo.zone"))
        instance.wait_answer("www.demo.gatepost.example.", "A", ["192.0.2.10"])
        instance.sql("UPDATE gatepost.rrsets SET rdata = '{192.0.2.99}' "
                     "WHERE name = 'www.demo.gatepost.example.' AND type = 'A'")
        instance.wait_synced()
        self.assertEqual(instance.client().ask("www.demo.gatepost.example.").values("A"), ["192.0.2.99"])
        instance.stop()
        instance.start()
        instance.wait_answer("www.demo.gatepost.example.", "A", ["192.0.2.99"])
