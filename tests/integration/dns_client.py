"""A small DNS client for tests: UDP and TCP, IPv4 and IPv6, one query at a time or many under way."""

import selectors
import socket
import struct
import time

from dns_message import BadReply, make_query, parse_reply

TIMEOUT = 30.0  # seconds: a busy machine may keep the server, or us, from running for some


class NoReply(Exception):
    """Nothing came in time."""


def _family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class TcpConnection:
    """RFC 7766: several queries may be under way at once."""

    def __init__(self, host, port, timeout=TIMEOUT):
        self._socket = socket.create_connection((host, port), timeout=timeout)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def send(self, *queries):
        self.send_raw(b"".join(struct.pack("!H", len(query)) + query for query in queries))

    def send_raw(self, octets):
        self._socket.sendall(octets)

    def receive(self):
        while True:
            if len(self._buffer) >= 2:
                length = struct.unpack_from("!H", self._buffer)[0]
                if len(self._buffer) >= 2 + length:
                    message = self._buffer[2:2 + length]
                    self._buffer = self._buffer[2 + length:]
                    return message
            try:
                piece = self._socket.recv(65536)
            except TimeoutError as error:
                raise NoReply("no reply over TCP") from error
            if not piece:
                raise NoReply("the connection was closed")
            self._buffer += piece

    def ask(self, query):
        self.send(query)
        return _checked(query, self.receive())


def _checked(query, message):
    reply = parse_reply(message)
    if reply.id != struct.unpack_from("!H", query)[0] or "qr" not in reply.flags.split():
        raise BadReply("not a reply to this query")
    return reply


class UdpSocket:
    """Asks one query at a time from one source port, so that one worker of the server answers them all."""

    def __init__(self, host, port):
        self._socket = socket.socket(_family(host), socket.SOCK_DGRAM)
        self._socket.connect((host, port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def _send(self, query, deadline):
        while True:
            try:
                self._socket.send(query)
                return
            except ConnectionRefusedError:  # the error was that of an earlier datagram
                if time.monotonic() > deadline:
                    raise NoReply("nobody listens") from None

    def ask(self, query, timeout=TIMEOUT):
        """The reply to `query`; late ones to earlier queries are passed over."""
        deadline = time.monotonic() + timeout
        self._send(query, deadline)
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                message = self._socket.recv(65535)
            except TimeoutError:
                break
            except ConnectionRefusedError:
                raise NoReply("nobody listens") from None
            if message[:2] == query[:2]:
                return _checked(query, message)
        raise NoReply(f"no reply within {timeout} s")


class Client:
    """One server at one address."""

    def __init__(self, host, port):
        self.host = host
        self.port = port

    def ask(self, name, type_name="A", *, tcp=False, timeout=TIMEOUT, **query):
        return self.ask_raw(make_query(name, type_name, **query), tcp=tcp, timeout=timeout)

    def ask_raw(self, message, *, tcp=False, timeout=TIMEOUT):
        if tcp:
            with TcpConnection(self.host, self.port, timeout) as connection:
                return connection.ask(message)
        with UdpSocket(self.host, self.port) as udp:
            return udp.ask(message, timeout)

    def ask_many(self, queries, *, window=64, timeout=TIMEOUT, tries=3):
        """Replies to (name, type, options) triples over UDP, in their order, `window` of them under way at
        once; a query without a reply is asked again, for a full socket buffer may drop a datagram."""
        messages = [make_query(name, type_name, ident=index & 0xFFFF, **options)
                    for index, (name, type_name, options) in enumerate(queries)]
        replies = [None] * len(messages)
        waiting = list(range(len(messages)))
        for _ in range(tries):
            waiting = self._ask_round(messages, replies, waiting, window, timeout)
            if not waiting:
                return replies
        name, type_name, _ = queries[waiting[0]]
        raise NoReply(f"{len(waiting)} of {len(queries)} queries had no reply, the first {name} {type_name}")

    def _ask_round(self, messages, replies, wanted, window, timeout):
        with socket.socket(_family(self.host), socket.SOCK_DGRAM) as udp, selectors.DefaultSelector() as selector:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            udp.connect((self.host, self.port))
            udp.setblocking(False)
            selector.register(udp, selectors.EVENT_READ)
            under_way, rest, last = {}, iter(wanted), time.monotonic()
            exhausted = False
            while time.monotonic() - last < timeout / 4:
                while len(under_way) < window and not exhausted:
                    index = next(rest, None)
                    if index is None:
                        exhausted = True
                    else:
                        under_way[messages[index][:2]] = index
                        udp.send(messages[index])
                if not under_way:
                    break
                if not selector.select(timeout / 40):
                    continue
                try:
                    message = udp.recv(65535)
                except BlockingIOError:
                    continue
                index = under_way.pop(message[:2], None)
                if index is not None:
                    replies[index] = _checked(messages[index], message)
                    last = time.monotonic()
            return [index for index in wanted if replies[index] is None]
