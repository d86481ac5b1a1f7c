"""gatepost-dataplane by itself, on a device of its own: no supervisor, no database, zones from a checkpoint."""

import os
import pathlib
import signal
import subprocess

from instance import program
from processes import DEADLINE, die_with_parent, identity_of, tail, wait_until


class DeviceProcess:
    """`wrapper`: words in front of the program's; `more`: for subprocess.Popen."""

    def __init__(self, log_path, *arguments, wrapper=(), user=None, exe=None, **more):
        self._log_path = pathlib.Path(log_path)
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                [*wrapper, exe or program("gatepost-dataplane"), *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=lambda: die_with_parent(signal.SIGKILL), **identity_of(user), **more)

    @property
    def pid(self):
        return self._process.pid

    def log(self):
        return self._log_path.read_text(errors="replace")

    def wait_serving(self):
        def look():
            if self._process.poll() is not None:
                raise AssertionError(f"it ended with {self._process.returncode}:\n{tail(self._log_path)}")
            return "event=dataplane.serving" in self.log()
        wait_until(look, "the dataplane serves")

    def wait(self):
        """The exit code, when it has ended by itself."""
        return self._process.wait(DEADLINE)

    def stop(self):
        """Its exit code after an orderly end."""
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        try:
            return self._process.wait(DEADLINE)
        finally:
            self._process.kill()
