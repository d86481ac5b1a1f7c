"""Two network namespaces joined by a veth pair: side `a` is the server's, side `b` the clients'.

What a test breaks is its own: names carry the test's process id, and namespaces whose process is gone (kill -9)
are removed by the next test that needs some.
"""

import contextlib
import ctypes
import functools
import itertools
import json
import os
import pathlib
import re
import subprocess
import unittest

from processes import run_as_root, wait_until

SERVER = "gp0"  # the interface of side a
CLIENT = "gp1"  # of side b
SERVER4, CLIENT4 = "10.53.0.1", "10.53.0.2"
SERVER6, CLIENT6 = "fd53::1", "fd53::2"
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = itertools.count(1)
# Addresses can be used at once, and stay while a link is down.
_SYSCTLS = ("net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
            "net.ipv6.conf.default.keep_addr_on_down=1", "net.ipv4.conf.all.arp_notify=0")


def _run(*words, check=True, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done


class Namespace:
    def __init__(self, name):
        self.name = name
        _run("ip", "netns", "add", name)

    def command(self, *words):
        """The words that run a command in here. No process stands in between: what is started has its pid."""
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words, **more):
        return _run(*self.command(*words), **more)

    def ip(self, *words, **more):
        return _run("ip", "-n", self.name, *words, **more)

    @contextlib.contextmanager
    def entered(self):
        """Sockets that this thread opens meanwhile belong to the namespace, and stay there."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            if _LIBC.setns(there.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"entering {self.name}")
            try:
                yield
            finally:
                if _LIBC.setns(home.fileno(), _CLONE_NEWNET) != 0:
                    os._exit(1)  # nothing that follows would be where it should

    def link(self, name):
        """What the kernel says of an interface; None: there is none."""
        done = self.ip("-j", "link", "show", "dev", name, check=False)
        return json.loads(done.stdout)[0] if done.returncode == 0 else None

    def udp_datagrams(self):
        """How many the kernel's own UDP sockets have got, of both families."""
        with self.entered():
            ipv4 = pathlib.Path("/proc/thread-self/net/snmp").read_text()
            ipv6 = pathlib.Path("/proc/thread-self/net/snmp6").read_text()
        names, values = re.findall(r"^Udp: (.*)$", ipv4, re.MULTILINE)
        of_ipv4 = int(dict(zip(names.split(), values.split()))["InDatagrams"])
        return of_ipv4 + int(re.search(r"^Udp6InDatagrams\s+(\d+)$", ipv6, re.MULTILINE).group(1))

    def close(self):
        _run("ip", "netns", "del", self.name, check=False)


class VethPair:
    """Ready for use: addresses of both families, links up."""

    def __init__(self, queues=1):
        prefix = f"gatepost-it-{os.getpid()}-{next(_NUMBERS)}"
        self.queues = queues
        with contextlib.ExitStack() as stack:
            self.a = Namespace(prefix + "a")
            stack.callback(self.a.close)
            self.b = Namespace(prefix + "b")
            stack.callback(self.b.close)
            for side in (self.a, self.b):
                side.run("sysctl", "-qw", *_SYSCTLS)
                side.ip("link", "set", "lo", "up")
            self.connect()
            self._stack = stack.pop_all()

    def connect(self):
        """Makes the interfaces; again, after they were deleted."""
        count = ("numrxqueues", str(self.queues), "numtxqueues", str(self.queues))
        _run("ip", "link", "add", SERVER, *count, "netns", self.a.name, "type", "veth",
             "peer", "name", CLIENT, *count, "netns", self.b.name)
        for side, interface, addresses in ((self.a, SERVER, (SERVER4, SERVER6)), (self.b, CLIENT, (CLIENT4, CLIENT6))):
            for address in addresses:
                self.add_address(side, interface, address)
            side.ip("link", "set", interface, "up")
        for side, interface in ((self.a, SERVER), (self.b, CLIENT)):
            wait_until(lambda: "LOWER_UP" in side.link(interface)["flags"], f"{interface} is up")

    @staticmethod
    def add_address(side, interface, address):
        flags = ("nodad",) if ":" in address else ()
        side.ip("address", "add", address + ("/64" if ":" in address else "/24"), "dev", interface, *flags)

    def close(self):
        self._stack.close()


def _remove_leftovers():
    for name in re.findall(r"^(gatepost-it-(\d+)-\S+)", _run("ip", "netns", "list", check=False).stdout, re.MULTILINE):
        if not pathlib.Path(f"/proc/{name[1]}").exists():
            _run("ip", "netns", "del", name[0], check=False)


def xdp53_object():
    path = os.environ.get("GATEPOST_XDP53")
    if not path:
        raise unittest.SkipTest("GATEPOST_XDP53 does not name the built XDP program")
    return path


@functools.cache
def _what_is_missing():
    if not run_as_root():
        return "network namespaces and XDP need root"
    _remove_leftovers()
    try:
        pair = VethPair()
    except (AssertionError, OSError) as error:
        return f"no network namespaces with veth interfaces here: {error}"
    with contextlib.closing(pair):
        done = pair.a.ip("link", "set", "dev", SERVER, "xdp", "obj", xdp53_object(), "sec", "xdp", check=False)
        return f"no XDP on veth interfaces here: {done.stderr.strip()}" if done.returncode != 0 else None


def require_xdp():
    """Skips the test where the machine does not let it be."""
    if missing := _what_is_missing():
        raise unittest.SkipTest(missing)
