"""DNS over TCP, TLS and HTTPS beside the servers that one would run instead; TLS handshakes; idle connections; and
what Stream costs over the bare ring. See ../README.md."""

import contextlib
import json
import resource
import shutil
import subprocess

import ask
import crowd
import h2load
import handshakes
import load
import report
import tls_servers
import zone
from dns import NXDOMAIN_SHARE, SERVER_CORE, check_answers
from gatepost import GatepostDataplane, GatepostStreams
from process import BenchError, prepare_child, wait_until
from servers import Knot, versions
from start import written_after_load
from stream_figures import best, connection_figures, query_figures, print_queries, print_connections, ratios

IN_FLIGHT = 400
FEW, MANY = 20, 200  # connections
# Of two kinds that differ in the number of connections or the method, one shows whether there is an answer.
SHOWN_BY = {"tcp_many": "tcp", "dot_many": "dot", "doh_post": "doh_get", "doh_many": "doh_h2load"}
WARM_UP = 2  # seconds
TRIES, COMPLETED_MIN = 3, 1_000  # queries, of a measurement that is one
# Name of a kind of measurement → (the server's port, how the generator is to ask).
KINDS = {
    "tcp": ("port", {"mode": "tcp", "clients": FEW}),
    "tcp_many": ("port", {"mode": "tcp", "clients": MANY}),
    "dot": ("tls_port", {"mode": "dot", "clients": FEW}),
    "dot_many": ("tls_port", {"mode": "dot", "clients": MANY}),
    "doh_get": ("https_port", {"mode": "doh", "clients": FEW, "doh_method": "GET"}),
    "doh_post": ("https_port", {"mode": "doh", "clients": FEW, "doh_method": "POST"}),
    "doh_h2load": ("https_port", {"tool": h2load.run, "clients": FEW}),
    "doh_many": ("https_port", {"tool": h2load.run, "clients": MANY}),
}
# What each server is measured with: Knot speaks TCP only, and for TCP it and NSD are enough. dnsperf 2.10 takes one
# HTTPS response from each TLS record and waits for the next one with the rest in its buffer: with a server that puts
# several into one, it comes to a stop. h2load does not.
TCP, TLS, HTTPS = ("tcp", "tcp_many"), ("dot", "dot_many"), ("doh_get", "doh_post", "doh_h2load", "doh_many")
KINDS_OF = {"gatepost": TCP + TLS + HTTPS, "knot": TCP, "nsd": TCP + TLS, "unbound": TLS + HTTPS,
            "bind": TLS + HTTPS, "dnsdist": TLS + HTTPS}
HANDSHAKES_OF = ("gatepost", "nsd", "unbound")
CROWDS_OF = (tls_servers.NsdTls, tls_servers.UnboundTls)


def open_servers(folder, bench_zone, build, stack):
    """All that are installed, started; what is not is told."""
    certificate = tls_servers.Certificate(folder)
    wanted = [(True, GatepostStreams, (folder, bench_zone, build, SERVER_CORE)),
              (shutil.which("knotd"), Knot, (folder, bench_zone, SERVER_CORE))]
    wanted += [(peer.installed(), peer, (folder, bench_zone, certificate, SERVER_CORE)) for peer in tls_servers.PEERS]
    servers = []
    for installed, kind, arguments in wanted:
        if not installed:
            print(f"  {kind.name}: skipped, it is not installed", flush=True)
            continue
        server = kind(*arguments)
        stack.enter_context(server)
        servers.append(server)
    return servers, certificate


class Questions:
    """The same, for each generator in its form."""

    def __init__(self, folder, bench_zone, count):
        self.lines = zone.write_lines(folder / "queries", zone.query_lines(bench_zone, count))
        self.uris = h2load.write_uris(folder, self.lines)
        # The name that is asked for on connections that are to have a query.
        self.name = bench_zone.host(1).rstrip(".")

    def of(self, kind):
        return self.uris if "tool" in KINDS[kind][1] else self.lines


def speaks(server, kind, questions):
    """Whether queries of that kind are answered; they also warm the server up."""
    port_name, how = KINDS[kind]
    how = {"tool": load.run, "in_flight": IN_FLIGHT} | how
    port = getattr(server, port_name, None)
    if port is None or not ask.connects(port):
        return False
    try:
        return how.pop("tool")(port, questions.of(kind), WARM_UP, **how).completed > COMPLETED_MIN
    except load.Stalled:
        return False


def kinds_of(server, questions):
    answered = {}
    for kind in KINDS_OF[server.name]:
        if kind in SHOWN_BY:
            answered[kind] = answered[SHOWN_BY[kind]]
        elif "tool" in KINDS[kind][1] and not h2load.installed():
            print(f"  {server.name}: {kind} skipped, h2load is not installed", flush=True)
            answered[kind] = False
        else:
            answered[kind] = speaks(server, kind, questions)
            if not answered[kind]:
                print(f"  {server.name}: {kind} skipped, no {COMPLETED_MIN:,} answers in {WARM_UP} s", flush=True)
    return [kind for kind, did in answered.items() if did]


def measure_once(server, kind, questions, seconds):
    """None: it cannot be measured so. dnsperf waits for the slowest of its connections at the beginning: one whose SYN
    was lost costs it a second and more."""
    port_name, how = KINDS[kind]
    for _ in range(TRIES):
        measured = load.measure(server, questions.of(kind), seconds, port=getattr(server, port_name),
                                **{"in_flight": IN_FLIGHT, **how})
        if measured.load.completed > COMPLETED_MIN:
            return measured
    return None


def measure_queries(number, server, kind, questions, seconds):
    why = f"in {seconds} s no {COMPLETED_MIN:,} answers, {TRIES} times"
    try:
        measured = measure_once(server, kind, questions, seconds)
    except load.Stalled as stalled:
        measured, why = None, str(stalled)
    if measured is None:
        print(f"  round {number} {server.name:9} {kind:10} not measured: {why}", flush=True)
        return None
    if measured.load.rcodes:  # h2load looks at the status only
        check_answers(server, measured, NXDOMAIN_SHARE)
    print(f"  round {number} {server.name:9} {kind:10} {measured.load.qps:9,.0f} q/s  cpu {measured.cpu_us:6.3f} us/q  "
          f"lost {measured.load.lost}  generator's core {measured.own_cores:4.0%}  "
          f"others kept {measured.others_cores:.2f} cores busy", flush=True)
    return measured


def measure_connections(number, server, build, seconds, name):
    runs = {kind: handshakes.measure(build, server, kind, seconds, name) for kind in handshakes.KINDS}
    print(f"  round {number} {server.name:9} " + "  ".join(
        f"{kind} {run.cpu_us:.1f} us, {run.per_s:,.0f}/s" for kind, run in runs.items() if run), flush=True)
    return runs


def measure_echo(build, quick):
    """Lines through Stream and by the bare ring: what bench/micro/stream_echo.cc prints."""
    command = [build / "bench/micro/stream_echo", "--json", "--rounds", "1" if quick else "3",
               "--seconds", "0.5" if quick else "2", "--server-core", SERVER_CORE, "--client-core", load.CORE]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                          preexec_fn=prepare_child)
    if done.returncode != 0:
        raise BenchError(f"stream_echo ended with {done.returncode}: {done.stderr[-1000:]}")
    print(done.stderr, end="", flush=True)
    return json.loads(done.stdout)


def keep_checkpoint(server, folder):
    """A copy of the zones as the dataplane starts from them; the file of an empty database is there before."""

    def complete():
        status = written_after_load(server)
        return status["checkpoint"]["size_bytes"] > server.zone.hosts and status

    status = wait_until(complete, "the checkpoint with the zone", 120, every=0.25)
    copy = folder / "zones.ckpt"
    shutil.copyfile(status["checkpoint"]["path"], copy)
    copy.chmod(0o600)
    return copy


def measure_crowds(folder, build, bench_zone, certificate, checkpoint, quick, name_asked):
    """Each server alone, and fresh: what it took before for others would serve this crowd, too."""
    count = crowd.size(quick)
    servers = [GatepostDataplane(folder, bench_zone, build, checkpoint, SERVER_CORE, tls=True)]
    servers += [peer(folder / "crowd", bench_zone, certificate, SERVER_CORE, crowd=True)
                for peer in CROWDS_OF if peer.installed()]
    result = {}
    for server in servers:
        name = "gatepost" if isinstance(server, GatepostDataplane) else server.name
        result[name] = crowd.measure(build, server, count, name_asked)
        print(f"  {name}: {result[name]['idle_connections']:,} idle TLS connections, "
              f"{result[name]['idle_bytes'] / 1024:.1f} KiB each, the kernel's share "
              f"{result[name]['idle_kernel_bytes'] / 1024:.1f} KiB", flush=True)
    return result


def raise_limits():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def measure_rounds(servers, build, questions, rounds, seconds):
    """By server: its runs by kind of query, and by kind of connection; and what the library alone takes."""
    kinds = {server.name: kinds_of(server, questions) for server in servers}
    runs = {name: {kind: [] for kind in of_server} for name, of_server in kinds.items()}
    connections = {name: {kind: [] for kind in handshakes.KINDS} for name in kinds if name in HANDSHAKES_OF}
    limits = []
    less = seconds / 2
    for number in range(1, rounds + 1):
        # By kind, so that what is compared is measured within seconds.
        for kind in KINDS:
            for server in servers:
                if kind not in kinds[server.name]:
                    continue
                if measured := measure_queries(number, server, kind, questions, seconds):
                    runs[server.name][kind].append(measured)
        limits.append(handshakes.library_limit(build, SERVER_CORE, 0.1 if rounds == 1 else 0.3))
        for server in servers:
            if server.name in connections:
                for kind, run in measure_connections(number, server, build, less, questions.name).items():
                    connections[server.name][kind].append(run)
    return runs, connections, {key: report.median([limit[key] for limit in limits]) for key in limits[0]}


def run(folder, build, options):
    raise_limits()
    hosts = 10_000 if options.quick else 100_000
    rounds = options.rounds or (1 if options.quick else 3)
    seconds = options.seconds or (2 if options.quick else 3)
    print(f"streams: {hosts:,} hosts, {rounds} rounds of {seconds} s; servers on core {SERVER_CORE}, "
          f"clients on core {load.CORE}", flush=True)
    bench_zone = zone.write_zone(folder, hosts)
    questions = Questions(folder, bench_zone, 50_000 if options.quick else 500_000)
    with contextlib.ExitStack() as stack:
        servers, certificate = open_servers(folder, bench_zone, build, stack)
        checkpoint = keep_checkpoint(servers[0], folder)
        measured = measure_rounds(servers, build, questions, rounds, seconds)
    runs, connections, limit = measured
    crowds = measure_crowds(folder, build, bench_zone, certificate, checkpoint, options.quick, questions.name)
    echo = measure_echo(build, options.quick)
    result = {name: query_figures(of_server) | connection_figures(connections.get(name)) | crowds.get(name, {})
              for name, of_server in runs.items()}
    result["gatepost"] |= {"echo": echo}
    result["boringssl"] = limit
    print_queries(result, KINDS)
    print_connections(result)
    noise = [one.others_cores for of_server in runs.values() for all_ in of_server.values() for one in all_]
    report.finish("streams", result, ratios(result), options.json, hosts=hosts, rounds=rounds, seconds=seconds,
                  others_cores=report.median(noise), best_dot=best(result, "dot"), best_doh=best(result, "doh_h2load"),
                  peers=versions(tls_servers.PACKAGES))
