"""Processes for tests: waiting without sleeping, finding and killing them, ports that are free."""

import contextlib
import ctypes
import functools
import os
import pathlib
import pwd
import random
import signal
import socket
import time

DEADLINE = 60.0  # seconds: far more than anything here takes, for a busy machine
LOG_LINES_SHOWN = 30
PORTS = 20_000  # to choose from
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def run_as_root():
    return os.geteuid() == 0


def wait_until(predicate, what, timeout=DEADLINE):
    """The first true value of `predicate`; fails after `timeout` seconds with what it saw last."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not so after {timeout:.0f} s")
        time.sleep(0.01)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@functools.cache
def _ports():
    """Those to give away, in an order of this process's own: below the ones that the kernel takes for connections, so
    that none of these has the port between now and the start of the server."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = list(range(max(1024, first - PORTS), first) if first > 2048 else range(10_000, 10_000 + PORTS))
    random.shuffle(ports)
    return ports


def free_port():
    """A port that is free for UDP and TCP on both loopback addresses, and another one each time."""
    hosts = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])
    while True:
        port = _ports().pop()
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for host in hosts:
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    stack.enter_context(socket.socket(family, kind)).bind((host, port))
            return port


def die_with_parent(number):
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def _state_of(pid):
    """As in proc(5); X: there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "X"
    return stat[stat.rindex(")") + 2]


def is_gone(pid):
    """With all its threads: the first one may be dead while another still accepts a connection, only to reset it."""
    if (state := _state_of(pid)) == "Z":
        try:
            return len(os.listdir(f"/proc/{pid}/task")) <= 1
        except (FileNotFoundError, ProcessLookupError):
            return True
    return state == "X"


def children_of(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants_of(pid):
    out = []
    for child in children_of(pid):
        out += [child] + descendants_of(child)
    return out


def program_of(pid):
    try:
        return os.path.basename(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode())
    except (FileNotFoundError, ProcessLookupError):
        return ""


def kill_9(pids):
    """All at once, as a power cut would."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(is_gone(pid) for pid in pids), f"the end of {pids} after SIGKILL")


def _stop_family(pid):
    """A process and its descendants, none of which can start another one any more."""
    def stands_still():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        return _state_of(pid) in "TtZX"
    wait_until(stands_still, f"{pid} stands still")
    return [pid] + [one for child in children_of(pid) for one in _stop_family(child)]


def kill_9_family(pid):
    """With all that it has started, also what it is starting just now."""
    kill_9(_stop_family(pid))


def identity_of(user):
    """For subprocess: become `user` (None: stay who we are)."""
    if not user:
        return {}
    owner = pwd.getpwnam(user)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def tail(path, lines=LOG_LINES_SHOWN):
    try:
        return "".join(line + "\n" for line in
                       pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no such file)\n"
