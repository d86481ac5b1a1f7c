"""What tests of IMAP share: an instance that serves it, and a client that says exactly what a test wants and takes
apart what it hears."""

import base64
import dataclasses
import re
import socket

from mail_support import HOST, PASSWORD, MailHost, MailTest, content, new_id
from processes import DEADLINE, free_port, wait_until
from tls_support import client_context

NUMBERED = ("EXISTS", "RECENT", "EXPUNGE", "FETCH")
STATES = ("OK", "NO", "BAD", "BYE", "PREAUTH")
SPECIAL_USES = {"\\Sent", "\\Drafts", "\\Junk", "\\Trash", "\\Archive"}
CHUNK = 65536


class Ended(Exception):
    """The server has ended the connection instead of an answer."""


class Words:
    """Takes a response apart: atoms are text, strings octets, NIL None, lists lists."""

    def __init__(self, octets):
        self._octets = octets
        self._at = 0

    def rest(self):
        return self._octets[self._at:].decode(errors="replace")

    def skip(self, octet):
        found = self._octets[self._at:self._at + 1] == octet
        self._at += found
        return found

    def code(self):
        """[…] of a status response, its brackets apart."""
        end = self._octets.index(b"]", self._at)
        text = self._octets[self._at + 1:end].decode()
        self._at = min(end + 2, len(self._octets))
        return text

    def _string(self):
        out, at = bytearray(), self._at + 1
        while self._octets[at:at + 1] != b'"':
            at += self._octets[at:at + 1] == b"\\"
            out += self._octets[at:at + 1]
            at += 1
            if at >= len(self._octets):
                raise AssertionError(f"a string without its end: {self._octets!r}")
        self._at = at + 1
        return bytes(out)

    def _literal(self):
        head = re.compile(rb"~?\{(\d+)\}\r\n").match(self._octets, self._at)
        begin = head.end()
        self._at = begin + int(head.group(1))
        return self._octets[begin:self._at]

    def _atom(self):
        # BODY[HEADER.FIELDS (From "To")]<0>: brackets may hold anything.
        found = re.compile(rb'(?:\[[^\]]*\]|[^\s()\["])+|\[').match(self._octets, self._at)
        if not found:
            raise AssertionError(f"no word at {self._at} of {self._octets!r}")
        self._at = found.end()
        text = found.group().decode(errors="surrogateescape")
        return None if text.upper() == "NIL" else text

    def next(self):
        octet = self._octets[self._at:self._at + 1]
        if octet == b"(":
            self._at += 1
            return self.until(b")")
        if octet == b'"':
            return self._string()
        if re.compile(rb"~?\{\d+\}\r\n").match(self._octets, self._at):
            return self._literal()
        return self._atom()

    def until(self, end=b""):
        found = []
        while True:
            while self.skip(b" "):
                pass
            if end and self.skip(end):
                return found
            if self._at >= len(self._octets):
                if end:
                    raise AssertionError(f"a list without its end: {self._octets!r}")
                return found
            found.append(self.next())


@dataclasses.dataclass
class Answer:
    """Of a command: the tagged line, and what came before it."""

    status: str  # OK, NO or BAD
    code: str  # what stands in brackets; "": there is none
    text: str
    data: list  # the untagged responses, each a list of its words

    def of(self, name):
        """The words after that name, of each such response."""
        return [words[2:] if words[0] != name else words[1:] for words in self.data if kind_of(words) == name]

    def numbers(self, name):
        """Those in front of EXISTS, EXPUNGE, FETCH …"""
        return [int(words[0]) for words in self.data if kind_of(words) == name]

    def codes(self):
        """Those of untagged status responses."""
        return [words[1] for words in self.data if kind_of(words) in STATES and words[1]]

    def fetched(self):
        """{sequence number or UID: {item: value}}, of all that was told of a message."""
        found = {}
        for words in self.data:
            if kind_of(words) in ("FETCH", "UIDFETCH"):
                pairs = iter(words[2])
                found.setdefault(int(words[0]), {}).update(zip(map(str.upper, pairs), pairs))
        return found

    def searched(self):
        """The numbers that SEARCH or SORT told."""
        return [int(word) for words in self.data if kind_of(words) in ("SEARCH", "SORT") for word in words[1:]
                if isinstance(word, str)]

    def __repr__(self):
        return f"{self.status} [{self.code}] {self.text} after {self.data}"


def kind_of(words):
    if not words:
        return ""
    if isinstance(words[0], str) and words[0].isdigit() and len(words) > 1:
        return str(words[1]).upper()
    return str(words[0]).upper()


class ImapClient:
    """Octet for octet what a test wants; `connection` is a socket that has been connected."""

    def __init__(self, connection):
        self.socket = connection
        self._received = bytearray()
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets)

    def _more(self):
        try:
            octets = self.socket.recv(CHUNK)
        except ConnectionError as error:
            raise Ended(str(error)) from None
        if not octets:
            raise Ended(f"after {bytes(self._received[-200:])!r}")
        self._received += octets

    def _take(self, size):
        while len(self._received) < size:
            self._more()
        octets = bytes(self._received[:size])
        del self._received[:size]
        return octets

    def _line(self):
        at = 0
        while (end := self._received.find(b"\n", at)) < 0:
            at = len(self._received)
            self._more()
        return self._take(end + 1)

    def raw_response(self):
        """The octets of one, literals included, without the last line end."""
        out = self._line()
        while head := re.search(rb"\{(\d+)\}\r\n\Z", out):
            out += self._take(int(head.group(1))) + self._line()
        if not out.endswith(b"\r\n"):
            raise AssertionError(f"no line end: {out[-100:]!r}")
        return out[:-2]

    def response(self):
        """(tag, words): of a status response [status, code, text], of a continuation [text]."""
        octets = self.raw_response()
        tag, _, rest = octets.partition(b" ")
        if tag == b"+":
            return "+", [rest.decode(errors="replace")]
        status = rest.partition(b" ")[0].decode(errors="replace").upper()
        if status in STATES:
            words = Words(rest[len(status) + 1:])
            code = words.code() if rest[len(status) + 1:].startswith(b"[") else ""
            return tag.decode(), [status, code, words.rest()]
        return tag.decode(), Words(rest).until()

    def greeting(self):
        return self.response()[1]

    def begin(self, command):
        """Says it (text or octets, without tag and line end), and gives its tag."""
        self._count += 1
        tag = f"t{self._count}"
        octets = command if isinstance(command, bytes) else command.encode()
        self.send(tag.encode() + b" " + octets + b"\r\n")
        return tag

    def finish(self, tag):
        data = []
        while True:
            told, words = self.response()
            if told == tag:
                return Answer(words[0], words[1], words[2], data)
            if told == "*":
                data.append(words)
            elif told != "+":
                raise AssertionError(f"a line for {told!r} while {tag} is awaited: {words}")

    def say(self, command):
        return self.finish(self.begin(command))

    def ok(self, command):
        """The same, for what must succeed."""
        answer = self.say(command)
        if answer.status != "OK":
            raise AssertionError(f"{command[:200]!r}: {answer!r}")
        return answer

    def append(self, mailbox, message, flags="", date=""):
        """The answer; the message goes as a literal that does not wait."""
        head = f"APPEND {quoted(mailbox)} " + (f"({flags}) " if flags else "") + (f'"{date}" ' if date else "")
        return self.say(head.encode() + b"{%d+}\r\n%b" % (len(message), message))

    def wait_continuation(self):
        told, words = self.response()
        if told != "+":
            raise AssertionError(f"no continuation: {told} {words}")
        return words[0]

    def idle(self):
        """The tag with which it ends."""
        tag = self.begin("IDLE")
        self.wait_continuation()
        return tag

    def idle_until(self, kind):
        """What is told up to the first response of that kind, with it."""
        data = []
        while not data or kind_of(data[-1]) != kind:
            told, words = self.response()
            if told != "*":
                raise AssertionError(f"{told} {words} in IDLE")
            data.append(words)
        return data

    def done(self, tag):
        self.send(b"DONE\r\n")
        return self.finish(tag)

    def wrap(self, context=None):
        self.socket = (context or client_context()).wrap_socket(self.socket, server_hostname=HOST)

    def log_in(self, user, password=PASSWORD):
        return self.say(f"LOGIN {user} {quoted(password)}")

    def until(self, command, predicate, what):
        """Says it again and again until what comes fits; the untagged responses of all that, then."""
        seen = []

        def look():
            answer = self.ok(command)
            seen.extend(answer.data)
            return predicate(answer)
        wait_until(look, what)
        return seen


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(user, password):
    return base64.b64encode(b"\0" + user.encode() + b"\0" + password.encode()).decode()


class ImapHost(MailHost):
    """A host of mail with both listeners of IMAP."""

    def __init__(self, test, settings=None, **arguments):
        imap, imaps = free_port(), free_port()
        listen = {"imap.listen": [f"127.0.0.1@{imap}"], "imap.tls_listen": [f"127.0.0.1@{imaps}"]}
        super().__init__(test, listen | (settings or {}), **arguments)
        self.ports |= {"imap": imap, "imaps": imaps}

    def connect(self, role="imaps", source="127.0.0.1", receive_buffer=None):
        """A client that has not read the greeting yet."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(DEADLINE)
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", self.ports[role]))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = ImapClient(connection)
        if role == "imaps":
            client.wrap()
        return client

    def imap(self, user, mailbox=None, password=PASSWORD, enable="", **arguments):
        """A client that has logged in, and selected the mailbox if there is one."""
        client = self.connect(**arguments)
        greeting = client.greeting()
        if greeting[0] != "OK":
            raise AssertionError(f"the greeting: {greeting}")
        answer = client.log_in(user, password)
        if answer.status != "OK":
            raise AssertionError(f"LOGIN {user}: {answer!r}")
        if enable:
            client.ok(f"ENABLE {enable}")
        if mailbox:
            client.ok(f"SELECT {quoted(mailbox)}")
        return client


class ImapTest(MailTest):
    """Its tests share an instance with every listener of mail and IMAP."""

    @classmethod
    def make_host(cls):
        return ImapHost(cls.maker, cls.SETTINGS)

    def imap(self, user, mailbox=None, **arguments):
        """A client for this test."""
        client = self.mail.imap(user, mailbox, **arguments)
        self.addCleanup(client.close)
        return client

    def deliver(self, address, message_id=None, **fields):
        message_id = message_id or new_id()
        with self.mail.raw() as client:
            client.open()
            reply = client.message(address, content(message_id, **fields))
        self.assertEqual(reply.code, 250, repr(reply))
        return message_id

    def empty(self, address):
        """An account without a message, and without mailboxes of a test before."""
        client = self.imap(address)
        for words in client.ok('LIST "" * RETURN (SPECIAL-USE)').of("LIST"):
            name = words[2].decode()
            if name == "INBOX" or SPECIAL_USES & set(words[0]):
                client.ok(f"SELECT {quoted(name)}")
                if client.ok("SEARCH ALL").searched():
                    client.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
                    client.ok("EXPUNGE")
                client.ok("UNSELECT")
            elif "\\NonExistent" not in words[0]:
                client.ok(f"DELETE {quoted(name)}")
        return client
