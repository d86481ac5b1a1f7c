"""A real Dovecot with listeners and accounts, for tests that need another server of IMAP."""

import contextlib
import grp
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import unittest

from imap_support import ImapClient
from processes import (DEADLINE, descendants_of, die_with_parent, free_port, identity_of, kill_9, kill_9_family,
                       program_of, run_as_root, tail, wait_until)

USER = "nobody"  # while root runs the tests
# Everything as one user, who need not be root.
CONFIG = """\
protocols = imap
listen = 127.0.0.1
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
login_log_format_elements = user=<%u> method=%m
auth_mechanisms = plain login
auth_username_chars =
disable_plaintext_auth = yes
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
mail_location = mdbox:{directory}/mail/%u
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_max_userip_connections = 50
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u
}}
namespace inbox {{
  inbox = yes
  prefix = INBOX.
  separator = .
  mailbox "Sent Messages" {{
    special_use = \\Sent
    auto = create
  }}
  mailbox "All" {{
    special_use = \\All
    auto = create
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service imap {{
  process_limit = 100
}}
"""


class DovecotHost:
    """It runs until close(). `authority` issues its certificate, for localhost."""

    def __init__(self, directory, authority, password):
        self._program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
        if not self._program or not pathlib.Path("/usr/lib/dovecot/imap-login").exists():
            raise unittest.SkipTest("Dovecot (packages dovecot-core, dovecot-imapd) is not installed")
        self.directory = pathlib.Path(directory)
        self._password = password
        owner = pwd.getpwnam(USER) if run_as_root() else pwd.getpwuid(os.getuid())
        self.ports = {"imap": free_port(), "imaps": free_port()}
        chain, key = authority.issue("dovecot", ["localhost"])
        self.config = self.directory / "dovecot.conf"
        for name in ("run", "state", "mail"):
            (self.directory / name).mkdir(parents=True)
        self.config.write_text(CONFIG.format(directory=self.directory, chain=chain, key=key, user=owner.pw_name,
                                             group=grp.getgrgid(owner.pw_gid).gr_name, uid=owner.pw_uid,
                                             gid=owner.pw_gid, password=password, **self.ports))
        if run_as_root():
            for path in (self.directory, key, *self.directory.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._identity = identity_of(owner.pw_name if run_as_root() else None)
        self._process = None
        self.start()

    @property
    def log_path(self):
        return self.directory / "dovecot.log"

    def start(self):
        self._process = subprocess.Popen([self._program, "-F", "-c", self.config], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                                         preexec_fn=lambda: die_with_parent(signal.SIGTERM), **self._identity)
        wait_until(self._listens, f"Dovecot listens\n{tail(self.log_path)}")

    def _listens(self):
        if self._process.poll() is not None:
            raise AssertionError(f"Dovecot has ended\n{tail(self.log_path)}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports["imap"]), DEADLINE):
            return True
        return False

    def stop(self):
        """All of it at once."""
        if self._process.poll() is None:
            kill_9_family(self._process.pid)
            self._process.wait(DEADLINE)

    def close(self):
        self.stop()

    def kill_sessions(self):
        """How many there were."""
        pids = [pid for pid in descendants_of(self._process.pid) if program_of(pid) in ("imap", "imap-login")]
        kill_9(pids)
        return len(pids)

    def imap(self, user):
        """A client that has logged in."""
        connection = socket.create_connection(("127.0.0.1", self.ports["imaps"]), DEADLINE)
        client = ImapClient(connection)
        client.wrap()
        client.greeting()
        answer = client.log_in(user, self._password)
        if answer.status != "OK":
            raise AssertionError(f"LOGIN {user}: {answer!r}\n{tail(self.log_path)}")
        return client
