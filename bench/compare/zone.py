"""The benchmark zone and its queries: the same octets in every run.

The zone: N hosts with an A record; 1,000 each of MX, TXT, CNAME and delegations with glue; a
wildcard; the records of an ordinary apex. The queries are spread evenly over all names, so that
neither a server's caches nor the processor's see the same name soon again.
"""

import random
from dataclasses import dataclass
from pathlib import Path

EXTRAS = 1000  # of MX, TXT, CNAME and delegations, each
QUERIES = 1_000_000

APEX = """$ORIGIN {origin}
$TTL 3600
@ IN SOA ns1 hostmaster 2024010101 7200 3600 1209600 300
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
ns2 A 192.0.2.2
ns2 AAAA 2001:db8::2
@ A 192.0.2.80
@ AAAA 2001:db8::80
@ MX 10 mail1
@ MX 20 mail2
mail1 A 192.0.2.25
mail1 AAAA 2001:db8::25
mail2 A 192.0.2.26
@ TXT "v=spf1 ip4:192.0.2.0/24 -all"
@ CAA 0 issue "ca.example.net"
www CNAME web
web A 192.0.2.81
web AAAA 2001:db8::81
_sip._tcp SRV 10 60 5060 web
*.wild A 192.0.2.99
*.wild TXT "wildcard text"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
; HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.80, in the form that all the servers read (RFC 3597)
@ TYPE65 \\# 21 00010000010006026832026833000400 04c0000250
"""


@dataclass(frozen=True)
class Zone:
    origin: str  # with the final dot
    hosts: int
    file: Path

    @property
    def records(self):
        """Without the SOA record."""
        return self.hosts + 7 * EXTRAS + APEX.count("\n") - 4

    def host(self, i):
        return f"h{i}.{self.origin}"


def host_address(i):
    return f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"


def write_zone(folder, hosts, origin="example.com."):
    path = Path(folder) / f"{origin}{hosts}.zone"
    with open(path, "w", encoding="ascii") as out:
        out.write(APEX.format(origin=origin))
        for i in range(EXTRAS):
            out.write(
                f"m{i} MX 10 mail1\n"
                f't{i} TXT "v=spf1 include:_spf{i}.{origin} ~all"\n'
                f"c{i} CNAME h{i % hosts}\n"
                f"sub{i} NS ns1.sub{i}\n"
                f"sub{i} NS ns2.sub{i}\n"
                f"ns1.sub{i} A 198.51.100.{i % 250 + 1}\n"
                f"ns2.sub{i} A 203.0.113.{i % 250 + 1}\n"
            )
        for i in range(hosts):
            out.write(f"h{i} A {host_address(i)}\n")
    path.chmod(0o644)
    return Zone(origin, hosts, path)


def query_lines(zone, count, seed=1):
    """70 % of hosts, 4 % each of MX, TXT and CNAME, 3 % wildcard, 2 % referral, 1 % apex, 2 % NODATA,
    10 % NXDOMAIN."""
    source = random.Random(seed)
    name = zone.origin.rstrip(".")
    apex = [f"{name} {kind}" for kind in ("A", "MX", "AAAA", "TXT", "NS")] + [f"www.{name} A"]
    for _ in range(count):
        share = source.random()
        if share < 0.70:
            yield f"h{source.randrange(zone.hosts)}.{name} A"
        elif share < 0.74:
            yield f"m{source.randrange(EXTRAS)}.{name} MX"
        elif share < 0.78:
            yield f"t{source.randrange(EXTRAS)}.{name} TXT"
        elif share < 0.82:
            yield f"c{source.randrange(EXTRAS)}.{name} A"
        elif share < 0.85:
            yield f"x{source.randrange(10**6)}.wild.{name} A"
        elif share < 0.87:
            yield f"www.sub{source.randrange(EXTRAS)}.{name} A"
        elif share < 0.88:
            yield source.choice(apex)
        elif share < 0.90:
            yield f"h{source.randrange(zone.hosts)}.{name} AAAA"
        else:
            yield f"nx{source.randrange(10**7)}.{name} A"


def flood_lines(zone, count, seed=2):
    """Names that are not there, as a random-subdomain attack sends them."""
    source = random.Random(seed)
    name = zone.origin.rstrip(".")
    for _ in range(count):
        yield f"{source.randrange(16**10):010x}.{name} A"


def write_lines(path, lines):
    with open(path, "w", encoding="ascii") as out:
        out.writelines(line + "\n" for line in lines)
    return path
