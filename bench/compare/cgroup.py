"""Processor time of a server whose processes come and go: that of its control group, which also has what ended
processes used; without the right to make one, what /proc tells of those that live and of their ended children."""

import contextlib
import os
from pathlib import Path

from cpu import TICKS_PER_SECOND
from process import tree

# Version 2, then version 1 with its controller alone or together with cpu.
HIERARCHIES = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup/cpu,cpuacct"))


def _usage_file(group):
    """Where the kernel tells it, and how many of its units a second has."""
    if (group / "cpu.stat").exists() and "usage_usec" in (group / "cpu.stat").read_text():
        return group / "cpu.stat", 1_000_000
    if (group / "cpuacct.usage").exists():
        return group / "cpuacct.usage", 1_000_000_000
    return None


class CpuGroup:
    """`enter` belongs between fork and exec of what is to be charged; `seconds()` is read from time to time."""

    def __init__(self, name):
        self.folder, self.usage = None, None
        for hierarchy in HIERARCHIES:
            group = hierarchy / f"gatepost-bench-{os.getpid()}-{name}"
            if not (hierarchy / "cgroup.procs").exists():
                continue
            with contextlib.suppress(OSError):
                group.mkdir()
                self.usage = _usage_file(group)
                if self.usage:
                    self.folder = group
                    return
                group.rmdir()

    def enter(self):
        if self.folder:
            (self.folder / "cgroup.procs").write_text("0")

    def seconds(self, roots):
        if not self.folder:
            return sum(_ticks_with_children(pid) for root in roots for pid in tree(root)) / TICKS_PER_SECOND
        path, per_second = self.usage
        return int(path.read_text().split()[-1 if path.name == "cpuacct.usage" else 1]) / per_second

    def close(self):
        """After the processes have ended."""
        if self.folder:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


def _ticks_with_children(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime
