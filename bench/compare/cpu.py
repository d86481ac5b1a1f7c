"""Processor time of a server: all its processes, all their threads.

The sum is exact (/proc/PID/task/TID/schedstat, nanoseconds on the processor). Its split into user
and system time comes from the kernel's ticks (/proc/PID/stat), which are samples: it needs runs of
several seconds.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from process import tree

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuTime:
    seconds: float
    user_share: float

    @property
    def user(self):
        return self.seconds * self.user_share

    @property
    def system(self):
        return self.seconds * (1 - self.user_share)


def _read(path):
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it ended just now


def _thread_times(pid):
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:
        return {}
    times = {}
    for thread in threads:
        if line := _read(f"/proc/{pid}/task/{thread}/schedstat"):
            times[int(thread)] = int(line.split()[0])
    return times


def _ticks(pid):
    if not (line := _read(f"/proc/{pid}/stat")):
        return (0, 0)
    fields = line.rpartition(")")[2].split()
    return (int(fields[11]), int(fields[12]))  # utime, stime


class CpuMeter:
    """From its making to stop(): what the processes `roots` and their descendants used."""

    def __init__(self, *roots):
        self.roots = roots
        self.begin = self._snapshot()

    def _snapshot(self):
        threads, ticks = {}, {}
        for pid in {pid for root in self.roots for pid in tree(root)}:
            threads.update(_thread_times(pid))
            ticks[pid] = _ticks(pid)
        return threads, ticks

    def stop(self):
        threads, ticks = self._snapshot()
        old_threads, old_ticks = self.begin
        nanoseconds = sum(ns - old_threads.get(tid, 0) for tid, ns in threads.items())
        user = sum(t[0] - old_ticks.get(pid, (0, 0))[0] for pid, t in ticks.items())
        system = sum(t[1] - old_ticks.get(pid, (0, 0))[1] for pid, t in ticks.items())
        return CpuTime(nanoseconds / 1e9, user / (user + system) if user + system else 0.0)


def _busy_ticks():
    """Of the whole machine, without idle, iowait and what guests of it used."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return sum(fields[:3]) + sum(fields[5:8])


class MachineMeter:
    """How busy everything else kept the machine meanwhile, in cores: the noise in a measurement."""

    def __init__(self):
        self.begin = _busy_ticks()

    def others(self, own_seconds, elapsed):
        busy = (_busy_ticks() - self.begin) / TICKS_PER_SECOND
        return max(0.0, busy - own_seconds) / elapsed


def resident_bytes(pid):
    """Of one process: everything it has touched, shared pages too."""
    found = re.search(r"^VmRSS:\s+(\d+)", _read(f"/proc/{pid}/status"), re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def memory_bytes(root):
    """Proportional set size of the process tree: shared pages count once."""
    total = 0
    for pid in tree(root):
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total
