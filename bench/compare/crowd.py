"""Many idle TLS connections at one server: what each takes of its memory, and of the kernel's."""

import json
import re
import resource
import subprocess
import time
from pathlib import Path

import handshakes
from cpu import resident_bytes
from process import BenchError

CONNECTIONS = 18_000
# Descriptors that neither side needs for connections.
SPARE = 1_000
PAGE = resource.getpagesize()


def size(quick):
    """As many as the hard limit on open files admits."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = CONNECTIONS if hard == resource.RLIM_INFINITY else min(CONNECTIONS, hard - SPARE)
    return most // 10 if quick else most


def kernel_bytes():
    """Of all sockets of the host: their slabs and the octets in them."""
    sockets = Path("/proc/net/sockstat").read_text()
    pages = int(re.search(r"^TCP:.* mem (\d+)", sockets, re.MULTILINE).group(1))
    slab = re.search(r"^Slab:\s+(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return pages * PAGE + int(slab.group(1)) * 1024


def settled(server):
    """The resident memory of all the server's processes, once it does not change any more."""
    last = None
    for _ in range(40):
        now = sum(resident_bytes(pid) for pid in server.pids())
        if now == last:
            break
        last = now
        time.sleep(0.25)
    return last


def measure(build, server, connections, query):
    """`server` will be started, and have no more connections than it takes."""
    connections = min(connections, getattr(server, "connections", connections))
    with server:
        # What the first ones take is the server's, not theirs.
        handshakes.measure(build, server, "handshake", 0.2, query)
        before, kernel_before = settled(server), kernel_bytes()
        tool = handshakes.start(handshakes.clients_command(build, server.tls_port, "--hold", connections, "--query",
                                                           query), stdin=subprocess.PIPE)
        try:
            line = tool.stdout.readline()
            if not line:
                raise BenchError(f"tls_clients said nothing: {tool.communicate()[1][-1000:]}")
            said = json.loads(line)
            time.sleep(1)
            after, kernel_after = settled(server), kernel_bytes()
            text, _ = tool.communicate(timeout=60)
        finally:
            tool.kill()
    held = json.loads(text)["held"]
    if not held:
        raise BenchError(f"{server.name} held no connection: {said['first_failure']}")
    return {
        "idle_connections": held,
        "idle_refused": connections - held,
        "idle_bytes": (after - before) / held,
        # Of both ends, which are on this host; the client's end costs the kernel what the server's does.
        "idle_kernel_bytes": (kernel_after - kernel_before) / held / 2,
    }
