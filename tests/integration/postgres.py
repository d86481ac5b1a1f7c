"""A private PostgreSQL cluster for tests, and psql."""

import atexit
import contextlib
import functools
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import unittest

from processes import DEADLINE, die_with_parent, identity_of, kill_9_family, run_as_root, tail, wait_until


@functools.cache
def postgres_programs():
    versions = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    found = versions[-1] if versions else shutil.which("initdb")
    if not found:
        raise unittest.SkipTest("no PostgreSQL server is installed")
    return os.path.dirname(found)


@functools.cache
def template_cluster(user):
    """The directory of a cluster with an empty database "gatepost". A copy takes a tenth of what initdb does."""
    parent = tempfile.mkdtemp(prefix="gatepost-it-template-", dir="/tmp")
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    if user:
        owner = pwd.getpwnam(user)
        os.chown(parent, owner.pw_uid, owner.pw_gid)
    subprocess.run([f"{postgres_programs()}/initdb", f"--pgdata={parent}/data", "--no-sync", "--auth=trust",
                    "--username=gatepost", "--encoding=UTF8", "--no-locale"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/", **identity_of(user))
    subprocess.run([f"{postgres_programs()}/postgres", "--single", "-F", "-D", f"{parent}/data", "postgres"],
                   input=b"CREATE DATABASE gatepost\n", check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, cwd="/",
                   **identity_of(user))
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
        subprocess.run(["cp", "-a", "--reflink=auto", template_cluster(self.user), self.data], check=True)

    @property
    def data(self):
        return self.directory / "data"

    @property
    def pid(self):
        return self._process.pid if self._process else None


    def start(self, wait=True):
        settings = ["listen_addresses=", f"unix_socket_directories={self.directory}", "wal_level=logical",
                    "huge_pages=off", "timezone=UTC", "wal_writer_delay=10ms", "max_wal_size=2GB",
                    # Processes are killed here, the machine never is.
                    "fsync=off", "full_page_writes=off"]
        arguments = [f"{postgres_programs()}/postgres", "-D", str(self.data)]
        for setting in settings:
            arguments += ["-c", setting]
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             preexec_fn=lambda: die_with_parent(signal.SIGQUIT),
                                             cwd="/", **identity_of(self.user))
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
        kill_9_family(self.pid)
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
