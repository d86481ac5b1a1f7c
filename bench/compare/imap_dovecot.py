"""What one would run instead: Dovecot over mdbox, its fastest format, with processes that stay.

Configured as an operator who wants speed would; what deviates from a default says why.
"""

import os
import shutil
from pathlib import Path

import ask
from cgroup import CpuGroup
from mail_peers import MAIL_ID
from process import Process, free_port, wait_until
from tls_servers import Certificate

INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_WANTED = 8192  # the default, 128, is what so many idle mailboxes use up; Dovecot then looks every 30 seconds
PASSWORD = "only-for-the-bench"
PACKAGES = ("dovecot-core", "dovecot-imapd")


class Dovecot:
    """`hibernate`: connections that idle are handed to one process, as an operator of many has it."""

    name = "dovecot"

    def __init__(self, folder, hibernate=False):
        self.hibernate = hibernate
        self.folder = folder / ("dovecot_hibernate" if hibernate else "dovecot")
        self.group = CpuGroup(self.folder.name)
        self.tls_port = free_port()
        self.process = None
        self.inotify = None  # what the limit was

    @staticmethod
    def missing():
        """Why it cannot be measured here; "": it can."""
        if os.geteuid() != 0:
            return "Dovecot has to be started as root"
        return "" if shutil.which("dovecot") else "not installed: dovecot"

    @property
    def root(self):
        """The process that all others descend from."""
        return self.process.pid

    def cpu_seconds(self):
        return self.group.seconds([self.root])

    def add_users(self, addresses):
        """Any name is a user here."""

    def config_text(self):
        # service_count, process_min_avail: a process serves a thousand logins, where the default makes one for each.
        # The limits: thousands of connections from one address are more than the defaults expect. mail_fsync is the
        # default, named for what it means: flags and expunges are not synced. With
        # hibernation a process ends with its connection, whose memory would stay else.
        certificate = Certificate(self.folder)
        hibernate = f"""imap_hibernate_timeout = 1s
service imap-hibernate {{
  unix_listener imap-hibernate {{
    mode = 0666
  }}
  client_limit = 25000
}}
""" if self.hibernate else ""
        return f"""base_dir = {self.folder}/run
state_dir = {self.folder}/run
instance_name = gatepost-bench-imap
log_path = {self.folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
first_valid_uid = {MAIL_ID}
mail_uid = {MAIL_ID}
mail_gid = {MAIL_ID}
mail_home = {self.folder}/mail/%u
mail_location = mdbox:{self.folder}/mail/%u/mdbox
mail_fsync = optimized
ssl = yes
ssl_cert = <{certificate.chain}
ssl_key = <{certificate.key}
auth_username_format = %Ln
mail_max_userip_connections = 100000
default_client_limit = 20000
default_process_limit = 20000
default_vsz_limit = 1G
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={MAIL_ID} gid={MAIL_ID} home={self.folder}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 2
  process_limit = 4
}}
service imap {{
  service_count = {1 if self.hibernate else 1000}
  process_min_avail = {0 if self.hibernate else 16}
  process_limit = 20000
  unix_listener imap-master {{
    user = dovecot
  }}
}}
service auth {{
  client_limit = 50000
}}
service anvil {{
  client_limit = 50000
}}
service stats {{
  client_limit = 50000
}}
{hibernate}"""

    def __enter__(self):
        try:
            (self.folder / "mail").mkdir(parents=True)
            self.folder.chmod(0o755)
            os.chown(self.folder / "mail", MAIL_ID, MAIL_ID)
            config = self.folder / "dovecot.conf"
            config.write_text(self.config_text(), encoding="ascii")
            (self.folder / "dovecot.log").touch()
            limit = INOTIFY.read_text()
            if int(limit) < INOTIFY_WANTED:
                INOTIFY.write_text(str(INOTIFY_WANTED))
                self.inotify = limit
            self.process = Process(["/usr/sbin/dovecot", "-F", "-c", config], self.folder / "dovecot.out",
                                   enter=self.group.enter)
            wait_until(lambda: ask.connects(self.tls_port), "Dovecot listening", 30, self.process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.stop()
        if self.inotify is not None:
            INOTIFY.write_text(self.inotify)
        self.group.close()
