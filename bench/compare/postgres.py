"""A private PostgreSQL cluster for a peer, with the settings that Gatepost's own local one has."""

import os
import signal
from pathlib import Path

from process import BenchError, Process, run, wait_until


def programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    if not found:
        raise BenchError("no PostgreSQL server is installed")
    return found[-1].parent


class Cluster:
    """PostgreSQL never runs as root: there it runs as its Debian package's user."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.user = "postgres" if os.geteuid() == 0 else None
        self.bin = programs()
        self.process = None

    @property
    def dsn(self):
        return f"host={self.folder} user=bench dbname=bench"

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            run(["chown", self.user, self.folder])
        data = self.folder / "data"
        run([self.bin / "initdb", "-D", data, "--auth=trust", "--username=bench", "--encoding=UTF8",
             "--no-locale"], user=self.user)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.folder,
            "max_wal_size": "2GB",
            "huge_pages": "off",
            "timezone": "UTC",
        }
        argv = [self.bin / "postgres", "-D", data]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        log = self.folder / "log"
        log.touch()
        self.process = Process(argv, log, user=self.user, death_signal=signal.SIGINT)
        wait_until(self.is_ready, "PostgreSQL accepting connections", 60, self.process, every=0.1)
        self.sql("CREATE DATABASE bench", database="postgres")

    def is_ready(self):
        try:
            run([self.bin / "pg_isready", "-h", self.folder, "-U", "bench", "-q"])
        except BenchError:
            return False
        return True

    def sql(self, text, database="bench"):
        return run([self.bin / "psql", "-h", self.folder, "-U", "bench", "-d", database, "-q", "-At",
                    "-v", "ON_ERROR_STOP=1"], input_text=text)

    def stop(self):
        if self.process is not None:
            self.process.stop()
