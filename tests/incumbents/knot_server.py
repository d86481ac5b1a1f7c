"""A real Knot DNS with the same zone files, to compare answers with."""

import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import paths  # noqa: F401

from dns_client import Client, NoReply
from dns_message import BadReply
from processes import DEADLINE, die_with_parent, free_port, has_ipv6, tail, wait_until


def knotd():
    found = shutil.which("knotd", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
    if not found:
        raise unittest.SkipTest("Knot DNS (package knot) is not installed")
    return found


class KnotServer:
    def __init__(self, zones):
        """`zones`: (apex, path) pairs."""
        program = knotd()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-knot-", dir="/tmp"))
        self.port = free_port()
        self._process = None
        hosts = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])
        lines = ["server:", f"    rundir: {self.directory}"]
        lines += [f"    listen: {host}@{self.port}" for host in hosts]
        lines += ["    udp-workers: 1", "    tcp-workers: 1", "    background-workers: 1", "    nsid: \"\"",
                  "    version: \"\"", "log:", "  - target: stderr", "    any: warning",
                  "database:", f"    storage: {self.directory}", "zone:"]
        for apex, path in zones:
            shutil.copy(path, self.directory / f"{apex}zone")
            lines += [f"  - domain: \"{apex}\"", f"    file: \"{self.directory}/{apex}zone\"",
                      "    zonefile-load: whole", "    zonefile-sync: -1", "    journal-content: none"]
        (self.directory / "knot.conf").write_text("\n".join(lines) + "\n")
        self._log = self.directory / "knot.log"
        try:
            with open(self._log, "ab") as log:
                self._process = subprocess.Popen(
                    [program, "-c", str(self.directory / "knot.conf")], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, preexec_fn=lambda: die_with_parent(signal.SIGTERM))
            for apex, _ in zones:
                wait_until(lambda apex=apex: self._serves(apex), f"Knot serves {apex}")
        except BaseException:
            self.close()
            raise

    def _serves(self, apex):
        if self._process.poll() is not None:
            raise AssertionError(f"knotd ended: {tail(self._log)}")
        try:
            return self.client().ask(apex, "SOA", timeout=1.0).rcode == 0
        except (NoReply, BadReply):
            return False

    def client(self, v6=False):
        return Client("::1" if v6 else "127.0.0.1", self.port)

    def close(self):
        if self._process:
            self._process.terminate()
            self._process.wait(DEADLINE)
        shutil.rmtree(self.directory, ignore_errors=True)
