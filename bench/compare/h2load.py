"""h2load, nghttp2's generator, on its own core: DNS over HTTPS by GET, for servers that dnsperf stops short with."""

import base64
import re
import shutil

import ask
import load
from load import Load
from process import BenchError

URIS = 20_000  # that it goes round and round through: it reads them anew for each connection


def installed():
    return shutil.which("h2load") is not None


def write_uris(folder, queries):
    """The first of the queries, as RFC 8484 has them: with an id of 0 and without padding."""
    path = folder / "uris"
    with open(queries, encoding="ascii") as lines, open(path, "w", encoding="ascii") as out:
        for _, line in zip(range(URIS), lines):
            name, kind = line.split()
            encoded = base64.urlsafe_b64encode(b"\0\0" + ask.question(name, kind)[2:])
            out.write(f"/dns-query?dns={encoded.decode().rstrip('=')}\n")
    return path


def run(port, uris, seconds, clients, in_flight):
    argv = ["h2load", "-t", "1", "-c", str(clients), "-m", str(in_flight // clients), "-D", str(seconds),
            "-i", str(uris), "-B", f"https://127.0.0.1:{port}", "-H", "accept: application/dns-message"]
    return parse(load.run_generator(argv, seconds + 15))


def parse(text):
    done = re.search(r"^requests: .* (\d+) succeeded, (\d+) failed", text, re.MULTILINE)
    rate = re.search(r"^finished in [^,]+, ([\d.]+) req/s", text, re.MULTILINE)
    good = re.search(r"^status codes: (\d+) 2xx", text, re.MULTILINE)
    if not (done and rate and good):
        raise BenchError(f"h2load said:\n{text[-2000:]}")
    completed = int(done.group(1))
    if int(good.group(1)) < completed:
        raise BenchError(f"h2load: of {completed} answers {good.group(1)} have a status of 200:\n{text[-2000:]}")
    return Load(completed=completed, lost=int(done.group(2)), qps=float(rate.group(1)))
