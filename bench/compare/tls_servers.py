"""The servers that answer DNS over TLS or HTTPS: NSD, unbound, BIND and dnsdist before NSD. One worker each, on one
core, over the same zone and with the same certificate (ECDSA P-256).

Configured as an operator who wants speed would; what deviates from a default says why.
"""

import resource
import shutil

from process import free_port, run
from servers import Nsd, Server

# That a server is told to expect: some take memory and descriptors for them at the start.
CONNECTIONS, CROWD = 1_000, 18_500


class Certificate:
    """Self-signed: nobody verifies it here."""

    def __init__(self, folder):
        self.chain, self.key = folder / "server.pem", folder / "server.key"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", self.key,
             "-out", self.chain])


class TlsServer(Server):
    """`tls_port` speaks DNS over TLS, `https_port` DNS over HTTPS; None: it does not, and does not for a crowd."""

    program = ""
    speaks_https = False

    def __init__(self, folder, zone, certificate, core=0, crowd=False):
        super().__init__(folder, zone, core)
        self.certificate = certificate
        self.connections = CROWD if crowd else CONNECTIONS
        self.tls_port = free_port()
        self.https_port = free_port() if self.speaks_https and not crowd else None

    @classmethod
    def installed(cls):
        return shutil.which(cls.program) is not None


class NsdTls(TlsServer, Nsd):
    name, program = "nsd", "nsd"

    def config_text(self, more=""):
        # tcp-count: 100 connections is the default. tcp-timeout: longer than the crowd of idle connections stays;
        # 120 s is the default.
        return Nsd.config_text(self, f"""    ip-address: 127.0.0.1@{self.tls_port}
    tls-port: {self.tls_port}
    tls-service-key: "{self.certificate.key}"
    tls-service-pem: "{self.certificate.chain}"
    tcp-count: {self.connections}
    tcp-timeout: 600
    tcp-reject-overflow: no
{more}""")


class UnboundTls(TlsServer):
    """With the zone as an auth-zone that it answers clients from."""

    name, program, speaks_https = "unbound", "unbound", True

    def __init__(self, folder, zone, certificate, core=0, crowd=False):
        super().__init__(folder, zone, certificate, core, crowd)
        # It reserves a descriptor for each connection of each of its two sockets.
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if crowd and limit != resource.RLIM_INFINITY:
            self.connections = min(CROWD, (limit - 1_500) // 2)

    def configure(self):
        # incoming-num-tcp: 10 is the default. http-…-buffer-size: of all connections together; 4 MiB is the default,
        # beyond which streams are refused. tcp-idle-timeout: as for NSD, in milliseconds.
        https = "" if not self.https_port else f"""    interface: 127.0.0.1@{self.https_port}
    https-port: {self.https_port}
"""
        config = self.folder / "unbound.conf"
        config.write_text(f"""server:
    directory: "{self.folder}"
    chroot: ""
    username: ""
    pidfile: "{self.folder}/pid"
    use-syslog: no
    logfile: ""
    verbosity: 0
    do-daemonize: no
    num-threads: 1
    module-config: "iterator"
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    interface: 127.0.0.1@{self.port}
    interface: 127.0.0.1@{self.tls_port}
    tls-port: {self.tls_port}
{https}    tls-service-key: "{self.certificate.key}"
    tls-service-pem: "{self.certificate.chain}"
    incoming-num-tcp: {self.connections}
    tcp-idle-timeout: 600000
    http-max-streams: 1000
    http-query-buffer-size: 256m
    http-response-buffer-size: 256m
remote-control:
    control-enable: no
auth-zone:
    name: "{self.zone.origin}"
    zonefile: "{self.zone.file}"
    for-downstream: yes
    for-upstream: no
    fallback-enabled: no
""")
        return ["unbound", "-d", "-c", config]


class BindTls(TlsServer):
    name, program, speaks_https = "bind", "named", True

    def configure(self):
        # -n 1: one worker. tcp-clients: 150 is the default. http-…: 300 and 100 are the defaults.
        # minimal-responses: as the others answer. The journal of the zone and the keys are of no use here.
        config = self.folder / "named.conf"
        config.write_text(f"""tls local {{
    key-file "{self.certificate.key}";
    cert-file "{self.certificate.chain}";
    protocols {{ TLSv1.3; }};
    session-tickets yes;
}};
options {{
    directory "{self.folder}";
    pid-file "{self.folder}/pid";
    session-keyfile "{self.folder}/session.key";
    managed-keys-directory "{self.folder}";
    listen-on port {self.port} {{ 127.0.0.1; }};
    listen-on port {self.tls_port} tls local {{ 127.0.0.1; }};
    listen-on port {self.https_port} tls local http default {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    notify no;
    minimal-responses yes;
    querylog no;
    tcp-clients {CONNECTIONS};
    tcp-idle-timeout 6000;
    http-listener-clients {CONNECTIONS};
    http-streams-per-connection 1000;
}};
controls {{ }};
zone "{self.zone.origin.rstrip('.')}" {{ type primary; file "{self.zone.file}"; }};
""")
        return ["named", "-f", "-n", "1", "-c", config]


class DnsdistTls(TlsServer):
    """It has no zones: NSD is behind it, on the same core, and both are charged."""

    name, program, speaks_https = "dnsdist", "dnsdist", True

    def __init__(self, folder, zone, certificate, core=0, crowd=False):
        super().__init__(folder, zone, certificate, core, crowd)
        self.backend = BackendNsd(self.folder, zone, core)

    @classmethod
    def installed(cls):
        return shutil.which("dnsdist") is not None and shutil.which("nsd") is not None

    def configure(self):
        # maxInFlight: by default it answers one query of a connection at a time. The packet cache holds
        # what the queries ask for: without it each answer costs a round to the backend.
        config = self.folder / "dnsdist.lua"
        key, chain = self.certificate.key, self.certificate.chain
        config.write_text(f"""setLocal('127.0.0.1:{self.port}')
setACL('127.0.0.0/8')
setSecurityPollSuffix('')
setMaxTCPClientThreads(1)
setMaxTCPQueuedConnections({CONNECTIONS})
setMaxTCPConnectionsPerClient(0)
setTCPRecvTimeout(600)
newServer({{address='127.0.0.1:{self.backend.port}', maxInFlight=1000, healthCheckMode='up'}})
addTLSLocal('127.0.0.1:{self.tls_port}', '{chain}', '{key}', {{maxInFlight=1000, minTLSVersion='tls1.3'}})
addDOHLocal('127.0.0.1:{self.https_port}', '{chain}', '{key}', '/dns-query', {{minTLSVersion='tls1.3'}})
getPool(''):setCache(newPacketCache(1000000, {{numberOfShards=1}}))
""")
        return ["dnsdist", "--supervised", "--disable-syslog", "-C", config]

    def launch(self):
        self.backend.start()
        super().launch()

    @property
    def roots(self):
        return [self.pid, self.backend.pid]

    def stop(self):
        super().stop()
        self.backend.stop()


class BackendNsd(Nsd):
    name = "nsd-behind-dnsdist"


PEERS = (NsdTls, UnboundTls, BindTls, DnsdistTls)
PACKAGES = ("knot", "nsd", "unbound", "bind9", "dnsdist", "dnsperf")
