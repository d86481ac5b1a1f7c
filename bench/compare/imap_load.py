"""`gatepost-load imap` against one server: the processor time is that between its stages measuring and measured."""

import json
import subprocess
import time
from dataclasses import dataclass

from cpu import MachineMeter, memory_bytes
from imap_dovecot import PASSWORD
from mail_peers import DOMAIN
from process import BenchError, prepare_child

USERS = 10  # mailboxes, of as many connections
MESSAGES = 1_000  # in each
SETTLE_S = 0.3  # before memory is looked at


@dataclass(frozen=True)
class Measured:
    per_s: float
    cpu_us: float  # of the server, per command
    p50_us: float
    p99_us: float
    generator_us: float
    others_cores: float


class Generator:
    """A run under way. `stages` are awaited in their order."""

    def __init__(self, build, port, pattern, *words, users=USERS, connections=USERS):
        argv = [build / "tools/load/gatepost-load", "imap", f"127.0.0.1:{port}", "--tls", "--auth",
                f"{pattern}:{PASSWORD}", "--user-count", users, "--connections", connections, "--json", "-",
                "--quiet", "--stages", *words]
        self.tool = subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     text=True, preexec_fn=prepare_child)

    def await_stage(self, stage):
        said = []
        for line in self.tool.stderr:
            if line.strip() == stage:
                return
            said.append(line)
        raise BenchError(f"gatepost-load imap ended before it was {stage}:\n{''.join(said)[-1000:]}{self.finish()}")

    def finish(self):
        """Its report; an error where anything was refused, lost, or is not as it should be."""
        out, errors = self.tool.communicate(timeout=600)
        if self.tool.returncode != 0:
            raise BenchError(f"gatepost-load imap ended with {self.tool.returncode}:\n{errors[-1000:]}{out[-3000:]}")
        return json.loads(out)


def pattern_of(label):
    return f"{label}u%d@{DOMAIN}"


def fill(build, server, label, users, messages, connections_each=1):
    """Mailboxes that are new, with so many messages each, by APPEND."""
    pattern = pattern_of(label)
    server.add_users([pattern.replace("%d", str(number)) for number in range(1, users + 1)])
    begin = time.monotonic()
    words = ("--op", "append", "--commands-each", messages // connections_each, "--depth", 8)
    connections = users * connections_each
    Generator(build, server.tls_port, pattern, *words, users=users, connections=connections).finish()
    print(f"  {server.name:10} filled {users} x {messages:,} in {time.monotonic() - begin:.1f} s", flush=True)


def measure(build, server, label, operation, seconds):
    run = Generator(build, server.tls_port, pattern_of(label), "--op", operation, "--duration", f"{seconds}s")
    run.await_stage("measuring")
    cpu, machine, begin = server.cpu_seconds(), MachineMeter(), time.monotonic()
    run.await_stage("measured")
    cpu, elapsed = server.cpu_seconds() - cpu, time.monotonic() - begin
    report = run.finish()
    others = machine.others(cpu + sum(report["cpu_s"].values()), elapsed)
    one = report["operations"][operation]
    return Measured(one["per_s"], 1e6 * cpu / one["answered"], one["latency_us"]["p50"], one["latency_us"]["p99"],
                    report["cpu_us_per_command"], others)


def measure_watch(build, server, label, seconds):
    """From the OK of who sets a flag until another connection that idles is told: p50 and p99 in milliseconds."""
    run = Generator(build, server.tls_port, pattern_of(label), "--op", "watch", "--duration", f"{seconds}s",
                    connections=2 * USERS)
    after = run.finish()["watch"]
    return after["seen_after_us"]["p50"] / 1000, after["seen_after_us"]["p99"] / 1000, after["changes"]


def select_ms(build, server, label, commands):
    """The middle of so many SELECTs of one connection, the first one among them."""
    run = Generator(build, server.tls_port, pattern_of(label), "--op", "select", "--commands", commands, users=1,
                    connections=1)
    return run.finish()["operations"]["select"]["latency_us"]["p50"] / 1000


def idle_bytes(build, server, label, connections, wait_s):
    """Memory that each of so many TLS connections takes that idle on a mailbox of a thousand messages, and how many
    there were. The kernel's part is left out: it is the same for all servers. `wait_s`: until the server has put them
    to rest."""
    # Not measured: what a server takes with its first connections, once.
    words = ("--op", "idle")
    Generator(build, server.tls_port, pattern_of(label), *words, "--duration", "1s", connections=USERS).finish()
    before = memory_bytes(server.root)
    run = Generator(build, server.tls_port, pattern_of(label), *words, "--duration", f"{wait_s + 10}s",
                    connections=connections)
    run.await_stage("measuring")
    time.sleep(wait_s + SETTLE_S)
    after = memory_bytes(server.root)
    held = run.finish()["idle"]
    return (after - before) / held, held
