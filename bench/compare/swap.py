"""Every answer compared, while what it may be changes: all hosts' addresses back and forth, a transaction each."""

import subprocess

import flood
import zone
from process import BenchError, run

HOSTS = 1000
RATE = 500_000
OTHER_ADDRESS = "172.16.0.1"
NUMBER = "(substring(name FROM '^h([0-9]+)'))::int"
OWN_ADDRESS = f"'10.0.' || {NUMBER} / 256 || '.' || {NUMBER} % 256"


def statement(bench_zone, value):
    return (f"UPDATE gatepost.rrsets SET rdata = ARRAY[{value}] WHERE zone_id = (SELECT id FROM gatepost.zones "
            f"WHERE name = '{bench_zone.origin}') AND type = 'A' AND name ~ '^h[0-9]{{1,3}}[.]'")


def measure(server, hosts, build, folder, bench_zone, seconds):
    """Gives how many answers were compared and how many transactions went on meanwhile; a wrong one is an error."""
    name = bench_zone.origin.rstrip(".")
    queries = zone.write_lines(folder / "swap.queries", (f"h{i}.{name} A" for i in range(HOSTS)))
    expected = zone.write_lines(folder / "swap.expected", (
        f"h{i}.{name} A {zone.host_address(i)} {OTHER_ADDRESS}" for i in range(HOSTS)))
    tool = flood.GatepostLoad(hosts, build, ["--expect", str(expected)])
    running = flood.Running(tool, queries, RATE, seconds)
    transactions = 0
    while running.popen.poll() is None:
        value = OWN_ADDRESS if transactions % 2 else f"'{OTHER_ADDRESS}'"
        run(["psql", "--no-psqlrc", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.dsn, "-c",
             statement(bench_zone, value)])
        transactions += 1
    result = running.result()
    if result.compared < result.answered * 0.99:
        raise BenchError(f"only {result.compared} of {result.answered} answers were compared")
    return {"compared": result.compared, "wrong": 0, "transactions": transactions,
            "rows": transactions * min(HOSTS, bench_zone.hosts)}
