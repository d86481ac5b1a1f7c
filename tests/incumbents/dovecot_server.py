"""A real Dovecot's IMAP server on the ends of a socket: no daemon, no listener, and never as root."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import unittest

import paths  # noqa: F401

from imap_support import ImapClient
from processes import DEADLINE, identity_of, run_as_root, tail

USER = "nobody"  # while root runs the tests
CONFIG = """\
mail_location = mdbox:~/mdbox
mail_plugins =
base_dir = {directory}/run
log_path = {directory}/home/dovecot.log
ssl = no
protocols = imap
auth_username_chars =
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


class DovecotServer:
    def __init__(self):
        self._program = shutil.which("doveadm")
        if not self._program or not pathlib.Path("/usr/lib/dovecot/imap").exists():
            raise unittest.SkipTest("Dovecot (packages dovecot-core, dovecot-imapd) is not installed")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-dovecot-", dir="/tmp"))
        self.directory.chmod(0o755)
        self._home = self.directory / "home"
        self._home.mkdir()
        (self.directory / "dovecot.conf").write_text(CONFIG.format(directory=self.directory))
        self._user = USER if run_as_root() else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self._home, owner.pw_uid, owner.pw_gid)
        self._processes = []

    def imap(self, mailbox=None):
        """A client that is logged in: each is a process of its own, all of one account."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._processes.append(subprocess.Popen(
                [self._program, "-c", self.directory / "dovecot.conf", "exec", "imap"], stdin=theirs, stdout=theirs,
                stderr=subprocess.DEVNULL, cwd="/", env={"HOME": str(self._home), "USER": self._user or "user",
                                                         "PATH": os.environ["PATH"]}, **identity_of(self._user)))
        ours.settimeout(DEADLINE)
        client = ImapClient(ours)
        greeting = client.greeting()
        if greeting[0] != "PREAUTH":
            raise AssertionError(f"Dovecot's greeting: {greeting}\n{tail(self._home / 'dovecot.log')}")
        if mailbox:
            client.ok(f'SELECT "{mailbox}"')
        return client

    def close(self):
        for process in self._processes:
            process.terminate()
            process.wait(DEADLINE)
        shutil.rmtree(self.directory, ignore_errors=True)
