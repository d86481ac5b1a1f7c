"""Every golden query gets its golden answer. UPDATE_GOLDEN=1 writes answers.txt anew from what is answered."""

import os
import unittest

import golden
from golden_server import GoldenServer
from processes import has_ipv6

QUERIES = golden.load_queries()


class GoldenAnswers(unittest.TestCase):
    maxDiff = None
    server = None

    @classmethod
    def setUpClass(cls):
        cls.server = GoldenServer(golden.zone_files())
        cls.addClassCleanup(cls.server.close)
        cls.answers = golden.load_answers()
        cls.update = os.environ.get("UPDATE_GOLDEN") == "1"
        if cls.update:
            golden.save_answers(QUERIES, {query.ident: cls.answer(query) for query in QUERIES})
            cls.answers = golden.load_answers()

    def failure_details(self):
        return self.server.failure_details()

    @classmethod
    def answer(cls, query):
        if query.v6 and not has_ipv6():
            raise unittest.SkipTest("no IPv6 on the loopback interface")
        return golden.render(cls.server.client(query.v6).ask_raw(query.message(), tcp=query.tcp))

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(QUERIES), 200)
        self.assertEqual(sorted(self.answers), sorted(query.ident for query in QUERIES))


def _add(query):
    def test(self):
        self.assertEqual(self.answers.get(query.ident, "none is kept"), self.answer(query), query.text)
    setattr(GoldenAnswers, query.method, test)


for _query in QUERIES:
    _add(_query)
