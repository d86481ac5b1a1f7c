"""This server with the golden zones in it, imported the way a person would."""

import pathlib
import shutil
import tempfile

import golden  # noqa: F401 (finds the modules below)
from instance import Instance
from postgres import Cluster
from processes import tail


class GoldenServer:
    def __init__(self, zones):
        """`zones`: (apex, path) pairs."""
        self.directory = tempfile.mkdtemp(prefix="gatepost-it-", dir="/tmp")
        pathlib.Path(self.directory).chmod(0o755)
        self.cluster = Cluster(pathlib.Path(self.directory) / "pg")
        self.instance = None
        try:
            self.cluster.start()
            self.instance = Instance(f"{self.directory}/gp", self.cluster.dsn())
            self.instance.cli("schema", "migrate")
            self.instance.start()
            for apex, path in zones:
                self.import_zone(apex, path)
            self.instance.wait_synced()
        except BaseException:
            self.close()
            raise

    def import_zone(self, apex, path):
        # 8: done, with warnings: the zones hold things that zone check warns of.
        done = self.instance.cli("zone", "import", str(path), "--zone", apex, "--yes", check=False)
        if done.returncode not in (0, 8):
            raise AssertionError(f"importing {path}: {done.stdout}{done.stderr}")

    def client(self, v6=False):
        return self.instance.client(v6)

    def failure_details(self):
        return f"the end of {self.instance.log_path}:\n{tail(self.instance.log_path)}"

    def close(self):
        if self.instance:
            self.instance.stop()
        self.cluster.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
