"""The servers that read a zone from a file: Knot, NSD, gdnsd. One worker each, on one core.

Configured as an operator who wants speed would; what deviates from a default says why.
"""

import subprocess
import time
from pathlib import Path

import ask
from process import Process, free_port, tree, wait_until


class Server:
    """What every server of the comparison can do."""

    name = ""

    def __init__(self, folder, zone, core=0):
        self.folder = Path(folder) / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.zone = zone
        self.core = core
        self.port = free_port()
        self.process = None

    @property
    def pid(self):
        """Of the process that all others of the server descend from."""
        return self.process.pid

    @property
    def roots(self):
        """The same, where there are several."""
        return [self.pid]

    def pids(self):
        return [pid for root in self.roots for pid in tree(root)]

    @property
    def log(self):
        return self.folder / "log"

    def configure(self):
        """Writes what the program reads; gives its command line."""
        raise NotImplementedError

    def launch(self):
        """Starts the program and waits for nothing."""
        self.process = Process(self.configure(), self.log, core=self.core)

    def start(self):
        self.launch()
        name = self.zone.host(self.zone.hosts - 1)
        wait_until(lambda: ask.answers(self.port, name), f"{self.name} answering", 120, self.process)

    def start_timed(self, timeout=120):
        """Seconds from starting the program to its first answer."""
        begin = time.monotonic()
        self.launch()
        name = self.zone.host(self.zone.hosts - 1)
        answered = ask.time_of_answer(self.port, name, timeout, self.process.check_alive)
        return answered - begin if answered else None

    def stop(self):
        if self.process is not None:
            self.process.stop()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()


class Knot(Server):
    name = "knot"

    def configure(self):
        # tcp-io-timeout: by default a connection that the worker does not get round to within 500 ms is closed, and
        # with hundreds of busy ones some are.
        config = self.folder / "knot.conf"
        config.write_text(f"""server:
    rundir: "{self.folder}"
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    tcp-io-timeout: 10000
log:
  - target: stderr
    any: warning
database:
    storage: "{self.folder}"
zone:
  - domain: {self.zone.origin}
    file: "{self.zone.file}"
    zonefile-load: whole
    journal-content: none
""")
        return ["knotd", "-c", config]


class Nsd(Server):
    name = "nsd"

    def configure(self):
        config = self.folder / "nsd.conf"
        config.write_text(self.config_text())
        return ["nsd", "-d", "-c", config]

    def config_text(self, more=""):
        # rrl-ratelimit: 200 answers a second to one source is the default, and a load generator is
        # one source. minimal-responses: as Knot answers by default. No username: it stays who
        # started it, for its files are in our folder. No database: the zone file is its source.
        return f"""server:
    server-count: 1
    ip-address: 127.0.0.1@{self.port}
    username: ""
    zonesdir: "{self.folder}"
    database: ""
    logfile: "{self.log}"
    pidfile: "{self.folder}/pid"
    xfrdfile: "{self.folder}/xfrd.state"
    zonelistfile: "{self.folder}/zone.list"
    xfrdir: "{self.folder}"
    verbosity: 0
    minimal-responses: yes
    rrl-ratelimit: 0
{more}remote-control:
    control-enable: no
zone:
    name: {self.zone.origin}
    zonefile: "{self.zone.file}"
"""


class Gdnsd(Server):
    name = "gdnsd"

    def configure(self):
        zones = self.folder / "zones"
        zones.mkdir(exist_ok=True)
        link = zones / self.zone.origin.rstrip(".")
        if not link.exists():
            link.symlink_to(self.zone.file)
        (self.folder / "config").write_text(f"""options => {{
  listen => [ 127.0.0.1:{self.port} ]
  udp_threads => 1
  tcp_threads => 1
  run_dir => {self.folder}/run
  state_dir => {self.folder}/state
}}
""")
        return ["gdnsd", "-c", self.folder, "start"]


PEERS = (Knot, Nsd, Gdnsd)


def versions(packages=("knot", "nsd", "gdnsd", "pdns-server", "dnsperf")):
    """Of the peers' Debian packages, as far as they are installed."""
    listed = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}\n", *packages], capture_output=True,
                            text=True, check=False)
    return dict(line.split() for line in listed.stdout.splitlines() if len(line.split()) == 2)
