"""Gatepost as an IMAP server: `gatepost run --local` with PostgreSQL and control plane, all of which are charged."""

import signal

import ask
from cgroup import CpuGroup
from gatepost import Gatepost
from imap_dovecot import PASSWORD
from mail_peers import DOMAIN
from process import Process, free_port, raise_session, run, tree, wait_until


class GatepostImap(Gatepost):
    """No limits by client: all load comes from one."""

    def __init__(self, folder, build):
        super().__init__(folder, None, build)
        self.dns_port, self.smtp_port = self.port, free_port()
        self.port, self.tls_port = free_port(), free_port()
        self.group = CpuGroup(self.name)

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
listen = ["127.0.0.1@{self.smtp_port}"]
submission_listen = []
submissions_listen = []
[imap]
listen = ["127.0.0.1@{self.port}"]
tls_listen = ["127.0.0.1@{self.tls_port}"]
[connections]
max = 20000
per_address = 0
per_network = 0
"""

    def launch(self):
        self.process = Process(self.configure(), self.log, death_signal=signal.SIGINT, enter=self.group.enter)

    def await_service(self):
        wait_until(self.follows, "gatepost following its database", 120, self.process, every=0.1)
        wait_until(lambda: ask.connects(self.tls_port), "gatepost serving mailboxes", 60, self.process)
        # PostgreSQL gives each of its processes a session of its own.
        for pid in tree(self.pid):
            raise_session(pid)

    def start(self):
        self.launch()
        self.await_service()
        self.command("domain", "create", DOMAIN, "--no-zone")

    def add_users(self, addresses):
        for address in addresses:
            run([self.program, "user", "add", address, "--password-stdin", "--local", self.instance],
                input_text=PASSWORD + "\n")

    @property
    def root(self):
        return self.pid

    def restart(self):
        """It knows nothing by heart afterwards; the kernel's page cache stays."""
        self.stop()
        self.launch()
        self.await_service()

    def cpu_seconds(self):
        return self.group.seconds([self.pid])

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self.group.close()
