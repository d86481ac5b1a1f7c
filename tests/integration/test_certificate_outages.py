"""Certificates while other things are gone: PostgreSQL, the control plane, the key file, every process at once."""

import os
import signal

from processes import kill_9, wait_until
from test_certificates import openssl
from tls_support import ADDRESS, HOST, NAME, StreamTest, fingerprint_seen, http_get, leaf_of, wait_fingerprint


class Outages(StreamTest):
    """Each test leaves everything as it found it."""

    def setUp(self):
        super().setUp()
        self.shown = leaf_of(self.authority.directory / "server.pem")
        self.assertEqual(fingerprint_seen(self.ports["dot"]), self.shown)
        self.addCleanup(self.restore)

    def restore(self):
        self.postgres.stop()
        self.postgres.start()
        if self.instance.has_ended():
            self.instance.launch()
        self.instance.wait_synced()  # with all workers
        wait_fingerprint(self.ports["dot"], self.shown)

    def assert_dot(self):
        with self.dot() as connection:
            self.assertEqual(connection.ask_name(NAME).values("A"), [ADDRESS])

    def test_postgresql_is_stopped(self):
        with self.dot() as open_before:
            self.postgres.stop()
            self.instance.wait_status(lambda status: status["sync"]["state"] != "streaming", "PostgreSQL is away")
            self.assert_dot()
            self.assertEqual(open_before.ask_name(NAME).values("A"), [ADDRESS])
        # Also by a dataplane that begins while it is away: its arenas come from the supervisor.
        kill_9([self.instance.process("gatepost-dataplane")])
        self.assert_dot()

    def test_the_control_plane_is_killed(self):
        kill_9([self.instance.process("gatepost-controlplane")])
        self.assert_dot()
        self.instance.wait_streaming()
        chain, key = self.authority.issue("later", ["later.example"])
        self.instance.cli("cert", "import", "later.example", "--chain", str(chain), "--key", str(key))
        wait_fingerprint(self.ports["dot"], leaf_of(chain), "later.example")

    def test_everything_is_killed_and_postgresql_stays_away(self):
        self.instance.write_checkpoint()
        self.postgres.kill_9()
        self.instance.kill_9()
        self.instance.launch()
        self.instance.wait_log("event=dataplane.serving")
        self.assertRegex(self.instance.log(), "event=dataplane.checkpoint_loaded .*directory.ckpt")
        self.assert_dot()
        self.assertEqual(fingerprint_seen(self.ports["https"]), self.shown)
        wait_until(lambda: http_get(self.ports["metrics"], "/readyz").status == 200, "all workers have turned")
        # And again, without a control plane that could have helped.
        os.kill(self.instance.process("gatepost-controlplane"), signal.SIGSTOP)
        kill_9([self.instance.process("gatepost-dataplane")])
        self.assert_dot()
        os.kill(self.instance.process("gatepost-controlplane"), signal.SIGCONT)

    def test_no_private_key_lies_about_in_the_clear(self):
        chain, key = self.authority.issue("secret-rsa", ["secret.example"], algorithm="rsa")
        self.instance.cli("cert", "import", "secret.example", "--chain", str(chain), "--key", str(key))
        self.instance.wait_synced()
        self.instance.write_checkpoint()
        needles = {}
        for stem in ("server", "secret-rsa"):
            path = str(self.authority.directory / f"{stem}.key")
            needles[f"{stem}, PKCS #8"] = openssl("pkcs8", "-topk8", "-nocrypt", "-in", path, "-outform", "DER")
            text = openssl("pkey", "-in", path, "-noout", "-text").decode()
            for part in ("priv:", "privateExponent:", "prime1:"):
                if part in text:
                    lines = text.split(part)[1].splitlines()[1:3]
                    # Without the zero in front that a large number has.
                    needles[f"{stem}, {part}"] = bytes.fromhex("".join(lines).replace(":", "").replace(" ", ""))[1:25]
        self.assertEqual(len(needles), 5)
        self.postgres.stop()
        searched = 0
        for folder in (self.instance.state, self.postgres.data):
            for path in folder.rglob("*"):
                if path.is_file():
                    octets = path.read_bytes()
                    searched += 1
                    for what, needle in needles.items():
                        self.assertEqual(octets.find(needle), -1, f"{what} in {path}")
                    self.assertNotIn(b"PRIVATE KEY-----", octets)
        self.assertGreater(searched, 100)
        self.assertGreater((self.instance.state / "directory.ckpt").read_bytes().find(b"GPS1"), 0)
        self.assertEqual((self.instance.state / "directory.ckpt").stat().st_mode & 0o777, 0o600)

    def test_no_certificates_at_all(self):
        rows = "kept_rows"
        self.instance.sql(f"""CREATE TABLE {rows} AS TABLE gatepost.certificates;
                              DELETE FROM gatepost.certificates""")
        wait_until(lambda: fingerprint_seen(self.ports["dot"]) != self.shown, "the server's certificate is gone")
        for port in ("dot", "https"):
            self.assertTrue(fingerprint_seen(self.ports[port]), "TLS is never off")
        # The keeper made one again for the server itself.
        wait_until(lambda: self.instance.cli_json("cert", "list")["certificates"], "the keeper has made one")
        self.instance.sql(f"""DELETE FROM gatepost.certificates;
                              INSERT INTO gatepost.certificates OVERRIDING SYSTEM VALUE TABLE {rows};
                              DROP TABLE {rows}""")
        wait_fingerprint(self.ports["dot"], self.shown)


class Keys(StreamTest):
    def setUp(self):
        super().setUp()
        self.key_file = self.instance.state / "secret.key"
        self.shown = leaf_of(self.authority.directory / "server.pem")

    def test_the_sealing_key_is_changed_while_all_runs(self):
        """A new line in front, on every edge; what is imported from then on is sealed with it."""
        old = self.key_file.read_text()
        self.key_file.write_text(f"{'ab' * 8} {'cd' * 32}\n{old}")
        chain, key = self.authority.issue("newly", ["newly.example"])
        self.instance.cli("cert", "import", "newly.example", "--chain", str(chain), "--key", str(key))
        self.assertEqual(self.instance.sql("SELECT sealing_key FROM gatepost.certificate_status WHERE domain = "
                                           "'newly.example'"), "ab" * 8)
        wait_fingerprint(self.ports["dot"], leaf_of(chain), "newly.example")
        self.assertEqual(fingerprint_seen(self.ports["dot"]), self.shown)

    def test_the_key_file_is_lost(self):
        kept = self.directory / "kept"
        self.instance.stop()
        os.rename(self.key_file, kept)
        self.instance.launch()
        self.instance.wait_log("event=dataplane.serving")
        self.instance.wait_streaming()
        self.assertNotEqual(fingerprint_seen(self.ports["dot"]), self.shown, "nobody can open its key")
        self.assertTrue(self.instance.status()["held_certificates"])
        self.assertRegex(self.instance.log(), "event=(certificate.key_unknown|sync.certificate_held)")
        about = os.stat(self.key_file)
        os.rename(kept, self.key_file)
        os.chown(self.key_file, about.st_uid, about.st_gid)
        wait_fingerprint(self.ports["dot"], self.shown)
        self.instance.wait_synced()
        self.assertEqual(fingerprint_seen(self.ports["dot"], HOST), self.shown)
