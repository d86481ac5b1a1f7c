"""A browser that is told to resolve by our DNS over HTTPS, and by nothing else."""

import http.server
import json
import os
import subprocess
import threading

from harness import GatepostTest
from processes import DEADLINE, free_port, run_as_root, wait_until
from tls_support import client_context, fingerprint_seen, run_tool, tool

ZONE = "browser.example."
NAME = "www.browser.example"
TEXT = "Resolved by Gatepost"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hosts.append(self.headers["host"])
        body = f"<!doctype html><title>{TEXT}</title><h1>{TEXT}</h1>".encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Browser(GatepostTest):
    """With the quickstart's own instance, and the certificate that it made for itself."""

    def setUp(self):
        super().setUp()
        self.chromium = tool("chromium")
        tool("certutil")
        self.https = free_port()
        self.instance = self.instance(local=True, settings={
            "http.https_listen": [f"127.0.0.1@{self.https}"], "tls.server_name": "localhost"})
        self.instance.seed_local()
        self.instance.start()
        self.instance.wait_log("event=certificate.made domain=localhost")
        self.import_zone(self.instance, ZONE, ["www A 127.0.0.1"])
        self.instance.wait_synced()
        self.page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.page.hosts = []
        threading.Thread(target=self.page.serve_forever, daemon=True).start()
        self.addCleanup(self.page.server_close)
        self.addCleanup(self.page.shutdown)
        self.home = self.directory / "home"
        self.profile = self.home / "profile"
        self.profile.mkdir(parents=True)

    def trust(self):
        """The server's certificate, as a person would who has looked at it."""
        certificate = self.home / "certificate.pem"
        self.instance.cli("cert", "export", "localhost", "--chain", str(certificate))
        database = self.home / ".pki/nssdb"
        database.mkdir(parents=True)
        for arguments in (["-N", "--empty-password"],
                          ["-A", "-t", "P,,", "-n", "gatepost", "-i", str(certificate)]):
            out, code = run_tool("certutil", "-d", f"sql:{database}", *arguments)
            self.assertEqual(code, 0, out)

    def browse(self, *arguments):
        """What the browser prints. Its settings: DNS over HTTPS, or nothing."""
        template = f"https://localhost:{self.https}/dns-query{{?dns}}"
        (self.profile / "Local State").write_text(json.dumps(
            {"dns_over_https": {"mode": "secure", "templates": template}}))
        command = [self.chromium, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-dev-shm-usage", f"--user-data-dir={self.profile}",
                   *(["--no-sandbox"] if run_as_root() else []), *arguments,
                   f"http://{NAME}:{self.page.server_port}/"]
        environment = os.environ | {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE * 2, check=False,
                              cwd=self.home, env=environment)
        return done.stdout + done.stderr

    def https_queries(self):
        workers = self.instance.status()["dataplane"]["workers"]
        return sum(worker["queries"]["https4"] for worker in workers)

    def test_a_page_whose_name_only_we_know(self):
        self.assertTrue(fingerprint_seen(self.https, "localhost", client_context()))
        out = self.browse("--dump-dom", "--timeout=5000")
        self.assertNotIn(TEXT, out, "a certificate that nobody vouches for")
        self.assertEqual(self.https_queries(), 0)
        self.trust()
        picture = self.home / "page.png"
        # On a busy machine it may give the question up.
        wait_until(lambda: f"<h1>{TEXT}</h1>" in self.browse("--dump-dom"), "the page is shown", DEADLINE * 3)
        self.assertIn(f"{NAME}:{self.page.server_port}", self.page.hosts)
        self.assertGreater(self.https_queries(), 0)
        wait_until(lambda: self.browse(f"--screenshot={picture}", "--window-size=800,300") and picture.exists(),
                   "there is a picture of it", DEADLINE * 3)
        self.assertEqual(picture.read_bytes()[:4], b"\x89PNG")
        kept = os.environ.get("GATEPOST_TEST_LOGS")
        if kept:
            target = os.path.join(kept, "browser.png")
            os.makedirs(kept, exist_ok=True)
            with open(target, "wb") as out:
                out.write(picture.read_bytes())
