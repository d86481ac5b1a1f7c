"""Two versions of the signed root zone, imported one after the other: each RRset of either, and a name behind each
top-level domain that is not there, asked with and without DO, is answered as Knot answers it. The zones come from
outside the project: GATEPOST_SHARED_DATA."""

import os
import pathlib
import unittest

import paths  # noqa: F401

import golden
from golden_server import GoldenServer
from knot_server import KnotServer

DIFFERENCES_SHOWN = 10


def root_zones():
    folder = os.environ.get("GATEPOST_SHARED_DATA")
    if not folder:
        raise unittest.SkipTest("GATEPOST_SHARED_DATA is not set")
    found = sorted(pathlib.Path(folder).glob("zones/root-*.zone"))
    if len(found) < 2:
        raise unittest.SkipTest(f"no two versions of the root zone in {folder}/zones")
    return found


def rrsets_of(path):
    """(owner, type) of every RRset; a signature belongs to what it covers. One record a line, owner first."""
    found = set()
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) < 5 or line.startswith(";"):
            continue
        owner, _, _, kind = words[:4]
        found.add((owner.lower(), words[4] if kind == "RRSIG" else kind))
    return found


class RootZone(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.files = root_zones()
        KnotServer([(".", cls.files[0])]).close()  # skips everything where Knot is not installed
        cls.server = GoldenServer([])
        cls.addClassCleanup(cls.server.close)
        rrsets = set().union(*(rrsets_of(path) for path in cls.files))
        missing = {(f"{owner[:-1]}-x.", "A") for owner, kind in rrsets if kind == "NS" and owner != "."}
        cls.questions = sorted(rrsets | missing)
        cls.known = {}

    def failure_details(self):
        return self.server.failure_details()

    def serial(self, server):
        return server.client().ask(".", "SOA").answer[0].value.split()[2]

    def compare(self, path, **options):
        self.server.import_zone(".", path)
        self.server.instance.wait_synced()
        knot = KnotServer([(".", path)])
        try:
            self.assertEqual(self.serial(self.server), self.serial(knot))
            queries = [(owner, kind, options) for owner, kind in self.questions]
            ours, theirs = (server.client().ask_many(queries) for server in (self.server, knot))
        finally:
            knot.close()
        different = []
        for (owner, kind, _), mine, other in zip(queries, ours, theirs):
            mine, other = golden.aspects(mine), golden.aspects(other)
            different += [f"{owner} {kind}: {name}:\n  ours   {mine[name]}\n  Knot's {other[name]}"
                          for name in mine if mine[name] != other[name]]
        self.assertEqual(len(different), 0, f"of {len(queries)} answers:\n" +
                         "\n".join(different[:DIFFERENCES_SHOWN]))

    # In the order of their names: the second version comes over the first. All offer 1232 octets: in 512, how
    # much glue a referral needs is a matter on which the two differ (RFC 9471 is newer than Knot 3.2).
    def test_1_first_version(self):
        self.assertGreater(len(self.questions), 10_000)
        self.compare(self.files[0], edns=1232)

    def test_2_first_version_with_do(self):
        self.compare(self.files[0], dnssec_ok=True)

    def test_3_second_version(self):
        self.compare(self.files[1], edns=1232)

    def test_4_second_version_with_do(self):
        self.compare(self.files[1], dnssec_ok=True)
