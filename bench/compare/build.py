"""What a bench needs on the machine: packages, and Gatepost built for speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from process import BenchError

TREE = Path(__file__).resolve().parents[2]
TARGETS = ("tools/gatepost/gatepost", "controlplane/control/gatepost-controlplane",
           "dataplane/worker/gatepost-dataplane", "bench/compare/prober", "bench/micro/pipeline_bench",
           "tools/load/gatepost-load")
TARGETS_OF = {"streams": ("bench/compare/tls_clients", "bench/micro/tls_bench", "bench/micro/stream_echo")}


def install_packages():
    # The tools write to standard error: standard output belongs to the report.
    done = subprocess.run([TREE / "tools/install-deps", "--bench"], stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise BenchError("tools/install-deps could not install the packages that the benches need")
    # Debian keeps the servers where an ordinary user's PATH does not lead.
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"


def option(build, name):
    options = subprocess.run(["meson", "introspect", "--buildoptions", build],
                             capture_output=True, text=True, check=True)
    return next(entry["value"] for entry in json.loads(options.stdout) if entry["name"] == name)


def build(folder, bench):
    """Builds the programs that `bench` needs in `folder`; gives it."""
    if not (folder / "build.ninja").exists():
        step(["meson", "setup", folder, TREE, "--buildtype=release"])
    if option(folder, "buildtype") != "release" or option(folder, "b_sanitize") != "none":
        raise BenchError(f"{folder} is no release build; give another folder with --build-dir, it is made")
    step(["ninja", "-C", folder, *TARGETS, *TARGETS_OF.get(bench, ())])
    return folder


def step(argv):
    if subprocess.run(argv, stdout=sys.stderr, check=False).returncode != 0:
        raise BenchError(f"failed: {' '.join(str(word) for word in argv)}")
