"""Mail from SMTP into mailboxes, beside Postfix with Dovecot over Maildir and mdbox. See ../README.md."""

from pathlib import Path

import mail_load
import mail_peers
import report
from mail_gatepost import GatepostMail
from mail_load import Kind
from process import BenchError
from servers import versions

KIB = 1024
# The first one is the main one: its figures have no name in front.
KINDS = {
    "": Kind(sessions=20, per_session=1, size=4 * KIB, messages=5_000),
    "kept_": Kind(sessions=20, per_session=0, size=4 * KIB, messages=5_000),
    "many_": Kind(sessions=100, per_session=1, size=4 * KIB, messages=5_000),
    "large_": Kind(sessions=20, per_session=1, size=64 * KIB, messages=1_000),
}
QUICK_SHARE = 10  # of the messages, one in so many
FIGURES = {"accepted_per_s": "accepted_per_s", "delivered_per_s": "delivered_per_s", "cpu_ms_per_message": "cpu_ms",
           "p50_ms": "p50_ms", "p99_ms": "p99_ms"}


def filesystem(folder):
    """That `folder` lies on. Mail in memory would show what nobody runs."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    holding = [(len(point), kind) for point, kind in mounts if folder.is_relative_to(point)]
    return max(holding)[1]


def servers_of(build, options):
    """What makes each in a folder, in the order in which they take their turns."""
    makers = [] if options.peers_only else [lambda folder: GatepostMail(folder, build)]
    for peer in mail_peers.PEERS:
        if why := peer.missing():
            print(f"  {peer.name}: skipped, {why}", flush=True)
        else:
            makers.append(peer)
    if not makers:
        raise BenchError("nothing to measure")
    return makers


def measure_round(number, make, folder, build, share):
    """One server, fresh, and alone: idle ones would share the two cores. Gives its name, and by kind what was
    measured."""
    measured = {}
    with make(folder) as server:
        for prefix, kind in KINDS.items():
            kind = Kind(kind.sessions, kind.per_session, kind.size, kind.messages // share)
            one = mail_load.measure(build, server, kind, prefix.rstrip("_") or "main", folder / "ledger")
            print(f"  round {number} {server.name:22} {prefix.rstrip('_') or 'main':6} "
                  f"{one.delivered_per_s:8,.0f} delivered/s  {one.accepted_per_s:8,.0f} accepted/s  "
                  f"cpu {one.cpu_ms:6.3f} ms  p50 {one.p50_ms:7.2f} ms  generator {one.generator_us:5.1f} us  "
                  f"others kept {one.others_cores:.2f} cores busy", flush=True)
            measured[prefix] = one
        return server.name, measured


def figures_of(rounds):
    """Medians of what was measured of one server."""
    return {f"{prefix}{name}": report.median([getattr(one[prefix], key) for one in rounds])
            for prefix in KINDS for name, key in FIGURES.items()}


def ratios(figures):
    if "gatepost" not in figures:
        return {}
    metrics = {f"{prefix}{name}": f"{prefix}{key}" for prefix in KINDS
               for name, key in (("delivered_per_s", "delivered_per_s"), ("cpu_per_message", "cpu_ms_per_message"),
                                 ("p99", "p99_ms"))}
    return report.ratios(figures, metrics)


def run(folder, build, options):
    rounds = options.rounds or (1 if options.quick else 3)
    share = QUICK_SHARE if options.quick else 1
    kind = filesystem(folder)
    if kind in ("tmpfs", "ramfs"):
        raise BenchError(f"{folder} is in memory: set TMPDIR to a folder on a disk")
    print(f"smtp: {rounds} rounds, {KINDS[''].messages // share:,} messages to {mail_load.USERS} mailboxes on {kind}; "
          "servers and generator share the cores", flush=True)
    makers = servers_of(build, options)
    measured = {}
    for number in range(1, rounds + 1):
        round_folder = folder / f"round{number}"
        round_folder.mkdir()
        round_folder.chmod(0o755)
        for make in makers:
            name, one = measure_round(number, make, round_folder, build, share)
            measured.setdefault(name, []).append(one)
    result = {name: figures_of(all_) for name, all_ in measured.items()}
    for prefix in KINDS:
        print(f"\n{prefix.rstrip('_') or 'main'}: {KINDS[prefix]}")
        report.table(["server", *FIGURES], [[name, *(row[prefix + key] for key in FIGURES)]
                                            for name, row in result.items()])
    noise = [one.others_cores for all_ in measured.values() for of_round in all_ for one in of_round.values()]
    report.finish("smtp", result, ratios(result), options.json, rounds=rounds,
                  messages=KINDS[""].messages // share, filesystem=kind, others_cores=report.median(noise),
                  peers=versions(mail_peers.PACKAGES))
