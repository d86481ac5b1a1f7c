"""Gatepost as a mail server: `gatepost run --local` with PostgreSQL and control plane, all of which are charged."""

import contextlib
import signal
import subprocess

import ask
import mail_peers
from cgroup import CpuGroup
from gatepost import Gatepost
from process import BenchError, Process, free_port, wait_until

DELIVERED_SQL = "SELECT coalesce(sum(message_count), 0) FROM gatepost.mailboxes;\n"


class GatepostMail(Gatepost):
    """Ports for mail, and no limits by client: all load comes from one."""

    def __init__(self, folder, build):
        super().__init__(folder, None, build)
        self.dns_port, self.port = self.port, free_port()
        self.group = CpuGroup(self.name)
        self.psql = None

    def config_text(self, dns="", more=""):
        return f"""[dns]
listen = ["127.0.0.1@{self.dns_port}"]
tls_listen = []
[http]
https_listen = []
listen = []
[metrics]
listen = []
[smtp]
listen = ["127.0.0.1@{self.port}"]
submission_listen = []
submissions_listen = []
[connections]
max = 20000
per_address = 0
per_network = 0
"""

    def launch(self):
        self.process = Process(self.configure(), self.log, death_signal=signal.SIGINT, enter=self.group.enter)

    def start(self):
        super().start()
        wait_until(lambda: ask.connects(self.port), "gatepost taking mail", 60, self.process)
        self.command("domain", "create", mail_peers.DOMAIN, "--no-zone")
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-At", "-d", self.dsn], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)

    def add_users(self, addresses):
        for address in addresses:
            self.command("user", "add", address)

    def cpu_seconds(self):
        return self.group.seconds([self.pid])

    def delivered(self):
        """Messages in all mailboxes: rows of tens of mailboxes are read, not messages."""
        self.psql.stdin.write(DELIVERED_SQL)
        self.psql.stdin.flush()
        line = self.psql.stdout.readline()
        if not line:
            raise BenchError("psql ended: the database cannot be asked")
        return int(line)

    def verify(self, path):
        return mail_peers.ledger.verify_database(path, self.dsn)

    def __exit__(self, *arguments):
        if self.psql is not None:
            with contextlib.suppress(BrokenPipeError):
                self.psql.stdin.close()
            self.psql.wait()
        super().__exit__(*arguments)
        self.group.close()
