"""DNS over TLS (RFC 7858) with clients from elsewhere: kdig, dig, openssl, sslscan."""

import contextlib
import re
import socket
import ssl
import struct
import unittest

from dns_client import NoReply
from dns_message import make_query
from processes import DEADLINE, kill_9, wait_until
from test_certificates import openssl
from tls_support import (ADDRESS, HOST, NAME, DotConnection, RecordClient, StreamTest, client_context, leaf_of,
                         run_tool,
                         tool)

_KEEPALIVE, _PADDING = 11, 12  # EDNS options: RFC 7828, RFC 7830


class DnsOverTls(StreamTest):
    def test_queries_one_by_one_and_pipelined(self):
        with self.dot(alpn=["dot"]) as connection:
            self.assertEqual(connection.tls.selected_alpn_protocol(), "dot")
            self.assertEqual(connection.tls.version(), "TLSv1.3")
            self.assertEqual(connection.ask_name(NAME).values("A"), [ADDRESS])
            queries = [make_query(NAME, ident=ident) for ident in range(500)]
            connection.send(*queries)
            self.assertEqual([struct.unpack("!H", connection.receive()[:2])[0] for _ in queries], list(range(500)))
            # An octet at a time.
            for octet in struct.pack("!H", len(queries[0])) + queries[0]:
                connection.send_raw(bytes([octet]))
            self.assertEqual(connection.receive()[:2], b"\0\0")

    def test_padding_and_keepalive(self):
        with self.dot() as connection:
            option = struct.pack("!HH", _PADDING, 0) + struct.pack("!HH", _KEEPALIVE, 0)
            for name in (NAME, f"brief.{NAME.partition('.')[2]}", "nothing.example."):
                reply = connection.ask_name(name, options=option)
                self.assertEqual(reply.size % 468, 0, "RFC 8467 §4.1")
                options = dict(reply.options)
                self.assertEqual(struct.unpack("!H", options[_KEEPALIVE])[0], 100, "ten seconds (RFC 7828 §3.1)")
            reply = connection.ask_name(NAME, edns=1232)
            self.assertNotIn(_PADDING, dict(reply.options), "RFC 7830 §4: only for who pads")

    def test_what_is_no_query_ends_the_connection(self):
        for frame in (b"\0\0", b"\0\x0b" + bytes(11)):
            with self.dot() as connection:
                connection.send_raw(frame)
                with self.assertRaises(NoReply):
                    connection.receive()
        self.assert_serves()

    def test_a_client_that_closes_its_side_gets_its_replies(self):
        query = make_query(NAME)
        with RecordClient(self.ports["dot"], client_context(self.authority)) as client:
            client.handshake()
            client.tls.write((struct.pack("!H", len(query)) + query) * 50)
            with contextlib.suppress(ssl.SSLWantReadError):
                client.tls.unwrap()  # close_notify, right behind the queries
            client.socket.sendall(client.pull())
            received = b""
            while len(received) < 50 * 2 or len(received) % 50:
                received += client.read()
            size = 2 + struct.unpack_from("!H", received)[0]
            while len(received) < 50 * size:
                received += client.read()
            with self.assertRaises(ssl.SSLZeroReturnError, msg="our close_notify comes behind the last reply"):
                client.read()

    def test_kdig(self):
        for arguments in (["+tls"], ["+tls-ca=" + str(self.authority.certificate), f"+tls-hostname={HOST}"],
                          ["+tls", "+padding"], ["+tls", "+alignment=64", "+dnssec"]):
            out, code = run_tool("kdig", "@127.0.0.1", "-p", self.ports["dot"], "+timeout=30", *arguments, NAME, "A")
            self.assertEqual(code, 0, out)
            self.assertRegex(out, rf"{NAME}\s+300\s+IN\s+A\s+{ADDRESS}")
            self.assertRegex(out, r"TLS session \(TLS1.3\)")
        out, code = run_tool("kdig", "@127.0.0.1", "-p", self.ports["dot"], "+tls-ca=" +
                             str(self.authority.certificate), "+tls-hostname=other.example", "+retry=0", NAME)
        self.assertNotRegex(out, rf"A\s+{ADDRESS}", "kdig believes the name that it asked for")

    def test_dig(self):
        out, code = run_tool("dig", "@127.0.0.1", "-p", self.ports["dot"], "+time=30", "+tls", "+tls-ca=" +
                             str(self.authority.certificate), f"+tls-hostname={HOST}", NAME)
        if "Invalid option" in out:
            raise unittest.SkipTest("this dig knows no TLS")
        self.assertEqual(code, 0, out)
        self.assertRegex(out, rf"{NAME}\s+300\s+IN\s+A\s+{ADDRESS}")
        self.assertIn("(TLS)", out)


class Handshakes(StreamTest):
    """By `openssl s_client`, which can ask for nearly everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leaves = {"server": leaf_of(cls.authority.directory / "server.pem")}
        for stem, name, algorithm in (("wild", "*.wild.example", "ec"), ("one", "one.wild.example", "ec"),
                                      ("both-ec", "both.example", "ec"), ("both-rsa", "both.example", "rsa")):
            cls.leaves[stem] = leaf_of(cls.import_certificate(stem, [name], algorithm=algorithm)[0])
        cls.instance.wait_synced()

    def s_client(self, *arguments, port="dot", name=HOST, stdin=""):
        words = ["-connect", f"127.0.0.1:{self.ports[port]}", "-CAfile", self.authority.certificate]
        return run_tool("openssl", "s_client", *words, *(["-servername", name] if name else ["-noservername"]),
                        *arguments, stdin=stdin)[0]

    def leaf_shown(self, out):
        found = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", out, re.DOTALL)
        self.assertTrue(found, out)
        return {leaf: stem for stem, leaf in self.leaves.items()}.get(leaf_of(found.group()))

    def test_versions(self):
        for port, protocol in (("dot", "dot"), ("https", "h2"), ("https", "http/1.1")):
            for option, version in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
                out = self.s_client(option, "-alpn", protocol, port=port)
                self.assertRegex(out, rf"New, {version}, Cipher is (TLS|ECDHE)")
                self.assertIn(f"ALPN protocol: {protocol}", out)
                self.assertIn("Verification: OK", out)
                self.assertIn("Compression: NONE", out)

    def test_old_versions_are_refused(self):
        before = self.streams()["tls_failures"].get("version", 0)
        for option in ("-tls1", "-tls1_1"):
            out = self.s_client(option, "-cipher", "ALL:@SECLEVEL=0")
            self.assertIn("alert protocol version", out)
            self.assertIn("Cipher is (NONE)", out)
        wait_until(lambda: self.streams()["tls_failures"].get("version", 0) == before + 2, "they are counted")
        # RFC 7507: a client that came down to an older version than both can is told.
        out = self.s_client("-tls1_2", "-fallback_scsv")
        self.assertIn("alert inappropriate fallback", out)

    def test_weak_ciphers_are_refused(self):
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "aNULL", "eNULL"):
            out = self.s_client("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
            self.assertIn("Cipher is (NONE)", out, cipher)
            self.assertIn("alert handshake failure", out, cipher)
        self.assertIn("alert handshake failure", self.s_client("-tls1_3", "-groups", "X448"))

    def test_other_protocols_are_refused(self):
        for port in ("dot", "https"):
            out = self.s_client("-alpn", "smtp", port=port)
            self.assertIn("alert no application protocol", out)
        wait_until(lambda: self.streams()["tls_failures"].get("alpn", 0) >= 2, "they are counted")
        # A client that has no opinion is served.
        self.assertIn("No ALPN negotiated", self.s_client(port="https"))

    def test_names(self):
        for name, stem in ((HOST, "server"), (HOST.upper(), "server"), ("one.wild.example", "one"),
                           ("two.wild.example", "wild"), ("three.two.wild.example", "server"),
                           ("wild.example", "server"), ("unknown.example", "server"), ("localhost", "server"),
                           (None, "server"), ("x" * 63 + ".wild.example", "wild"), ("a" * 250, "server"),
                           ("*.wild.example", "server"), ("bad name\x01", "server")):
            for port in ("dot", "https"):
                self.assertEqual(self.leaf_shown(self.s_client(port=port, name=name)), stem, name)

    def test_the_kind_of_key_that_a_client_can_check(self):
        for arguments, stem in ((["-sigalgs", "RSA-PSS+SHA256"], "both-rsa"), ([], "both-ec"),
                                (["-sigalgs", "ECDSA+SHA256"], "both-ec"),
                                (["-sigalgs", "RSA-PSS+SHA256:ECDSA+SHA256"], "both-ec"),
                                (["-tls1_2", "-cipher", "aRSA"], "both-rsa"),
                                (["-tls1_2", "-cipher", "aECDSA"], "both-ec"),
                                (["-tls1_2", "-sigalgs", "RSA+SHA256"], "both-rsa")):
            out = self.s_client(*arguments, name="both.example")
            self.assertEqual(self.leaf_shown(out), stem, arguments)
            self.assertIn("Verification: OK", out)
        out = self.s_client("-tls1_3", "-sigalgs", "ed448", name="both.example")
        self.assertIn("alert handshake failure", out)

    def test_a_stapled_response_of_ocsp(self):
        # The CA's database is about the certificate that was issued last.
        chain, key = self.authority.issue("ocsp", ["ocsp.example"])
        ca, folder = self.authority, self.directory
        openssl("ocsp", "-issuer", str(ca.certificate), "-cert", str(chain), "-reqout", str(folder / "request"),
                "-no_nonce")
        openssl("ocsp", "-index", str(ca.directory / "ca-database"), "-rsigner", str(ca.certificate), "-rkey",
                str(ca.key), "-CA", str(ca.certificate), "-reqin", str(folder / "request"), "-respout",
                str(folder / "response"), "-ndays", "7")
        files = ["--chain", str(chain), "--key", str(key)]
        self.instance.cli("cert", "import", "ocsp.example", *files)
        self.instance.wait_synced()
        self.assertIn("OCSP response: no response sent", self.s_client("-status", name="ocsp.example"))
        self.instance.cli("cert", "import", "ocsp.example", *files, "--ocsp", str(folder / "response"))
        self.instance.wait_synced()
        for version in ("-tls1_2", "-tls1_3"):
            out = self.s_client("-status", version, name="ocsp.example")
            self.assertIn("Cert Status: good", out)
            self.assertIn("Verification: OK", out)
        self.assertNotIn("OCSP Response", self.s_client(name="ocsp.example"), "only for who asks")

    def test_renegotiation_is_refused(self):
        before = self.streams()["tls_failures"].get("renegotiation", 0)
        out = self.s_client("-tls1_2", stdin="R\n")
        self.assertIn("RENEGOTIATING", out)
        self.assertRegex(out, "no renegotiation|alert")
        wait_until(lambda: self.streams()["tls_failures"].get("renegotiation", 0) == before + 1, "it is counted")
        self.assert_serves()


class Resumption(StreamTest):
    def resumed(self, context, session, port="dot", name=HOST):
        """Whether a connection with this session took it up."""
        raw = socket.create_connection(("127.0.0.1", self.ports[port]), timeout=DEADLINE)
        with context.wrap_socket(raw, server_hostname=name, session=session) as tls:
            return tls.session_reused

    def session(self, context):
        with DotConnection(self.ports["dot"], context) as connection:
            connection.ask_name(NAME)  # in TLS 1.3 the ticket comes behind the handshake
            return connection.tls.session

    def test_tickets(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = client_context(self.authority, low=version, high=version)
            session = self.session(context)
            self.assertTrue(session.has_ticket)
            for _ in range(10):  # whichever worker it meets
                self.assertTrue(self.resumed(context, session))
            # RFC 6066 §3, and one service's sessions are not another's.
            self.assertFalse(self.resumed(context, session, name="localhost"))
            self.assertFalse(self.resumed(context, session, port="https"))
        out = run_tool("openssl", "s_client", "-connect", f"127.0.0.1:{self.ports['dot']}", "-tls1_2", "-reconnect",
                       "-servername", HOST)[0]
        self.assertEqual(out.count("\nReused, TLSv1.2"), 5, out)
        wait_until(lambda: self.streams()["handshakes"]["TLSv1.3"]["resumed"] >= 10, "they are counted")

    def test_a_dataplane_that_died_took_the_keys_with_it(self):
        context = client_context(self.authority)
        session = self.session(context)
        self.assertTrue(self.resumed(context, session))
        pid = self.instance.process("gatepost-dataplane")
        kill_9([pid])
        # The sockets are the supervisor's: whoever comes meanwhile waits.
        self.assertFalse(self.resumed(context, session), "a full handshake, and not a failed one")
        self.assertTrue(self.resumed(context, self.session(context)))
        self.assertNotEqual(self.instance.wait_process("gatepost-dataplane"), pid)


class Scanners(StreamTest):
    def test_sslscan(self):
        for port in ("dot", "https"):
            out, code = run_tool("sslscan", "--no-colour", "--timeout=30", f"--sni-name={HOST}", "--show-sigs",
                                 f"127.0.0.1:{self.ports[port]}")
            self.assertEqual(code, 0, out)
            for version, state in (("SSLv2", "disabled"), ("SSLv3", "disabled"), ("TLSv1.0", "disabled"),
                                   ("TLSv1.1", "disabled"), ("TLSv1.2", "enabled"), ("TLSv1.3", "enabled")):
                self.assertRegex(out, rf"(?m)^{re.escape(version)} +{state}")
            self.assertIn("Server supports TLS Fallback SCSV", out)
            self.assertIn("Session renegotiation not supported", out)
            self.assertNotIn("Compression enabled", out)
            self.assertNotRegex(out, r"(?<!not )vulnerable")
            ciphers = re.findall(r"(?m)^(?:Preferred|Accepted) +\S+ +\d+ bits +(\S+)", out)
            self.assertGreaterEqual(len(ciphers), 6, out)
            for cipher in ciphers:
                self.assertRegex(cipher, r"^(TLS_|ECDHE-.*(GCM|CHACHA20))", "forward secrecy and an AEAD")
            self.assertNotRegex(out, "(?i)sha1|md5")
        self.assert_serves()

    def test_testssl(self):
        out, _ = run_tool("testssl", "--quiet", "--color", "0", "--warnings", "off", "--openssl", tool("openssl"),
                          "-p", "-U", "--sneaky", f"127.0.0.1:{self.ports['https']}", timeout=DEADLINE * 4)
        self.assertRegex(out, r"TLS 1\.3 +offered \(OK\)")
        self.assertRegex(out, r"TLS 1 +not offered")
        self.assertNotRegex(out, r"\bVULNERABLE\b|NOT ok", out)
        self.assert_serves()
