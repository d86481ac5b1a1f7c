"""Mailboxes read and written over IMAP, beside Dovecot over mdbox. See ../README.md."""

import statistics

import imap_dovecot
import imap_load
import report
from imap_dovecot import Dovecot
from imap_gatepost import GatepostImap
from process import BenchError
from servers import versions
from smtp import filesystem

# In this order: what reads comes before what makes the mailboxes grow. The goals are ours divided by Dovecot's
# processor time for one.
GOALS = {"login": 0.2, "select": 0.7, "fetch_flags": 0.33, "fetch_envelope": 0.12, "fetch_body": 0.5, "store": 1.5,
         "search_flags": 0.5, "search_subject": 0.2, "search_body": 0.33, "append": 0.6}
STORES_PER_S = 15_000  # goal, with ten connections
IDLE_KIB = 16  # goal, for one connection
SEEN_MS = 5  # goal, for the 99th percentile
SELECT_MS = {"warm": 2, "cold": 150}  # goals, of a hundred thousand messages
LARGE = 100_000
COLD_STARTS = 7
LARGE_WRITERS = 50  # connections that fill it
IDLE_CONNECTIONS = {"gatepost": 18_000, "dovecot": 300}  # Dovecot takes half a MiB for each
HIBERNATED = 1_000
HIBERNATE_S = 3
LABEL, LARGE_LABEL = "main", "large"


def measure_operations(build, server, seconds):
    """By operation, what was measured."""
    measured = {}
    for operation in GOALS:
        if operation == "append":
            measured["watch"] = imap_load.measure_watch(build, server, LABEL, max(2, seconds))
            p50_ms, p99_ms, changes = measured["watch"]
            print(f"  {server.name:10} watch          {changes:6,} changes, seen after p50 {p50_ms:.2f} ms  "
                  f"p99 {p99_ms:.2f} ms", flush=True)
        one = imap_load.measure(build, server, LABEL, operation, seconds)
        print(f"  {server.name:10} {operation:14} {one.per_s:10,.0f} /s  cpu {one.cpu_us:9.1f} us  "
              f"p50 {one.p50_us:9,.0f} us  p99 {one.p99_us:9,.0f} us  generator {one.generator_us:7.1f} us  "
              f"others kept {one.others_cores:.2f} cores busy", flush=True)
        measured[operation] = one
    return measured


def measure_idle(build, server, share):
    connections = max(100, IDLE_CONNECTIONS[server.name] // share)
    idle_bytes, held = imap_load.idle_bytes(build, server, LABEL, connections, 1)
    print(f"  {server.name:10} idle           {held:10,} TLS connections, {idle_bytes / 1024:.1f} KiB each", flush=True)
    return idle_bytes / 1024


def measure_hibernated(build, folder, share):
    with Dovecot(folder, hibernate=True) as server:
        imap_load.fill(build, server, LABEL, imap_load.USERS, imap_load.MESSAGES // share)
        idle_bytes, held = imap_load.idle_bytes(build, server, LABEL, max(100, HIBERNATED // share), HIBERNATE_S)
    print(f"  dovecot    hibernated     {held:10,} TLS connections, {idle_bytes / 1024:.1f} KiB each", flush=True)
    return idle_bytes / 1024


def measure_large(build, server, messages):
    """SELECT of one mailbox with so many messages, in milliseconds: just after a start (the median of some), and again
    and again."""
    imap_load.fill(build, server, LARGE_LABEL, 1, messages, LARGE_WRITERS)
    cold = []
    for _ in range(COLD_STARTS):
        server.restart()
        cold.append(imap_load.select_ms(build, server, LARGE_LABEL, 1))
    figures = {"cold": statistics.median(cold),
               "warm": imap_load.select_ms(build, server, LARGE_LABEL, 200)}
    for name, goal in SELECT_MS.items():
        print(f"  {server.name:10} SELECT of {messages:,}, {name}: {figures[name]:.2f} ms (goal: {goal})", flush=True)
    return figures


def figures_of(measured, idle_kib):
    figures = {}
    for operation, one in measured.items():
        if operation == "watch":
            figures |= {"seen_p50_ms": one[0], "seen_p99_ms": one[1]}
        else:
            figures |= {f"{operation}_per_s": one.per_s, f"{operation}_cpu_us": one.cpu_us,
                        f"{operation}_p99_us": one.p99_us}
    return figures | {"idle_kib": idle_kib}


def print_beside(figures, ratios):
    names = list(figures)
    rows = [[operation, *(figures[name][f"{operation}_{key}"] for key in ("per_s", "cpu_us") for name in names),
             ratios.get(f"{operation}_cpu_vs_dovecot"), goal,
             "-" if f"{operation}_cpu_vs_dovecot" not in ratios
             else "met" if ratios[f"{operation}_cpu_vs_dovecot"] <= goal else "missed"]
            for operation, goal in GOALS.items()]
    print()
    report.table(["operation", *(f"{name} {key}" for key in ("/s", "cpu us") for name in names), "cpu ratio", "goal",
                  ""], rows)
    others = [("store, /s", "store_per_s", f"at least {STORES_PER_S:,}"), ("idle, KiB", "idle_kib", str(IDLE_KIB)),
              ("change seen p50, ms", "seen_p50_ms", "-"), ("change seen p99, ms", "seen_p99_ms", str(SEEN_MS))]
    report.table(["", *names, "goal"], [[what, *(figures[name][key] for name in names), goal]
                                        for what, key, goal in others])


def run(folder, build, options):
    share = 10 if options.quick else 1
    seconds = options.seconds or (1 if options.quick else 5)
    if filesystem(folder) in ("tmpfs", "ramfs"):
        raise BenchError(f"{folder} is in memory: set TMPDIR to a folder on a disk")
    print(f"imap: {imap_load.USERS} mailboxes of {imap_load.MESSAGES:,} messages of 4 KiB, as many TLS connections, "
          f"{seconds} s each; servers and generator share the cores", flush=True)
    makers = [] if options.peers_only else [lambda: GatepostImap(folder, build)]
    if why := Dovecot.missing():
        print(f"  dovecot: skipped, {why}", flush=True)
    else:
        makers.append(lambda: Dovecot(folder))
    figures = {}
    for make in makers:
        with make() as server:
            imap_load.fill(build, server, LABEL, imap_load.USERS, imap_load.MESSAGES)
            idle_kib = measure_idle(build, server, share)
            measured = measure_operations(build, server, seconds)
            figures[server.name] = figures_of(measured, idle_kib)
            if server.name == "gatepost":
                large = measure_large(build, server, LARGE // share)
                figures[server.name] |= {f"select_large_{name}_ms": ms for name, ms in large.items()}
    if "dovecot" in figures:
        figures["dovecot"]["idle_hibernated_kib"] = measure_hibernated(build, folder, share)
    ratios = {}
    if "gatepost" in figures:
        ratios = report.ratios(figures, {f"{operation}_cpu": f"{operation}_cpu_us" for operation in GOALS}
                               | {"idle_memory": "idle_kib", "seen_p99": "seen_p99_ms"})
    print_beside(figures, ratios)
    report.finish("imap", figures, ratios, options.json, seconds=seconds, goals=GOALS,
                  peers=versions(imap_dovecot.PACKAGES))
