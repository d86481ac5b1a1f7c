"""Ethernet frames and pcap files for tests: made with nothing but struct, replies taken apart and verified.

It shares no code with the servers under test.
"""

import socket
import struct
from dataclasses import dataclass

ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6, ETHERTYPE_VLAN = 0x0800, 0x0806, 0x86DD, 0x8100
ICMP, UDP, ICMPV6 = 1, 17, 58
BROADCAST = b"\xff" * 6
_PCAP_HEADER = struct.Struct("=IHHiIII")
_PCAP_RECORD = struct.Struct("=IIII")
_PCAP_MAGIC = 0xA1B2C3D4
_PCAP_ETHERNET = 1


class BadFrame(Exception):
    """A frame that no host should send."""


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(_PCAP_HEADER.pack(_PCAP_MAGIC, 2, 4, 0, 0, 65535, _PCAP_ETHERNET))
        for number, frame in enumerate(frames):
            file.write(_PCAP_RECORD.pack(number, 0, len(frame), len(frame)) + frame)


def read_pcap(path):
    with open(path, "rb") as file:
        octets = file.read()
    frames, at = [], _PCAP_HEADER.size
    while at < len(octets):
        length = _PCAP_RECORD.unpack_from(octets, at)[2]
        at += _PCAP_RECORD.size
        frames.append(octets[at:at + length])
        at += length
    return frames


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def checksum(octets):
    """RFC 1071."""
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _pseudo_header(source, destination, protocol, length):
    if len(source) == 16:
        return source + destination + struct.pack("!IBBBB", length, 0, 0, 0, protocol)
    return source + destination + struct.pack("!BBH", 0, protocol, length)


@dataclass(frozen=True)
class Flow:
    """Who speaks to whom."""
    source_mac: bytes
    destination_mac: bytes
    source: str
    destination: str
    vlan: int = 0
    hop_limit: int = 64

    def link(self, ethertype, payload):
        tag = struct.pack("!HH", ETHERTYPE_VLAN, self.vlan) if self.vlan else b""
        return self.destination_mac + self.source_mac + tag + struct.pack("!H", ethertype) + payload

    def ip(self, protocol, payload, fragment=0):
        source, destination = address(self.source), address(self.destination)
        if len(source) == 16:
            header = struct.pack("!IHBB", 6 << 28, len(payload), protocol, self.hop_limit)
            return self.link(ETHERTYPE_IPV6, header + source + destination + payload)
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, self.hop_limit, protocol, 0)
        header += source + destination
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        return self.link(ETHERTYPE_IPV4, header + payload)

    def _sealed(self, protocol, message, at, pseudo_header=True):
        begin = _pseudo_header(address(self.source), address(self.destination), protocol, len(message))
        total = checksum((begin if pseudo_header else b"") + message)
        return message[:at] + struct.pack("!H", total) + message[at + 2:]

    def udp(self, source_port, destination_port, payload):
        header = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0)
        return self.ip(UDP, self._sealed(UDP, header + payload, 6))

    def echo(self, data):
        v6 = ":" in self.source
        message = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, 77, 1) + data
        protocol = ICMPV6 if v6 else ICMP
        return self.ip(protocol, self._sealed(protocol, message, 2, v6))

    def arp_request(self):
        return self.link(ETHERTYPE_ARP, struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, 1) + self.source_mac +
                         address(self.source) + b"\0" * 6 + address(self.destination))

    def solicitation(self):
        """RFC 4861 §4.3, by multicast (RFC 4291 §2.7.1) to everybody whose address ends as the destination's does."""
        target = address(self.destination)
        group = address("ff02::1:ff00:0")[:13] + target[13:]
        to_group = Flow(self.source_mac, b"\x33\x33" + group[12:], self.source,
                        socket.inet_ntop(socket.AF_INET6, group), self.vlan, hop_limit=255)
        message = struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\x01\x01" + self.source_mac
        # pylint: disable-next=protected-access
        return to_group.ip(ICMPV6, to_group._sealed(ICMPV6, message, 2))


@dataclass
class Received:
    source_mac: bytes
    destination_mac: bytes
    ethertype: int
    vlan: int = 0
    source: str = ""
    destination: str = ""
    protocol: int = 0
    hop_limit: int = 0
    source_port: int = 0
    destination_port: int = 0
    payload: bytes = b""  # of UDP, else of IP, else of the frame


def parse_frame(frame):
    """Raises BadFrame at a length or checksum that is wrong."""
    ethertype, at, vlan = struct.unpack_from("!H", frame, 12)[0], 14, 0
    if ethertype == ETHERTYPE_VLAN:
        vlan, ethertype = struct.unpack_from("!HH", frame, 14)
        at = 18
    out = Received(frame[6:12], frame[:6], ethertype, vlan, payload=frame[at:])
    if ethertype == ETHERTYPE_IPV4:
        _parse_ipv4(out)
    elif ethertype == ETHERTYPE_IPV6:
        _parse_ipv6(out)
    else:
        return out
    whole = _pseudo_header(address(out.source), address(out.destination), out.protocol, len(out.payload))
    if out.protocol == ICMP:
        whole = b""
    if out.protocol in (UDP, ICMP, ICMPV6) and checksum(whole + out.payload) != 0:
        raise BadFrame("the checksum is wrong")
    if out.protocol == UDP:
        out.source_port, out.destination_port, length, total = struct.unpack_from("!HHHH", out.payload)
        if length != len(out.payload) or total == 0:
            raise BadFrame("a UDP header with another length, or without checksum")
        out.payload = out.payload[8:]
    return out


def _parse_ipv4(out):
    version, _, length, _, fragment, out.hop_limit, out.protocol, _ = struct.unpack_from("!BBHHHBBH", out.payload)
    if version != 0x45 or length != len(out.payload) or fragment & 0xBFFF:
        raise BadFrame("an IPv4 header with options, another length, or of a fragment")
    if checksum(out.payload[:20]) != 0:
        raise BadFrame("the checksum of the IPv4 header is wrong")
    out.source, out.destination = (socket.inet_ntop(socket.AF_INET, out.payload[at:at + 4]) for at in (12, 16))
    out.payload = out.payload[20:]


def _parse_ipv6(out):
    version, length, out.protocol, out.hop_limit = struct.unpack_from("!IHBB", out.payload)
    if version >> 28 != 6 or length != len(out.payload) - 40:
        raise BadFrame("an IPv6 header with another length")
    out.source, out.destination = (socket.inet_ntop(socket.AF_INET6, out.payload[at:at + 16]) for at in (8, 24))
    out.payload = out.payload[40:]
