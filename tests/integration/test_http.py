"""HTTP beside DNS: health, metrics, redirects, answers to challenges of certificate authorities, the way to https."""

import http.client
import json
import subprocess
import threading

from harness import GatepostTest
from open_metrics import BadMetrics, parse_metrics, value_of
from processes import DEADLINE, free_port, wait_until
from tls_support import (ADDRESS, HOST, NAME, StreamTest, client_context, http_get, run_tool, tcp_connect, tls_connect,
                         tool, wait_closed)

OPEN_METRICS = "application/openmetrics-text"
ROUNDS = 100
TOKEN = "a-token.of_some+length/0123456789="


class Http(StreamTest):
    def plain(self, target, **how):
        return http_get(self.ports["http"], target, **how)

    def https(self, target, **how):
        """The certificate is not that of every host that is asked for here."""
        return http_get(self.ports["https"], target, tls=client_context(), **how)

    def raw(self, request, port="http"):
        with tcp_connect(self.ports[port]) as connection:
            connection.sendall(request)
            return wait_closed(connection).decode()

    def sql(self, text):
        self.instance.sql(text)
        self.instance.wait_synced()

    def test_everything_goes_on_to_https(self):
        port = self.ports["https"]
        for host, expected in (("www.some.example", "www.some.example"), ("www.some.example:8080", "www.some.example"),
                               ("[2001:db8::1]", "[2001:db8::1]"), ("192.0.2.1:80", "192.0.2.1")):
            for method in ("GET", "HEAD", "POST"):
                reply = self.plain("/a/b?c=d&e", host=host, method=method)
                self.assertEqual((reply.status, reply.headers["location"]), (308,
                                                                             f"https://{expected}:{port}/a/b?c=d&e"))
        self.assertEqual(self.plain("/dns-query?dns=AAAB").status, 308, "no DNS in the clear")
        for request in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
                        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"):
            self.assertRegex(self.raw(request + b""), r"\AHTTP/1.1 400 ", request)
        self.assertIn("location: https://x.example", self.raw(b"GET http://x.example/ HTTP/1.1\r\nhost: y.example\r\n"
                                                              b"connection: close\r\n\r\n"))

    def test_requests_that_two_could_read_in_two_ways(self):
        for head in ("content-length: 5\r\ntransfer-encoding: chunked", "content-length: 5\r\ncontent-length: 6",
                     "content-length : 5", "content-length: +5", "transfer-encoding: chunked, identity",
                     "x: y\r\n z: a",
                     "x\0: y", "x: y\rz", ": y"):
            reply = self.raw(f"POST / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n"
                             "helloGET /x HTTP/1.1\r\nhost: a\r\n\r\n".encode())
            self.assertRegex(reply, r"\AHTTP/1.1 (400|501) ", head)
            self.assertEqual(reply.count("HTTP/1.1 "), 1, "and nothing behind it is read")
        for line, status in (("GET / HTTP/2.0", 505), ("GET / HTTP/1.1 x", 400), ("GET /", 400), ("BREW / HTTP/1.1",
                                                                                                  501),
                             ("GET x HTTP/1.1", 400), ("CONNECT a:1 HTTP/1.1", 501), ("G\0T / HTTP/1.1", 400)):
            self.assertRegex(self.raw(f"{line}\r\nhost: a\r\n\r\n".encode()), rf"\AHTTP/1.1 {status} ", line)
        self.assert_serves()

    def test_pipelined_requests(self):
        out = self.raw(b"".join(b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % number for number in range(200)) +
                       b"GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        self.assertEqual(out.count("HTTP/1.1 308 "), 201)
        self.assertLess(out.index("/199\r\n"), out.index("/last\r\n"))

    def test_many_connections_for_one_request_each(self):
        """A descriptor is another connection's at once: what is done to the one before must not reach it."""
        wrong = []

        def ask():
            context = client_context(self.authority)
            for _ in range(ROUNDS):
                try:
                    reply = http_get(self.ports["https"], "/dns/ip", tls=context, headers={"connection": "close"})
                    if reply.text != "127.0.0.1":
                        wrong.append(reply.text)
                except (OSError, http.client.HTTPException) as error:
                    wrong.append(repr(error))
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_http2_without_tls(self):
        out, _ = run_tool("curl", "-sS", "-i", "--http2-prior-knowledge", f"http://127.0.0.1:{self.ports['http']}/x")
        self.assertRegex(out, r"\AHTTP/2 308")
        self.assertIn(f"location: https://127.0.0.1:{self.ports['https']}/x", out)

    def test_redirects(self):
        self.sql("""INSERT INTO gatepost.redirects (host, url, code, keep_path) VALUES
            ('old.example', 'https://new.example', 308, true), ('deep.example', 'https://new.example/deep/', 301, true),
            ('flat.example', 'https://new.example/flat', 302, false), ('query.example', 'http://new.example/?q=1', 307,
            true), ('here.example', 'https://here.example/', 308, true)""")
        cases = [("old.example", 308, "https://new.example/a?b"), ("OLD.Example:1234", 308, "https://new.example/a?b"),
                 ("old.example.", 308, "https://new.example/a?b"), ("deep.example", 301,
                                                                    "https://new.example/deep/a?b"),
                 ("flat.example", 302, "https://new.example/flat"), ("query.example", 307, "http://new.example/?q=1")]
        for host, code, location in cases:
            for get in (self.plain, self.https):
                reply = get("/a?b", host=host)
                self.assertEqual((reply.status, reply.headers["location"]), (code, location), host)
        # One in a circle is none.
        self.assertEqual(self.https("/", host="here.example").status, 404)
        self.assertEqual(self.plain("/", host="here.example").headers["location"], "https://here.example/")
        out, _ = run_tool("curl", "-sSk", "-i", "--http2", "--connect-to", f"::127.0.0.1:{self.ports['https']}",
                          "https://deep.example/x")
        self.assertRegex(out, r"(?s)\AHTTP/2 301.*location: https://new.example/deep/x")
        self.instance.cli("redirect", "add", "old.example", "https://newer.example", "--code", "302")
        self.instance.cli("redirect", "remove", "flat.example")
        self.instance.wait_synced()
        self.assertEqual(self.plain("/", host="old.example").headers["location"], "https://newer.example/")
        self.assertEqual(self.https("/", host="flat.example").status, 404)

    def test_challenges(self):
        path = "/.well-known/acme-challenge/"
        self.sql("INSERT INTO gatepost.acme_challenges (host, token, key_authorization) VALUES "
                 "('cert.example', 'To-ken_1', 'To-ken_1.thumb')")
        self.instance.cli("redirect", "add", "cert.example", "https://new.example")
        self.instance.wait_synced()
        for get in (self.plain, self.https):
            reply = get(path + "To-ken_1", host="Cert.example")
            self.assertEqual((reply.status, reply.text), (200, "To-ken_1.thumb"), "in front of any redirect")
            self.assertEqual(reply.headers["content-type"], "application/octet-stream")
            self.assertEqual(get(path + "To-ken_1", host="cert.example", method="HEAD").body, b"")
            self.assertEqual(get(path + "To-ken_1", host="cert.example", method="POST").status, 405)
            for host, token in (("other.example", "To-ken_1"), ("cert.example", "to-ken_1"), ("cert.example", ""),
                                ("cert.example", "To-ken_1/"), ("cert.example", "../To-ken_1"),
                                ("cert.example", "x" * 129), ("cert.example/", "To-ken_1")):
                self.assertIn(get(path + token, host=host).status, (400, 404), (host, token))
        self.sql("DELETE FROM gatepost.acme_challenges")
        self.assertEqual(self.plain(path + "To-ken_1", host="cert.example").status, 404)

    def test_health(self):
        for port in ("https", "metrics"):
            tls = client_context(self.authority) if port == "https" else None
            reply = http_get(self.ports[port], "/healthz", tls=tls)
            self.assertEqual((reply.status, reply.text, reply.headers["cache-control"]), (200, "ok\n", "no-store"))
        # A worker that did not run for some seconds is told of.
        ready = wait_until(lambda: (reply := http_get(self.ports["metrics"], "/readyz")).status == 200 and reply,
                           "it is ready")
        about = json.loads(ready.body)
        self.assertEqual((ready.status, about["status"]), (200, "ready"))
        self.assertEqual({check["name"]: check["ok"] for check in about["checks"]},
                         {"zones": True, "directory": True, "workers": True})
        status = json.loads(http_get(self.ports["metrics"], "/status").body)
        self.assertEqual((status["status"], status["service"]), ("healthy", "gatepost"))
        self.assertEqual(status["dataplane_pid"], self.instance.process("gatepost-dataplane"))
        self.assertEqual(status["controlplane_pid"], self.instance.process("gatepost-controlplane"))
        self.assertFalse(status["zones"]["from_checkpoint"])
        self.assertEqual(http_get(self.ports["metrics"], "/readyz", method="POST").headers["allow"], "GET, HEAD")
        self.assertEqual(http_get(self.ports["metrics"], "/dns-query").status, 404)

    def test_metrics(self):
        before = self.metrics()
        for _ in range(10):
            self.assertEqual(self.instance.client().ask(NAME).values("A"), [ADDRESS])
        with self.dot() as connection:
            connection.ask_name(NAME)
        self.https("/dns-query?name=" + NAME)
        self.https("/nothing")

        def counted(samples, name, **labels):
            return value_of(samples, name, **labels) - before.get((name, tuple(sorted(labels.items()))), 0)

        def all_counted():
            now = self.metrics()
            return (counted(now, "gatepost_dns_queries_total", transport="udp", family="ipv4"),
                    counted(now, "gatepost_dns_queries_total", transport="tls", family="ipv4"),
                    counted(now, "gatepost_dns_queries_total", transport="https", family="ipv4"),
                    counted(now, "gatepost_http_requests_total", version="1.1", **{"class": "4xx"}),
                    counted(now, "gatepost_tls_handshakes_total", version="1.3", result="full")) == (10, 1, 1, 1, 3)
        wait_until(all_counted, "what was asked is counted")
        now = self.metrics()
        self.assertEqual(value_of(now, "gatepost_dns_zones"), 1)
        self.assertEqual(value_of(now, "gatepost_process_up", process="controlplane"), 1)
        self.assertGreaterEqual(value_of(now, "gatepost_streams_open"), 1, "the one that asks")
        for name, labels in now:
            self.assertTrue(name.startswith("gatepost_"), name)
            self.assertLessEqual(len(labels), 3, "bounded")

    def metrics(self):
        reply = http_get(self.ports["metrics"], "/metrics", headers={"accept": OPEN_METRICS})
        self.assertTrue(reply.headers["content-type"].startswith(f"{OPEN_METRICS}; version=1.0.0"))
        return parse_metrics(reply.text)

    def test_the_reader_of_metrics_is_strict(self):
        good = '# TYPE a counter\n# HELP a b\na_total{x="y"} 1\n# EOF\n'
        self.assertEqual(parse_metrics(good), {("a_total", (("x", "y"),)): 1.0})
        for bad in (good[:-1], good.replace("a_total", "a"), good.replace('"y"', "y"), good.replace(" 1", " x"),
                    good.replace("# HELP a b\n", ""), good.replace("a_total", "b_total"), good.replace("1\n",
                                  '1\na_total{x="y"} 2\n')):
            self.assertRaises(BadMetrics, parse_metrics, bad)

    def test_metrics_for_prometheus(self):
        reply = http_get(self.ports["metrics"], "/metrics", headers={"accept": "text/plain;version=0.0.4"})
        self.assertEqual(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        done = subprocess.run([tool("promtool"), "check", "metrics"], input=reply.body, capture_output=True,
                              timeout=DEADLINE, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    def test_a_large_response_to_a_client_that_reads_slowly(self):
        with tcp_connect(self.ports["metrics"], receive_buffer=4096) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n" * 60 + b"GET /healthz HTTP/1.1\r\n"
                               b"host: a\r\nconnection: close\r\n\r\n")
            out = wait_closed(connection).decode()
        self.assertEqual((out.count("HTTP/1.1 200"), out.count("# EOF\n")), (61, 60))


class Token(StreamTest):
    @classmethod
    def setUpClass(cls):
        cls.SETTINGS = {"metrics.token_file": "/proc/self/no-such-file"}
        holder = GatepostTest("setUp")
        holder.setUp()
        cls.addClassCleanup(holder.doCleanups)
        cls.SETTINGS = {"metrics.token_file": str(holder.write("token", TOKEN + "\n"))}
        super().setUpClass()

    def test_metrics_ask_for_it(self):
        for headers, status in (({}, 401), ({"authorization": f"Bearer {TOKEN}x"}, 401),
                                ({"authorization": "Bearer "}, 401),
                                ({"authorization": f"Basic {TOKEN}"}, 401),
                                ({"authorization": f"Bearer {TOKEN[:-1]}"}, 401),
                                ({"authorization": f"Bearer {TOKEN}"}, 200), ({"authorization": f"bearer {TOKEN}"},
                                                                              200)):
            for path in ("/metrics", "/status"):
                reply = http_get(self.ports["metrics"], path, headers=headers)
                self.assertEqual(reply.status, status, headers)
                self.assertEqual("www-authenticate" in reply.headers, status == 401)
        for path in ("/healthz", "/readyz"):
            self.assertEqual(http_get(self.ports["metrics"], path).status, 200, "for those that look after processes")
        self.assertNotIn(TOKEN, self.instance.log())


class NotReady(GatepostTest):
    def test_before_there_is_anything_to_serve(self):
        cluster = self.cluster()
        port, https = free_port(), free_port()
        instance = self.instance(cluster.dsn(), settings={"metrics.listen": [f"127.0.0.1@{port}"],
                                                          "http.https_listen": [f"127.0.0.1@{https}"]})
        instance.cli("schema", "migrate")
        cluster.stop()
        instance.launch()
        instance.wait_log("event=dataplane.serving")
        self.assertEqual(http_get(port, "/healthz").status, 200, "the process is fine")
        reply = http_get(port, "/readyz")
        about = json.loads(reply.body)
        self.assertEqual((reply.status, about["status"]), (503, "not ready"))
        self.assertIn("no snapshot yet", about["checks"][0]["detail"])
        self.assertEqual(parse_metrics(http_get(port, "/metrics").text)["gatepost_dns_zones", ()], 0)
        with tls_connect(https, client_context(), HOST) as tls:
            self.assertEqual(tls.version(), "TLSv1.3", "TLS is never off")
        cluster.start()
        wait_until(lambda: http_get(port, "/readyz").status == 200, "the instance is ready")
