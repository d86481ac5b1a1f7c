"""A small server of SMTP and LMTP for tests of clients: it keeps what it takes, and can be told to misbehave."""

import base64
import pathlib
import re
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: list  # those that were accepted
    content: bytes
    user: str  # "": nobody logged in


@dataclass
class Behaviour:
    """What a sink does. The functions give a reply, or None for the ordinary one."""

    lmtp: bool = False
    extensions: tuple = ("PIPELINING", "8BITMIME", "SIZE 100000000", "CHUNKING")
    tls: ssl.SSLContext = None
    implicit_tls: bool = False
    users: dict = field(default_factory=dict)  # name → password; empty: nobody has to log in
    greeting: str = "220 sink.test ready"
    on_recipient: callable = lambda address: None
    # To each recipient of LMTP, to the message of SMTP (recipient is then None).
    on_content: callable = lambda content, recipient: None
    # "kept", "lost": what becomes of that content; the connection ends without a reply. None: it does not.
    drops: callable = lambda number: None


class Ended(Exception):
    """The client has closed the connection."""


class Session(socketserver.BaseRequestHandler):
    def setup(self):
        self.sink = self.server.sink
        if self.request.family == socket.AF_INET:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.behaviour = self.sink.behaviour
        self.buffer = b""
        self.user = ""
        self.secured = False
        self.forget()

    def forget(self):
        self.sender, self.recipients, self.chunks = None, [], []

    def handle(self):
        self.sink.count_session()
        try:
            if self.behaviour.implicit_tls:
                self.secure()
            self.say(self.behaviour.greeting)
            while self.serve(self.line()):
                pass
        except (Ended, OSError):
            pass

    def secure(self):
        self.request = self.behaviour.tls.wrap_socket(self.request, server_side=True)
        self.buffer, self.secured = b"", True

    def fill(self):
        more = self.request.recv(65536)
        if not more:
            raise Ended
        self.buffer += more
        return more

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode("ascii")

    def octets(self, count):
        while len(self.buffer) < count:
            self.fill()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def say(self, *lines):
        self.request.sendall("".join(f"{line}\r\n" for line in lines).encode("ascii"))

    def serve(self, line):
        """False: the session is over."""
        verb = line.split(" ")[0].upper()
        # A group of commands arrives as one: more is there than this line.
        if verb == "MAIL" and self.buffer:
            self.sink.pipelined += 1
        command = getattr(self, f"do_{verb.lower()}", None)
        if command is None:
            self.say("500 what?")
            return True
        return command(line) is not False

    def do_ehlo(self, line):
        if self.behaviour.lmtp:
            return self.say("500 LHLO is what LMTP has")
        return self.hello(line)

    def do_lhlo(self, line):
        return self.hello(line)

    def hello(self, _):
        extensions = list(self.behaviour.extensions)
        if self.behaviour.tls and not self.secured:
            extensions.append("STARTTLS")
        if self.behaviour.users:
            extensions.append("AUTH PLAIN")
        lines = ["sink.test", *extensions]
        self.say(*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}")

    def do_starttls(self, _):
        self.say("220 go on")
        self.secure()

    def do_auth(self, line):
        _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        if self.behaviour.users.get(user) != password:
            return self.say("535 5.7.8 no")
        self.user = user
        return self.say("235 2.7.0 welcome")

    def do_mail(self, line):
        if self.behaviour.users and not self.user:
            return self.say("530 5.7.0 log in first")
        self.forget()
        self.sender = re.match(r"MAIL FROM:<([^>]*)>", line).group(1)
        return self.say("250 ok")

    def do_rcpt(self, line):
        address = re.match(r"RCPT TO:<([^>]*)>", line).group(1)
        reply = "503 MAIL first" if self.sender is None else self.behaviour.on_recipient(address)
        if reply is None:
            self.recipients.append(address)
        return self.say(reply or "250 ok")

    def do_data(self, _):
        if not self.recipients:
            return self.say("503 nobody to send to")
        self.say("354 go on")
        lines = []
        while (line := self.line()) != ".":
            lines.append(line.removeprefix("."))
        return self.take("".join(f"{line}\r\n" for line in lines).encode("ascii"))

    def do_bdat(self, line):
        words = line.split(" ")
        self.chunks.append(self.octets(int(words[1])))
        if not self.recipients:
            return self.say("503 nobody to send to")
        if words[-1].upper() != "LAST":
            return self.say("250 ok")
        return self.take(b"".join(self.chunks))

    def take(self, content):
        number = self.sink.next_number()
        asked = self.recipients if self.behaviour.lmtp else [None]
        replies = [self.behaviour.on_content(content, recipient) for recipient in asked]
        taken = self.recipients if not self.behaviour.lmtp else [
            recipient for recipient, reply in zip(asked, replies) if reply is None]
        dropped = self.behaviour.drops(number)
        if taken and (self.behaviour.lmtp or replies[0] is None) and dropped != "lost":
            self.sink.keep(Received(self.sender, list(taken), content, self.user))
        self.forget()
        if dropped:
            return False
        self.say(*(reply or "250 ok" for reply in replies))
        return True

    def do_rset(self, _):
        self.forget()
        self.say("250 ok")

    def do_quit(self, _):
        self.sink.quits += 1
        self.say("221 bye")
        return False


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        self.sink.errors.append(client_address)


class _UnixServer(_TcpServer):
    address_family = socket.AF_UNIX


class SmtpSink:
    """`address`: where it listens, as a client is to be told: 127.0.0.1 with a free port, or `path`."""

    def __init__(self, behaviour=None, path=None):
        self.behaviour = behaviour or Behaviour()
        self.received = []
        self.sessions = self.pipelined = self.quits = self._contents = 0
        self.errors = []
        self._lock = threading.Lock()
        self._server = _UnixServer(str(path), Session) if path else _TcpServer(("127.0.0.1", 0), Session)
        self._server.sink = self
        self.address = str(path) if path else f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def count_session(self):
        with self._lock:
            self.sessions += 1

    def next_number(self):
        with self._lock:
            self._contents += 1
            return self._contents

    def keep(self, received):
        with self._lock:
            self.received.append(received)

    def file_into(self, folder):
        """What was taken, as a Maildir for each recipient."""
        for number, one in enumerate(self.received):
            for recipient in one.recipients:
                new = pathlib.Path(folder) / recipient.partition("@")[0] / "Maildir/new"
                new.mkdir(parents=True, exist_ok=True)
                (new / f"{number}.sink").write_bytes(one.content)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
