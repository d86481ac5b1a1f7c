"""An instance in poll mode on one side of a veth pair, and clients on the other."""

import json
import pathlib
import unittest

from dns_client import Client
from harness import GatepostTest
from instance import Instance
from netns import SERVER, SERVER4, SERVER6, VethPair, require_xdp
from processes import children_of, is_gone, program_of

ZONE = "poll.example."
RECORDS = ["www A 192.0.2.1", "www AAAA 2001:db8::1", "alias CNAME www", "@ MX 10 www", "*.wild A 192.0.2.2",
           *(f"big TXT \"{number:0200}\"" for number in range(12))]


def _option(pid, name):
    """The value of an option on a process's command line; None: it has none."""
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return words[words.index(name) + 1] if name in words else None


class PollInstance(Instance):
    """`nic`: further keys of its [[nic]] table; None: no such table. Serves port 53 of all addresses."""

    def __init__(self, directory, dsn, pair, nic=None, settings=None):
        everything = {"dns.listen": ["0.0.0.0@53", "::@53"], "dataplane.workers": 1}
        super().__init__(directory, dsn, settings=everything | (settings or {}))
        self.wrapper = pair.a.command()
        self._pair = pair
        table = {"interface": SERVER} | (nic or {})
        with open(self.config, "a", encoding="utf-8") as config:
            config.write("[[nic]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items()))

    def _dataplane(self, in_poll_mode):
        for pid in children_of(self.pid):
            if program_of(pid) == "gatepost-dataplane" and not is_gone(pid) and \
                    (_option(pid, "--device") is not None) == in_poll_mode:
                return pid
        return None

    def process(self, name):
        """As for any instance; "poll" is the process in poll mode."""
        if name in ("poll", "gatepost-dataplane"):
            return self._dataplane(in_poll_mode=name == "poll")
        return super().process(name)

    def nic(self):
        """Its part of the status; None while the control plane does not answer."""
        status = self.status()
        return status and status["nics"][0]

    def poll_counts(self):
        """Queries answered by each queue's worker."""
        return [sum(worker["queries"].values()) for worker in self.nic()["workers"]]

    def wait_poll_mode(self, starts=1):
        """Until the process that was started for the `starts`-th time takes frames, and has zones to answer from."""
        def ready(status):
            nic = status["nics"][0]
            return nic["ready"] and nic["starts"] >= starts and \
                all(worker["arena_generation"] == status["arena"]["generation"] for worker in nic["workers"])
        return self.wait_status(ready, f"poll mode, started {starts} times")

    def start(self, *arguments):
        super().start(*arguments)
        self.wait_poll_mode()

    def client(self, v6=False, host=None):
        return InsideClient(self._pair.b, host or (SERVER6 if v6 else SERVER4), 53)


class InsideClient(Client):
    """Asks from inside a namespace."""

    def __init__(self, namespace, host, port):
        super().__init__(host, port)
        self._namespace = namespace

    def ask_raw(self, message, *, tcp=False, timeout=10.0):
        with self._namespace.entered():
            return super().ask_raw(message, tcp=tcp, timeout=timeout)

    def ask_many(self, queries, **more):
        with self._namespace.entered():
            return super().ask_many(queries, **more)


class PollTest(GatepostTest):
    """A pair of namespaces, a cluster and an instance in poll mode for one test."""

    def make_pair(self, queues=1):
        require_xdp()
        pair = VethPair(queues)
        self.addCleanup(pair.close)
        return pair

    def poll_instance(self, dsn, pair, **arguments):
        instance = PollInstance(self.directory / f"gp{len(self._logs)}", dsn, pair, **arguments)
        self._logs.append(instance.log_path)
        self.addCleanup(instance.stop)
        return instance

    def prepare_world(self, queues=1, **arguments):
        """All but the start of the instance."""
        self.pair = self.make_pair(queues)
        self.postgres = self.cluster()
        self.instance = self.poll_instance(self.postgres.dsn(), self.pair, **arguments)
        self.instance.cli("schema", "migrate")

    def start_world(self, queues=1, **arguments):
        self.prepare_world(queues, **arguments)
        self.instance.start()
        self.import_zone(self.instance, ZONE, RECORDS)
        self.instance.wait_synced()

    def kernel_gets(self, action):
        """How many datagrams reached the kernel's sockets of the server while `action` was done."""
        before = self.pair.a.udp_datagrams()
        action()
        return self.pair.a.udp_datagrams() - before

    def check_answers(self, **client):
        self.assertEqual(self.instance.client(**client).ask("www." + ZONE).values("A"), ["192.0.2.1"])

    def check_poll_mode(self, **client):
        self.assertEqual(self.kernel_gets(lambda: self.check_answers(**client)), 0, "the kernel got the query")

    def check_fall_back(self, **client):
        self.assertGreaterEqual(self.kernel_gets(lambda: self.check_answers(**client)), 1, "the kernel got nothing")


class World(PollTest):
    """What the tests of a class share."""

    def __init__(self, name):
        super().__init__()
        self._name = name

    def id(self):
        return self._name


class SharedPollTest(unittest.TestCase):
    """Tests that leave their instance as it was, and so share one."""

    maxDiff = None
    world_arguments = {}

    @classmethod
    def setUpClass(cls):
        cls.world = World(f"{cls.__module__}.{cls.__name__}")
        cls.world.setUp()
        cls.addClassCleanup(cls.world.doCleanups)
        cls.world.start_world(**cls.world_arguments)

    @property
    def pair(self):
        return self.world.pair

    @property
    def instance(self):
        return self.world.instance

    def failure_details(self):
        return self.world.failure_details()

