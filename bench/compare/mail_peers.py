"""What one would run instead: Postfix, which hands over to Dovecot by LMTP, which files into Maildir or mdbox.

Configured as an operator would; what deviates from a default says why. Both sync to the disk as shipped: Postfix's
cleanup the queue file, Dovecot the message and its index before it answers.
"""

import os
import pwd
import shutil
import sys
from pathlib import Path

import ask
from build import TREE
from cgroup import CpuGroup
from process import BenchError, Process, free_port, run, wait_until

sys.path.insert(0, str(TREE / "tests/support"))
import ledger  # noqa: E402

DOMAIN = "example.test"
PACKAGES = ("postfix", "dovecot-core")
MAIL_ID = 5000  # of user and group that the mailboxes belong to; none such needs to exist
SAVED = b": saved mail to "  # what Dovecot logs of each message, once it is synced
DAEMONS = Path("/usr/lib/postfix/sbin")
# As shipped, without chroot and without the services that nothing here asks for.
MASTER_CF = """127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
lmtp      unix  - - n -     - lmtp
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Dovecot:
    """One that takes mail by LMTP and nothing else."""

    def __init__(self, folder, location, group):
        self.folder, self.location, self.group = folder, location, group
        self.process = None

    @property
    def config(self):
        return self.folder / "dovecot.conf"

    @property
    def log(self):
        return self.folder / "dovecot.log"

    @property
    def mail(self):
        return self.folder / "mail"

    def start(self):
        self.mail.mkdir(parents=True)
        os.chown(self.mail, MAIL_ID, MAIL_ID)
        # The limits: a hundred sessions are more than the defaults expect. service_count, process_min_avail: processes
        # that stay, as a busy server has them.
        self.config.write_text(f"""base_dir = {self.folder}/run
state_dir = {self.folder}/run
instance_name = gatepost-bench
log_path = {self.log}
protocols = lmtp
ssl = no
first_valid_uid = {MAIL_ID}
mail_uid = {MAIL_ID}
mail_gid = {MAIL_ID}
mail_home = {self.mail}/%u
mail_location = {self.location.format(mail=self.mail)}
mail_fsync = optimized
auth_username_format = %Ln
default_client_limit = 20000
passdb {{
  driver = static
  args = password=testpass
}}
userdb {{
  driver = static
  args = uid={MAIL_ID} gid={MAIL_ID} home={self.mail}/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
  service_count = 0
  process_min_avail = 2
}}
""", encoding="ascii")
        self.log.touch()
        self.process = Process(["/usr/sbin/dovecot", "-F", "-c", self.config], self.folder / "dovecot.out",
                               enter=self.group.enter)
        wait_until((self.folder / "run/lmtp").exists, "Dovecot listening", 30, self.process)

    def stop(self):
        if self.process is not None:
            self.process.stop()


class Postfix:
    def __init__(self, folder, lmtp, group):
        self.folder, self.lmtp, self.group = folder, lmtp, group
        self.port = free_port()
        self.process = None

    def start(self):
        config, data, spool = self.folder / "etc", self.folder / "data", self.folder / "spool"
        for made in (config, data, spool):
            made.mkdir(parents=True)
        os.chown(data, pwd.getpwnam("postfix").pw_uid, -1)
        (config / "master.cf").write_text(MASTER_CF.format(port=self.port), encoding="ascii")
        # The limits by client: all load comes from one. No names are looked up: there is no resolver to compare.
        (config / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {spool}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = {DAEMONS}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.{DOMAIN}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
maillog_file = {self.folder}/postfix.log
maillog_file_prefixes = {self.folder}
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:{self.lmtp}
lmtp_destination_recipient_limit = 1
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
""", encoding="ascii")
        run(["postfix", "-c", config, "check"])
        self.process = Process([DAEMONS / "master", "-c", config, "-s"], self.folder / "master.out",
                               enter=self.group.enter)
        wait_until(lambda: ask.connects(self.port), "Postfix listening", 30, self.process)

    def stop(self):
        if self.process is not None:
            self.process.stop()


class PostfixDovecot:
    name, location = "postfix_dovecot", "maildir:{mail}/%u/Maildir"

    def __init__(self, folder):
        self.folder = folder / self.name
        self.group = CpuGroup(self.name)
        self.dovecot = Dovecot(self.folder / "dovecot", self.location, self.group)
        self.postfix = Postfix(self.folder / "postfix", self.folder / "dovecot/run/lmtp", self.group)
        self.read_to = 0  # in Dovecot's log
        self.saved = 0

    @staticmethod
    def missing():
        """Why it cannot be measured here; "": it can."""
        if os.geteuid() != 0:
            return "Postfix and Dovecot have to be started as root"
        absent = [program for program in ("postfix", "dovecot", "doveadm") if not shutil.which(program)]
        return f"not installed: {', '.join(absent)}" if absent else ""

    @property
    def port(self):
        return self.postfix.port

    def cpu_seconds(self):
        return self.group.seconds([self.dovecot.process.pid, self.postfix.process.pid])

    def add_users(self, addresses):
        """Any name is a user here, whose mailbox is made when the first mail comes."""

    def delivered(self):
        """Messages in all mailboxes, from the first start on. Read from the log: to count files would cost the
        server's file system time."""
        with open(self.dovecot.log, "rb") as log:
            log.seek(self.read_to)
            text = log.read()
        text = text[:text.rfind(b"\n") + 1]
        self.read_to += len(text)
        self.saved += text.count(SAVED)
        return self.saved

    def verify(self, path):
        return ledger.verify_maildirs(path, self.dovecot.mail)

    def __enter__(self):
        try:
            self.folder.mkdir(parents=True)
            self.dovecot.folder.mkdir()
            self.dovecot.start()
            self.postfix.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.postfix.stop()
        self.dovecot.stop()
        self.group.close()


class PostfixDovecotMdbox(PostfixDovecot):
    """Dovecot's fastest format: many messages in a file."""

    name, location = "postfix_dovecot_mdbox", "mdbox:{mail}/%u/mdbox"

    def verify(self, path):
        return ledger.verify_dovecot(path, self.dovecot.config)


PEERS = (PostfixDovecot, PostfixDovecotMdbox)
