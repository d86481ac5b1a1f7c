"""`gatepost run` and the commands, as tests use them."""

import errno
import json
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import unittest

from dns_client import Client, NoReply
from dns_message import BadReply
from postgres import run_sql, template_cluster
from processes import (DEADLINE, children_of, die_with_parent, free_port, has_ipv6, identity_of, is_gone,
                       kill_9_family, program_of, run_as_root, wait_until)


def gatepost_program():
    path = os.environ.get("GATEPOST")
    if not path:
        raise unittest.SkipTest("GATEPOST does not name the built program")
    return path


def program(name):
    """Another program of the build, found as the supervisor finds it."""
    beside = pathlib.Path(gatepost_program()).parent
    found = [path for path in (beside / name, *beside.parent.parent.glob(f"*/*/{name}")) if path.is_file()]
    if not found:
        raise AssertionError(f"{name} is not beside {beside}")
    return found[0]


def write_config(path, settings):
    """`settings`: {"dns.listen": ["127.0.0.1@5300"], …} as the TOML file of the configuration."""
    sections = {}
    for key, value in settings.items():
        section, name = key.rsplit(".", 1)
        sections.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
    pathlib.Path(path).write_text("".join(f"[{section}]\n" + "\n".join(lines) + "\n\n"
                                          for section, lines in sections.items()))


def is_free(listen):
    """Whether nobody has the address "ip@port" any more, for UDP or TCP."""
    host, _, port = listen.partition("@")
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, int(port)))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return False
    return True


class Instance:
    """`gatepost run` and what it supervises: with a cluster of the test's own, or --local."""

    def __init__(self, directory, dsn=None, settings=None, local=False, user=None, exe=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.dsn = dsn
        self.local = self.directory / "local" if local else None
        self.user = user
        self.exe = exe or gatepost_program()
        self.wrapper = []  # words in front of `gatepost run`
        self.port = free_port()
        self.log_path = self.directory / "gatepost.log"
        self.config = self.directory / "gatepost.toml"
        self._process = None
        self._log_begin = 0
        listen = [f"127.0.0.1@{self.port}"] + ([f"::1@{self.port}"] if has_ipv6() else [])
        # The tests are one client that asks a lot.
        everything = {"dns.listen": listen, "log.level": "info", "controlplane.arena_size_max": "1GiB",
                      "dns.rate_limit.per_second": 0,
                      # Other tests run beside this one: what is not asked for is not listened on.
                      "dns.tls_listen": [], "http.https_listen": [], "http.listen": [], "metrics.listen": [],
                      "smtp.listen": [], "smtp.submission_listen": [], "smtp.submissions_listen": [],
                      "imap.listen": [], "imap.tls_listen": []}
        if not local:
            everything |= {"database.dsn": dsn, "paths.state_dir": str(self.state),
                           "paths.run_dir": str(self.run_dir)}
        everything |= settings or {}
        self.listens = [address for key, value in everything.items() if key.endswith("listen")
                        for address in value if address.startswith(("127.", "::1"))]  # not those of a namespace
        write_config(self.config, everything)
        if user:
            owner = pwd.getpwnam(user)
            for path in (self.directory, self.config):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    @property
    def state(self):
        return (self.local / "data/state").resolve() if self.local else self.directory / "state"

    @property
    def run_dir(self):
        return (self.local / "run").resolve() if self.local else self.directory / "run"

    @property
    def checkpoint(self):
        return self.state / "zones.ckpt"

    @property
    def pid(self):
        return self._process.pid

    def words(self):
        out = ["--config", str(self.config)]
        return out + ["--local", str(self.local)] if self.local else out

    def seed_local(self):
        """A cluster for a --local instance that has none yet: quicker than its own initdb."""
        owner = pwd.getpwnam(self.user or "postgres") if run_as_root() else None
        for folder in (self.local, self.local / "data"):
            folder.mkdir(mode=0o755)
        (self.local / "data").chmod(0o700)
        subprocess.run(["cp", "-a", "--reflink=auto", template_cluster(owner and owner.pw_name),
                        self.local / "data/postgres"], check=True)
        if owner:
            os.chown(self.local / "data", owner.pw_uid, owner.pw_gid)
            if self.user:
                os.chown(self.local, owner.pw_uid, owner.pw_gid)

    def _environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEPOST")}
        return kept | {"NO_COLOR": "1", "LC_ALL": "C.UTF-8", "HOME": str(self.directory)}

    def launch(self, *arguments):
        """Without waiting for anything."""
        self._log_begin = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [*self.wrapper, self.exe, "run", *self.words(), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, env=self._environment(),
                start_new_session=True, preexec_fn=lambda: die_with_parent(signal.SIGTERM), **identity_of(self.user))

    def start(self, *arguments):
        self.launch(*arguments)
        self.wait_streaming()

    def has_ended(self):
        return self._process is None or self._process.poll() is not None

    def wait_ended(self):
        """The exit code of `gatepost run`."""
        return self._process.wait(DEADLINE)

    def stop(self):
        if self.has_ended():
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(DEADLINE)
        finally:
            if not self.has_ended():
                kill_9_family(self.pid)
                self._process.wait()

    def signal_stop(self):
        """Without waiting for the end."""
        self._process.send_signal(signal.SIGTERM)

    def kill_9(self):
        """The supervisor and all its processes at once. The kernel takes a moment to let go of a ring's sockets."""
        kill_9_family(self.pid)
        self._process.wait(DEADLINE)
        wait_until(lambda: all(map(is_free, self.listens)), "the sockets of those that were killed are gone")

    def process(self, name):
        """The pid of "gatepost-dataplane", "gatepost-controlplane" or "postgres"; None while it does not run."""
        for pid in children_of(self.pid):
            if program_of(pid) == name and not is_gone(pid):
                return pid
        return None

    def wait_process(self, name, other_than=None):
        return wait_until(lambda: (pid := self.process(name)) and pid != other_than and pid,
                          f"{name} runs{' again' if other_than else ''}")

    def cli(self, *arguments, check=True, stdin=None, timeout=DEADLINE * 2):
        """A gatepost command on this instance. With `check`, another exit code than 0 fails the test. What it has
        written is answered when it ends: it waits for that longer than it would for a person."""
        patience = [] if "--timeout" in arguments else ["--timeout", f"{DEADLINE:.0f}s"]
        done = subprocess.run([self.exe, *arguments, *self.words(), *patience], input=stdin, text=True,
                              capture_output=True, timeout=timeout, env=self._environment(), cwd=self.directory,
                              **identity_of(self.user))
        if check and done.returncode != 0:
            raise AssertionError(f"gatepost {' '.join(arguments)}: exit code {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def cli_json(self, *arguments):
        return json.loads(self.cli(*arguments, "--json").stdout)

    def control(self, operation, **members):
        """A request on the control socket, as the commands make it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(DEADLINE)
            connection.connect(str(self.run_dir / "control.sock"))
            connection.sendall(json.dumps({"op": operation} | members).encode() + b"\n")
            with connection.makefile() as lines:
                reply = json.loads(lines.readline())
        if not reply["ok"]:
            raise AssertionError(f"{operation}: {reply['error']}")
        return reply

    def write_checkpoint(self):
        """Now, and not when the interval is over."""
        return self.control("checkpoint")

    def status(self):
        """The report of `gatepost status`; None while the control plane does not answer."""
        done = self.cli("status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def wait_status(self, predicate, what, timeout=DEADLINE):
        seen = {}

        def look():
            if self.has_ended():
                raise AssertionError(f"gatepost run ended with {self._process.returncode} while waiting: {what}")
            seen["last"] = self.status()
            return seen["last"] if seen["last"] and predicate(seen["last"]) else None
        try:
            return wait_until(look, what, timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; the last status: {json.dumps(seen.get('last'))}") from None

    def wait_streaming(self):
        return self.wait_status(
            lambda status: status["sync"]["state"] == "streaming" and status["dataplane"]["workers"] and all(
                worker["arena_generation"] == status["arena"]["generation"]
                for worker in status["dataplane"]["workers"]), "Gatepost follows the database", DEADLINE * 3)

    def wait_synced(self):
        """Until all that is committed now is answered."""
        self.cli("sync", "wait", "--timeout", "60s")

    def sql(self, text):
        return run_sql(self.database_dsn(), text)

    def database_dsn(self):
        if self.dsn:
            return self.dsn
        return f"host={self.run_dir} user=gatepost dbname=gatepost"

    def client(self, v6=False):
        return Client("::1" if v6 else "127.0.0.1", self.port)

    def log(self):
        """What was logged since the last launch."""
        return self.log_path.read_bytes()[self._log_begin:].decode(errors="replace")

    def wait_log(self, pattern):
        """The first match of a regular expression in log()."""
        return wait_until(lambda: re.search(pattern, self.log()), f"a log line like {pattern}")

    def wait_answer(self, name, type_name, values, **query):
        """Until the values of an answer are these."""
        client = self.client()
        seen = {}

        def look():
            try:
                seen["last"] = client.ask(name, type_name, timeout=2.0, **query)
            except (NoReply, BadReply, ConnectionError) as error:
                seen["last"] = error
                return False
            return seen["last"].values(type_name) == sorted(values)
        try:
            wait_until(look, f"{name} {type_name} is {values}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the last reply: {seen.get('last')}") from None
