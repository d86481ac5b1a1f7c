"""The pipeline alone, over a device that costs nothing (bench/micro/pipeline_bench.cc), with 4 KiB and 2 MiB pages."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

import report
from process import BenchError, prepare_child

CORE = 1
PAGES_WANTED = 80  # of 2 MiB: the packets' buffers
NR_HUGEPAGES = Path("/proc/sys/vm/nr_hugepages")
SHARED_MEMORY = Path("/sys/kernel/mm/transparent_hugepage/shmem_enabled")
STAGES = ("receive", "decode", "answer", "encode", "transmit")


@contextlib.contextmanager
def huge_pages():
    """For packets by reservation, for the index by permission (madvise); both as before afterwards."""
    reserved = NR_HUGEPAGES.read_text()
    allowed = next(word[1:-1] for word in SHARED_MEMORY.read_text().split() if word.startswith("["))
    try:
        NR_HUGEPAGES.write_text(str(max(PAGES_WANTED, int(reserved))))
        SHARED_MEMORY.write_text("advise")
        yield
    finally:
        NR_HUGEPAGES.write_text(reserved)
        SHARED_MEMORY.write_text(allowed)


def run_once(build, quick, hugepages):
    command = [build / "bench/micro/pipeline_bench", "--benchmark_format=json",
               f"--benchmark_min_time={0.05 if quick else 0.5}"]
    if not quick:
        command += ["--benchmark_repetitions=3", "--benchmark_report_aggregates_only=true"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                          env={**os.environ, "GATEPOST_BENCH_HUGEPAGES": "on" if hugepages else "off"},
                          preexec_fn=lambda: prepare_child(CORE))
    if done.returncode != 0:
        raise BenchError(f"pipeline_bench ended with {done.returncode}: {done.stderr[-1000:]}")
    wanted = [one for one in json.loads(done.stdout)["benchmarks"]
              if quick or one.get("aggregate_name") == "median"]
    return {one["run_name"].removeprefix("pipeline/"): one for one in wanted}


def measure(build, quick):
    """Nanoseconds per query by zone size, names asked for, burst and kind of pages."""
    with huge_pages():
        runs = {"2MiB": run_once(build, quick, True)}
    runs["4KiB"] = run_once(build, quick, False)
    print("The pipeline over net_null, ns per query (names in the zone, names asked for, burst):")
    report.table(["", "pages", "all", *STAGES],
                 [[name, pages, one["ns/query"], *(one[stage] for stage in STAGES)]
                  for pages, run in runs.items() for name, one in run.items()])
    return {pages: {name: {"ns_per_query": one["ns/query"]} | {stage: one[stage] for stage in STAGES}
                    for name, one in run.items()} for pages, run in runs.items()}
