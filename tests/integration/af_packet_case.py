"""Poll mode on a packet socket, in namespaces of its own: test_poll_devices.py runs this under `unshare -Urn`, and
so without any privilege on the host. The kernel has none of the addresses that are served here.
"""

import os
import re
import socket
import struct
import subprocess
import tempfile
import unittest

from device_process import DeviceProcess
from dns_client import TIMEOUT, Client
from frames import checksum

SERVER, CLIENT = "gp0", "gp1"
SERVERS = ("10.53.0.1", "fd53::1")
DEVICE = f"net_af_packet0,iface={SERVER},qpairs=1,blocksz=4096,framesz=2048,framecnt=512,qdisc_bypass=1"


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class AfPacket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ip("link", "set", "lo", "up")
        ip("link", "add", SERVER, "type", "veth", "peer", "name", CLIENT)
        ip("address", "add", "10.53.0.2/24", "dev", CLIENT)
        ip("address", "add", "fd53::2/64", "dev", CLIENT, "nodad")
        for interface in (SERVER, CLIENT):
            ip("link", "set", interface, "up")
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        addresses = [word for address in SERVERS for word in ("--address", address)]
        cls.process = DeviceProcess(
            f"{directory.name}/log", "--device", DEVICE, "--all-frames", *addresses, "--no-hugepages",
            "--checkpoint", os.environ["GATEPOST_TEST_CHECKPOINT"])
        cls.addClassCleanup(cls.process.stop)
        cls.process.wait_serving()

    def failure_details(self):
        return self.process.log()

    def test_queries(self):
        for host in SERVERS:
            client = Client(host, 53)
            self.assertEqual(client.ask("www.poll.example.").values("A"), ["192.0.2.1"])
            self.assertEqual(client.ask("www.poll.example.", "AAAA").values("AAAA"), ["2001:db8::1"])
            self.assertEqual(client.ask("nowhere.poll.example.").rcode_name, "NXDOMAIN")

    def test_many_queries(self):
        for host in SERVERS:
            replies = Client(host, 53).ask_many([(f"n{number}.wild.poll.example.", "A", {}) for number in range(1000)])
            self.assertEqual({tuple(reply.values("A")) for reply in replies}, {("192.0.2.2",)})

    def test_neighbors(self):
        self.test_queries()
        told = ip("neighbor", "show", "dev", CLIENT)
        own = re.search(r"link/ether (\S+)", ip("link", "show", "dev", SERVER)).group(1)
        for host in SERVERS:
            self.assertRegex(told, f"(?m)^{host} lladdr {own} ")

    def test_echo(self):
        for host in SERVERS:
            v6 = ":" in host
            with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                               socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP) as icmp:
                icmp.connect((host, 0))
                icmp.settimeout(TIMEOUT)
                request = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, 7, 1) + b"gatepost"
                icmp.send(request[:2] + struct.pack("!H", checksum(request)) + request[4:])
                wanted = (129 if v6 else 0, struct.pack("!HH", 7, 1) + b"gatepost")
                while True:
                    reply = icmp.recv(2048)[0 if v6 else 20:]
                    if (reply[0], reply[4:]) == wanted:
                        break
