"""Authoritative answers over kernel UDP sockets: rate and processor time per query, server by
server, over the same zone and the same queries."""

import load
import report
import zone
from gatepost import Gatepost
from process import BenchError
from servers import PEERS, versions

SERVER_CORE = 0
MANY_CLIENTS = 200
# Of the answers to the mix (see zone.query_lines); anything else means that a server answers wrongly.
NXDOMAIN_SHARE = 0.10
SHARE_TOLERANCE = 0.01

RATIOS = {
    "qps": "qps",
    "cpu_per_query": "cpu_us_per_query",
    "user_per_query": "user_us_per_query",
    "sys_per_query": "sys_us_per_query",
    "nxdomain_cpu_per_query": "nxdomain_cpu_us_per_query",
    "nxdomain_user_per_query": "nxdomain_user_us_per_query",
    "many_clients_qps": "many_clients_qps",
    "many_clients_cpu_per_query": "many_clients_cpu_us_per_query",
    "many_clients_user_per_query": "many_clients_user_us_per_query",
}


def check_answers(server, measured, nxdomain_share):
    expected = {"NOERROR": 1 - nxdomain_share, "NXDOMAIN": nxdomain_share}
    rcodes = measured.load.rcodes
    for rcode in expected.keys() | rcodes.keys():
        if abs(rcodes.get(rcode, 0.0) - expected.get(rcode, 0.0)) > SHARE_TOLERANCE:
            raise BenchError(f"{server.name} answered {rcodes.get(rcode, 0.0):.1%} of the queries with {rcode}, "
                             f"expected {expected.get(rcode, 0.0):.1%}")


KINDS = {"mix": "", "flood": "nxdomain_", "many": "many_clients_"}  # of measurements, and of their figures


def figures(runs):
    """`runs`: of one server, by kind."""
    out = {}
    for kind, prefix in KINDS.items():
        values = {
            "qps": [run.load.qps for run in runs[kind]],
            "cpu_us_per_query": [run.cpu_us for run in runs[kind]],
            "user_us_per_query": [run.user_us for run in runs[kind]],
            "sys_us_per_query": [run.system_us for run in runs[kind]],
            "latency_us": [run.load.latency_us for run in runs[kind]],
            "response_octets": [run.load.response_octets for run in runs[kind]],
        }
        out |= {prefix + key: report.median(all_) for key, all_ in values.items()}
    out["lost"] = sum(run.load.lost for all_ in runs.values() for run in all_)
    return out


def measure(server, queries, flood, seconds, warm_up):
    """One run of each kind."""
    less = max(2, seconds // 2)
    load.run(server.port, queries, warm_up)
    out = {
        "mix": load.measure(server, queries, seconds),
        "flood": load.measure(server, flood, less),
        "many": load.measure(server, queries, less, clients=MANY_CLIENTS),
    }
    for kind, measured in out.items():
        check_answers(server, measured, 1.0 if kind == "flood" else NXDOMAIN_SHARE)
    return out


def print_run(number, server, measured):
    mix = measured["mix"]
    print(f"  round {number} {server.name:9} {mix.load.qps:9,.0f} q/s  cpu {mix.cpu_us:.3f} us/q  "
          f"user {mix.user_us:.3f}  sys {mix.system_us:.3f}  lost {mix.load.lost:3}  "
          f"flood cpu {measured['flood'].cpu_us:.3f}  many clients cpu {measured['many'].cpu_us:.3f}  "
          f"others kept {mix.others_cores:.2f} cores busy", flush=True)


def print_tables(result):
    print("\nMedians. Processor time in us per answered query, of all the server's processes.")
    keys = ("qps", "cpu_us_per_query", "user_us_per_query", "sys_us_per_query", "latency_us", "response_octets")
    titles = {"mix": "The mix, 4 clients:", "flood": "Random names that are not there, 4 clients:",
              "many": f"The mix, {MANY_CLIENTS} clients:"}
    for kind, prefix in KINDS.items():
        print(titles[kind])
        report.table(["server", *keys], [[name, *(row[prefix + key] for key in keys)] for name, row in result.items()])
    print("Queries without an answer, in all runs: "
          + ", ".join(f"{name} {row['lost']}" for name, row in result.items()))


def run(folder, build, options):
    hosts = 10_000 if options.quick else 100_000
    rounds = options.rounds or (1 if options.quick else 3)
    seconds = options.seconds or (2 if options.quick else 10)
    print(f"dns: {hosts:,} hosts, {rounds} rounds of {seconds} s; servers on core {SERVER_CORE}, "
          f"dnsperf on core {load.CORE}", flush=True)
    bench_zone = zone.write_zone(folder, hosts)
    count = zone.QUERIES // 10 if options.quick else zone.QUERIES
    queries = zone.write_lines(folder / "queries", zone.query_lines(bench_zone, count))
    flood = zone.write_lines(folder / "flood", zone.flood_lines(bench_zone, count))
    servers = [Gatepost(folder, bench_zone, build, SERVER_CORE)]
    servers += [peer(folder, bench_zone, SERVER_CORE) for peer in PEERS]
    for server in servers:
        options.stack.enter_context(server)
    runs = {server.name: {kind: [] for kind in KINDS} for server in servers}
    for number in range(1, rounds + 1):
        for server in servers:
            measured = measure(server, queries, flood, seconds, 1 if options.quick else 2)
            print_run(number, server, measured)
            for kind, one in measured.items():
                runs[server.name][kind].append(one)
    result = {name: figures(of_server) for name, of_server in runs.items()}
    print_tables(result)
    noise = [run.others_cores for of_server in runs.values() for all_ in of_server.values() for run in all_]
    report.finish("dns", result, report.ratios(result, RATIOS), options.json, hosts=hosts, rounds=rounds,
                  seconds=seconds, others_cores=report.median(noise), peers=versions())
