"""From COMMIT to the answer: single records under load, many records in one transaction, new zones,
and how many transactions a second are followed. Beside PowerDNS, which asks its database."""

import json
import threading

import report
import sql
import zone
from gatepost import Gatepost
from load import Background
from powerdns import PowerDns
from process import BenchError, raise_session
from process import run as run_program
from servers import versions

LOAD_QPS = 100_000
PEER_WAIT_S = 90  # its caches keep an answer for up to 60 s, and the list of zones for 300 s

class Prober:
    def __init__(self, build, server):
        self.program = build / "bench/compare/prober"
        self.server = server

    def __call__(self, mode, timeout, change, name, ask=True, **options):
        words = [self.program, mode, "--settle", "0.6", "--dsn", self.server.dsn, "--sql", change, "--name", name]
        if ask:
            words += ["--server", f"127.0.0.1@{self.server.port}"]
        for key, value in options.items():
            words += [f"--{key.replace('_', '-')}", str(value)]
        # PostgreSQL's processes are sessions of their own, one for each connection.
        once = threading.Timer(0.3, lambda: [raise_session(pid) for pid in self.server.pids()])
        once.start()
        try:
            return json.loads(run_program(words, timeout=timeout))
        finally:
            once.cancel()


def latency_figures(samples, prefix=""):
    """p50, p99 and max of what was answered in time; how many were not."""
    answered = [sample["answer_ms"] for sample in samples if sample["answer_ms"] is not None]
    out = {f"{prefix}samples": len(samples), f"{prefix}not_in_time": len(samples) - len(answered)}
    if answered:
        out |= {
            f"{prefix}p50_ms": report.percentile(answered, 0.50),
            f"{prefix}p99_ms": report.percentile(answered, 0.99),
            f"{prefix}max_ms": max(answered),
        }
    return out


def single_changes(prober, change, name, count, interval, wait, jitter=0.0):
    got = prober("change", count * (interval + wait + jitter) + 60, change, name,
                 count=count, interval=interval, wait=wait, jitter=jitter)
    if got["wrong"]:
        raise BenchError(f"{got['wrong']} of {got['asked']} answers were wrong: {'; '.join(got['wrong_answers'])}")
    out = latency_figures(got["samples"])
    out["commit_p50_ms"] = report.median([sample["commit_ms"] for sample in got["samples"]])
    late = [sample["from_sent_ms"] for sample in got["samples"] if sample["from_sent_ms"] is not None]
    if late:
        out["from_commit_sent_p99_ms"] = report.percentile(late, 0.99)
    return out


def bulk(prober, changes, records, count, wait):
    got = prober("bulk", count * (2 * wait + 300), changes.all, changes.host, records=records, count=count, wait=wait)
    done = [sample for sample in got["samples"] if not sample["unconfirmed"]]
    if not done:
        return {"bulk_not_in_time": len(got["samples"])}
    return {
        "bulk_records": records,
        "bulk_first_ms": report.median([sample["first_ms"] for sample in done]),
        "bulk_100k_ms": report.median([sample["all_ms"] for sample in done]),
        "bulk_stale_behind_first": sum(sample["stale"] for sample in done),
        "bulk_statement_ms": report.median([sample["change"]["statement_ms"] for sample in done]),
        "bulk_commit_ms": report.median([sample["change"]["commit_ms"] for sample in done]),
    }


def new_zones(prober, changes, count, wait):
    got = prober("change", count * (wait + 2) + 60, changes.zone, "ns1.new{i}.example.",
                 count=count, wait=wait, interval=0)
    out = latency_figures(got["samples"], "new_zone_")
    if "new_zone_p50_ms" in out:
        out["new_zone_ms"] = out["new_zone_p50_ms"]
    return out


def commits(prober, changes, records, seconds, asynchronous, ask=True):
    setting = f"SET synchronous_commit = {'off' if asynchronous else 'on'}"
    got = prober("commits", seconds + 600, changes.prepared, changes.host, ask=ask,
                 records=records, seconds=seconds, set=setting)
    prefix = "async_" if asynchronous else ""
    out = {f"{prefix}tx_per_s": got["transactions"] / got["seconds"]}
    if ask:
        if got["unconfirmed"]:
            raise BenchError(f"{got['unconfirmed']} of {got['names']} changed names never had their last address")
        out[f"{prefix}lag_ms"] = got["lag_ms"]
        out[f"{prefix}all_answered_ms"] = got["all_answered_ms"]
    return out


def say(what, result):
    shown = ", ".join(f"{key} {report.format_number(value)}" for key, value in result.items())
    print(f"  {what}: {shown}", flush=True)
    return result


def under_load(server, prober, changes, host, queries, **how):
    with Background(server.port, queries, LOAD_QPS) as background:
        out = single_changes(prober, changes.one, host, **how)
    return out | {"background_qps": background.load.qps, "background_lost": background.load.lost}


def measure_gatepost(server, build, options, small, big, queries):
    prober = Prober(build, server)
    seconds = options.seconds or (5 if options.quick else 100)
    changes = sql.gatepost(small)
    out = say("single records under load",
              under_load(server, prober, changes, small.host(777), queries, count=seconds, interval=1, wait=30))
    out |= say(f"{small.hosts:,} records in one transaction",
               bulk(prober, changes, small.hosts, options.rounds or (1 if options.quick else 3), 60))
    out |= say("new zones", new_zones(prober, changes, 5 if options.quick else 50, 30))
    print(f"  importing {big.hosts:,} hosts…", flush=True)
    server.import_zone(big)
    for asynchronous in (False, True):
        out |= say(f"transactions in {big.hosts:,} records, synchronous_commit {'off' if asynchronous else 'on'}",
                   commits(prober, sql.gatepost(big), big.hosts, 3 if options.quick else 10, asynchronous))
    sync = server.status()["sync"]
    if sync["state"] != "streaming" or sync["loads_total"] != 1:
        raise BenchError(f"gatepost did not follow its database all the time: {sync}")
    return out


def measure_powerdns(server, build, options, small, queries):
    prober = Prober(build, server)
    changes = sql.powerdns(small)
    # A random pause, so that changes come at any age of what its caches hold.
    out = say("single records under load",
              under_load(server, prober, changes, small.host(777), queries, count=1 if options.quick else 5,
                         interval=1, wait=PEER_WAIT_S, jitter=0 if options.quick else 20))
    for asynchronous in (False, True):
        out |= say(f"transactions in {small.hosts:,} records, synchronous_commit {'off' if asynchronous else 'on'}",
                   commits(prober, changes, small.hosts, 3 if options.quick else 10, asynchronous, ask=False))
    if not options.quick:
        out |= say(f"{small.hosts:,} records in one transaction",
                   bulk(prober, changes, small.hosts, 1, PEER_WAIT_S))
        out |= say("new zone", new_zones(prober, changes, 1, PEER_WAIT_S))
    return out


RATIOS = {"p50": "p50_ms", "p99": "p99_ms", "max": "max_ms", "bulk_100k": "bulk_100k_ms",
          "new_zone": "new_zone_ms", "tx_per_s": "tx_per_s", "async_tx_per_s": "async_tx_per_s"}


def run(folder, build, options):
    hosts, many = (10_000, 20_000) if options.quick else (100_000, 1_000_000)
    small = zone.write_zone(folder, hosts)
    big = zone.write_zone(folder, many, "big.example.")
    queries = zone.write_lines(folder / "queries", zone.query_lines(small, zone.QUERIES // 10))
    print(f"sync: a zone of {hosts:,} hosts under {LOAD_QPS:,} q/s, one of {many:,} for transactions", flush=True)
    result = {}
    # One after the other: what an idle server does now and then would disturb the other.
    print("gatepost:", flush=True)
    with Gatepost(folder, small, build) as server:
        result["gatepost"] = measure_gatepost(server, build, options, small, big, queries)
    print("powerdns:", flush=True)
    with PowerDns(folder, small) as server:
        result["powerdns"] = measure_powerdns(server, build, options, small, queries)
    keys = ("p50_ms", "p99_ms", "max_ms", "bulk_100k_ms", "new_zone_ms", "tx_per_s", "async_tx_per_s")
    print()
    report.table(["server", *keys], [[name, *(row.get(key) for key in keys)] for name, row in result.items()])
    report.finish("sync", result, report.ratios(result, RATIOS), options.json, hosts=hosts, hosts_of_big_zone=many,
                  background_qps=LOAD_QPS, peers=versions())
