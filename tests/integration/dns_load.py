"""A steady load of queries over UDP, each with a name of its own, so that every lost one is known."""

import select
import socket
import struct
import threading
import time

from dns_message import name_to_wire
from processes import DEADLINE

_BURST_S = 0.002
_BURST_MAX_S = 0.02
_QUIET_S = 5.0  # after the last query: no reply comes later than this
# Queries under way at a time: so many fit into every queue of a server that does not run for a while, so that none is
# lost by that. Those without an answer for so long are not on their way any more.
_UNDER_WAY_MAX = 64
_UNDER_WAY_S = 2.0


class SteadyLoad(threading.Thread):
    """`suffix`: the names are q0.SUFFIX, q1.SUFFIX, … `rate`: a second, at most: what a busy machine could not send
    in time is not made good by a burst."""

    def __init__(self, namespace, host, suffix, rate=10_000):
        super().__init__(daemon=True)
        with namespace.entered():
            self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.setblocking(False)
        self._socket.connect((host, 53))
        self._suffix = name_to_wire(suffix)
        self._rate = rate
        self._stopping = threading.Event()
        self.sent = 0
        self.answered = 0
        self.refused = 0  # ICMP: nobody listened
        self.wrong = []
        self._open = {}  # by number: when it was sent, in that order
        self.error = None

    def run(self):
        try:
            last = time.monotonic()
            while not self._stopping.is_set():
                now = time.monotonic()
                due = int(min(now - last, _BURST_MAX_S) * self._rate)
                for number in range(min(due, _UNDER_WAY_MAX - self._under_way(now))):
                    self._send()
                    if number % 32 == 31:
                        self._receive()
                last = now
                self._receive()
                select.select([self._socket], [], [], _BURST_S)
            last = time.monotonic()
            while self._open and time.monotonic() - last < _QUIET_S:
                if self._receive():
                    last = time.monotonic()
                select.select([self._socket], [], [], _QUIET_S / 10)
        except Exception as error:  # told by finish(), in the test's own thread
            self.error = error

    def _under_way(self, now):
        count = 0
        for sent_at in reversed(self._open.values()):
            if sent_at < now - _UNDER_WAY_S:
                break
            count += 1
        return count

    def _send(self):
        label = b"q%d" % self.sent
        message = struct.pack("!HHHHHH", self.sent & 0xFFFF, 0, 1, 0, 0, 0) + bytes([len(label)]) + label + \
            self._suffix + b"\0\1\0\1"
        try:
            self._socket.send(message)
        except BlockingIOError:
            return
        except OSError:
            self.refused += 1
        self._open[self.sent] = time.monotonic()
        self.sent += 1

    def _receive(self):
        count = 0
        while True:
            try:
                message = self._socket.recv(2048)
            except BlockingIOError:
                return count
            except OSError:
                self.refused += 1
                continue
            count += 1
            number = int(message[14:13 + message[12]])
            ident, flags, _, answers = struct.unpack_from("!HHHH", message)
            if ident != number & 0xFFFF or flags & 0x820F != 0x8000 or answers != 1:
                self.wrong.append(message.hex())
            elif number in self._open:
                del self._open[number]
                self.answered += 1

    @property
    def lost(self):
        return len(self._open)

    def finish(self):
        """Stops, and waits for what is on its way."""
        self._stopping.set()
        self.join(DEADLINE)
        self._socket.close()
        if self.error:
            raise self.error
