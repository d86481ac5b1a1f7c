"""Real processes for tests: a private PostgreSQL cluster, and Gatepost's own on free loopback ports.

Waiting is polling with a deadline, never a fixed sleep. What a test starts dies with the test, whatever happens
to it; its logs are kept under GATEPOST_TEST_LOGS and their ends are shown with a failure.
"""

import atexit
import contextlib
import ctypes
import functools
import glob
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from dns_client import BadReply, Client, NoReply

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DEADLINE = 60.0  # seconds: far more than anything here takes, for a busy machine
LOG_LINES_SHOWN = 30
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def gatepost_program():
    path = os.environ.get("GATEPOST")
    if not path:
        raise unittest.SkipTest("GATEPOST does not name the built program")
    return path


def program(name):
    """Another program of the build, as the supervisor finds it."""
    build = pathlib.Path(gatepost_program()).parent.parent.parent
    found = [path for path in build.glob(f"*/*/{name}") if path.is_file()]
    if not found:
        raise AssertionError(f"{name} is not in {build}")
    return str(found[0])


def run_as_root():
    return os.geteuid() == 0


def wait_until(predicate, what, timeout=DEADLINE):
    """The first true value of `predicate`; fails after `timeout` seconds with what it saw last."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not so after {timeout:.0f} s")
        time.sleep(0.01)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def free_port():
    """A port that is free for UDP and TCP on both loopback addresses."""
    hosts = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])
    while True:
        with contextlib.ExitStack() as stack:
            port = 0
            try:
                for host in hosts:
                    family = socket.AF_INET6 if ":" in host else socket.AF_INET
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        probe = stack.enter_context(socket.socket(family, kind))
                        probe.bind((host, port))
                        port = probe.getsockname()[1]
                return port
            except OSError:
                continue


def _die_with_parent(number):
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def is_gone(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat[stat.rindex(")") + 2] in "ZX"


def children_of(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants_of(pid):
    out = []
    for child in children_of(pid):
        out += [child] + descendants_of(child)
    return out


def program_of(pid):
    try:
        return os.path.basename(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode())
    except (FileNotFoundError, ProcessLookupError):
        return ""


def kill_9(pids):
    """All at once, as a power cut would."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(is_gone(pid) for pid in pids), f"the end of {pids} after SIGKILL")


@functools.cache
def _postgres_programs():
    versions = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    found = versions[-1] if versions else shutil.which("initdb")
    if not found:
        raise unittest.SkipTest("no PostgreSQL server is installed")
    return os.path.dirname(found)


def _identity_of(user):
    """For subprocess: become `user` (None: stay who we are)."""
    if not user:
        return {}
    owner = pwd.getpwnam(user)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


@functools.cache
def _template_cluster(user):
    """The directory of a cluster with an empty database "gatepost". A copy takes a tenth of what initdb does."""
    parent = tempfile.mkdtemp(prefix="gatepost-it-template-", dir="/tmp")
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    if user:
        owner = pwd.getpwnam(user)
        os.chown(parent, owner.pw_uid, owner.pw_gid)
    subprocess.run([f"{_postgres_programs()}/initdb", f"--pgdata={parent}/data", "--no-sync", "--auth=trust",
                    "--username=gatepost", "--encoding=UTF8", "--no-locale"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/", **_identity_of(user))
    subprocess.run([f"{_postgres_programs()}/postgres", "--single", "-F", "-D", f"{parent}/data", "postgres"],
                   input=b"CREATE DATABASE gatepost\n", check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, cwd="/",
                   **_identity_of(user))
    return f"{parent}/data"


class Cluster:
    """A PostgreSQL cluster of its own, reachable over a unix socket in its directory. It never runs as root."""

    def __init__(self, directory, user=None):
        self.directory = pathlib.Path(directory)
        self.user = user or ("postgres" if run_as_root() else None)
        self._process = None
        self._log = self.directory / "postgres.log"
        owner = pwd.getpwnam(self.user) if self.user else None
        self.directory.mkdir(parents=True, exist_ok=True)
        if owner and run_as_root():
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        subprocess.run(["cp", "-a", "--reflink=auto", _template_cluster(self.user), self.data], check=True)

    @property
    def data(self):
        return self.directory / "data"

    @property
    def pid(self):
        return self._process.pid if self._process else None


    def start(self, wait=True):
        settings = ["listen_addresses=", f"unix_socket_directories={self.directory}", "wal_level=logical",
                    "huge_pages=off", "timezone=UTC", "wal_writer_delay=10ms", "max_wal_size=2GB"]
        arguments = [f"{_postgres_programs()}/postgres", "-D", str(self.data)]
        for setting in settings:
            arguments += ["-c", setting]
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             preexec_fn=lambda: _die_with_parent(signal.SIGQUIT),
                                             cwd="/", **_identity_of(self.user))
        if wait:
            wait_until(self._is_ready, "PostgreSQL takes connections")

    def _is_ready(self):
        if self._process.poll() is not None:
            raise AssertionError(f"PostgreSQL ended:\n{tail(self._log)}")
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].startswith("ready")

    def stop(self, number=signal.SIGINT):
        """SIGINT: fast, SIGQUIT: immediate."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(DEADLINE)
        self._process = None

    def kill_9(self):
        """The postmaster and all its children at once, as a power cut would."""
        kill_9([self.pid] + descendants_of(self.pid))
        self._process.wait(DEADLINE)
        self._process = None

    def dsn(self, database="gatepost"):
        return f"host={self.directory} user=gatepost dbname={database}"

    def sql(self, text, database="gatepost"):
        return run_sql(self.dsn(database), text)


def run_sql(dsn, text):
    """The output of psql: a line a row, columns between bars."""
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", dsn], input=text, text=True,
                          capture_output=True, timeout=DEADLINE * 2)
    if done.returncode != 0:
        raise SqlError(done.stderr.strip())
    return done.stdout.strip("\n")


class SqlError(Exception):
    """psql's message."""


class Psql:
    """One session, so that a transaction can stay open between two calls."""

    def __init__(self, dsn):
        self._process = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", dsn], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, statement):
        """Without waiting for its end."""
        self._write(statement + ";\n")

    def _write(self, text):
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def finish(self):
        """Waits until all that was sent is done; False: the session ended on the way."""
        try:
            self._write("\\echo done\n")
            for line in self._process.stdout:
                if line == "done\n":
                    return True
        except BrokenPipeError:
            pass
        return False

    def run(self, text):
        self.send(text)
        if not self.finish():
            raise SqlError(f"the session ended at: {text[:100]}")

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(DEADLINE)
        self._process.stdout.close()


def tail(path, lines=LOG_LINES_SHOWN):
    try:
        return "".join(line + "\n" for line in
                       pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no such file)\n"


def write_config(path, settings):
    """`settings`: {"dns.listen": ["127.0.0.1@5300"], …} as the TOML file of the configuration."""
    sections = {}
    for key, value in settings.items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
    pathlib.Path(path).write_text("".join(f"[{section}]\n" + "\n".join(lines) + "\n\n"
                                          for section, lines in sections.items()))


class Instance:
    """`gatepost run` and what it supervises: with a cluster of the test's own, or --local."""

    def __init__(self, directory, dsn=None, settings=None, local=False, user=None, exe=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.dsn = dsn
        self.local = self.directory / "local" if local else None
        self.user = user
        self.exe = exe or gatepost_program()
        self.port = free_port()
        self.log_path = self.directory / "gatepost.log"
        self.config = self.directory / "gatepost.toml"
        self._process = None
        self._log_begin = 0
        listen = [f"127.0.0.1@{self.port}"] + ([f"::1@{self.port}"] if has_ipv6() else [])
        everything = {"dns.listen": listen, "log.level": "info", "controlplane.arena_size_max": "1GiB"}
        if not local:
            everything |= {"database.dsn": dsn, "paths.state_dir": str(self.state),
                           "paths.run_dir": str(self.run_dir)}
        write_config(self.config, everything | (settings or {}))
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
        subprocess.run(["cp", "-a", "--reflink=auto", _template_cluster(owner and owner.pw_name),
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
                [self.exe, "run", *self.words(), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, env=self._environment(), start_new_session=True,
                preexec_fn=lambda: _die_with_parent(signal.SIGTERM), **_identity_of(self.user))

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
        family = descendants_of(self.pid)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(DEADLINE)
        finally:
            if not self.has_ended():
                kill_9([self.pid] + family)
                self._process.wait()

    def kill_9(self):
        """The supervisor and all its processes at once."""
        kill_9([self.pid] + descendants_of(self.pid))
        self._process.wait(DEADLINE)

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
        """A gatepost command on this instance. With `check`, another exit code than 0 fails the test."""
        done = subprocess.run([self.exe, *arguments, *self.words()], input=stdin, text=True,
                              capture_output=True, timeout=timeout, env=self._environment(), cwd=self.directory,
                              **_identity_of(self.user))
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
                for worker in status["dataplane"]["workers"]), "Gatepost follows the database")

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
            except (NoReply, BadReply) as error:
                seen["last"] = error
                return False
            return seen["last"].values(type_name) == sorted(values)
        try:
            wait_until(look, f"{name} {type_name} is {values}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the last reply: {seen.get('last')}") from None


class GatepostTest(unittest.TestCase):
    """Gives each test a directory, and takes down what it started."""

    maxDiff = None

    def setUp(self):
        # Unix sockets have short paths, and other users must be able to enter.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gatepost-it-", dir="/tmp"))
        self.directory.chmod(0o755)
        self._logs = []
        self.addCleanup(self._keep_logs)

    def cluster(self, start=True, user=None):
        cluster = Cluster(self.directory / "pg", user)
        self._logs.append(cluster.directory / "postgres.log")
        self.addCleanup(cluster.stop, signal.SIGQUIT)
        if start:
            cluster.start()
        return cluster

    def instance(self, dsn=None, **arguments):
        instance = Instance(self.directory / f"gp{len(self._logs)}", dsn, **arguments)
        self._logs.append(instance.log_path)
        self.addCleanup(instance.stop)
        return instance

    def ready_instance(self, **arguments):
        """A cluster, a database with the schema, and a running instance on it."""
        cluster = self.cluster()
        instance = self.instance(cluster.dsn(), **arguments)
        instance.cli("schema", "migrate")
        instance.start()
        return cluster, instance

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def import_zone(self, instance, apex, lines, serial=1):
        """A zone with a name server and `lines`, through `zone import`."""
        path = self.write(f"{apex}zone", zone_text(apex, lines, serial))
        instance.cli("zone", "import", str(path))

    def failure_details(self):
        """What the runner shows with a failure."""
        return "\n".join(f"the end of {path}:\n{tail(path)}" for path in self._logs)

    def _keep_logs(self):
        target = os.environ.get("GATEPOST_TEST_LOGS")
        if target:
            kept = pathlib.Path(target) / self.id().split(".", 1)[-1]
            kept.mkdir(parents=True, exist_ok=True)
            for path in self._logs:
                if path.exists():
                    shutil.copy(path, kept / f"{path.parent.name}-{path.name}")
        shutil.rmtree(self.directory, ignore_errors=True)

    def assert_one_sentence(self, done, code, pattern):
        """A command that failed as it should: its exit code, and one line that says what is the matter."""
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], pattern)


def zone_text(apex, lines, serial=1):
    """A master file with a SOA, an NS with its address, and `lines`."""
    return (f"$ORIGIN {apex}\n$TTL 300\n@ SOA ns hostmaster {serial} 7200 3600 1209600 60\n"
            "@ NS ns\nns A 192.0.2.53\n" + "".join(line + "\n" for line in lines))
