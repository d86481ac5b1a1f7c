"""Authoritative answers over kernel UDP sockets: rate and processor time per query, server by
server, over the same zone and the same queries."""

import load
import report
import zone
from gatepost import Gatepost
from process import BenchError
from servers import PEERS, versions

SERVER_CORE = 0
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
}


def check_answers(server, measured, nxdomain_share):
    expected = {"NOERROR": 1 - nxdomain_share, "NXDOMAIN": nxdomain_share}
    rcodes = measured.load.rcodes
    for rcode in expected.keys() | rcodes.keys():
        if abs(rcodes.get(rcode, 0.0) - expected.get(rcode, 0.0)) > SHARE_TOLERANCE:
            raise BenchError(f"{server.name} answered {rcodes.get(rcode, 0.0):.1%} of the queries with {rcode}, "
                             f"expected {expected.get(rcode, 0.0):.1%}")


def figures(mixes, floods):
    def middle(runs, value):
        return report.median([value(run) for run in runs])

    return {
        "qps": middle(mixes, lambda run: run.load.qps),
        "cpu_us_per_query": middle(mixes, lambda run: run.cpu_us),
        "user_us_per_query": middle(mixes, lambda run: run.user_us),
        "sys_us_per_query": middle(mixes, lambda run: run.system_us),
        "nxdomain_qps": middle(floods, lambda run: run.load.qps),
        "nxdomain_cpu_us_per_query": middle(floods, lambda run: run.cpu_us),
        "nxdomain_user_us_per_query": middle(floods, lambda run: run.user_us),
        "lost": sum(run.load.lost for run in mixes + floods),
        "latency_us": middle(mixes, lambda run: run.load.latency_us),
        "response_octets": middle(mixes, lambda run: run.load.response_octets),
    }


def measure_round(servers, queries, flood, seconds, warm_up):
    for server in servers:
        load.run(server.port, queries, warm_up)
        mix = load.measure(server, queries, seconds)
        check_answers(server, mix, NXDOMAIN_SHARE)
        under_flood = load.measure(server, flood, max(2, seconds // 2))
        check_answers(server, under_flood, 1.0)
        yield server, mix, under_flood


def print_run(number, server, mix, flood):
    print(f"  round {number} {server.name:9} {mix.load.qps:9,.0f} q/s  cpu {mix.cpu_us:.3f} us/q  "
          f"user {mix.user_us:.3f}  sys {mix.system_us:.3f}  lost {mix.load.lost:4}  "
          f"NXDOMAIN flood {flood.load.qps:9,.0f} q/s  cpu {flood.cpu_us:.3f}  "
          f"others kept {mix.others_cores:.2f} cores busy", flush=True)


def print_tables(result):
    print("\nMedians. Processor time in us per answered query, of all the server's processes:")
    keys = {"q/s": "qps", "cpu": "cpu_us_per_query", "user": "user_us_per_query", "sys": "sys_us_per_query",
            "NXDOMAIN q/s": "nxdomain_qps", "cpu ": "nxdomain_cpu_us_per_query", "user ": "nxdomain_user_us_per_query",
            "latency": "latency_us", "lost": "lost", "octets": "response_octets"}
    report.table(["server", *keys], [[name, *(row[key] for key in keys.values())] for name, row in result.items()])


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
    mixes, floods = {}, {}
    noise = []
    for number in range(1, rounds + 1):
        for server, mix, under_flood in measure_round(servers, queries, flood, seconds, 1 if options.quick else 2):
            print_run(number, server, mix, under_flood)
            mixes.setdefault(server.name, []).append(mix)
            floods.setdefault(server.name, []).append(under_flood)
            noise.append(mix.others_cores)
    result = {name: figures(mixes[name], floods[name]) for name in mixes}
    print_tables(result)
    report.finish("dns", result, report.ratios(result, RATIOS), options.json, hosts=hosts, rounds=rounds,
                  seconds=seconds, others_cores=report.median(noise), peers=versions())
