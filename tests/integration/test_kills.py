"""kill -9 in the middle of bulk changes: of the control plane, of PostgreSQL, of the dataplane.

The zone has 10,000 pairs: p7 is an alias of t7, and each transaction gives all 20,000 records a new version, which
stands in both TTLs and in the address. An answer about p7 has both records, so it shows whether what was answered
is one version of the zone. Observers ask all the time; each asks from one port, and so one worker, whose answers
must never go back to an older version.
"""

import random
import threading

from dns_client import NoReply, UdpSocket
from dns_message import BadReply, make_query
from harness import GatepostTest, zone_text
from postgres import Psql
from processes import DEADLINE, kill_9_family, wait_until

PAIRS = 10_000
STABLE = 10
ZONE = "pairs.example."
VALUE = "'10.' || {version} || '.' || {number} / 250 || '.' || {number} % 250 + 1"
FILL = f"""
BEGIN;
INSERT INTO gatepost.zones (name, mname, rname) VALUES ('{ZONE}', 'ns.{ZONE}', 'hostmaster.{ZONE}');
INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)
    SELECT id, name, 'NS', 300, ARRAY['ns.' || name] FROM gatepost.zones WHERE name = '{ZONE}'
    UNION ALL
    SELECT id, 's' || i || '.' || name, 'A', 300, ARRAY['192.0.2.' || i]
    FROM gatepost.zones, generate_series(1, {STABLE}) i WHERE name = '{ZONE}';
INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)
    SELECT id, 'p' || i || '.{ZONE}', 'CNAME', 1, ARRAY['t' || i || '.{ZONE}']
    FROM gatepost.zones, generate_series(1, {PAIRS}) i WHERE name = '{ZONE}'
    UNION ALL
    SELECT id, 't' || i || '.{ZONE}', 'A', 1, ARRAY[{VALUE.format(version=1, number='i')}]
    FROM gatepost.zones, generate_series(1, {PAIRS}) i WHERE name = '{ZONE}';
COMMIT;
"""
NUMBER = "substr(split_part(name, '.', 1), 2)::int"
UPDATE = f"""
UPDATE gatepost.rrsets SET ttl = {{version}},
    rdata = CASE type WHEN 'A' THEN ARRAY[{VALUE.format(version='{version}', number=NUMBER)}] ELSE rdata END
WHERE name ~ '^[pt][0-9]+\\.pairs'"""


class Torn(Exception):
    pass


def version_of(reply, number):
    """The version that an answer about a pair shows; Torn, where it is not one version."""
    if reply.rcode_name != "NOERROR" or len(reply.answer) != 2:
        raise Torn(f"p{number}: {reply}")
    alias, address = reply.answer
    version = alias.ttl
    expected = [f"p{number}.{ZONE} {version} CNAME t{number}.{ZONE}",
                f"t{number}.{ZONE} {version} A 10.{version}.{number // 250}.{number % 250 + 1}"]
    if [alias.text(), address.text()] != expected:
        raise Torn(f"p{number}: {alias.text()} / {address.text()}")
    return version


class Observer(threading.Thread):
    """Asks, one query after the other, until it is stopped."""

    def __init__(self, instance):
        super().__init__(daemon=True)
        self._socket = UdpSocket("127.0.0.1", instance.port)
        self._stopping = threading.Event()
        self._random = random.Random(1)
        self.wrong = []
        self.asked = 0
        self.lost = 0

    def run(self):
        while not self._stopping.is_set() and len(self.wrong) < 10:
            self.asked += 1
            try:
                self.ask_once()
            except NoReply:
                self.lost += 1
            except (Torn, BadReply) as error:
                self.wrong.append(str(error))

    def stop(self):
        self._stopping.set()
        self.join(DEADLINE)
        self._socket.close()


class PairObserver(Observer):
    newest = 0

    def ask_once(self):
        number = self._random.randint(1, PAIRS)
        version = version_of(self._socket.ask(make_query(f"p{number}.{ZONE}")), number)
        if version < self.newest:
            raise Torn(f"p{number} is of version {version}, after an answer of version {self.newest}")
        self.newest = version


class StableObserver(Observer):
    """Names that never change are always answered, in the zone that changes and in another one."""

    def ask_once(self):
        number = self._random.randint(1, STABLE)
        zone = self._random.choice([ZONE, "quiet.example."])
        values = self._socket.ask(make_query(f"s{number}.{zone}")).values("A")
        if values != [f"192.0.2.{number}"]:
            raise Torn(f"s{number}.{zone}: {values}")


class Kills(GatepostTest):
    """One local instance: its supervisor is what brings back what dies, PostgreSQL too."""

    def setUp(self):
        super().setUp()
        self.instance = self.instance(local=True)
        self.instance.seed_local()
        quiet = zone_text("quiet.example.", [f"s{i} A 192.0.2.{i}" for i in range(1, STABLE + 1)])
        self.instance.start("--zone", str(self.write("quiet.zone", quiet)))
        self.instance.sql(FILL)
        self.instance.wait_synced()
        self.version = 1
        self.observers = [PairObserver(self.instance), PairObserver(self.instance), StableObserver(self.instance)]
        for observer in self.observers:
            observer.start()
            self.addCleanup(observer.stop)

    def bulk(self, psql):
        """All records get the next version, in a transaction that stays open."""
        self.version += 1
        psql.run("BEGIN")
        psql.run(UPDATE.format(version=self.version))

    def committed_version(self):
        versions = self.instance.sql(
            "SELECT DISTINCT ttl FROM gatepost.rrsets WHERE name ~ '^[pt][0-9]+\\.pairs'").split()
        self.assertEqual(len(versions), 1, "the database itself has one version")
        return int(versions[0])

    def wait_recovered(self):
        """Without a person: until what the database has is answered."""
        def synced():
            return self.instance.cli("sync", "wait", "--timeout", "2s", check=False).returncode == 0
        wait_until(synced, "the instance has caught up")
        return self.committed_version()

    def check_pairs(self, version, step=1):
        numbers = range(1, PAIRS + 1, step)
        replies = self.instance.client().ask_many([(f"p{number}.{ZONE}", "A", {}) for number in numbers])
        self.assertEqual({version_of(reply, number) for number, reply in zip(numbers, replies)}, {version})

    def check_observers(self, lost_max):
        for observer in self.observers:
            observer.stop()
            name = type(observer).__name__
            self.assertEqual(observer.wrong, [], f"{name}, of {observer.asked} answers")
            self.assertGreater(observer.asked, 100, name)
            self.assertLessEqual(observer.lost, lost_max, f"{name}: queries without an answer")

    def kill_three_times(self, kill, survives_open):
        """With the transaction open, while it commits, and when it has just been committed.
        `survives_open`: whether the open one can still be committed after the kill."""
        with Psql(self.instance.database_dsn()) as psql:
            self.bulk(psql)
            kill()
            if survives_open:
                psql.run("COMMIT")
        self.assertEqual(self.wait_recovered(), self.version if survives_open else self.version - 1)
        self.check_pairs(self.committed_version(), 10)

        with Psql(self.instance.database_dsn()) as psql:
            self.bulk(psql)
            psql.send("COMMIT")
            kill()
            psql.finish()
        version = self.wait_recovered()
        self.assertIn(version, (self.version, self.committed_version()))
        self.check_pairs(version, 10)

        with Psql(self.instance.database_dsn()) as psql:
            self.bulk(psql)
            psql.run("COMMIT")
            kill()
        self.assertEqual(self.wait_recovered(), self.version, "what was committed is there")
        self.check_pairs(self.version)

    def kill_process(self, name):
        pid = self.instance.wait_process(name)
        kill_9_family(pid)
        self.instance.wait_process(name, other_than=pid)

    def test_control_plane(self):
        self.kill_three_times(lambda: self.kill_process("gatepost-controlplane"), survives_open=True)
        self.check_observers(lost_max=0)

    def test_postgresql(self):
        self.kill_three_times(lambda: self.kill_process("postgres"), survives_open=False)
        self.check_observers(lost_max=0)

    def test_dataplane(self):
        self.kill_three_times(lambda: self.kill_process("gatepost-dataplane"), survives_open=True)
        # What was in flight at each of the three: at most one query of each observer.
        self.check_observers(lost_max=3)
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 4)

    def test_everything_at_once(self):
        with Psql(self.instance.database_dsn()) as psql:
            self.bulk(psql)
            psql.send("COMMIT")
            self.instance.kill_9()
        for observer in self.observers:
            observer.stop()
            self.assertEqual(observer.wrong, [], type(observer).__name__)
        self.instance.start()
        version = self.wait_recovered()
        self.assertIn(version, (self.version, self.version - 1))
        self.check_pairs(version)

    def test_an_observer_sees_what_is_torn(self):
        """Else the other tests would show nothing: here the pairs do not change together."""
        self.instance.sql("UPDATE gatepost.rrsets SET ttl = 99 WHERE type = 'CNAME'")
        self.instance.wait_synced()
        observer = self.observers[0]
        wait_until(lambda: observer.wrong, "the observer objects")
        self.assertRegex(observer.wrong[0], "99 CNAME")

    def test_nothing_dies(self):
        """The same changes in peace: what the other tests compare with."""
        with Psql(self.instance.database_dsn()) as psql:
            for _ in range(3):
                self.bulk(psql)
                psql.run("COMMIT")
        self.assertEqual(self.wait_recovered(), self.version)
        self.check_pairs(self.version)
        self.check_observers(lost_max=0)
