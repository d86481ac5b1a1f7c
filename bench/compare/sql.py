"""The same changes in the schemas of Gatepost and PowerDNS, for the prober.

{i} and {address} are the prober's to fill in; of the prepared statement, $1 is the address and $2 the
host's name.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Changes:
    host: str  # the name of host {i}, as the database has it
    one: str  # host 777
    all: str  # every host
    prepared: str  # any host
    zone: str  # a new zone, with NS and A records


def gatepost(zone):
    of_zone = f"zone_id = (SELECT id FROM gatepost.zones WHERE name = '{zone.origin}')"
    return Changes(
        host="h{i}." + zone.origin,
        one="UPDATE gatepost.rrsets SET rdata = ARRAY['{address}'] "
        f"WHERE {of_zone} AND name = '{zone.host(777)}' AND type = 'A'",
        all="UPDATE gatepost.rrsets SET rdata = ARRAY['{address}'] "
        f"WHERE {of_zone} AND type = 'A' AND name ~ '^h[0-9]+[.]'",
        prepared=f"UPDATE gatepost.rrsets SET rdata = ARRAY[$1::text] WHERE {of_zone} AND name = $2 AND type = 'A'",
        zone="""INSERT INTO gatepost.zones (name, mname, rname)
VALUES ('new{i}.example.', 'ns1.new{i}.example.', 'hostmaster.new{i}.example.');
INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)
SELECT z.id, v.name, v.type, 300, ARRAY[v.value] FROM gatepost.zones z,
    (VALUES ('new{i}.example.', 'NS', 'ns1.new{i}.example.'), ('ns1.new{i}.example.', 'A', '{address}'))
    AS v (name, type, value) WHERE z.name = 'new{i}.example.'""",
    )


def powerdns(zone):
    name = zone.origin.rstrip(".")
    return Changes(
        host="h{i}." + name,
        one=f"UPDATE records SET content = '{{address}}' WHERE name = 'h777.{name}' AND type = 'A'",
        all="UPDATE records SET content = '{address}' WHERE type = 'A' AND name ~ '^h[0-9]+[.]'",
        prepared="UPDATE records SET content = $1 WHERE name = $2 AND type = 'A'",
        zone="""INSERT INTO domains (name, type) VALUES ('new{i}.example', 'NATIVE');
INSERT INTO records (domain_id, name, type, content, ttl, auth)
SELECT d.id, v.name, v.type, v.value, 300, true FROM domains d,
    (VALUES ('new{i}.example', 'SOA', 'ns1.new{i}.example hostmaster.new{i}.example 1 7200 3600 1209600 300'),
            ('new{i}.example', 'NS', 'ns1.new{i}.example'), ('ns1.new{i}.example', 'A', '{address}'))
    AS v (name, type, value) WHERE d.name = 'new{i}.example'""",
    )
