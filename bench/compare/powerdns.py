"""PowerDNS over a PostgreSQL of its own, with its caches as shipped: what users run."""

from pathlib import Path

import zone
from postgres import Cluster
from process import tree
from servers import Server

SCHEMA = Path("/usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql")


def load_sql(bench_zone):
    """The hosts of the zone, as its web interfaces and APIs would have written them."""
    origin = bench_zone.origin.rstrip(".")
    yield "BEGIN;"
    yield f"INSERT INTO domains (name, type) VALUES ('{origin}', 'NATIVE');"
    yield "COPY records (domain_id, name, type, content, ttl, auth) FROM stdin;"
    yield f"1\t{origin}\tSOA\tns1.{origin} hostmaster.{origin} 1 7200 3600 1209600 300\t3600\tt"
    yield f"1\t{origin}\tNS\tns1.{origin}\t3600\tt"
    yield f"1\tns1.{origin}\tA\t192.0.2.1\t3600\tt"
    for i in range(bench_zone.hosts):
        yield f"1\th{i}.{origin}\tA\t{zone.host_address(i)}\t3600\tt"
    yield "\\."
    yield "COMMIT;"
    yield "ANALYZE;"


class PowerDns(Server):
    name = "powerdns"

    def __init__(self, folder, bench_zone, core=0):
        super().__init__(folder, bench_zone, core)
        self.cluster = Cluster(self.folder / "postgres")

    @property
    def dsn(self):
        return self.cluster.dsn

    def pids(self):
        return super().pids() + tree(self.cluster.process.pid)

    def configure(self):
        # The caches keep their defaults: 20 s for packets and queries, 60 s for what is not there,
        # 300 s for the list of zones.
        (self.folder / "pdns.conf").write_text(f"""launch=gpgsql
gpgsql-host={self.cluster.folder}
gpgsql-user=bench
gpgsql-dbname=bench
gpgsql-dnssec=yes
local-address=127.0.0.1
local-port={self.port}
socket-dir={self.folder}
receiver-threads=1
setuid=
setgid=
daemon=no
guardian=no
loglevel=3
""")
        return ["pdns_server", f"--config-dir={self.folder}"]

    def start(self):
        self.cluster.start()
        self.cluster.sql(SCHEMA.read_text())
        self.cluster.sql("\n".join(load_sql(self.zone)) + "\n")
        super().start()

    def stop(self):
        super().stop()
        self.cluster.stop()
