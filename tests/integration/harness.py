"""The base of the tests with real processes.

Waiting is polling with a deadline, never a fixed sleep. What a test starts dies with the test, whatever happens
to it; its logs are kept under GATEPOST_TEST_LOGS and their ends are shown with a failure.
"""

import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from instance import Instance
from postgres import Cluster
from processes import tail

SOURCE = pathlib.Path(__file__).resolve().parents[2]


class GatepostTest(unittest.TestCase):
    """Gives each test a directory, and takes down what it started."""

    maxDiff = None

    def setUp(self):
        # Unix sockets have short paths, and other users must be able to enter.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-it-", dir="/tmp"))
        self.directory.chmod(0o755)
        self._logs = []
        self.addCleanup(self._keep_logs)

    def cluster(self, start=True, user=None):
        cluster = Cluster(self.directory / "pg", user)
        self._logs.append(cluster.directory / "postgres.log")
        self.addCleanup(cluster.stop, signal.SIGQUIT)
        if start:
            cluster.start()
        return cluster

    def instance(self, dsn=None, **arguments):
        instance = Instance(self.directory / f"gp{len(self._logs)}", dsn, **arguments)
        self._logs.append(instance.log_path)
        self.addCleanup(instance.stop)
        return instance

    def ready_instance(self, **arguments):
        """A cluster, a database with the schema, and a running instance on it."""
        cluster = self.cluster()
        instance = self.instance(cluster.dsn(), **arguments)
        instance.cli("schema", "migrate")
        instance.start()
        return cluster, instance

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def import_zone(self, instance, apex, lines, serial=1):
        """A zone with a name server and `lines`, through `zone import`."""
        path = self.write(f"{apex}zone", zone_text(apex, lines, serial))
        instance.cli("zone", "import", str(path))

    def failure_details(self):
        """What the runner shows with a failure."""
        return "\n".join(f"the end of {path}:\n{tail(path)}" for path in self._logs)

    def _keep_logs(self):
        target = os.environ.get("GATEPOST_TEST_LOGS")
        if target:
            kept = pathlib.Path(target) / self.id().split(".", 1)[-1]
            kept.mkdir(parents=True, exist_ok=True)
            for path in self._logs:
                if path.exists():
                    shutil.copy(path, kept / f"{path.parent.name}-{path.name}")
        shutil.rmtree(self.directory, ignore_errors=True)

    def assert_one_sentence(self, done, code, pattern):
        """A command that failed as it should: its exit code, and one line that says what is the matter."""
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], pattern)


def zone_text(apex, lines, serial=1):
    """A master file with a SOA, an NS with its address, and `lines`."""
    return (f"$ORIGIN {apex}\n$TTL 300\n@ SOA ns hostmaster {serial} 7200 3600 1209600 60\n"
            "@ NS ns\nns A 192.0.2.53\n" + "".join(line + "\n" for line in lines))
