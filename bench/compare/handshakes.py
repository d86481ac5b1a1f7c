"""What a connection costs the server: TLS 1.3 handshakes, full and resumed, beside plain TCP connections and beside
what the library's part of a handshake costs without any socket (bench/micro/tls_bench.cc)."""

import json
import subprocess
import time
from dataclasses import dataclass

import load
from cpu import CpuMeter
from process import BenchError, prepare_child

IN_FLIGHT = 64  # connections being made at once
SOURCES = 8  # addresses that they come from: one alone has too few ports
# Of the server: how much of its processor time one connection takes.
KINDS = {
    "connect": ["--plain"],
    "handshake": [],
    "resumption": ["--resume"],
}


@dataclass(frozen=True)
class Run:
    per_s: float  # connections, as many as the client could make
    cpu_us: float  # of the server, per connection
    user_us: float  # of that, outside of the kernel


def clients_command(build, port, *words):
    return [str(word) for word in (build / "bench/compare/tls_clients", port, "--sources", SOURCES, *words)]


def start(argv, **how):
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: prepare_child(load.CORE), **how)


def measure(build, server, kind, seconds, query):
    """None: the server resumes nothing."""
    port = server.port if kind == "connect" else server.tls_port
    argv = clients_command(build, port, "--in-flight", IN_FLIGHT, "--seconds", seconds, *KINDS[kind])
    # Only the connection for the ticket has a query: some servers send tickets with their first octets.
    argv += ["--query", query] if kind == "resumption" else []
    meter = CpuMeter(*server.roots)
    tool = start(argv)
    try:
        text, errors = tool.communicate(timeout=seconds + 60)
    finally:
        tool.kill()
    time.sleep(0.05)  # the last ones are being closed
    cpu = meter.stop()
    if tool.returncode == 3:
        return None
    if tool.returncode != 0:
        raise BenchError(f"tls_clients ended with {tool.returncode}: {errors[-1000:]}")
    said = json.loads(text)
    if said["failed"]:
        raise BenchError(f"{server.name}: {said['failed']} of {said['over']} connections failed: "
                         f"{said['first_failure']}")
    if kind == "resumption" and said["resumed"] < said["over"] * 0.99:
        return None
    return Run(said["over"] / said["seconds"], cpu.seconds * 1e6 / said["over"], cpu.user * 1e6 / said["over"])


def library_limit(build, core, seconds):
    """Microseconds of the server's part of a handshake over memory, by kind: with the library alone (raw), and through
    TlsSession. The clients' core does the same meanwhile: two cores that share their caches or more are slower then,
    and in the other measurements they both work, too."""
    argv = [str(build / "bench/micro/tls_bench"), "--benchmark_filter=^(handshake|resumption)/(raw|session)",
            f"--benchmark_min_time={seconds}", "--benchmark_format=json"]
    beside = subprocess.Popen([*argv, "--benchmark_repetitions=100"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, preexec_fn=lambda: prepare_child(load.CORE))
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False,
                              preexec_fn=lambda: prepare_child(core))
    finally:
        beside.kill()
        beside.wait()
    if done.returncode != 0:
        raise BenchError(f"tls_bench ended with {done.returncode}: {done.stderr[-1000:]}")
    found = {}
    for one in json.loads(done.stdout)["benchmarks"]:
        if one.get("error_occurred"):
            raise BenchError(f"tls_bench: {one['name']}: {one.get('error_message')}")
        kind, side = one["name"].split("/")[:2]
        found[f"{kind}_{side}"] = one["real_time"] * {"ns": 1e-3, "us": 1.0, "ms": 1e3}[one["time_unit"]]
    return found
