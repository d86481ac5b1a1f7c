"""State that lies on a small file system of its own, which can be filled."""

import contextlib
import os
import subprocess

from processes import run_as_root


class SmallDisk:
    """For a GatepostTest, in front of it: before_start() is called before the instance starts for the first time."""

    OCTETS = 800 << 20

    def before_start(self):
        if not run_as_root():
            self.skipTest("only root mounts file systems")
        image, self.mount = self.directory / "disk.img", self.directory / "gp1" / "state"
        with open(image, "wb") as file:
            file.truncate(self.OCTETS)
        self.mount.mkdir(parents=True)
        for command in (["mkfs.ext4", "-q", "-F", "-m", "0", image], ["mount", "-o", "loop", image, self.mount]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.skipTest(f"{command[0]}: {done.stderr.strip()}")
        # Cleanups run in the reverse order: what runs on it has been stopped by then.
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.mount], check=True)
        self.mount.chmod(0o755)

    def fill(self, left):
        """All but so many octets."""
        about = os.statvfs(self.mount)
        with open(self.mount / "filler", "ab") as filler:
            size = about.f_bavail * about.f_bsize - left
            with contextlib.suppress(OSError):  # what the file system needs for it may have been the last
                os.posix_fallocate(filler.fileno(), filler.tell(), size)
