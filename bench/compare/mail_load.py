"""`gatepost-load smtp` against one server, until every message is in its mailbox."""

import json
import subprocess
import time
from dataclasses import dataclass

from cpu import MachineMeter
from mail_peers import DOMAIN
from process import BenchError, prepare_child, wait_until

USERS = 10  # mailboxes that a measurement's mail goes to
DELIVERY_S = 180  # the most that is waited for the last message
POLL_S = 0.005  # how exactly the time of the last delivery is known
SETTLE_S = 0.3  # after that: the server removes queue files, and writes what may wait


@dataclass(frozen=True)
class Kind:
    """What is sent. `per_session`: messages of a connection; 0: connections are kept."""

    sessions: int
    per_session: int
    size: int
    messages: int


@dataclass(frozen=True)
class Measured:
    accepted_per_s: float
    delivered_per_s: float
    cpu_ms: float  # of the server, per message
    p50_ms: float  # from the first octet (or the connection) to the final reply
    p99_ms: float
    generator_us: float  # processor time of the generator, per message
    others_cores: float


def send(build, port, kind, pattern, ledger_file=None):
    """One run of the generator, which fails where a message was not accepted."""
    command = [build / "tools/load/gatepost-load", "smtp", f"127.0.0.1:{port}", "--recipient-pattern", pattern,
               "--recipient-count", USERS, "--sessions", kind.sessions, "--messages", kind.messages,
               "--messages-per-session", kind.per_session, "--size", kind.size, "--json", "-", "--quiet"]
    if ledger_file:
        command += ["--ledger", ledger_file]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                          preexec_fn=prepare_child)
    if done.returncode != 0:
        raise BenchError(f"gatepost-load smtp ended with {done.returncode}:\n"
                         f"{done.stderr[-1000:]}{done.stdout[-2000:]}")
    return json.loads(done.stdout)


def wait_delivered(server, count):
    """Until so many messages are in mailboxes; gives the time of time.monotonic()."""
    wait_until(lambda: server.delivered() >= count, f"{server.name}: {count:,} messages delivered", DELIVERY_S,
               every=POLL_S)
    return time.monotonic()


def measure(build, server, kind, label, ledger_file):
    """`label`: of mailboxes that are new with this measurement, for old ones grow and get slower."""
    pattern = f"{label}u%d@{DOMAIN}"
    server.add_users([pattern.replace("%d", str(number)) for number in range(1, USERS + 1)])
    # Not measured: a mailbox is made when the first message comes, which has to be the only one, as two processes of
    # Dovecot that make the same mdbox at once may lock each other out (one panics); then processes are started.
    for sessions, messages in ((1, USERS), (kind.sessions, 2 * kind.sessions)):
        before = server.delivered()
        send(build, server.port, Kind(sessions, kind.per_session, kind.size, messages), pattern)
        wait_delivered(server, before + messages)
    time.sleep(SETTLE_S)

    before, cpu, machine, begin = server.delivered(), server.cpu_seconds(), MachineMeter(), time.monotonic()
    ledger_file.unlink(missing_ok=True)
    report = send(build, server.port, kind, pattern, ledger_file)
    end = wait_delivered(server, before + kind.messages)
    time.sleep(SETTLE_S)
    cpu = server.cpu_seconds() - cpu
    own = sum(report["cpu_s"].values())
    others = machine.others(cpu + own, time.monotonic() - begin)
    verdict = server.verify(ledger_file)
    if not verdict.ok or verdict.accepted != kind.messages:
        raise BenchError(f"{server.name} lost or doubled mail:\n{verdict.text()}")
    return Measured(report["accepted_per_s"], kind.messages / (end - begin), 1000 * cpu / kind.messages,
                    report["latency_us"]["p50"] / 1000, report["latency_us"]["p99"] / 1000,
                    report["cpu_us_per_message"], others)
