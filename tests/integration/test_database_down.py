"""PostgreSQL stopped: DNS goes on, every surface says how old it is, and it comes back by itself."""

import shutil

from harness import GatepostTest
from processes import is_gone, wait_until

NAME = "www.down.example."


class DatabaseDown(GatepostTest):
    def setUp(self):
        super().setUp()
        self.postgres, self.instance = self.ready_instance()
        self.import_zone(self.instance, "down.example.", ["www A 192.0.2.1"])

    def update(self, address):
        self.instance.sql(f"UPDATE gatepost.rrsets SET rdata = '{{{address}}}' WHERE name = '{NAME}'")

    def answer(self):
        return self.instance.client().ask(NAME).values("A")

    def wait_down(self):
        return self.instance.wait_status(lambda status: status["sync"]["state"] != "streaming",
                                         "the status tells that PostgreSQL is away")

    def test_answers_go_on_and_the_status_says_how_old_they_are(self):
        self.postgres.stop()
        sync = self.wait_down()["sync"]
        self.assertEqual(self.answer(), ["192.0.2.1"])
        self.assertRegex(sync["error"], "PostgreSQL")
        first = self.instance.status()["sync"]
        self.assertGreater(first["age_seconds"], 0)
        self.assertTrue(first["caught_up_at"] and first["commit_lsn"], first)
        later = self.instance.wait_status(lambda status: status["sync"]["age_seconds"] > first["age_seconds"],
                                          "the age grows")["sync"]
        self.assertEqual(later["caught_up_at"], first["caught_up_at"])
        for command in (("status",), ("sync", "status")):
            self.assertRegex(self.instance.cli(*command, check=False).stdout, r"up to date +[0-9.]+ \w+ ago")
        self.assertEqual(self.instance.cli("sync", "status", check=False).returncode, 3)
        def waits():
            """The control plane has a second more than that for its answer, which it may miss."""
            done = self.instance.cli("sync", "wait", "FFFFFFFF/0", "--timeout", "100ms", check=False)
            return "sync is " in done.stderr and done
        self.assert_one_sentence(wait_until(waits, "the control plane answers"), 3, "sync is down")

    def test_it_comes_back_by_itself(self):
        process = self.instance.process("gatepost-controlplane")
        self.postgres.stop()
        self.wait_down()
        self.postgres.start()
        self.instance.wait_streaming()
        self.update("192.0.2.2")
        self.instance.wait_answer(NAME, "A", ["192.0.2.2"])
        self.assertEqual(self.instance.process("gatepost-controlplane"), process, "nothing had to die for it")

    def test_what_was_committed_while_nobody_followed_is_there_afterwards(self):
        pid = self.instance.process("gatepost-controlplane")
        self.postgres.stop()
        self.wait_down()
        self.instance.stop()
        self.postgres.start()
        self.update("192.0.2.3")
        self.assertTrue(is_gone(pid))
        self.instance.start()
        self.assertEqual(self.answer(), ["192.0.2.3"])

    def test_a_restart_of_everything_answers_from_the_checkpoint(self):
        self.update("192.0.2.4")
        self.instance.wait_synced()
        lsn = self.instance.write_checkpoint()["commit_lsn"]
        self.instance.kill_9()
        self.postgres.stop()
        self.instance.launch()
        self.instance.wait_answer(NAME, "A", ["192.0.2.4"])
        self.instance.wait_answer(NAME, "A", ["192.0.2.4"], tcp=True)
        self.wait_down()
        status = self.instance.wait_status(lambda status: status["checkpoint"]["written_at"],
                                           "the status tells how old that is")
        self.assertEqual(status["checkpoint"]["commit_lsn"], lsn)
        self.postgres.start()
        self.instance.wait_streaming()
        self.update("192.0.2.5")
        self.instance.wait_answer(NAME, "A", ["192.0.2.5"])

    def test_a_checkpoint_is_written_at_an_orderly_stop(self):
        self.update("192.0.2.6")
        self.instance.wait_synced()
        self.instance.stop()
        self.postgres.stop()
        self.instance.launch()
        self.instance.wait_answer(NAME, "A", ["192.0.2.6"])

    def test_without_any_checkpoint_it_says_that_it_is_not_ready(self):
        self.instance.stop()
        self.postgres.stop()
        shutil.rmtree(self.instance.state)
        self.instance.launch()
        self.instance.wait_log("event=dataplane.serving")
        reply = self.instance.client().ask(NAME, edns=1232)
        self.assertEqual(reply.rcode_name, "SERVFAIL")
        self.assertEqual(reply.extended_errors, [14], "not ready (RFC 8914 §4.15)")
        self.postgres.start()
        self.instance.wait_answer(NAME, "A", ["192.0.2.1"])

    def test_commands_that_need_the_database_say_so(self):
        self.postgres.stop()
        for command in (("zone", "list"), ("record", "list", "down.example"), ("schema", "status"), ("sync", "wait")):
            with self.subTest(command=command):
                self.assert_one_sentence(self.instance.cli(*command, check=False), 3, "cannot connect to PostgreSQL")

    def test_a_connection_that_is_cut_is_made_anew(self):
        self.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE backend_type = 'walsender' OR application_name LIKE 'gatepost%'", "postgres")
        self.update("192.0.2.7")
        self.instance.wait_answer(NAME, "A", ["192.0.2.7"])
        self.instance.wait_status(lambda status: status["sync"]["loads_total"] >= 2, "a second load")
