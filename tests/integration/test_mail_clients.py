"""What mail programs find out by an address alone: the names that a domain has for them, in the three documents over
HTTPS and in its SRV records."""

import plistlib
import unittest
import xml.etree.ElementTree as ElementTree

from harness import GatepostTest
from imap_support import ImapHost
from mail_support import DOMAIN, HOST
from processes import free_port
from tls_support import client_context, http_get

NAMED = "named.example"
SPACES = {"r": "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006",
          "a": "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"}


class MailClients(GatepostTest):
    @classmethod
    def setUpClass(cls):
        cls.maker = cls("setUp")
        GatepostTest.setUp(cls.maker)
        cls.addClassCleanup(cls.maker.doCleanups)
        cls.https = free_port()
        # Of IMAP there is a listener that others could reach: it has an SRV record.
        cls.imaps = free_port()
        cls.mail = ImapHost(cls.maker, {"http.https_listen": [f"127.0.0.1@{cls.https}"],
                                        "imap.tls_listen": [f"0.0.0.0@{cls.imaps}"]})
        cls.instance = cls.mail.instance

    def setUp(self):
        super().setUp()
        self._logs.append(self.instance.log_path)
        self.instance.cli("domain", "create", NAMED, "--no-zone")

    def get(self, target):
        reply = http_get(self.https, target, tls=client_context())
        self.assertEqual(reply.status, 200, reply.body)
        return reply.body

    def autoconfig(self, domain):
        """[display name, short name, {type: host}]"""
        root = ElementTree.fromstring(self.get(f"/mail/config-v1.1.xml?emailaddress=ada@{domain}"))
        servers = root.findall(".//incomingServer") + root.findall(".//outgoingServer")
        return [root.findtext(".//displayName"), root.findtext(".//displayShortName"),
                {server.get("type"): server.findtext("hostname") for server in servers}]

    def autodiscover(self, domain):
        """{type: host}"""
        question = (f"<Autodiscover><Request><EMailAddress>ada@{domain}</EMailAddress></Request>"
                    "</Autodiscover>")
        reply = http_get(self.https, "/autodiscover/autodiscover.xml", tls=client_context(), method="POST",
                         body=question, headers={"Content-Type": "text/xml"})
        root = ElementTree.fromstring(reply.body)
        return {protocol.findtext("a:Type", namespaces=SPACES): protocol.findtext("a:Server", namespaces=SPACES)
                for protocol in root.iterfind(".//a:Protocol", SPACES)}

    def profile(self, domain):
        return plistlib.loads(self.get(f"/email.mobileconfig?email=ada@{domain}"))

    def test_the_servers_name_where_there_is_no_other(self):
        self.instance.wait_synced()
        self.assertEqual(self.autoconfig(DOMAIN), [DOMAIN, DOMAIN, {"imap": HOST, "smtp": HOST}])
        self.assertEqual(self.autodiscover(DOMAIN), {"IMAP": HOST, "SMTP": HOST})

    def test_the_names_of_a_domain(self):
        done = self.instance.cli("domain", "set", NAMED, "--imap-host", "IMAP.named.example.", "--smtp-host",
                                 "smtp.named.example", "--display-name", "Named & Sons", "--short-name", "Named")
        self.assertIn("there is no certificate for imap.named.example", done.stderr)
        self.instance.wait_synced()
        names, short, hosts = self.autoconfig(NAMED)
        self.assertEqual((names, short), ("Named & Sons", "Named"))
        self.assertEqual(hosts, {"imap": "imap.named.example", "smtp": "smtp.named.example"})
        self.assertEqual(self.autodiscover(NAMED), {"IMAP": "imap.named.example", "SMTP": "smtp.named.example"})
        profile = self.profile(NAMED)
        account = profile["PayloadContent"][0]
        self.assertEqual((profile["PayloadOrganization"], account["IncomingMailServerHostName"],
                          account["OutgoingMailServerHostName"]),
                         ("Named & Sons", "imap.named.example", "smtp.named.example"))
        # An alias has them, too.
        self.instance.cli("domain", "create", "alias.example", "--no-zone")
        self.instance.cli("domain", "set", "alias.example", "--alias-of", NAMED)
        self.instance.wait_synced()
        self.assertEqual(self.autodiscover("alias.example"),
                         {"IMAP": "imap.named.example", "SMTP": "smtp.named.example"})
        # And by the rule again.
        self.instance.cli("domain", "set", NAMED, "--imap-host", "", "--smtp-host", "", "--display-name", "",
                          "--short-name", "")
        self.instance.wait_synced()
        self.assertEqual(self.autoconfig(NAMED), [NAMED, NAMED, {"imap": HOST, "smtp": HOST}])

    def test_a_host_with_a_certificate_is_not_warned_of(self):
        chain, key = self.mail.authority.issue("imap", ["covered.example", "*.covered.example"])
        self.instance.cli("cert", "import", "covered.example", "--chain", str(chain), "--key", str(key))
        done = self.instance.cli("domain", "set", NAMED, "--imap-host", "imap.covered.example")
        self.assertNotIn("certificate", done.stderr)

    def test_what_is_no_name_is_refused(self):
        for host in ("*.named.example", "192.0.2.1", "a b", "-a.example", "[2001:db8::1]"):
            done = self.instance.cli("domain", "set", NAMED, "--imap-host", host, check=False)
            self.assert_one_sentence(done, 2, r"--imap-host: .* is not the name of one host")
        done = self.instance.cli("domain", "set", NAMED, "--short-name", "x" * 51, check=False)
        self.assert_one_sentence(done, 2, "--short-name: at most 50 characters")

    def test_the_change_is_in_the_history(self):
        self.instance.cli("domain", "set", NAMED, "--pop-host", "pop.named.example")
        entry = self.instance.sql(f"""SELECT new->>'pop_host' FROM gatepost.history
            WHERE type = 'MAIL_DOMAIN' AND name = '{NAMED}.' ORDER BY id DESC LIMIT 1""")
        self.assertEqual(entry.strip(), "pop.named.example")

    def srv(self, name):
        return self.instance.sql(f"""SELECT array_to_string(rdata, ' ') FROM gatepost.rrsets
            WHERE name = '{name}' AND type = 'SRV'""").strip()

    def test_srv_records(self):
        create = ("domain", "create", "zoned.example", "--ns", "ns1.example.net")
        self.instance.cli(*create)
        name = "_imaps._tcp.zoned.example."
        self.assertEqual(self.srv(name), f"0 1 {self.imaps} {HOST}.")
        done = self.instance.cli("domain", "set", "zoned.example", "--imap-host", "imap.zoned.example")
        self.assertIn(f"gatepost record set zoned.example _imaps._tcp SRV '0 1 {self.imaps} imap.zoned.example.'",
                      done.stdout + done.stderr)
        self.instance.cli(*create)
        self.assertEqual(self.srv(name), f"0 1 {self.imaps} imap.zoned.example.")
        done = self.instance.cli("domain", "set", "zoned.example", "--imap-host", "imap.zoned.example")
        self.assertNotIn("gatepost record set", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
