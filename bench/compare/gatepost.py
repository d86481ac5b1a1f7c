"""Gatepost itself: `gatepost run --local`, that is a PostgreSQL of its own, the control plane and
the dataplane, with one worker on one core."""

import json
import os
import signal
import subprocess
import time

from process import Process, free_port, run, wait_until
from servers import Server

PRIVATE_CLUSTERS = "/var/lib/gatepost-local"


class Gatepost(Server):
    name = "gatepost"

    def __init__(self, folder, zone, build, core=0):
        super().__init__(folder, zone, core)
        self.build = build
        self.program = build / "tools/gatepost/gatepost"
        self.instance = self.folder / "instance"
        self.import_seconds = None

    def configure(self):
        self.instance.mkdir(exist_ok=True)
        (self.instance / "gatepost.toml").write_text(self.config_text())
        return [self.program, "run", "--local", self.instance, "--quiet"]

    def config_text(self, dns="", more=""):
        return f"""[dns]
listen = ["127.0.0.1@{self.port}"]
{dns}[dataplane]
workers = "1"
cores = "{self.core}"
[controlplane]
checkpoint_interval = "2s"
{more}"""

    def launch(self):
        # Only the dataplane's worker is pinned: PostgreSQL and the control plane run where there is
        # room, and their time is charged like any other.
        self.process = Process(self.configure(), self.log, death_signal=signal.SIGINT)

    def start(self):
        """Imports the zone where it is not there yet, and waits until it is served."""
        self.launch()
        wait_until(self.follows, "gatepost following its database", 120, self.process, every=0.1)
        if self.zone is not None and not self.has_zone(self.zone):
            self.import_zone(self.zone)

    def command(self, *words, timeout=900):
        return run([self.program, *words, "--local", self.instance], timeout=timeout)

    def follows(self):
        done = subprocess.run(
            [self.program, "sync", "status", "--json", "--local", self.instance],
            capture_output=True, check=False)
        return done.returncode == 0

    def has_zone(self, zone):
        listed = json.loads(self.command("zone", "list", "--contains", zone.origin, "--json"))
        return any(entry["name"] == zone.origin for entry in listed["zones"])

    def import_zone(self, zone):
        begin = time.monotonic()
        self.command("zone", "import", zone.file, "--zone", zone.origin, "--quiet", "--timeout", "900s")
        self.import_seconds = time.monotonic() - begin

    def status(self):
        return json.loads(self.command("status", "--json"))

    @property
    def dsn(self):
        return f"host={os.path.realpath(self.instance / 'run')} user=gatepost dbname=gatepost"

    @property
    def checkpoint(self):
        return self.status()["checkpoint"]["path"]

    def __exit__(self, *_):
        self.stop()
        # The cluster lies outside our folder where PostgreSQL's user could not enter that.
        data = os.path.realpath(self.instance / "data")
        if data.startswith(PRIVATE_CLUSTERS + "/"):
            subprocess.run(["rm", "-rf", data], check=False)


class GatepostStreams(Gatepost):
    """It speaks TLS and HTTPS as well, with the certificate that it makes itself: ECDSA P-256, as the others have.

    As with the others, the number of connections is not limited to what an Internet-facing server would take.
    """

    def __init__(self, folder, zone, build, core=0):
        super().__init__(folder, zone, build, core)
        self.tls_port, self.https_port = free_port(), free_port()

    def config_text(self, dns="", more=""):
        return super().config_text(f"""tls_listen = ["127.0.0.1@{self.tls_port}"]
tcp_connections_max = 20000
tcp_idle = "600s"
""", f"""[http]
https_listen = ["127.0.0.1@{self.https_port}"]
[metrics]
listen = []
[connections]
max = 20000
per_address = 0
per_network = 0
""")


class GatepostDataplane(Server):
    """The dataplane alone, from a checkpoint: neither PostgreSQL nor control plane."""

    name = "gatepost-dataplane"

    def __init__(self, folder, zone, build, checkpoint, core=0, tls=False):
        super().__init__(folder, zone, core)
        self.tls_port = free_port() if tls else None
        self.program = build / "dataplane/worker/gatepost-dataplane"
        self.checkpoint = checkpoint

    def configure(self):
        tls = ["--listen-tls", f"127.0.0.1@{self.tls_port}", "--connections-max", "20000", "--tcp-connections-max",
               "20000", "--connections-per-address", "0", "--connections-per-network", "0", "--tcp-idle-ms", "600000"]
        return [self.program, "--listen", f"127.0.0.1@{self.port}", "--checkpoint", self.checkpoint,
                "--workers", "1", "--cores", str(self.core), *(tls if self.tls_port else [])]
