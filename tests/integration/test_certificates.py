"""Certificates with real processes: what a person imports, and what becomes of it."""

import datetime
import hashlib
import json
import os
import re
import socket
import ssl
import stat
import subprocess
import unittest

from harness import GatepostTest
from processes import DEADLINE, free_port, run_as_root


def openssl(*arguments, stdin=None):
    try:
        return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise unittest.SkipTest("openssl is not installed") from None
    except subprocess.CalledProcessError as error:
        raise AssertionError(f"openssl {' '.join(arguments)}: {error.stderr.decode()}") from None


class Authority:
    """A CA in a folder, which issues what it is told to."""

    def __init__(self, directory, name="Test CA"):
        self.directory = directory
        self.key, self.certificate = directory / f"{name}.key", directory / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-days", "3650", "-keyout", str(self.key), "-out", str(self.certificate))

    def issue(self, stem, names, days=90, algorithm="ec", begin_days=0):
        """The paths of a chain and its key. `days` from now; below zero: it has expired."""
        key, request, leaf = (self.directory / f"{stem}.{ending}" for ending in ("key", "csr", "leaf"))
        kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if algorithm == "ec" else ["rsa:2048"]
        openssl("req", "-newkey", *kind, "-nodes", "-subj", f"/CN={names[0]}", "-keyout", str(key), "-out",
                str(request))
        database = self.directory / "ca-database"
        database.write_text("")
        config = self.directory / "ca.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\nnew_certs_dir={self.directory}\nrand_serial=yes\n"
            "default_md=sha256\npolicy=p\nx509_extensions=x\nunique_subject=no\n[p]\ncommonName=supplied\n"
            f"[x]\nsubjectAltName={','.join('DNS:' + name for name in names)}\nextendedKeyUsage=serverAuth\n")
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = (now + datetime.timedelta(days=count) for count in (min(begin_days, days - 1), days))
        openssl("ca", "-batch", "-config", str(config), "-cert", str(self.certificate), "-keyfile", str(self.key),
                "-in", str(request), "-out", str(leaf), "-notext", "-startdate", begin.strftime("%Y%m%d%H%M%SZ"),
                "-enddate", end.strftime("%Y%m%d%H%M%SZ"))
        chain = self.directory / f"{stem}.pem"
        chain.write_text(leaf.read_text() + self.certificate.read_text())
        return chain, key


class CertificateTest(GatepostTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.directory)

    def only_database(self, **arguments):
        """An instance that is not started: its commands work on the database."""
        instance = self.instance(self.cluster().dsn(), **arguments)
        instance.cli("schema", "migrate")
        return instance

    def refused(self, instance, code, pattern, *arguments, stdin=None):
        self.assert_one_sentence(instance.cli("cert", *arguments, check=False, stdin=stdin), code, pattern)


class Commands(CertificateTest):
    """Of the command line alone."""

    def setUp(self):
        super().setUp()
        self.instance_ = self.only_database()
        self.key_file = self.instance_.state / "secret.key"

    def cli(self, *arguments, **options):
        return self.instance_.cli("cert", *arguments, **options)

    def list(self, *arguments):
        return self.instance_.cli_json("cert", "list", *arguments)["certificates"]

    def test_import_list_show_export(self):
        chain, key = self.authority.issue("live", ["example.org", "*.example.org"])
        dry = self.instance_.cli_json("cert", "import", "example.org", "--chain", str(chain), "--key", str(key), "-n")
        self.assertTrue(dry["dry_run"])
        self.assertEqual((len(dry["after"]), self.list()), (1, []))
        self.assertFalse(self.key_file.exists(), "a dry run makes no key")
        done = self.instance_.cli_json("cert", "import", "Example.ORG.", "--chain", str(chain), "--key", str(key))
        self.assertEqual((done["before"], done["warnings"]), ([], []))
        self.assertEqual(stat.S_IMODE(self.key_file.stat().st_mode), 0o600)
        row = self.list()[0]
        self.assertEqual({name: row[name] for name in ("domain", "type", "key_type", "names", "status", "source")},
                         {"domain": "example.org", "type": "live", "key_type": "ecdsa",
                          "names": ["example.org", "*.example.org"], "status": "valid", "source": "import"})
        self.assertEqual(row["in_use_by"], ["dns", "https", "imap", "pop3", "sieve", "smtp"])
        self.assertIn(row["days_left"], (89, 90))
        self.assertRegex(self.cli("list").stdout, r"example\.org +live +ecdsa .* Test CA .* all services")
        self.assertIn(row["fingerprint_sha256"], self.cli("show", "example.org").stdout)
        # Neither the database nor its dump has the key in the clear.
        sealed = self.instance_.sql("SELECT encode(sealed_key, 'escape') FROM gatepost.certificates")
        self.assertIn("GPS1", str(sealed))
        # The same again changes nothing; exported, it is what was imported.
        again = self.cli("import", "example.org", "--chain", str(chain), "--key", str(key))
        self.assertIn("nothing to change", again.stderr)
        out_chain, out_key = self.directory / "out.pem", self.directory / "out.key"
        self.refused(self.instance_, 1, "in the clear.*--yes", "export", "example.org", "--chain", str(out_chain),
                     "--key", str(out_key))
        self.cli("export", "example.org", "--chain", str(out_chain), "--key", str(out_key), "--yes")
        self.assertEqual(out_chain.read_text(), chain.read_text())
        self.assertEqual(openssl("pkey", "-in", str(out_key)), openssl("pkey", "-in", str(key)))
        self.assertEqual(stat.S_IMODE(out_key.stat().st_mode), 0o600)
        self.assertEqual(self.cli("export", "example.org", "--chain", "-").stdout, chain.read_text())
        self.refused(self.instance_, 2, "not to standard output", "export", "example.org", "--key", "-")
        self.refused(self.instance_, 1, "no staged certificate", "export", "example.org", "--type", "staged",
                     "--chain", "-")

    def test_combined_file_and_standard_input(self):
        chain, key = self.authority.issue("one", ["one.example"])
        combined = key.read_text() + chain.read_text()
        self.cli("import", "one.example", "--chain", "-", stdin=combined)
        self.cli("import", "one.example", "--type", "staged", "--chain", "-", "--key", str(key),
                 stdin=chain.read_text())
        self.assertEqual([row["type"] for row in self.list()], ["live", "staged"])
        self.assertNotIn("PRIVATE", self.cli("export", "one.example", "--chain", "-").stdout)
        self.refused(self.instance_, 2, "has no private key; name the file", "import", "one.example", "--chain",
                     str(chain))

    def test_what_is_wrong_with_files(self):
        chain, key = self.authority.issue("good", ["good.example"])
        other_chain, other_key = self.authority.issue("other", ["other.example"])
        files = ["--chain", str(chain), "--key", str(key)]

        def bad(text, code, pattern, chain_of=None, key_of=None):
            """The chain's text, changed."""
            path = self.write("bad.pem", text) if text is not None else chain_of or chain
            self.refused(self.instance_, code, pattern, "import", "good.example", "--chain", str(path), "--key",
                         str(key_of or key))
        bad(None, 5, "the key does not belong to the certificate", key_of=other_key)
        bad(chain.read_text()[:-200], 5, "the second certificate ends in the middle")
        bad(chain.read_text()[:300], 5, "the first certificate ends in the middle")
        bad("", 5, "no certificate")
        leaf, ca = re.findall("-----BEGIN.*?END CERTIFICATE-----\n", chain.read_text(), re.DOTALL)
        bad(ca + leaf, 5, "wrong order: the first certificate .CN=Test CA. was not issued by the second")
        bad(leaf + re.findall("-----BEGIN.*?END CERTIFICATE-----\n", other_chain.read_text(), re.DOTALL)[0], 5,
            "wrong order")
        bad(None, 5, "is not for good.example; its names: other.example", chain_of=other_chain, key_of=other_key)
        encrypted = self.directory / "encrypted.key"
        openssl("pkey", "-in", str(key), "-aes256", "-passout", "pass:x", "-out", str(encrypted))
        bad(None, 5, "has a passphrase; take that off with: openssl pkey", key_of=encrypted)
        bad(None, 5, "no private key", key_of=chain)
        bad(None, 2, "No such file", chain_of=self.directory / "missing.pem")
        self.refused(self.instance_, 2, "--chain is required", "import", "good.example")
        self.refused(self.instance_, 2, "not the name of a host", "import", "good example", *files)
        self.refused(self.instance_, 2, "cert self-signed good.example", "import", "good.example", *files, "--type",
                     "self-signed")
        self.assertEqual(self.list(), [])

    def test_what_is_about_to_expire(self):
        chain, key = self.authority.issue("soon", ["soon.example"], days=12)
        files = ["--chain", str(chain), "--key", str(key)]
        self.refused(self.instance_, 5, "expires in", "import", "soon.example", *files, "--warnings-as-errors")
        done = self.cli("import", "soon.example", *files, check=False)
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertRegex(done.stderr, "warning: the certificate expires in 1[12] days")
        chain, key = self.authority.issue("gone", ["gone.example"], days=-2)
        files = ["--chain", str(chain), "--key", str(key)]
        self.refused(self.instance_, 5, "the certificate expired on .*--force", "import", "gone.example", *files)
        done = self.cli("import", "gone.example", *files, "--force", check=False)
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertEqual([(row["domain"], row["status"]) for row in self.list("--expiring")],
                         [("gone.example", "expired"), ("soon.example", "warning")])
        status = self.instance_.sql("SELECT string_agg(expiry_status, ',' ORDER BY domain) FROM "
                                    "unified.certificate_status")
        self.assertIn("expired,warning", str(status))

    def test_the_key_file(self):
        chain, key = self.authority.issue("kept", ["kept.example"])
        files = ["--chain", str(chain), "--key", str(key)]
        self.cli("import", "kept.example", *files)
        kept = self.key_file.read_text()
        export = ["export", "kept.example", "--chain", "-", "--key", str(self.directory / "x.key"), "--yes"]
        self.key_file.chmod(0o644)
        self.refused(self.instance_, 6, "chmod 600", *export)
        self.key_file.chmod(0o600)
        self.key_file.write_text("0123456789abcdef " + "00" * 32 + "\n")
        self.refused(self.instance_, 6, "sealed with the key [0-9a-f]{16}, which the key file does not have", *export)
        self.key_file.write_text(kept.split()[-2] + " " + "00" * 32 + "\n")
        self.refused(self.instance_, 5, "does not open with the key", *export)
        self.key_file.write_text("hello\n")
        self.refused(self.instance_, 5, "line 1 of the key file", *export)
        self.key_file.unlink()
        self.refused(self.instance_, 1, "No such file", *export)
        self.assertFalse((self.directory / "x.key").exists())
        # What is imported again is sealed with the new key.
        self.cli("import", "kept.example", *files)
        self.assertNotEqual(self.key_file.read_text(), kept)
        self.cli(*export)

    def test_self_signed_select_remove(self):
        made = self.instance_.cli_json("cert", "self-signed", "host.example")
        row = made["after"][0]
        self.assertEqual((row["type"], row["names"], row["status"]), ("self-signed", ["host.example"], "valid"))
        self.instance_.cli("domain", "create", "reg.example", "--ns", "ns1", "--record", "ns1 A 192.0.2.1", "--no-wait")
        self.assertEqual(self.instance_.cli_json("cert", "self-signed", "reg.example")["after"][0]["names"],
                         ["reg.example", "*.reg.example"])
        chain, key = self.authority.issue("live", ["host.example"])
        self.cli("import", "host.example", "--chain", str(chain), "--key", str(key))

        def users():
            return {row["type"]: row["in_use_by"] for row in self.list("host.example")}
        self.assertEqual(users()["self-signed"], [])
        self.cli("select", "smtp", "host.example", "self-signed")
        self.assertEqual(users()["self-signed"], ["smtp"])
        done = self.cli("select", "all", "host.example", "staged")
        self.assertIn("has no staged certificate yet", done.stderr)
        self.assertEqual(self.instance_.cli_json("cert", "select", "all", "host.example", "auto")["before"], "staged")
        self.assertIn("selected for smtp: self-signed", self.cli("show", "host.example").stdout)
        self.cli("select", "smtp", "host.example", "auto")
        self.assertEqual(users()["self-signed"], [])
        self.refused(self.instance_, 2, "not a service", "select", "ftp", "host.example", "live")
        self.refused(self.instance_, 2, "not a type", "select", "dns", "host.example", "best")
        self.refused(self.instance_, 1, "is used by all services.*--yes", "remove", "host.example", "--type", "live")
        self.cli("remove", "host.example", "--type", "live", "--yes")
        self.refused(self.instance_, 1, "no live certificate for host.example", "remove", "host.example", "--type",
                     "live")
        self.assertEqual(users(), {"self-signed": ["dns", "https", "imap", "pop3", "sieve", "smtp"]})
        history = self.instance_.cli_json("history", "list", "host.example", "--type", "CERTIFICATE")["history"]
        self.assertEqual([entry["action"] for entry in history], ["delete", "insert", "insert"])

    def test_both_kinds_of_keys_side_by_side(self):
        for algorithm in ("ec", "rsa"):
            chain, key = self.authority.issue(algorithm, ["both.example"], algorithm=algorithm)
            self.cli("import", "both.example", "--chain", str(chain), "--key", str(key))
        self.assertEqual([(row["key_type"], len(row["in_use_by"])) for row in self.list()], [("ecdsa", 6), ("rsa", 6)])
        out = self.cli("export", "both.example", "--key-type", "rsa", "--chain", "-").stdout
        self.assertEqual(out, (self.directory / "rsa.pem").read_text())

    def test_redirects(self):
        add = self.instance_.cli_json("redirect", "add", "Old.example", "https://www.example/")
        self.assertEqual(add["after"], {"host": "old.example", "url": "https://www.example/", "code": 308,
                                        "keep_path": True})
        self.instance_.cli("redirect", "add", "old.example", "https://www.example/", "--code", "302", "--no-path")
        self.assertEqual(self.instance_.cli_json("redirect", "list")["redirects"],
                         [{"host": "old.example", "url": "https://www.example/", "code": 302, "keep_path": False}])
        for arguments, pattern in ((("x.example", "www.example"), "not an absolute URL"),
                                   (("x.example", "ftp://www.example"), "not an absolute URL"),
                                   (("*.example", "https://www.example"), "one host at a time"),
                                   (("x.example", "https://a.example/#x"), "fragment"),
                                   (("x.example", "https://a.example", "--code", "200"), "not a redirect")):
            self.assert_one_sentence(self.instance_.cli("redirect", "add", *arguments, check=False), 2, pattern)
        self.assertIn("in a circle", self.instance_.cli("redirect", "add", "a.example", "https://a.example/x").stderr)
        self.instance_.cli("redirect", "remove", "old.example")
        self.assert_one_sentence(self.instance_.cli("redirect", "remove", "old.example", check=False), 1,
                                 "not redirected")


def shown(port, name):
    """The SHA-256 of the certificate that a client of DNS over TLS sees which asks for that name."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as plain:
        with context.wrap_socket(plain, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()


class Running(CertificateTest):
    """With `gatepost run`."""

    def test_clients_see_what_the_commands_say(self):
        port = free_port()
        _, instance = self.ready_instance(settings={"tls.server_name": "host.example",
                                                    "dns.tls_listen": [f"127.0.0.1@{port}"]})
        instance.wait_log("event=certificate.made domain=host.example")
        instance.wait_synced()

        def row(type_name):
            rows = instance.cli_json("cert", "list", "host.example", "--type", type_name)["certificates"]
            return rows[0]["fingerprint_sha256"]

        def imports(stem, *more, days=90):
            chain, key = self.authority.issue(stem, ["host.example", "*.host.example"], days=days)
            instance.cli("cert", "import", "host.example", "--chain", str(chain), "--key", str(key), *more, check=False)
        self.assertEqual(shown(port, "host.example"), row("self-signed"))
        self.assertEqual(shown(port, "unknown.example"), row("self-signed"), "the server's own")
        imports("live")
        self.assertEqual(shown(port, "host.example"), row("live"))
        self.assertEqual(shown(port, "mail.host.example"), row("live"), "by its wildcard")
        instance.cli("cert", "select", "dns", "host.example", "self-signed")
        self.assertEqual(shown(port, "host.example"), row("self-signed"))
        instance.cli("cert", "select", "dns", "host.example", "auto")
        before = row("live")
        imports("renewed")
        self.assertNotEqual(row("live"), before)
        self.assertEqual(shown(port, "host.example"), row("live"))
        # What has run out is passed over while there is better; the same holds for what cannot be opened.
        imports("staged", "--type", "staged")
        imports("expired", "--force", days=-2)
        self.assertEqual(shown(port, "host.example"), row("staged"))
        instance.sql("UPDATE gatepost.certificates SET sealed_key = overlay(sealed_key PLACING '\\x00'::bytea FROM 41) "
                     "WHERE type = 'staged'")
        instance.cli("cert", "remove", "host.example", "--type", "staged", "--yes")
        self.assertEqual(shown(port, "host.example"), row("self-signed"))
        instance.cli("cert", "remove", "host.example", "--yes")
        instance.wait_log("certificate.made domain=host.example(.*\n)*.*certificate.made domain=host.example")
        instance.wait_synced()
        self.assertEqual(shown(port, "host.example"), row("self-signed"), "a new one was made")

    def test_the_server_has_a_certificate_from_its_first_start(self):
        _, instance = self.ready_instance(settings={"tls.server_name": "host.example"})
        instance.wait_log("event=certificate.made domain=host.example")
        row = instance.cli_json("cert", "list")["certificates"][0]
        self.assertEqual((row["domain"], row["type"], row["source"]), ("host.example", "self-signed", "keeper"))
        self.assertEqual(stat.S_IMODE((instance.state / "secret.key").stat().st_mode), 0o600)
        if run_as_root():
            self.assertEqual((instance.state / "secret.key").stat().st_uid, instance.state.stat().st_uid)
        # One that is pinned and missing is made; what runs out is told.
        instance.cli("cert", "select", "smtp", "mail.example", "live")
        instance.wait_log("event=certificate.made domain=mail.example")
        chain, key = self.authority.issue("soon", ["soon.example"], days=5)
        instance.cli("cert", "import", "soon.example", "--chain", str(chain), "--key", str(key), check=False)
        instance.wait_log("event=certificate.made domain=soon.example")
        controlplane = instance.process("gatepost-controlplane")
        os.kill(controlplane, 15)
        instance.wait_process("gatepost-controlplane", other_than=controlplane)
        line = instance.wait_log("event=certificate.expires domain=soon.example.*").group()
        self.assertRegex(line, "days_left=4 used_by=dns,https,imap,pop3,sieve,smtp")
        self.assertEqual(len(re.findall("domain=host.example type=self-signed", instance.log())), 1,
                         "a restart makes nothing anew")
        self.assertEqual(json.loads(instance.cli("cert", "list", "host.example", "--json").stdout)["certificates"][0]
                         ["fingerprint_sha256"], row["fingerprint_sha256"])
