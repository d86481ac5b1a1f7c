"""Every golden query, asked of this server and of Knot at the same time, over each transport and family: the
answers are the same but for what differences.txt lists, and all that it lists is there."""

import unittest

import paths  # noqa: F401

import golden
from golden_server import GoldenServer
from knot_server import KnotServer
from processes import has_ipv6

QUERIES = golden.load_queries()
DIFFERENCES = golden.load_differences()


class SameAsKnot(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.knot = KnotServer(golden.zone_files())
        cls.addClassCleanup(cls.knot.close)
        cls.server = GoldenServer(golden.zone_files())
        cls.addClassCleanup(cls.server.close)

    def failure_details(self):
        return self.server.failure_details()

    def differences(self, query, tcp, v6):
        message = query.message()
        ours, theirs = (golden.aspects(server.client(v6).ask_raw(message, tcp=tcp))
                        for server in (self.server, self.knot))
        return {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}

    def compare(self, query):
        listed = {name for ident, name in DIFFERENCES if ident == query.ident}
        found = {}
        for v6 in (False, True) if has_ipv6() else (False,):
            for tcp in (True,) if query.tcp else (False, True):
                for name, (ours, theirs) in self.differences(query, tcp, v6).items():
                    found.setdefault(name, f"{name} over {'TCP' if tcp else 'UDP'}, IPv{6 if v6 else 4}:\n"
                                           f"  ours   {ours}\n  Knot's {theirs}")
        surprises = "\n".join(text for name, text in found.items() if name not in listed)
        if surprises:
            self.fail(f"{query.text}\n{surprises}")
        if listed - found.keys():
            self.fail(f"{query.text}: differences.txt lists {', '.join(sorted(listed - found.keys()))}, "
                      "but there is no difference")

    def test_differences_name_queries(self):
        self.assertEqual({ident for ident, _ in DIFFERENCES} - {query.ident for query in QUERIES}, set())


def _add(query):
    setattr(SameAsKnot, query.method, lambda self: self.compare(query))


for _query in QUERIES:
    _add(_query)
