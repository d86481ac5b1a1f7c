"""Start to first answer with a million names, and what a record costs in memory."""

import shutil
import time

import report
import zone
from gatepost import Gatepost, GatepostDataplane
from cpu import memory_bytes
from process import BenchError, wait_until
from servers import PEERS, versions

RATIOS = {"start": "start_ms", "memory": "memory_bytes_per_record"}


def written_after_load(server):
    """Status, once the checkpoint on disk is that of what is served now."""

    def complete():
        status = server.status()
        written = status["checkpoint"]["commit_lsn"]
        return written is not None and written == status["sync"]["commit_lsn"] and status

    return wait_until(complete, "the checkpoint", 120, every=0.25)


def image_figures(folder, build, big):
    """Imports the zone, starts anew for the time of a load, and keeps the checkpoint."""
    checkpoint = folder / "zones.ckpt"
    server = Gatepost(folder, big, build)
    with server:
        print(f"  imported in {server.import_seconds:.1f} s", flush=True)
        written_after_load(server)
        server.stop()
        server.start()  # the same instance: it finds its database full
        status = written_after_load(server)
        shutil.copyfile(status["checkpoint"]["path"], checkpoint)
    checkpoint.chmod(0o600)
    arena = status["arena"]
    live = arena["used_bytes"] - arena["free_bytes"] - arena["retired_bytes"]
    return checkpoint, {
        "import_seconds": server.import_seconds,
        "load_seconds": status["sync"]["load_seconds"],
        "arena_used_bytes": arena["used_bytes"],
        "arena_bytes_per_record": live / arena["rrsets"],
        "rrsets": arena["rrsets"],
        "checkpoint_bytes": status["checkpoint"]["size_bytes"],
    }


def start_figures(server, records, rounds):
    times, memory = [], 0
    for _ in range(rounds):
        try:
            seconds = server.start_timed()
            if seconds is None:
                raise BenchError(f"{server.name} did not answer:\n{server.process.log_end()}")
            times.append(seconds * 1000)
            time.sleep(0.5)
            memory = memory_bytes(server.pid)
        finally:
            server.stop()
    return {
        "start_ms": report.median(times),
        "start_min_ms": min(times),
        "start_max_ms": max(times),
        "memory_bytes": memory,
        "memory_bytes_per_record": memory / records,
    }


def run(folder, build, options):
    hosts = 20_000 if options.quick else 1_000_000
    rounds = options.rounds or (2 if options.quick else 5)
    big = zone.write_zone(folder, hosts)
    print(f"start: {hosts:,} hosts, {rounds} starts of each server, files in the page cache", flush=True)
    checkpoint, image = image_figures(folder, build, big)
    result = {}
    dataplane = GatepostDataplane(folder, big, build, checkpoint)
    for name, server in [("gatepost", dataplane)] + [(peer.name, peer(folder, big)) for peer in PEERS]:
        result[name] = start_figures(server, big.records, rounds)
        print(f"  {name}: {result[name]['start_ms']:.1f} ms", flush=True)
    result["gatepost"] |= image
    keys = ("start_ms", "start_min_ms", "start_max_ms", "memory_bytes", "memory_bytes_per_record")
    print()
    report.table(["server", *keys], [[name, *(row[key] for key in keys)] for name, row in result.items()])
    print("gatepost: " + ", ".join(f"{key} {report.format_number(value)}" for key, value in image.items()))
    report.finish("start", result, report.ratios(result, RATIOS), options.json, hosts=hosts, rounds=rounds,
                  peers=versions())
