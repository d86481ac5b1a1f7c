"""Processes for tests: waiting without sleeping, finding and killing them, ports that are free."""

import contextlib
import ctypes
import os
import pathlib
import pwd
import signal
import socket
import time

DEADLINE = 60.0  # seconds: far more than anything here takes, for a busy machine
LOG_LINES_SHOWN = 30
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


def free_port():
    """A port that is free for UDP and TCP on both loopback addresses."""
    hosts = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])
    while True:
        with contextlib.ExitStack() as stack:
            port = 0
            try:
                for host in hosts:
                    family = socket.AF_INET6 if ":" in host else socket.AF_INET
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        probe = stack.enter_context(socket.socket(family, kind))
                        probe.bind((host, port))
                        port = probe.getsockname()[1]
                return port
            except OSError:
                continue


def die_with_parent(number):
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def is_gone(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat[stat.rindex(")") + 2] in "ZX"


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
