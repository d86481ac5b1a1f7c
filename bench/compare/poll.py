"""The poll-mode packet path beside Knot in its own XDP mode, and beside Gatepost's kernel sockets."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass

import flood
import pipeline
import report
import swap
import zone
from cpu import CpuMeter
from gatepost import Gatepost
from netns import SERVER_IP, TwoHosts
from process import BenchError, Process, tree, wait_until
from servers import Knot, versions

SERVER_CORE = 0
RATES = (200_000, 500_000, 900_000, 1_100_000)  # offered, queries a second
KILL_RATE = 200_000
IDLE_SECONDS = 3
RATIOS = {"qps": "qps", "cpu_per_query": "cpu_us_per_query"}


def answers(hosts, name):
    done = subprocess.run(hosts.on_client("kdig", f"@{SERVER_IP}", "+short", "+timeout=1", "+retry=0", name, "A"),
                          capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() != "" and "WARNING" not in done.stdout


class InNamespace:
    """A server on the server's host, at port 53 of its interface."""

    hosts = None

    def start(self):
        self.launch()
        name = self.zone.host(self.zone.hosts - 1)
        wait_until(lambda: answers(self.hosts, name), f"{self.name} answering", 120, self.process)


class KnotXdp(InNamespace, Knot):
    name = "knot_xdp"

    def __init__(self, folder, zone, hosts):
        super().__init__(folder, zone, SERVER_CORE)
        self.hosts = hosts

    def launch(self):
        self.process = Process(self.hosts.on_server(*self.configure()), self.log, core=self.core)

    def configure(self):
        command = super().configure()
        path = self.folder / "knot.conf"
        text = path.read_text().replace(f"    listen: 127.0.0.1@{self.port}\n", f"    listen: {SERVER_IP}@53\n")
        path.write_text(f"xdp:\n    listen: {self.hosts.server_interface}@53\n{text}")
        return command


class GatepostInNamespace(Gatepost):
    """One instance and its database; with the interface in poll mode or without."""

    def __init__(self, folder, zone, build, hosts):
        super().__init__(folder, zone, build, SERVER_CORE)
        self.hosts = hosts
        self.poll = True

    def configure(self):
        words = super().configure()
        nic = f'[[nic]]\ninterface = "{self.hosts.server_interface}"\ncores = "{self.core}"\n' if self.poll else ""
        (self.instance / "gatepost.toml").write_text(f"""[dns]
listen = ["{SERVER_IP}@53"]
[dataplane]
workers = 1
cores = "{self.core}"
{nic}""")
        return self.hosts.on_server(*(str(word) for word in words))

    def start(self):
        super().start()
        name = self.zone.host(self.zone.hosts - 1)
        wait_until(lambda: answers(self.hosts, name), "gatepost answering", 60, self.process)
        if self.poll:
            wait_until(self.nic_pid, "gatepost in poll mode", 60, self.process)

    def nic_pid(self):
        """Of the poll-mode process; None while there is none."""
        for pid in tree(self.pid):
            try:
                words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
            except OSError:
                continue
            if b"--nic-slot" in words and words[0].endswith(b"gatepost-dataplane"):
                return pid
        return None

    def switch(self, poll):
        self.stop()
        self.poll = poll
        self.start()


@dataclass(frozen=True)
class Point:
    """One rate, offered to one server."""

    flood: flood.Flood
    cpu_us: float

    def figures(self):
        return {"offered_qps": self.flood.offered_qps, "qps": self.flood.qps, "answered_share": self.flood.share,
                "cpu_us_per_query": self.cpu_us}


def measure(server, tool, queries, rate, seconds):
    meter = CpuMeter(server.pid)
    result = flood.run(tool, queries, rate, seconds)
    return Point(result, meter.stop().seconds * 1e6 / max(1, result.answered))


def measure_rates(server, tool, queries, rates, seconds, rounds):
    flood.run(tool, queries, rates[0], 1)  # warm-up
    points = {}
    for rate in rates:
        runs = [measure(server, tool, queries, rate, seconds) for _ in range(rounds)]
        runs.sort(key=lambda one: one.flood.answered)
        points[rate] = runs[len(runs) // 2]
        print(f"  {server.name:16} {rate:9,} offered: {points[rate].flood.qps:9,.0f} q/s answered "
              f"({points[rate].flood.share:.1%}), cpu {points[rate].cpu_us:.3f} us/q", flush=True)
    return points


def idle_share(server):
    """Of one core, that all of the server's processes use without a query."""
    time.sleep(2)
    meter = CpuMeter(server.pid)
    time.sleep(IDLE_SECONDS)
    return meter.stop().seconds / IDLE_SECONDS


def measure_death(server, tool, queries, number):
    """The poll-mode process gets a signal under load. Gives the queries that stayed without an answer."""
    before = server.nic_pid()
    running = flood.Running(tool, queries, KILL_RATE, 5)
    time.sleep(3)  # the generator reads its queries first
    os.kill(before, number)
    result = running.result()
    wait_until(lambda: server.nic_pid() not in (None, before), "gatepost in poll mode again", 30, server.process)
    return {"offered": result.sent, "lost": result.lost, "lost_ms": result.lost / KILL_RATE * 1000}


def summary(points):
    """At the rate where most was answered; and each rate by itself."""
    best = max(points.values(), key=lambda point: point.flood.qps)
    return best.figures() | {"rates": {str(rate): point.figures() for rate, point in points.items()}}


def run(folder, build, options):
    quick = options.quick
    seconds = options.seconds or (2 if quick else 5)
    rounds = options.rounds or (1 if quick else 3)
    hosts_in_zone = 1_000 if quick else 100_000
    if os.geteuid() != 0:
        raise BenchError("this bench makes network namespaces and XDP programs: run it as root")
    bench_zone = zone.write_zone(folder, hosts_in_zone)
    count = zone.QUERIES // 10 if quick else zone.QUERIES
    queries = zone.write_lines(folder / "queries", zone.query_lines(bench_zone, count))
    figures = {}
    with TwoHosts() as hosts:
        tool = flood.GENERATORS[options.generator](hosts, build)
        with KnotXdp(folder, bench_zone, hosts) as knot:
            points = measure_rates(knot, tool, queries, RATES, seconds, rounds)
            figures["knot_xdp"] = summary(points) | {"idle_cores": idle_share(knot)}
        hosts.clear_xdp()
        with GatepostInNamespace(folder, bench_zone, build, hosts) as server:
            server.name = "gatepost"
            points = measure_rates(server, tool, queries, RATES, seconds, rounds)
            figures["gatepost"] = summary(points) | {
                "idle_cores": idle_share(server),
                "kill": measure_death(server, tool, queries, signal.SIGKILL),
                "restart": measure_death(server, tool, queries, signal.SIGTERM),
                "swap": swap.measure(server, hosts, build, folder, bench_zone, 4 if quick else 24)}
            server.switch(poll=False)
            server.name = "gatepost_sockets"
            points = measure_rates(server, tool, queries, RATES, seconds, rounds)
            figures["gatepost_sockets"] = summary(points) | {"idle_cores": idle_share(server)}
    print()
    report.table(["server", "q/s answered", "of q/s offered", "cpu us/query", "idle cores"],
                 [[name, row["qps"], row["offered_qps"], row["cpu_us_per_query"], row["idle_cores"]]
                  for name, row in figures.items()])
    for what in ("kill", "restart"):
        row = figures["gatepost"][what]
        print(f"{what} of the poll-mode process at {KILL_RATE:,} q/s: {row['lost']} of {row['offered']} queries "
              f"without an answer, {row['lost_ms']:.1f} ms of them")
    row = figures["gatepost"]["swap"]
    print(f"{row['compared']:,} answers compared during {row['transactions']} transactions of "
          f"{swap.HOSTS:,} records: none was wrong\n")
    figures["gatepost"]["pipeline"] = pipeline.measure(build, quick)
    report.finish("poll", figures, report.ratios(figures, RATIOS), options.json, rounds=rounds, seconds=seconds,
                  hosts=hosts_in_zone, generator=tool.name, peers=versions())
