"""Poll mode on devices that need no privileges, from frames in a file to frames in a file, and what it needs where
there are some. No supervisor here: the dataplane process by itself.
"""

import ctypes
import os
import pathlib
import pwd
import shutil
import struct
import subprocess
import sys
import unittest

from device_process import DeviceProcess
from dns_message import make_query, parse_reply
from frames import (BROADCAST, ETHERTYPE_ARP, ICMP, ICMPV6, UDP, Flow, address, mac, parse_frame, read_pcap,
                    write_pcap)
from instance import program
from netns import SERVER, SERVER4, VethPair, require_xdp
from poll_instance import RECORDS, ZONE, World
from processes import run_as_root

HERE = pathlib.Path(__file__).resolve().parent
DEVICE_MAC, CLIENT_MAC = mac("02:70:63:61:70:00"), mac("02:00:00:00:00:01")  # the former: as DPDK's pcap driver has it
HOSTS = (("192.0.2.7", "192.0.2.53"), ("2001:db8::7", "2001:db8::53"))
NAME = "www." + ZONE


class DevicesTest(unittest.TestCase):
    """Of zones there is a checkpoint, once for all."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(f"{cls.__module__}.{cls.__name__}")
        cls.world.setUp()
        cls.addClassCleanup(cls.world.doCleanups)
        _, instance = cls.world.ready_instance()
        cls.world.import_zone(instance, ZONE, RECORDS)
        instance.wait_synced()
        instance.write_checkpoint()
        instance.stop()
        cls.directory = cls.world.directory / "devices"
        cls.directory.mkdir()
        cls.checkpoint = cls.directory / "zones.ckpt"
        shutil.copy(instance.checkpoint, cls.checkpoint)
        cls.checkpoint.chmod(0o644)
        cls.exe = cls.directory / "gatepost-dataplane"  # the build may be where others cannot look
        shutil.copy(program("gatepost-dataplane"), cls.exe)
        cls.user = "nobody" if run_as_root() else None
        if cls.user:
            shutil.chown(cls.directory, cls.user)

    def failure_details(self):
        return "\n".join(path.read_text(errors="replace") for path in self.directory.glob("*.log"))

    def start(self, *arguments, **more):
        process = DeviceProcess(self.directory / f"{self._testMethodName}.log", "--checkpoint", str(self.checkpoint),
                                *arguments, exe=str(self.exe), **more)
        self.addCleanup(process.stop)
        process.wait_serving()
        return process


def flow(source, destination, **more):
    return Flow(CLIENT_MAC, DEVICE_MAC, source, destination, **more)


def broken(frame, at):
    """With one bit another."""
    return frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1:]


class Files(DevicesTest):
    """Frames in, frames out, without any privilege: also what no kernel would send."""

    def run_frames(self, frames):
        """The replies to `frames`, each with lengths and checksums verified."""
        given, taken = self.directory / "in.pcap", self.directory / "out.pcap"
        write_pcap(given, frames)
        given.chmod(0o644)
        taken.unlink(missing_ok=True)
        addresses = [word for _, host in HOSTS for word in ("--address", host)]
        process = self.start("--device", f"net_pcap0,rx_pcap={given},tx_pcap={taken}", "--all-frames", *addresses,
                             "--no-hugepages", user=self.user)
        self.assertEqual(process.stop(), 0, "what is in the queue is answered before the end")
        return [parse_frame(frame) for frame in read_pcap(taken)]

    def test_queries(self):
        queries, frames = {}, []
        for number, (name, kind) in enumerate((("www", "A"), ("www", "AAAA"), ("nowhere", "A"), ("big", "TXT"))):
            for (source, host), vlan in ((HOSTS[0], 0), (HOSTS[1], 0), (HOSTS[0], 12), (HOSTS[1], 12)):
                port = 1024 + len(frames)
                queries[port] = (number, host, vlan)
                frames.append(flow(source, host, vlan=vlan, hop_limit=3).udp(
                    port, 53, make_query(f"{name}.{ZONE}", kind, edns=1232, ident=port)))
        replies = self.run_frames(frames)
        self.assertEqual([reply.destination_port for reply in replies], list(queries), "in their order, each once")
        for reply in replies:
            number, host, vlan = queries[reply.destination_port]
            with self.subTest(number=number, host=host, vlan=vlan):
                self.assertEqual((reply.source_mac, reply.destination_mac), (DEVICE_MAC, CLIENT_MAC))
                self.assertEqual((reply.source, reply.source_port, reply.vlan), (host, 53, vlan))
                self.assertGreater(reply.hop_limit, 32)
                message = parse_reply(reply.payload)
                self.assertEqual((message.id, "qr" in message.flags), (reply.destination_port, True))
                seen = [message.values("A"), message.values("AAAA"), message.rcode_name, message.flags]
                self.assertEqual(seen[number], [["192.0.2.1"], ["2001:db8::1"], "NXDOMAIN", "qr aa tc"][number])

    def test_neighbors(self):
        (source4, host4), (source6, host6) = HOSTS
        frames = [Flow(CLIENT_MAC, BROADCAST, source4, host4).arp_request(), flow(source6, host6).solicitation(),
                  flow(source4, host4).echo(b"four"), flow(source6, host6).echo(b"sixth")]
        arp, advertisement, echo4, echo6 = self.run_frames(frames)
        self.assertEqual(arp.ethertype, ETHERTYPE_ARP)
        self.assertEqual(arp.payload[6:28], struct.pack("!H", 2) + DEVICE_MAC + address(host4) + CLIENT_MAC +
                         address(source4))
        self.assertEqual((advertisement.protocol, advertisement.source, advertisement.destination,
                          advertisement.hop_limit), (ICMPV6, host6, source6, 255))
        self.assertEqual((advertisement.payload[:2], advertisement.payload[8:]),
                         (b"\x88\0", address(host6) + b"\x02\x01" + DEVICE_MAC))
        self.assertEqual((echo4.protocol, echo4.payload[:2], echo4.payload[8:]), (ICMP, b"\0\0", b"four"))
        self.assertEqual((echo6.protocol, echo6.payload[:2], echo6.payload[8:]), (ICMPV6, b"\x81\0", b"sixth"))

    def test_no_reply(self):
        """To none of these, and none of them keeps the one behind them from being answered."""
        query = make_query(NAME)
        frames = [b"\0" * 10]
        for source, host in HOSTS:
            good = flow(source, host).udp(4000, 53, query)
            other = "192.0.2.99" if "." in host else "2001:db8::99"
            frames += [
                Flow(CLIENT_MAC, mac("02:00:00:00:00:99"), source, host).udp(4000, 53, query),
                Flow(CLIENT_MAC, BROADCAST, source, host).udp(4000, 53, query),
                Flow(b"\1" + CLIENT_MAC[1:], DEVICE_MAC, source, host).udp(4000, 53, query),
                flow(source, other).udp(4000, 53, query), flow(source, host).udp(4000, 5353, query),
                flow(source, host).udp(0, 53, query), flow(host, host).udp(53, 53, query), broken(good, len(good) - 3),
                good[:-1], good[:40], flow(source, host).udp(4000, 53, b"\1\2\3"),
                flow(source, host).udp(4000, 53, query[:2] + b"\x80" + query[3:]), flow(source, host).ip(6, b"\0" * 20)]
        source, host = HOSTS[0]
        whole = flow(source, host).udp(4000, 53, query)
        frames += [broken(whole, 14 + 11), flow(source, host).ip(UDP, whole[34:], fragment=0x2000),
                   flow(source, host).ip(UDP, whole[34:], fragment=1),
                   *(flow(bad, host).udp(4000, 53, query) for bad in ("0.0.0.0", "127.0.0.1", "224.0.0.1",
                                                                      "255.255.255.255"))]
        last = make_query(NAME, ident=4711)
        replies = self.run_frames(frames + [flow(*HOSTS[1]).udp(4711, 53, last)])
        self.assertEqual([reply.destination_port for reply in replies], [4711])

    def test_many_bursts(self):
        frames = [flow(*HOSTS[number % 2]).udp(1024 + number, 53, make_query(f"n{number}.wild.{ZONE}", ident=number))
                  for number in range(5000)]
        replies = self.run_frames(frames)
        self.assertEqual([reply.destination_port for reply in replies], list(range(1024, 6024)))
        self.assertEqual({tuple(parse_reply(reply.payload).values("A")) for reply in replies}, {("192.0.2.2",)})


class Privileges(DevicesTest):
    def test_af_packet_in_a_user_namespace(self):
        words = ["unshare", "-Urn"]
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no user namespaces here")
        done = subprocess.run([*words, sys.executable, str(HERE / "tap_runner.py"), str(HERE / "af_packet_case.py")],
                              env=os.environ | {"GATEPOST_TEST_CHECKPOINT": str(self.checkpoint)},
                              capture_output=True, text=True, timeout=300, check=False)
        print("".join(f"# {line}\n" for line in done.stdout.splitlines()), end="")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("ok 4", done.stdout)

    def test_a_device_that_is_not_there(self):
        process = DeviceProcess(self.directory / "absent.log", "--device", "net_af_packet0,iface=gp9", "--no-hugepages",
                                "--all-frames", "--address", "192.0.2.1", exe=str(self.exe))
        self.assertEqual(process.wait(), 1)
        self.assertRegex(process.log(), 'reason="no device net_af_packet0,iface=gp9: .*DPDK said')

    def test_af_xdp_with_two_capabilities(self):
        """Given the map of an XDP program, the process needs neither CAP_BPF nor CAP_NET_ADMIN, and none at all once
        it serves."""
        require_xdp()
        pair = VethPair()
        self.addCleanup(pair.close)
        with make_xsks_map() as map_fd:
            nobody = pwd.getpwnam("nobody")
            some = "-all,+net_raw,+ipc_lock"
            process = self.start(
                "--device", f"net_af_xdp0,iface={SERVER},queue_count=1,busy_budget=0,xdp_prog=/dev/null",
                "--xsks-map-fd", str(map_fd.fileno()), "--address", SERVER4, "--no-hugepages",
                wrapper=pair.a.command("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}",
                                       "--clear-groups", f"--inh-caps={some}", f"--ambient-caps={some}",
                                       f"--bounding-set={some}"), pass_fds=[map_fd.fileno()])
            self.assertIn("driver=net_af_xdp", process.log())
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            self.assertRegex(status, r"(?m)^CapEff:\t0+$")
            self.assertEqual(process.stop(), 0)


def make_xsks_map():
    """A map of AF_XDP sockets (bpf(2)): type 17, with keys and values of 4 octets."""
    attributes = ctypes.create_string_buffer(struct.pack("=IIIII", 17, 4, 4, 1, 0), 128)
    fd = ctypes.CDLL(None, use_errno=True).syscall(321, 0, attributes, 128)
    if fd < 0:
        raise unittest.SkipTest(f"bpf(2): {os.strerror(ctypes.get_errno())}")
    return os.fdopen(fd, "wb")
