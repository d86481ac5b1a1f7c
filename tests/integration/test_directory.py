"""Certificates on the way from a COMMIT to the next handshake, and without PostgreSQL from the checkpoint."""

import hashlib
import socket
import ssl
import unittest

from harness import GatepostTest
from processes import DEADLINE, free_port, wait_until
from test_certificates import Authority

HOST = "mx.directory.example"


class Directory(GatepostTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.directory)
        self.port = free_port()
        self.postgres, self.instance_ = self.ready_instance(
            settings={"dns.tls_listen": [f"127.0.0.1@{self.port}"], "tls.server_name": HOST})

    def shown(self, name):
        """The fingerprint of the certificate that a client gets who asks for `name`."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
            with context.wrap_socket(connection, server_hostname=name) as tls:
                return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()

    def fingerprint(self, domain, type_name):
        """As the database has it; None: there is no such certificate."""
        for row in self.instance_.cli_json("cert", "list")["certificates"]:
            if (row["domain"], row["type"]) == (domain, type_name):
                return row["fingerprint_sha256"].replace(":", "").lower()
        return None

    def import_certificate(self, stem, domain, *arguments):
        chain, key = self.authority.issue(stem, [domain])
        self.instance_.cli("cert", "import", domain, "--chain", str(chain), "--key", str(key), *arguments)
        self.instance_.wait_synced()
        return self.fingerprint(domain, "live")

    def own(self):
        """The certificate that the keeper makes for the server's name."""
        return wait_until(lambda: self.fingerprint(HOST, "self-signed"), "the keeper has made a certificate")

    def wait_shown(self, name, fingerprint):
        wait_until(lambda: self.shown(name) == fingerprint, f"{name} shows {fingerprint}")

    def test_a_commit_is_in_force_with_the_next_connection(self):
        own = self.own()
        self.wait_shown("nobody.example", own)
        live = self.import_certificate("a", "a.example")
        self.assertEqual((self.shown("a.example"), self.shown("nobody.example")), (live, own))
        # By hand, as psql does it.
        self.instance_.sql("UPDATE gatepost.certificates SET domain = 'b.example', names = '{b.example}' "
                           "WHERE domain = 'a.example'")
        self.instance_.wait_synced()
        self.assertEqual((self.shown("b.example"), self.shown("a.example")), (live, own))
        self.instance_.sql("DELETE FROM gatepost.certificates WHERE domain = 'b.example'")
        self.instance_.wait_synced()
        self.assertEqual(self.shown("b.example"), own)

    def test_what_cannot_be_served_is_held(self):
        live = self.import_certificate("a", "a.example")
        sealed = self.instance_.sql("SELECT encode(sealed_key, 'hex') FROM gatepost.certificates "
                                    "WHERE domain = 'a.example'")
        self.instance_.sql("UPDATE gatepost.certificates SET sealed_key = overlay(sealed_key PLACING '\\x00000000' "
                           "FROM 60) WHERE domain = 'a.example'")
        self.instance_.wait_synced()
        self.instance_.wait_log(r"event=sync\.certificate_held .*domain=a\.example")
        held = self.instance_.control("status")["held_certificates"]
        self.assertEqual([(entry["entry"].split(" (")[0].split()[0], entry["served"]) for entry in held],
                         [("certificate", True)])
        self.assertEqual(self.shown("a.example"), live)
        hexadecimal = sealed if isinstance(sealed, str) else sealed[0][0]
        self.instance_.sql(f"UPDATE gatepost.certificates SET sealed_key = '\\x{hexadecimal.strip()}' "
                           "WHERE domain = 'a.example'")
        self.instance_.wait_synced()
        self.assertEqual(self.instance_.control("status")["held_certificates"], [])

    def test_from_the_checkpoint_after_the_death_of_everything(self):
        own = self.own()
        live = self.import_certificate("a", "a.example")
        self.wait_shown("nobody.example", own)
        reply = self.instance_.write_checkpoint()
        self.assertEqual(reply["directory"]["path"], str(self.instance_.state / "directory.ckpt"))
        self.assertEqual((self.instance_.state / "directory.ckpt").stat().st_mode & 0o777, 0o600)
        self.instance_.kill_9()
        self.postgres.stop()
        self.instance_.launch()
        self.instance_.wait_log("event=dataplane.serving")
        self.assertEqual((self.shown("a.example"), self.shown("nobody.example")), (live, own))
        # What is damaged is not used at all: TLS goes on with a certificate of the process's own.
        self.instance_.kill_9()
        path = self.instance_.state / "directory.ckpt"
        image = bytearray(path.read_bytes())
        image[len(image) // 2] ^= 1
        path.write_bytes(image)
        self.instance_.launch()
        self.instance_.wait_log("event=dataplane.checkpoint_refused")
        self.instance_.wait_log("event=dataplane.serving")
        self.assertNotIn(self.shown("a.example"), (live, own))
        self.postgres.start()
        self.wait_shown("a.example", live)


if __name__ == "__main__":
    unittest.main()
