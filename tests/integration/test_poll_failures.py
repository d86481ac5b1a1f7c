"""What a NIC in poll mode must survive, and what is refused because nothing good could come of it."""

import os
import re
import shutil
import signal
import subprocess
import threading

from dns_client import NoReply, UdpSocket
from dns_load import SteadyLoad
from dns_message import make_query
from netns import CLIENT, SERVER, SERVER4, SERVER6, xdp53_object
from poll_instance import ZONE, PollTest
from postgres import Psql
from processes import DEADLINE, kill_9, wait_until

FOREIGN = """
__attribute__((section("xdp"), used)) int somebody_elses(void *frame) { return 2; /* XDP_PASS */ }
"""
NAME = "flip." + ZONE
FLIPS = 50


def xdp_program(namespace):
    """The name and number of the XDP program on the server's interface; None: there is none."""
    program = namespace.link(SERVER).get("xdp", {}).get("prog")
    return program and (program.get("name"), program["id"])


class Ends(PollTest):
    """The process in poll mode ends while queries keep coming."""

    def setUp(self):
        super().setUp()
        self.start_world()
        self.load = SteadyLoad(self.pair.b, SERVER4, "wild." + ZONE)
        self.load.start()
        self.addCleanup(self.load.finish)

    def wait_answered(self, more):
        """Until so many more queries were answered."""
        wanted = self.load.answered + more
        wait_until(lambda: self.load.answered >= wanted or not self.load.is_alive(), f"{more} answers")

    def end_three_times(self, end):
        for number in range(3):
            self.wait_answered(2000)
            pid = self.instance.process("poll")
            end(pid)
            self.instance.wait_process("poll", other_than=pid)
            self.instance.wait_poll_mode(number + 2)
        self.wait_answered(2000)
        self.load.finish()
        self.assertEqual(self.load.wrong, [])
        self.assertEqual(self.instance.nic()["starts"], 4)
        print(f"# {self.load.lost} of {self.load.sent} queries without an answer, 3 ends on the way")
        self.check_poll_mode()

    def test_kill_9(self):
        self.end_three_times(lambda pid: kill_9([pid]))
        # Those in the process's queue at each of the kills: milliseconds.
        self.assertLess(self.load.lost, self.load.sent / 10)

    def test_an_orderly_end(self):
        self.end_three_times(lambda pid: os.kill(pid, signal.SIGTERM))
        self.assertLess(self.load.lost, 100, "what is in the queues is answered before the end")
        self.assertEqual(len(re.findall('process_ended process="nic .* how="exited with code 0"', self.instance.log())),
                         3)

    def test_the_sockets_end(self):
        """Poll mode is no business of the other process: it answers all the time."""
        self.wait_answered(2000)
        for _ in range(2):
            pid = self.instance.process("gatepost-dataplane")
            kill_9([pid])
            self.instance.wait_process("gatepost-dataplane", other_than=pid)
        self.wait_answered(2000)
        self.load.finish()
        self.assertEqual((self.load.wrong, self.instance.nic()["starts"]), ([], 1))
        self.assertLess(self.load.lost, 100)

    def test_the_control_plane_ends(self):
        self.wait_answered(2000)
        pid = self.instance.process("gatepost-controlplane")
        kill_9([pid])
        self.instance.wait_process("gatepost-controlplane", other_than=pid)
        self.instance.wait_streaming()
        self.instance.wait_poll_mode()
        self.wait_answered(2000)
        self.load.finish()
        self.assertEqual((self.load.wrong, self.instance.nic()["starts"]), ([], 1))
        self.assertLess(self.load.lost, 100)


class Programs(PollTest):
    """Whose XDP program is on the interface."""

    def setUp(self):
        super().setUp()
        self.prepare_world()

    def attach(self, path):
        self.pair.a.ip("link", "set", "dev", SERVER, "xdp", "obj", str(path), "sec", "xdp")
        return xdp_program(self.pair.a)

    def test_a_stale_one_is_replaced(self):
        name, number = self.attach(xdp53_object())
        self.assertEqual(name, "xdp53")
        self.instance.start()
        name, ours = xdp_program(self.pair.a)
        self.assertEqual(name, "xdp53")
        self.assertNotEqual(ours, number)
        self.instance.wait_answer("www." + ZONE, "A", [])
        self.assertEqual(self.kernel_gets(lambda: self.instance.client().ask(ZONE)), 0)

    def test_it_goes_with_the_instance(self):
        for end in (self.instance.stop, self.instance.kill_9):
            self.instance.start()
            self.assertEqual(xdp_program(self.pair.a)[0], "xdp53")
            end()
            wait_until(lambda: xdp_program(self.pair.a) is None, "the program is gone")

    def test_a_foreign_one_is_refused(self):
        if not shutil.which("clang"):
            self.skipTest("clang is not installed")
        source = self.write("foreign.c", FOREIGN)
        path = self.directory / "foreign.o"
        subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-c", str(source), "-o", str(path)], check=True)
        _, number = self.attach(path)
        self.instance.launch()
        self.assertEqual(self.instance.wait_ended(), 1)
        self.assertRegex(self.instance.log(), f"gatepost: error: nic {SERVER}: .*'somebody_elses' \\(id {number}\\)"
                                              f".*ip link set dev {SERVER} xdp off")
        self.assertEqual(xdp_program(self.pair.a)[1], number, "it is left alone")

    def test_an_interface_that_is_not_there_is_refused(self):
        other = self.poll_instance(self.postgres.dsn(), self.pair, nic={"interface": "gp9"})
        other.launch()
        self.assertEqual(other.wait_ended(), 2)
        self.assertRegex(other.log(), "gatepost: error: nic gp9: there is no interface gp9")

    def test_the_loopback_interface_is_refused(self):
        other = self.poll_instance(self.postgres.dsn(), self.pair, nic={"interface": "lo"})
        other.launch()
        self.assertEqual(other.wait_ended(), 2)
        self.assertRegex(other.log(), "gatepost: error: nic lo: lo is the loopback interface")

    def test_a_second_instance_is_refused(self):
        self.instance.start()
        other = self.poll_instance(self.postgres.dsn(), self.pair, settings={"dns.listen": ["0.0.0.0@5353"]})
        other.launch()
        self.assertEqual(other.wait_ended(), 1)
        self.assertRegex(other.log(), f"gatepost: error: nic {SERVER}: interface {SERVER} is served by another "
                                      f"Gatepost, process {self.instance.pid};")
        self.instance.wait_poll_mode()


class Interfaces(PollTest):
    """Links and addresses come and go."""

    def setUp(self):
        super().setUp()
        self.start_world()

    def test_an_interface_is_deleted_and_made_again(self):
        self.pair.a.ip("link", "del", SERVER)
        self.instance.wait_log("event=nic.gone")
        self.check_inside()
        self.pair.connect()
        self.instance.wait_poll_mode(2)
        wait_until(self.is_past_kernel, "queries go past the kernel again")
        for v6 in (False, True):
            self.check_poll_mode(v6=v6)

    def check_inside(self):
        """The server's other interfaces are served by the kernel's sockets."""
        with self.pair.a.entered(), UdpSocket("127.0.0.1", 53) as udp:
            reply = udp.ask(make_query("www." + ZONE))
        self.assertEqual(reply.values("A"), ["192.0.2.1"])

    def is_past_kernel(self, **client):
        return self.kernel_gets(lambda: self.check_answers(**client)) == 0

    def test_a_link_goes_down_and_up(self):
        for side, interface in ((self.pair.a, SERVER), (self.pair.b, CLIENT)):
            with self.subTest(interface=interface):
                side.ip("link", "set", interface, "down")
                with self.assertRaises((NoReply, OSError)):
                    self.instance.client().ask("www." + ZONE, timeout=0.2)
                side.ip("link", "set", interface, "up")
                for v6 in (False, True):
                    self.wait_answered(v6)
                    wait_until(lambda: self.is_past_kernel(v6=v6), "queries go past the kernel")

    def wait_answered(self, v6):
        """The neighbors have to find one another again."""
        def look():
            try:
                return self.instance.client(v6).ask("www." + ZONE, timeout=1.0).values("A")
            except (NoReply, OSError):
                return None
        wait_until(look, "an answer")

    def test_addresses_come_and_go(self):
        for address in ("10.53.0.9", "fd53::9"):
            with self.subTest(address=address):
                self.pair.add_address(self.pair.a, SERVER, address)
                self.instance.wait_log(f"event=nic.addresses .*{address}")
                self.check_poll_mode(host=address)
                length = "/64" if ":" in address else "/24"
                self.pair.a.ip("address", "del", address + length, "dev", SERVER)
        wait_until(lambda: "10.53.0.9" not in self.instance.log().rsplit("event=nic.addresses", 1)[1],
                   "the address is given up")
        self.check_poll_mode(host=SERVER6)


class Asker(threading.Thread):
    """Asks for one address, query after query; keeps what is neither of `expected`."""

    def __init__(self, namespace, expected):
        super().__init__(daemon=True)
        with namespace.entered():
            self._socket = UdpSocket(SERVER4, 53)
        self._expected = expected
        self._stopping = threading.Event()
        self.asked = self.lost = 0
        self.wrong = []

    def run(self):
        while not self._stopping.is_set():
            self.asked += 1
            try:
                reply = self._socket.ask(make_query(NAME))
            except NoReply:
                self.lost += 1
                continue
            if (reply.rcode_name, reply.values("A")) not in [("NOERROR", [value]) for value in self._expected]:
                self.wrong.append(str(reply))

    def finish(self):
        self._stopping.set()
        self.join(DEADLINE)
        self._socket.close()


class Swaps(PollTest):
    def test_each_answer_is_one_of_two(self):
        """One name has one of two addresses, and after each COMMIT the other: no answer has anything else."""
        self.start_world()
        values = ["192.0.2.100", "192.0.2.200"]
        self.instance.cli("record", "add", ZONE, "flip", "A", values[0])
        self.instance.wait_synced()
        load = SteadyLoad(self.pair.b, SERVER6, "wild." + ZONE)
        asker = Asker(self.pair.b, values)
        before = self.pair.a.udp_datagrams()
        for thread in (load, asker):
            thread.start()
            self.addCleanup(thread.finish)
        with Psql(self.postgres.dsn()) as psql:
            for flip in range(1, FLIPS + 1):
                psql.run(f"UPDATE gatepost.rrsets SET rdata = '{{{values[flip % 2]}}}' WHERE name = '{NAME}'")
                self.instance.wait_synced()
                self.assertEqual(self.instance.client().ask(NAME).values("A"), [values[flip % 2]], f"flip {flip}")
        for thread in (load, asker):
            thread.finish()
        self.assertEqual((load.wrong, asker.wrong, asker.lost), ([], [], 0))
        self.assertGreater(asker.asked, FLIPS)
        self.assertLess(load.lost, load.sent / 100)
        self.assertEqual(self.pair.a.udp_datagrams(), before, "all of it in poll mode")
        print(f"# {load.sent + asker.asked} answers while {FLIPS} versions came")
