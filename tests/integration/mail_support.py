"""What tests of mail share: an instance that takes mail on every listener, its accounts, what lies in their mailboxes
and in the message log, and clients of SMTP that say exactly what a test wants."""

import base64
import contextlib
import dataclasses
import email
import email.policy
import json
import os
import re
import smtplib
import socket
import ssl
import subprocess
import sys
import unittest
import uuid

from harness import SOURCE, GatepostTest
from processes import DEADLINE, free_port, wait_until
from tls_support import client_context, http_get
from test_certificates import Authority

sys.path.insert(0, str(SOURCE / "tests/support"))
import ledger  # noqa: E402, F401 (for those who import this)

HOST = "mx.mail.example"
DOMAIN = "mail.example"
PASSWORD = "correct horse 9"
# The addresses for mail, by what is spoken on them.
MAIL_LISTENERS = {"mx": "smtp.listen", "submission": "smtp.submission_listen",
                  "submissions": "smtp.submissions_listen", "lmtp": "smtp.lmtp_listen", "metrics": "metrics.listen"}
# The tests are one client that does a lot.
MAIL_SETTINGS = {"smtp.auth_mechanisms": ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN", "OAUTHBEARER"],
                 "tls.server_name": HOST, "dataplane.workers": "2", "connections.per_address": 0,
                 "connections.per_network": 0}
MESSAGES_SQL = """
    SELECT json_build_object('address', a.address, 'mailbox', b.name, 'uid', m.uid, 'modseq', m.modseq,
        'blob', m.blob_id, 'size', m.size, 'segment', m.segment, 'position', m.position, 'message_id', m.message_id,
        'subject', m.subject, 'sender', m.sender, 'uid_next', b.uid_next)
    FROM gatepost.messages m JOIN gatepost.mailboxes b ON b.id = m.mailbox_id
    JOIN gatepost.accounts a ON a.id = b.account_id ORDER BY a.address, b.name, m.uid"""


@dataclasses.dataclass
class StoredMessage:
    """A row of gatepost.messages, with the names of its mailbox and account."""

    address: str
    mailbox: str
    uid: int
    modseq: int
    blob: str
    size: int
    segment: int
    position: int
    message_id: str
    subject: str
    sender: str
    uid_next: int


class MailTest(GatepostTest):
    """Its tests share an instance with every listener of mail."""

    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.maker = cls("setUp")
        GatepostTest.setUp(cls.maker)
        cls.addClassCleanup(cls.maker.doCleanups)
        cls.mail = cls.make_host()
        cls.instance = cls.mail.instance

    @classmethod
    def make_host(cls):
        return MailHost(cls.maker, cls.SETTINGS)

    def setUp(self):
        super().setUp()
        self._logs.append(self.instance.log_path)

    def assert_delivered(self, address, message_id, mailbox="INBOX"):
        return self.mail.wait_message(address, message_id, mailbox)


class MailHost:
    """An instance with a domain and a certificate. `test` owns it."""

    def __init__(self, test, settings=None, **arguments):
        self.ports, listen = {}, {}
        for name, key in MAIL_LISTENERS.items():
            while (port := free_port()) in self.ports.values():
                pass
            self.ports[name] = port
            listen[key] = [f"127.0.0.1@{port}"]
        self.authority = Authority(test.directory)
        self.postgres, self.instance = test.ready_instance(settings=MAIL_SETTINGS | listen | (settings or {}),
                                                           **arguments)
        chain, key = self.authority.issue("mail", [HOST, "localhost"])
        self.instance.cli("cert", "import", HOST, "--chain", str(chain), "--key", str(key))
        self.instance.wait_synced()
        self.chain = chain
        self.add_domain(DOMAIN)

    # ---- what there is

    def add_domain(self, name):
        self.instance.cli("domain", "create", name, "--no-zone")

    def add_user(self, address, *arguments, password=PASSWORD):
        """`password` None: one is generated. The password."""
        if password is None:
            return self.instance.cli_json("user", "add", address, *arguments)["generated_password"]
        self.instance.cli("user", "add", address, "--password-stdin", *arguments, stdin=password + "\n")
        return password

    def add_users(self, count, domain=DOMAIN):
        """u1@ to uCOUNT@, who cannot log in, in one transaction."""
        self.instance.sql(f"""INSERT INTO gatepost.accounts (domain_id, address)
            SELECT d.id, 'u' || i || '@{domain}' FROM gatepost.mail_domains d, generate_series(1, {count}) i
            WHERE d.name = '{domain}'""")
        self.instance.wait_synced()

    def messages(self, address=None, mailbox=None):
        rows = self.instance.sql(MESSAGES_SQL)
        found = [StoredMessage(**json.loads(row)) for row in rows.splitlines()]
        return [one for one in found
                if (address is None or one.address == address) and (mailbox is None or one.mailbox == mailbox)]

    def wait_message(self, address, message_id, mailbox="INBOX"):
        """The only message of that name in the mailbox, once it is there."""
        def look():
            return [one for one in self.messages(address, mailbox) if one.message_id == f"<{message_id}>"]
        found = wait_until(look, f"<{message_id}> is in {mailbox} of {address}")
        if len(found) != 1:
            raise AssertionError(f"<{message_id}> is {len(found)} times in {mailbox} of {address}")
        return found[0]

    def octets(self, message):
        """Of the message, where its row says that they lie."""
        folder = self.instance.state / "messages"
        for suffix in ("seg", "big"):
            path = folder / f"{message.segment:08x}.{suffix}"
            if path.exists():
                with open(path, "rb") as segment:
                    segment.seek(message.position)
                    return segment.read(message.size)
        raise AssertionError(f"no segment {message.segment} in {folder}")

    # ---- ways in

    def smtp(self, role="mx", login=None, host=HOST):
        """Python's client, greeted; over TLS and logged in where the role asks for it."""
        kind = {"submissions": smtplib.SMTP_SSL, "lmtp": smtplib.LMTP}.get(role, smtplib.SMTP)
        options = {"context": client_context(), "timeout": DEADLINE} if role == "submissions" else {}
        # Without a name of ours Python asks DNS for one.
        client = kind("127.0.0.1", self.ports[role], local_hostname="client.example.net", **options)
        client.ehlo("client.example.net")
        if role == "submission":
            client.starttls(context=client_context(self.authority) if host == "localhost" else client_context())
            client.ehlo("client.example.net")
        if login:
            client.login(*login)
        return client

    def raw(self, role="mx", source="127.0.0.1"):
        return RawSmtp(self.ports[role], source)

    def login_reply(self, user, password, source="127.0.0.1"):
        """Of AUTH PLAIN under TLS, on a connection of its own."""
        with self.raw("submissions", source) as client:
            client.wrap()
            client.open()
            return client.log_in(user, password)

    def metrics(self):
        return http_get(self.ports["metrics"], "/metrics").text

    def load(self, *arguments, target="mx", code=0):
        """The report of gatepost-load."""
        done = subprocess.run(self.load_command(*arguments, target=target), capture_output=True, text=True,
                              timeout=DEADLINE * 2, check=False)
        if done.returncode != code:
            raise AssertionError(f"gatepost-load: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout else None

    def load_command(self, *arguments, target="mx"):
        program = os.environ.get("GATEPOST_LOAD")
        if not program:
            raise unittest.SkipTest("GATEPOST_LOAD does not name the built program")
        return [program, "smtp", f"127.0.0.1:{self.ports[target]}", "--json", "-", "--quiet",
                *map(str, arguments)]


class SmtpReply:
    """The lines of a reply without their codes."""

    def __init__(self, code, lines):
        self.code = code
        self.lines = lines

    @property
    def enhanced(self):
        """RFC 2034 §4; "": there is none."""
        found = re.match(r"[245]\.\d{1,3}\.\d{1,3} ", self.lines[-1] + " ")
        return found.group().strip() if found else ""

    @property
    def status(self):
        return f"{self.code} {self.enhanced}".strip()

    def __repr__(self):
        return "\n".join(f"{self.code} {line}" for line in self.lines)


class ConnectionGone(Exception):
    """The server has ended the connection instead of a reply."""


class RawSmtp:
    """A client that says exactly what it is told to, octet for octet."""

    def __init__(self, port, source="127.0.0.1", timeout=DEADLINE):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=(source, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def set_timeout(self, seconds):
        self._socket.settimeout(seconds)

    def send(self, octets):
        self._socket.sendall(octets)

    def _line(self):
        while b"\n" not in self._received:
            try:
                octets = self._socket.recv(65536)
            except (ConnectionError, ssl.SSLError) as error:
                raise ConnectionGone(str(error)) from None
            if not octets:
                raise ConnectionGone(f"after {self._received!r}")
            self._received += octets
        line, _, self._received = self._received.partition(b"\n")
        return line.removesuffix(b"\r").decode()

    def reply(self):
        lines = []
        while True:
            line = self._line()
            if not re.match(r"\d{3}[ -]", line):
                raise AssertionError(f"no line of a reply: {line!r}")
            lines.append(line[4:])
            if line[3] == " ":
                return SmtpReply(int(line[:3]), lines)

    def greeting(self):
        return self.reply()

    def say(self, line):
        """A command's reply. Text becomes a line, octets are sent as they are."""
        self.send(line.encode() + b"\r\n" if isinstance(line, str) else line)
        return self.reply()

    def expect(self, line, status):
        """The same, for replies of that code only: 250, or "250 2.1.5"."""
        reply = self.say(line)
        if str(status) not in (reply.status, str(reply.code)):
            raise AssertionError(f"{line!r}: {reply!r}, not {status}")
        return reply

    def open(self, hello="EHLO client.example.net"):
        """Through greeting and hello."""
        greeting = self.greeting()
        if greeting.code != 220:
            raise AssertionError(repr(greeting))
        return self.expect(hello, 250)

    def begin(self, recipient, sender="sender@example.net", parameters=""):
        """Up to where DATA or BDAT comes next."""
        self.expect(f"MAIL FROM:<{sender}>{parameters}", 250)
        self.expect(f"RCPT TO:<{recipient}>", 250)

    def message(self, recipient, content, sender="sender@example.net"):
        """A message as it is, with its end; the reply to it."""
        self.begin(recipient, sender)
        self.expect("DATA", 354)
        return self.say(content + b".\r\n")

    def starttls(self, context=None):
        self.expect("STARTTLS", 220)
        self.wrap(context)

    def wrap(self, context=None):
        self._socket = (context or client_context()).wrap_socket(self._socket, server_hostname=HOST)

    def log_in(self, user, password):
        """AUTH PLAIN (RFC 4616)."""
        secret = base64.b64encode(b"\0" + user.encode() + b"\0" + password.encode()).decode()
        return self.say(f"AUTH PLAIN {secret}")

    def wait_end(self):
        """What still came until the server ended the connection."""
        octets, self._received = self._received, b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while piece := self._socket.recv(65536):
                octets += piece
        return octets


def new_id():
    """Of a message."""
    return f"{uuid.uuid4()}@client.example.net"


def content(message_id, body="Hello", subject="Greetings", sender="sender@example.net"):
    """The octets of a message, its last line's end included."""
    return (f"From: {sender}\r\nTo: somebody@example.net\r\nSubject: {subject}\r\nMessage-ID: <{message_id}>\r\n"
            f"Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n{body}\r\n").encode()


TRACE_FIELD = re.compile(rb"(?:(?:Return-Path|X-Gatepost-Filter|Authentication-Results|Received|Date|Message-ID): "
                         rb"[^\r\n]*\r\n(?:[\t ][^\r\n]*\r\n)*)*")


def trace_fields(octets, sent):
    """What the server has put in front of `sent`, which must follow it octet for octet: fields by their names."""
    if not octets.endswith(sent):
        raise AssertionError(f"{octets[:4096]!r} does not end with {sent[:4096]!r}")
    prefix = octets[:len(octets) - len(sent)]
    if not TRACE_FIELD.fullmatch(prefix):
        raise AssertionError(f"no trace fields: {prefix!r}")
    return email.message_from_bytes(prefix, policy=email.policy.compat32)
