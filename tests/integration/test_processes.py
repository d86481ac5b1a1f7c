"""The processes themselves: how they end, as whom they run, what they still may do."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import unittest

from harness import GatepostTest, zone_text
from instance import gatepost_program, program
from processes import descendants_of, is_gone, kill_9, run_as_root, wait_until

PROGRAMS = ("gatepost", "gatepost-dataplane", "gatepost-controlplane")


def uid_of(pid):
    """None: there is no such process any more."""
    try:
        return next(process_status(pid))["Uid"].split()[0]
    except (FileNotFoundError, ProcessLookupError, StopIteration):
        return None


def command_line_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def process_status(pid):
    """Of each thread of a process: the lines of /proc/PID/task/TID/status as a dictionary."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        yield dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)


class Ending(GatepostTest):
    def local_instance(self):
        instance = self.instance(local=True)
        instance.seed_local()
        instance.start("--zone", str(self.write("end.zone", zone_text("end.example.", ["www A 192.0.2.1"]))))
        return instance

    def test_a_signal_leaves_no_process_behind(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                instance = self.local_instance()
                family = descendants_of(instance.pid)
                self.assertGreaterEqual(len(family), 3, "dataplane, control plane, PostgreSQL")
                os.kill(instance.pid, number)
                self.assertEqual(instance.wait_ended(), 0)
                # Those of PostgreSQL's own that were about to end anyway may do so a moment later.
                wait_until(lambda of=family: all(map(is_gone, of)), "none of its processes is left")
                self.assertFalse((instance.run_dir / "control.sock").exists())

    def test_a_supervisor_that_is_killed_takes_all_with_it(self):
        instance = self.local_instance()
        family = descendants_of(instance.pid)
        kill_9([instance.pid])
        instance.wait_ended()
        wait_until(lambda: all(is_gone(pid) for pid in family), "its processes end by themselves")
        instance.start()
        instance.wait_answer("www.end.example.", "A", ["192.0.2.1"])

    def test_what_dies_is_started_again_and_counted(self):
        _, instance = self.ready_instance()
        for expected in (2, 3):
            pid = instance.process("gatepost-dataplane")
            kill_9([pid])
            instance.wait_process("gatepost-dataplane", other_than=pid)
            status = instance.wait_status(lambda status: status["dataplane"]["workers"] and
                                          status["dataplane"]["starts"] != expected - 1, "workers")
            self.assertEqual(status["dataplane"]["starts"], expected)
        self.assertRegex(instance.log(), "process_ended process=dataplane .*killed|process_ended process=dataplane")

    def test_a_stop_during_the_start_is_a_clean_one(self):
        instance = self.instance(self.cluster().dsn())
        instance.launch()
        instance.wait_log("event=supervisor.process_started")
        instance.stop()
        self.assertEqual(instance.wait_ended(), 0)


class Privileges(GatepostTest):
    def check_dataplane(self, instance, user):
        threads = list(process_status(instance.wait_process("gatepost-dataplane")))
        self.assertGreaterEqual(len(threads), 2, "a main thread and a worker")
        uid = str(pwd.getpwnam(user).pw_uid)
        for thread in threads:
            self.assertEqual(thread["Uid"].split(), [uid] * 4)
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(thread[name], 16), 0, name)
            self.assertEqual(thread["NoNewPrivs"], "1")
            self.assertEqual(thread["Seccomp"], "2", "a filter")
            self.assertEqual(thread["Groups"].split(), [] if user != "nobody" else thread["Gid"].split()[:1])

    @unittest.skipUnless(run_as_root(), "not root")
    def test_what_root_starts_runs_as_others(self):
        instance = self.instance(local=True)
        instance.seed_local()
        instance.start()
        self.check_dataplane(instance, "nobody")
        for name in ("gatepost-controlplane", "postgres"):
            status = next(process_status(instance.wait_process(name)))
            self.assertEqual(status["Uid"].split()[:2], [str(pwd.getpwnam("postgres").pw_uid)] * 2, name)
            self.assertEqual(int(status["CapEff"], 16), 0, name)

    def test_an_ordinary_user_can_run_it_all(self):
        user = "nobody" if run_as_root() else pwd.getpwuid(os.geteuid()).pw_name
        # The build may be where that user cannot look.
        programs = self.directory / "programs"
        programs.mkdir()
        for name in PROGRAMS:
            shutil.copy(program(name), programs / name)
        instance = self.instance(local=True, user="nobody" if run_as_root() else None, exe=str(programs / "gatepost"))
        instance.seed_local()
        instance.start("--zone", str(self.write("user.zone", zone_text("user.example.", ["www A 192.0.2.1"]))))
        instance.wait_answer("www.user.example.", "A", ["192.0.2.1"])
        instance.wait_answer("www.user.example.", "A", ["192.0.2.1"], tcp=True)
        # PostgreSQL starts and ends processes all the time.
        uids = {uid_of(pid) for pid in descendants_of(instance.pid)} - {None}
        self.assertEqual(uids, {str(pwd.getpwnam(user).pw_uid)})
        for thread in process_status(instance.wait_process("gatepost-dataplane")):
            self.assertEqual((int(thread["CapEff"], 16), thread["NoNewPrivs"], thread["Seccomp"]), (0, "1", "2"))

    def test_the_dataplane_has_no_database_and_no_openssl(self):
        """BoringSSL and libpq's OpenSSL crash in one process; and who meets packets holds no credentials."""
        libraries = subprocess.run(["ldd", str(program("gatepost-dataplane"))], check=True, text=True,
                                   capture_output=True).stdout
        self.assertIn("libc.so", libraries)
        for name in ("libpq", "libssl.so.3", "libcrypto.so.3"):
            self.assertNotIn(name, libraries)

    def test_no_password_on_a_command_line(self):
        path = self.write("password", "correct horse\n")
        path.chmod(0o600)
        postgres = self.cluster()
        instance = self.instance(postgres.dsn(), settings={"database.password_file": str(path)})
        instance.cli("schema", "migrate")
        instance.start()
        for pid in [instance.pid, *descendants_of(instance.pid)]:
            self.assertNotIn(b"horse", command_line_of(pid))
        environment = pathlib.Path(f"/proc/{instance.process('gatepost-dataplane')}/environ")
        if run_as_root():
            self.assertNotIn(b"horse", environment.read_bytes())

    def test_the_programs_are_hardened(self):
        for name in PROGRAMS:
            with self.subTest(program=name):
                told = subprocess.run(["readelf", "-W", "-h", "-l", "-d", str(program(name))], check=True, text=True,
                                      capture_output=True).stdout
                self.assertRegex(told, r"Type:\s+DYN", "position-independent")
                self.assertIn("GNU_RELRO", told)
                self.assertRegex(told, r"FLAGS_1.*NOW")
                self.assertRegex(told, r"GNU_STACK\s.*RW ")
        self.assertTrue(gatepost_program())
