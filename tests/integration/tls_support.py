"""What tests of streams share: one running instance for a class, and clients over TLS, raw where it matters."""

import functools
import hashlib
import http.client
import shutil
import socket
import ssl
import struct
import subprocess
import unittest

from dns_client import TcpConnection
from dns_message import make_query
from harness import GatepostTest
from instance import program
from processes import DEADLINE, free_port, wait_until
from test_certificates import Authority

ZONE = "streams.example."
NAME = f"www.{ZONE}"
ADDRESS = "192.0.2.1"
HOST = "ns.streams.example"  # the server's own name
# The addresses for connections, by what is spoken on them.
LISTENERS = {"dot": "dns.tls_listen", "https": "http.https_listen", "http": "http.listen",
             "metrics": "metrics.listen"}


def tool(name):
    """A client from elsewhere; the test is skipped where it is not installed."""
    path = shutil.which(name)
    if not path:
        raise unittest.SkipTest(f"{name} is not installed")
    return path


def run_tool(name, *arguments, stdin="", timeout=DEADLINE):
    """What it printed, both of its outputs, and its exit code."""
    done = subprocess.run([tool(name), *map(str, arguments)], input=stdin, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
    return done.stdout, done.returncode


class StreamTest(GatepostTest):
    """Its tests share an instance with every listener, and a CA whose certificates are imported as needed."""

    SETTINGS = {}
    WORKERS = "2"

    @classmethod
    def setUpClass(cls):
        cls.maker = cls("setUp")
        GatepostTest.setUp(cls.maker)
        cls.addClassCleanup(cls.maker.doCleanups)
        cls.authority = Authority(cls.maker.directory)
        cls.ports, listen = {}, {}
        for name, key in LISTENERS.items():
            while (port := free_port()) in cls.ports.values():
                pass
            cls.ports[name] = port
            listen[key] = [f"127.0.0.1@{port}"]
        cls.postgres, cls.instance = cls.maker.ready_instance(
            settings=listen | {"tls.server_name": HOST, "dataplane.workers": cls.WORKERS} | cls.SETTINGS)
        cls.ports["dns"] = cls.instance.port
        cls.maker.import_zone(cls.instance, ZONE, [f"www A {ADDRESS}", "www AAAA 2001:db8::1", "brief 7 A 192.0.2.7",
                                                   'long TXT ' + " ".join('"' + "x" * 200 + '"' for _ in range(9))])
        cls.import_certificate("server", [HOST, "localhost"])

    def setUp(self):
        super().setUp()
        self._logs.append(self.instance.log_path)

    @classmethod
    def import_certificate(cls, stem, names, *arguments, **how):
        """Issued by our CA for `names`, imported for the first of them; the paths of its chain and key."""
        chain, key = cls.authority.issue(stem, names, **how)
        done = cls.instance.cli("cert", "import", names[0], "--chain", str(chain), "--key", str(key), *arguments,
                                check=False)
        if done.returncode not in (0, 8):  # 8: with warnings
            raise AssertionError(done.stderr)
        return chain, key

    def streams(self, status=None):
        """The counters of all workers together."""
        total = {}
        for worker in (status or self.instance.status())["dataplane"]["workers"]:
            add_counters(total, worker["streams"])
        return total

    def ended(self, reason):
        return self.streams()["ends"].get(reason, 0)

    def wait_quiet(self):
        """Until no connection is open and nothing is kept for one."""
        def quiet(status):
            streams = self.streams(status)
            return streams["open"] == 0 and streams["buffers_bytes"] == 0
        return self.instance.wait_status(quiet, "all connections have ended and their memory is free")

    def dot(self, server_name=HOST, **options):
        return DotConnection(self.ports["dot"], client_context(self.authority, **options), server_name)

    def assert_serves(self):
        """In the same process as ever, over everything."""
        self.assertEqual(self.instance.client().ask(NAME).values("A"), [ADDRESS])
        self.assertEqual(self.instance.client().ask(NAME, tcp=True).values("A"), [ADDRESS])
        with self.dot() as connection:
            self.assertEqual(connection.ask_name(NAME).values("A"), [ADDRESS])
        for name in ("https", "http", "metrics"):
            tls = client_context(self.authority) if name == "https" else None
            self.assertIn(http_get(self.ports[name], "/healthz", tls=tls).status, (200, 308))
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 1)

    def assert_bounded(self, before, most):
        """The dataplane has not grown by more octets than that since memory() was `before`."""
        if not is_sanitized():
            self.assertLess(self.memory() - before, most)

    def memory(self):
        """Of the dataplane, resident, in octets."""
        with open(f"/proc/{self.instance.process('gatepost-dataplane')}/status", encoding="utf-8") as about:
            return next(int(line.split()[1]) << 10 for line in about if line.startswith("VmRSS:"))


@functools.cache
def is_sanitized():
    """Whether the dataplane keeps what it has freed, to find out who uses it afterwards."""
    return b"__asan_init" in program("gatepost-dataplane").read_bytes()


def add_counters(total, counters):
    for name, value in counters.items():
        if isinstance(value, dict):
            add_counters(total.setdefault(name, {}), value)
        else:
            total[name] = total.get(name, 0) + value


def client_context(authority=None, alpn=(), low=None, high=None, ciphers=None):
    """Verifies the chain and the name where there is an authority to verify them with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        context.load_verify_locations(str(authority.certificate))
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if ciphers:
        context.set_ciphers(ciphers)
    # Of OpenSSL itself: no level, so that old versions are offered where a test wants it.
    if low:
        context.minimum_version = low
    if high:
        context.maximum_version = high
    return context


def tcp_connect(port, source="127.0.0.1", receive_buffer=None, timeout=DEADLINE):
    raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        raw.settimeout(timeout)
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.bind((source, 0))
        raw.connect(("127.0.0.1", port))
    except BaseException:
        raw.close()
        raise
    return raw


def tls_connect(port, context, server_name=HOST, timeout=DEADLINE):
    raw = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    try:
        return context.wrap_socket(raw, server_hostname=server_name)
    except BaseException:
        raw.close()
        raise


def leaf_of(path):
    """The fingerprint of the first certificate of a PEM file."""
    text = path.read_text() if hasattr(path, "read_text") else path
    end = "-----END CERTIFICATE-----\n"
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[:text.index(end) + len(end)])).hexdigest()


def fingerprint_seen(port, server_name=HOST, context=None):
    """Of the certificate that a new connection is shown; the handshake proves that its key is there, too."""
    with tls_connect(port, context or client_context(), server_name) as tls:
        return hashlib.sha256(tls.getpeercert(True)).hexdigest()


def wait_fingerprint(port, expected, server_name=HOST, context=None):
    wait_until(lambda: fingerprint_seen(port, server_name, context) == expected, f"{server_name} shows {expected}")


class DotConnection(TcpConnection):
    def __init__(self, port, context, server_name=HOST, session=None, timeout=DEADLINE):
        super().__init__("127.0.0.1", port, timeout)
        raw = self._socket
        try:
            self._socket = context.wrap_socket(raw, server_hostname=server_name, session=session)
        except BaseException:
            raw.close()
            raise

    @property
    def tls(self):
        return self._socket

    def ask_name(self, name, type_name="A", **query):
        return self.ask(make_query(name, type_name, **query))


class RecordClient:
    """TLS without a hand on the socket: what goes out and comes in can be looked at, changed, cut off."""

    def __init__(self, port, context, server_name=HOST, timeout=DEADLINE):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def pull(self):
        """What the library wants to send."""
        return self.outgoing.read()

    def feed(self):
        octets = self.socket.recv(65536)
        self.incoming.write(octets) if octets else self.incoming.write_eof()

    def drive(self, step):
        """Until `step` is through; what is to be sent is sent, and what is waited for comes."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.socket.sendall(self.pull())
                self.feed()
            finally:
                if octets := self.pull():
                    self.socket.sendall(octets)

    def handshake(self):
        self.drive(self.tls.do_handshake)

    def send(self, octets):
        self.drive(lambda: self.tls.write(octets))

    def read(self, size=65536):
        return self.drive(lambda: self.tls.read(size))


class Reply:
    """Of HTTP: status, headers by their names in lower case, body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()


def http_get(port, target, *, tls=None, host=HOST, method="GET", body=None, headers=None):
    """A request of HTTP/1.1 on a connection of its own; with `tls`, a context, over TLS."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
    connection = http.client.HTTPConnection(host, timeout=DEADLINE)
    connection.sock = tls.wrap_socket(raw, server_hostname=host) if tls else raw
    try:
        connection.request(method, target, body=body, headers=headers or {})
        return Reply(connection.getresponse())
    finally:
        connection.close()


def proxy_header(source="192.0.2.77", port=4711, command=1, version=2, tlvs=b""):
    """Of the PROXY protocol's version 2, for a TCP connection."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    here = "::1" if ":" in source else "127.0.0.1"
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, here) + struct.pack("!HH", port, 53)
    kind = 0x21 if family == socket.AF_INET6 else 0x11
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([version << 4 | command, kind]) +
            struct.pack("!H", len(addresses) + len(tlvs)) + addresses + tlvs)


def reset(connection):
    """Ends a connection by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_closed(connection, timeout=DEADLINE):
    """What still came until the server ended the connection."""
    connection.settimeout(timeout)
    pieces = []
    while True:
        try:
            piece = connection.recv(65536)
        except (ConnectionError, ssl.SSLError):
            break
        except TimeoutError:
            raise AssertionError("the server has not ended the connection") from None
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)
