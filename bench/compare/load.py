"""dnsperf, on its own core."""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field

from cpu import CpuMeter, MachineMeter
from process import BenchError, prepare_child

CORE = 1
RATE_MAX = 2_000_000  # queries a second: more than dnsperf can send


@dataclass(frozen=True)
class Load:
    completed: int
    lost: int
    qps: float
    rcodes: dict = field(default_factory=dict)  # mnemonic → share
    response_octets: float = 0.0
    latency_us: float = 0.0  # mean, with the window full: most of it is waiting in queues


# Over UDP: Knot leaves the socket's buffer at its default, which holds some 270 datagrams. More in flight would be
# lost there, and each loss would block dnsperf until its time-out.
IN_FLIGHT = 200


def command(port, queries, seconds, rate=RATE_MAX, clients=4, mode="udp", in_flight=IN_FLIGHT, doh_method=None):
    patience = "1" if mode == "udp" else "5"  # seconds until a query counts as lost
    more = ["-O", f"doh-method={doh_method}"] if doh_method else []
    return [
        "dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(queries), "-m", mode, "-l", str(seconds),
        "-Q", str(rate), "-q", str(in_flight), "-c", str(clients), "-T", "1", "-t", patience, *more,
    ]


def _number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise BenchError(f"dnsperf said nothing of {pattern!r}:\n{text[-2000:]}")
    return float(found.group(1))


def parse(text):
    return Load(
        completed=int(_number(r"Queries completed:\s+(\d+)", text)),
        lost=int(_number(r"Queries lost:\s+(\d+)", text)),
        qps=_number(r"Queries per second:\s+([\d.]+)", text),
        rcodes={name: float(share) / 100
                for name, share in re.findall(r"([A-Z]+) \d+ \(([\d.]+)%\)",
                                              text.partition("Response codes:")[2].split("\n")[0])},
        response_octets=_number(r"Average packet size:\s+request \d+, response (\d+)", text),
        latency_us=_number(r"Average Latency \(s\):\s+([\d.]+)", text) * 1e6,
    )


def start(argv):
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            preexec_fn=lambda: prepare_child(CORE))


class Stalled(BenchError):
    """The generator does not come to an end."""


def run_generator(argv, timeout):
    """What it wrote."""
    generator = start(argv)
    try:
        text, _ = generator.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Stalled(f"{argv[0]} did not end within {timeout} s") from None
    finally:
        generator.kill()
    if generator.returncode != 0:
        raise BenchError(f"{argv[0]} ended with {generator.returncode}: {text[-1000:]}")
    return text


def run(port, queries, seconds, **how):
    return parse(run_generator(command(port, queries, seconds, **how), seconds + 60))


@dataclass(frozen=True)
class Measured:
    """One run of load against one server."""

    load: Load
    cpu_us: float  # per answered query
    user_us: float
    system_us: float
    others_cores: float  # what else kept the machine busy
    own_cores: float = 0.0  # how busy the generator was


def measure(server, queries, seconds, port=None, tool=run, **how):
    machine = MachineMeter()
    own = _own_seconds()
    start = time.monotonic()
    meter = CpuMeter(*server.roots)
    load = tool(port or server.port, queries, seconds, **how)
    cpu = meter.stop()
    elapsed = time.monotonic() - start
    own = _own_seconds() - own
    per_query = 1e6 / max(1, load.completed)
    return Measured(
        load,
        cpu.seconds * per_query,
        cpu.user * per_query,
        cpu.system * per_query,
        machine.others(cpu.seconds + own, elapsed),
        own / elapsed,
    )


def _own_seconds():
    """Of this process and its ended children, dnsperf among them."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Background:
    """Steady load beside a measurement: from `with` to its end."""

    def __init__(self, port, queries, rate, seconds_max=3600):
        self.argv = command(port, queries, seconds_max, rate)
        self.load = None

    def __enter__(self):
        self.popen = start(self.argv)
        time.sleep(1.5)  # it reads its queries first
        return self

    def __exit__(self, kind, value, trace):
        self.popen.send_signal(signal.SIGINT)  # it reports at the end, also at this one
        try:
            text, _ = self.popen.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            text, _ = self.popen.communicate()
        if kind is None:
            self.load = parse(text)
