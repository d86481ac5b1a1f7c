"""Processes that a bench starts: each ends with the bench, whatever ends the bench."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class BenchError(Exception):
    """Something that a person has to see, in one sentence."""


def raise_session(pid):
    """The kernel weighs a session against others by a priority of its own (sched(7), autogroup)."""
    with contextlib.suppress(OSError):
        priority = os.getpriority(os.PRIO_PROCESS, 0)
        Path(f"/proc/{pid}/autogroup").write_text(str(priority))


def prepare_child(core=None, death_signal=signal.SIGTERM, enter=None):
    """Between fork and exec, after a change of user. Gives the child its own session, the bench's
    priority, its core, and a signal for the case that the bench dies; `enter` puts it elsewhere."""
    os.setsid()
    if enter is not None:
        enter()
    raise_session("self")
    LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if core is not None:
        os.sched_setaffinity(0, {core})


class Process:
    """A server in the foreground, its output in a file."""

    def __init__(self, argv, log, core=None, user=None, death_signal=signal.SIGTERM, env=None, enter=None):
        self.argv = [str(word) for word in argv]
        self.log = Path(log)
        account = pwd.getpwnam(user) if user else None

        with open(self.log, "ab") as output:
            self.popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=lambda: prepare_child(core, death_signal, enter),
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                cwd="/",
                env={**os.environ, **env} if env else None,
            )
        self.death_signal = death_signal

    @property
    def pid(self):
        return self.popen.pid

    def check_alive(self):
        if self.popen.poll() is not None:
            raise BenchError(f"{self.argv[0]} ended with {self.popen.returncode}:\n{self.log_end()}")

    def log_end(self, lines=12):
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join("  " + line for line in text[-lines:])

    def stop(self, timeout=30):
        """Gracefully; what is left of its process group after `timeout` seconds is killed."""
        if self.popen.poll() is None:
            self.popen.send_signal(self.death_signal)
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()


def tree(root):
    """`root` and all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        parent = int(stat.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(entry))
    found, open_ = [], [root]
    while open_:
        pid = open_.pop()
        found.append(pid)
        open_.extend(children.get(pid, []))
    return found


def free_port():
    """A port of 127.0.0.1 that is free over both UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def run(argv, timeout=600, user=None, input_text=None):
    """Runs a program to its end and gives what it wrote; an exit code other than 0 is an error."""
    argv = [str(word) for word in argv]
    account = pwd.getpwnam(user) if user else None
    done = subprocess.run(
        argv,
        input=input_text,
        stdin=subprocess.DEVNULL if input_text is None else None,
        preexec_fn=prepare_child,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
        check=False,
        cwd="/",
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode != 0:
        raise BenchError(
            f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr[-2000:] or done.stdout[-2000:]}"
        )
    return done.stdout


def wait_until(ready, what, timeout, process=None, every=0.02):
    """Until `ready()` gives something true, which is returned."""
    deadline = time.monotonic() + timeout
    while True:
        got = ready()
        if got:
            return got
        if process is not None:
            process.check_alive()
        if time.monotonic() > deadline:
            log = f"\n{process.log_end()}" if process is not None else ""
            raise BenchError(f"{what}: not within {timeout} s{log}")
        time.sleep(every)
