"""A DNS question over UDP, to see whether a server serves."""

import random
import socket
import struct
import time

TYPES = {"A": 1, "NS": 2, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}


def question(name, kind="A"):
    labels = name.rstrip(".").split(".")
    wire = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    header = struct.pack("!6H", random.getrandbits(16), 0, 1, 0, 0, 0)
    return header + wire + struct.pack("!2H", TYPES[kind], 1)


def is_answer(message, asked):
    """NOERROR with at least one record in the answer section."""
    if len(message) < 12 or message[:2] != asked[:2]:
        return False
    _, flags, _, answers = struct.unpack("!4H", message[:8])
    return flags & 0x800F == 0x8000 and answers > 0


def answers(port, name, kind="A", timeout=0.2):
    """Whether 127.0.0.1 at `port` has records for `name`."""
    asked = question(name, kind)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(timeout)
        try:
            peer.connect(("127.0.0.1", port))
            peer.send(asked)
            return is_answer(peer.recv(4096), asked)
        except OSError:
            return False


def time_of_answer(port, name, timeout, check, every=0.0005):
    """time.monotonic() of the first answer, asked every `every` seconds; None after `timeout`."""
    asked = question(name)
    deadline = time.monotonic() + timeout
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(every)
        peer.connect(("127.0.0.1", port))
        while time.monotonic() < deadline:
            # Until the port is bound, the kernel answers each datagram with an error.
            try:
                peer.send(asked)
                if is_answer(peer.recv(4096), asked):
                    return time.monotonic()
            except TimeoutError:
                pass
            except ConnectionRefusedError:
                check()
                time.sleep(every)
    return None


def connects(port, timeout=1.0):
    """Whether something listens at 127.0.0.1 on that TCP port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout):
            return True
    except OSError:
        return False
