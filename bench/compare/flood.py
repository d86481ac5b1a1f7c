"""Open-loop load by frames, past the kernel of the client's host: queries at a given rate, answered or not.

kxdpgun is Knot's generator, gatepost-load ours; both have a core to themselves and send over AF_XDP. The rate that
was really offered is part of the result: neither is believed.
"""

import json
import re
import subprocess
from dataclasses import dataclass

from netns import SERVER_IP
from process import BenchError, prepare_child

CORE = 1
TOTAL = re.compile(r"^total (queries|replies):\s+(\d+)", re.MULTILINE)
RCODE = re.compile(r"^responded (\w+):\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Flood:
    sent: int
    answered: int
    seconds: float
    compared: int = 0  # answers, with what they may be

    @property
    def offered_qps(self):
        return self.sent / self.seconds

    @property
    def qps(self):
        return self.answered / self.seconds

    @property
    def share(self):
        return self.answered / self.sent if self.sent else 0.0

    @property
    def lost(self):
        return self.sent - self.answered


class Kxdpgun:
    name = "kxdpgun"

    def __init__(self, hosts, _build):
        self.hosts = hosts

    def command(self, queries, rate, seconds):
        # -F: its default pins it to core 0, the server's.
        return self.hosts.on_client("kxdpgun", "-F", f"{CORE}s1", "-t", str(seconds), "-Q", str(rate),
                                    "-I", self.hosts.client_interface, "-i", str(queries), SERVER_IP)

    @staticmethod
    def parse(text, seconds):
        totals = {what: int(count) for what, count in TOTAL.findall(text)}
        if "queries" not in totals:
            raise BenchError(f"kxdpgun said: {text[-1000:]}")
        wrong = {rcode: count for rcode, count in RCODE.findall(text) if rcode not in ("NOERROR", "NXDOMAIN")}
        if wrong:
            raise BenchError(f"the server answered {wrong}")
        return Flood(totals["queries"], totals.get("replies", 0), seconds)


class GatepostLoad:
    name = "gatepost-load"

    def __init__(self, hosts, build, more=()):
        self.hosts = hosts
        self.more = list(more)
        self.program = build / "tools/load/gatepost-load"

    def command(self, queries, rate, seconds):
        return self.hosts.on_client(str(self.program), "dns", f"{SERVER_IP}@53", "--nic",
                                    self.hosts.client_interface, "--queries", str(queries), "--rate", str(rate),
                                    "--duration", f"{seconds}s", "--core", str(CORE), "--quiet", "--json", "-",
                                    *self.more)

    @staticmethod
    def parse(text, seconds):
        report = json.loads(text[text.index("{"):])
        if any(report["wrong"].values()):
            raise BenchError(f"wrong answers: {report}")
        return Flood(report["sent"], report["answered"], seconds, report.get("compared", 0))


GENERATORS = {tool.name: tool for tool in (Kxdpgun, GatepostLoad)}


class Running:
    """A flood under way, to do something to the server meanwhile."""

    def __init__(self, tool, queries, rate, seconds):
        self.tool, self.seconds = tool, seconds
        self.popen = subprocess.Popen(tool.command(queries, rate, seconds), stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT if tool.name == "kxdpgun" else subprocess.DEVNULL,
                                      text=True, preexec_fn=prepare_child)

    def result(self):
        try:
            text, _ = self.popen.communicate(timeout=self.seconds + 60)
        finally:
            self.popen.kill()
        if self.popen.returncode != 0:
            raise BenchError(f"{self.tool.name} ended with {self.popen.returncode}: {text[-1000:]}")
        return self.tool.parse(text, self.seconds)


def run(tool, queries, rate, seconds):
    return Running(tool, queries, rate, seconds).result()
