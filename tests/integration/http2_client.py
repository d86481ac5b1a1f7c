"""HTTP/2 by the frame (RFC 9113), for clients that behave as no library would let them."""

import socket
import ssl
import struct
from dataclasses import dataclass

from processes import DEADLINE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW = 1, 2, 3, 4
# Errors, RFC 9113 §7.
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR = 0, 1, 3, 5, 6
REFUSED_STREAM, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 7, 9, 11


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """`length`: what the header says, where that is not the truth."""
    length = len(payload) if length is None else length
    return struct.pack("!I", length)[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack("!HI", *pair) for pair in pairs))


def _integer(value, bits, first=0):
    """RFC 7541 §5.1."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytes([first | most]), value - most
    while value >= 128:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def literal(name, value, indexed=False):
    """A header as RFC 7541 §6.2 spells it; `indexed`: to be kept in the dynamic table."""
    out = bytes([0x40 if indexed else 0])
    for text in (name, value):
        octets = text.encode() if isinstance(text, str) else text
        out += _integer(len(octets), 7) + octets
    return out


def indexed(index):
    """A reference to a table; the dynamic one begins with 62."""
    return _integer(index, 7, 0x80)


def request(path="/healthz", method="GET", authority="a.example", scheme="https", more=b""):
    """The header block of a request."""
    return (literal(":method", method) + literal(":scheme", scheme) + literal(":path", path) +
            literal(":authority", authority) + more)


@dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def error(self):
        """Of RST_STREAM and GOAWAY."""
        return struct.unpack_from("!I", self.payload, 0 if self.kind == RST_STREAM else 4)[0]


_STATUS_INDEXED = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}


class Http2Client:
    """On a connected socket, plain or TLS. Says the preface unless told not to."""

    def __init__(self, connection, first=None):
        self.socket = connection
        self.frames = []  # all that came
        self.ended = False
        self._buffer = b""
        self.send(PREFACE + settings() if first is None else first)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        """False: the server has ended the connection."""
        try:
            self.socket.settimeout(DEADLINE)
            self.socket.sendall(octets)
            return True
        except (ConnectionError, ssl.SSLError):
            self.ended = True
            return False

    def _take(self, octets):
        self._buffer += octets
        while len(self._buffer) >= 9:
            length = int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < 9 + length:
                return
            kind, flags, stream = struct.unpack_from("!BBI", self._buffer, 3)
            self.frames.append(Frame(kind, flags, stream & 0x7FFFFFFF, self._buffer[9:9 + length]))
            self._buffer = self._buffer[9 + length:]

    def read(self, timeout=DEADLINE):
        """What has come, at least something; False: nothing did in time, or it has ended."""
        self.socket.settimeout(timeout)
        try:
            octets = self.socket.recv(65536)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return False
        except (ConnectionError, ssl.SSLError):
            octets = b""
        if not octets:
            self.ended = True
            return False
        self._take(octets)
        return True

    def poll(self):
        """What has come already."""
        while not self.ended and self.read(0):
            pass

    def find(self, kind, stream=None):
        return next((each for each in self.frames if each.kind == kind and stream in (None, each.stream)), None)

    def wait(self, kind, stream=None):
        """The first frame of a kind, and of a stream."""
        while not self.ended and not self.find(kind, stream):
            if not self.read() and not self.ended:
                raise AssertionError(f"no frame {kind} came; these did: {self.frames}")
        found = self.find(kind, stream)
        if not found:
            raise AssertionError(f"the connection ended without a frame {kind}; these came: {self.frames}")
        return found

    def wait_end(self):
        """Until the server has ended it; the error of its GOAWAY, or None."""
        while not self.ended:
            if not self.read() and not self.ended:
                raise AssertionError("the server has not ended the connection")
        goaway = [each for each in self.frames if each.kind == GOAWAY]
        return goaway[-1].error if goaway else None

    def status(self, stream=1):
        """Of a response, where it is the first that says so on this connection."""
        block = self.wait(HEADERS, stream).payload
        while block[0] & 0xE0 == 0x20:  # a new size of the table (RFC 7541 §6.3)
            at = 1
            if block[0] & 0x1F == 0x1F:
                while block[at] & 0x80:
                    at += 1
                at += 1
            block = block[at:]
        if block[0] in _STATUS_INDEXED:
            return _STATUS_INDEXED[block[0]]
        length = block[1]
        if length & 0x80:
            raise AssertionError(f"a status in Huffman's code: {block[:8].hex()}")
        return int(block[2:2 + length])


def connect(port, **options):
    return Http2Client(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE), **options)
