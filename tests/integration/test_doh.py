"""DNS over HTTPS (RFC 8484) over HTTP/1.1 and HTTP/2, its JSON form, and what is refused: with curl, kdig, dig and
h2load, and by hand."""

import base64
import json
import re
import subprocess
import unittest

from dns_message import make_query, parse_reply
from processes import DEADLINE
from tls_support import ADDRESS, HOST, NAME, ZONE, StreamTest, client_context, http_get, run_tool, tool

MESSAGE = "application/dns-message"
DNS_JSON = "application/dns-json"
BRIEF = f"brief.{ZONE}"  # its TTL is 7


def base64url(message):
    return base64.urlsafe_b64encode(message).rstrip(b"=").decode()


class Doh(StreamTest):
    def get(self, target, **how):
        return http_get(self.ports["https"], target, tls=client_context(self.authority), **how)

    def url(self, target="/dns-query"):
        return f"https://{HOST}:{self.ports['https']}{target}"

    def curl(self, target, *arguments, version="--http2", stdin=b""):
        """Status, headers by name, body."""
        done = subprocess.run(
            [tool("curl"), "-sS", "-i", version, "--cacert", str(self.authority.certificate), "--resolve",
             f"{HOST}:{self.ports['https']}:127.0.0.1", *arguments, self.url(target)],
            input=stdin, capture_output=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        while re.match(rb"HTTP/\S+ 100", head):
            head, _, body = body.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        protocol, status = first.split(" ")[:2]
        self.assertEqual(protocol, "HTTP/2" if version == "--http2" else "HTTP/1.1")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return int(status), headers, body

    def check_answer(self, status, headers, body, value=ADDRESS, ttl=300, name=NAME):
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["content-type"], MESSAGE)
        self.assertEqual(headers["cache-control"], f"max-age={ttl}")
        self.assertEqual(int(headers["content-length"]), len(body))
        reply = parse_reply(body)
        self.assertEqual((reply.question[0], reply.values("A")), (name, [value]))
        return reply

    def test_curl_get_and_post(self):
        query = make_query(NAME, ident=0)
        for version in ("--http1.1", "--http2"):
            for path in ("/dns-query", "/dns/query"):
                self.check_answer(*self.curl(f"{path}?dns={base64url(query)}", version=version))
            self.check_answer(*self.curl(f"/dns-query?x=1&dns={base64url(query)}&y", version=version))
            post = ["-H", f"content-type: {MESSAGE}", "--data-binary", "@-"]
            reply = self.check_answer(*self.curl("/dns-query", *post, version=version,
                                                 stdin=make_query(NAME, ident=0xABCD)))
            self.assertEqual(reply.id, 0xABCD)
            self.check_answer(*self.curl("/dns-query", *post, "-H", f"Content-Type: {MESSAGE}; x=y", "-H",
                                         "Accept: */*", version=version, stdin=query))
        self.check_answer(*self.curl("/dns-query", *post, "-H", "transfer-encoding: chunked", "-H",
                                     "expect: 100-continue",
                                     version="--http1.1", stdin=query))

    def test_head(self):
        query = base64url(make_query(NAME, ident=0))
        for version in ("--http1.1", "--http2"):
            status, headers, body = self.curl(f"/dns-query?dns={query}", "--head", version=version)
            self.assertEqual((status, body), (200, b""))
            self.assertEqual((headers["content-type"], headers["cache-control"]), (MESSAGE, "max-age=300"))
            self.assertGreater(int(headers["content-length"]), len(NAME))

    def test_freshness_is_the_smallest_ttl(self):
        for name, kind, ttl in ((NAME, "A", 300), (BRIEF, "A", 7), (ZONE, "SOA", 300), (f"no.{ZONE}", "A", 60),
                                (NAME, "MX", 60)):
            reply = self.get(f"/dns-query?dns={base64url(make_query(name, kind))}")
            message = parse_reply(reply.body)
            self.assertEqual(reply.headers["cache-control"], f"max-age={ttl}", name)
            self.assertEqual(min(record.ttl for record in message.answer + message.authority), ttl)
        refused = self.get(f"/dns-query?dns={base64url(make_query('elsewhere.example.'))}")
        self.assertEqual((refused.status, parse_reply(refused.body).rcode_name), (200, "REFUSED"))
        self.assertIn(refused.headers["cache-control"], ("max-age=0", "no-cache", "no-store"))

    def test_padding_and_long_replies(self):
        reply = self.get(f"/dns-query?dns={base64url(make_query(NAME, options=bytes([0, 12, 0, 0])))}")
        self.assertEqual(len(reply.body) % 468, 0, "RFC 8467 §4.1")
        for payload in (None, 512):  # RFC 8484 §6: the size that a client offers is about UDP
            long = parse_reply(self.get(f"/dns-query?dns={base64url(make_query(f'long.{ZONE}', 'TXT', edns=payload))}")
                               .body)
            self.assertNotIn("tc", long.flags.split())
            self.assertEqual(len(long.answer), 1)

    def refused_by_nghttp(self, expected, target, header, body):
        """curl takes it for an error when the response is there before it has sent everything (RFC 9113 §8.1)."""
        path = self.directory / "body"
        path.write_bytes(body)
        out, _ = run_tool("nghttp", "-v", "-H", header if header.partition(":")[2] else "x: y", "-d", path,
                          f"https://127.0.0.1:{self.ports['https']}{target}")
        self.assertRegex(out, f":status: {expected}")
        self.assertRegex(out, "content-type: text/plain")

    def test_what_is_refused(self):
        query = make_query(NAME, ident=0)
        good = f"/dns-query?dns={base64url(query)}"
        response = bytearray(query)
        response[2] |= 0x80
        post = ["-H", f"content-type: {MESSAGE}", "--data-binary", "@-"]
        cases = [(400, "/dns-query", [], b""), (400, "/dns-query?dns=", [], b""), (400, "/dns-query?dns=!!!!", [], b""),
                 (400, f"/dns-query?dns={base64url(query[:11])}", [], b""),
                 (400, f"/dns-query?dns={base64url(bytes(response))}", [], b""),
                 (400, "/dns-query?dns=AAAAA", [], b""), (400, "/dns-query", post, query[:5]),
                 (404, "/", [], b""), (404, "/dns-query/", [], b""), (404, "/dns-queryx", [], b""),
                 (405, good, ["-X", "PUT"], b""), (405, good, ["-X", "DELETE"], b""), (405, good, ["-X", "OPTIONS"],
                                                                                       b""),
                 (406, good, ["-H", "accept: text/html"], b""), (406, good, ["-H", f"accept: {MESSAGE};q=0"], b""),
                 (413, "/dns-query", post, bytes(65536)),
                 (415, "/dns-query", ["-H", "content-type: text/plain", "--data-binary", "@-"], query),
                 (415, "/dns-query", ["-H", "content-type:", "--data-binary", "@-"], query),
                 (414, "/dns-query?dns=" + "A" * 13_000, [], b""), (431, "/", ["-H", "x: " + "y" * 17_000], b"")]
        for version in ("--http1.1", "--http2"):
            for expected, target, arguments, body in cases:
                if body and version == "--http2":
                    self.refused_by_nghttp(expected, target, arguments[1], body)
                    continue
                status, headers, text = self.curl(target, *arguments, version=version, stdin=body)
                what = (version, expected, target[:40], arguments)
                if expected == 414 and version == "--http2":
                    self.assertIn(status, (414, 431), what)
                else:
                    self.assertEqual(status, expected, what)
                self.assertRegex(text, rb"\A[A-Z].{5,100}\.\n\Z|\Adns: .*\n\Z", what)
                self.assertTrue(headers["content-type"].startswith("text/plain"), what)
                self.assertNotIn("max-age", headers.get("cache-control", ""), what)
                self.assertEqual(headers.get("allow"), "GET, HEAD, POST" if expected == 405 else None, what)
        self.check_answer(*self.curl(good, "-H", "accept: text/html, */*;q=0.1"))
        self.assert_serves()

    def test_a_body_that_is_far_too_long(self):
        status, _, _ = self.curl("/dns-query", "-H", f"content-type: {MESSAGE}", "--data-binary", "@-",
                                 version="--http1.1", stdin=bytes(1 << 20))
        self.assertEqual(status, 413)
        body = self.directory / "body"
        body.write_bytes(bytes(1 << 20))
        out, _ = run_tool("nghttp", "-v", "-H", f"content-type: {MESSAGE}", "-d", body,
                          f"https://127.0.0.1:{self.ports['https']}/dns-query")
        self.assertRegex(out, ":status: 413")
        # RFC 9113 §8.1: the response is whole, and the rest of the request of no use.
        self.assertRegex(out, r"recv RST_STREAM.*\n +\(error_code=NO_ERROR")
        self.assertNotIn("recv GOAWAY", out)

    def test_what_is_wrong_with_a_query_is_said_in_dns(self):
        reply = self.get(f"/dns-query?dns={base64url(make_query(NAME)[:-2])}")
        self.assertEqual((reply.status, parse_reply(reply.body).rcode_name), (200, "FORMERR"))
        reply = self.get(f"/dns-query?dns={base64url(make_query(NAME, opcode=4))}")
        self.assertEqual((reply.status, parse_reply(reply.body).rcode_name), (200, "NOTIMP"))

    def test_json(self):
        for version in ("--http1.1", "--http2"):
            status, headers, body = self.curl(f"/dns-query?name={NAME}&type=AAAA", "-H", f"accept: {DNS_JSON}",
                                              version=version)
            self.assertEqual((status, headers["content-type"], headers["cache-control"]),
                             (200, DNS_JSON, "max-age=300"))
            self.assertEqual(headers["access-control-allow-origin"], "*")
            answer = json.loads(body)
            self.assertEqual((answer["Status"], answer["TC"], answer["AD"]), (0, False, False))
            self.assertEqual(answer["Question"], [{"name": NAME, "type": 28}])
            self.assertEqual(answer["Answer"], [{"name": NAME, "type": 28, "TTL": 300, "data": "2001:db8::1"}])
        plain = self.get(f"/dns-query?name={NAME}", headers={"accept": "application/json"})
        self.assertEqual((plain.headers["content-type"], json.loads(plain.body)["Answer"][0]["data"]),
                         ("application/json", ADDRESS))
        none = json.loads(self.get(f"/dns/query?name=none.{ZONE}&type=1").body)
        self.assertEqual((none["Status"], none["Authority"][0]["type"]), (3, 6))
        long = json.loads(self.get(f"/dns-query?name=long.{ZONE}&type=TXT").body)
        self.assertIn("x" * 200, long["Answer"][0]["data"])
        for target in ("name=", "name=a..b", f"name={'x' * 64}.example", f"name={NAME}&type=nothing", "name=%zz",
                       f"name={NAME}&type=70000", f"name={NAME}&do=maybe", "name=" + "a." * 200):
            reply = self.get(f"/dns-query?{target}")
            self.assertEqual(reply.status, 400, target)
            self.assertRegex(reply.text, r"\A(name|type|do): .*\n\Z")

    def test_connections_stay(self):
        """Two hundred requests of each kind on one connection."""
        query = base64url(make_query(NAME, ident=0))
        for version in ("--http1.1", "--http2"):
            before = self.streams()["total"]
            out, code = run_tool("curl", "-sS", version, "--cacert", self.authority.certificate, "--resolve",
                                 f"{HOST}:{self.ports['https']}:127.0.0.1", "-o", "/dev/null", "-w",
                                 "%{http_code} %{num_connects}\n", self.url(f"/dns-query?dns={query}&n=[1-200]"))
            self.assertEqual(code, 0, out)
            lines = out.split("\n")[:-1]
            self.assertEqual((len(lines), lines[0], set(lines[1:])), (200, "200 1", {"200 0"}))
            self.assertEqual(self.streams()["total"], before + 1)

    def test_many_streams(self):
        """By h2load: as many as there may be, and more than that."""
        query = base64url(make_query(NAME, ident=0))
        for streams in (1, 100, 300):
            out, _ = run_tool("h2load", "-n", "5000", "-c", "4", "-m", streams, "-t", "1", "--connect-to",
                              f"127.0.0.1:{self.ports['https']}", self.url(f"/dns-query?dns={query}"))
            self.assertIn("5000 succeeded, 0 failed, 0 errored", out)
            self.assertIn("status codes: 5000 2xx, 0 3xx, 0 4xx, 0 5xx", out)
        self.assert_serves()

    def test_kdig(self):
        for arguments in (["+https"], ["+https", "+https-get"], ["+https=/dns/query"],
                          ["+https", f"+tls-ca={self.authority.certificate}", f"+tls-hostname={HOST}"]):
            out, code = run_tool("kdig", "@127.0.0.1", "-p", self.ports["https"], "+timeout=30", *arguments, NAME, "A")
            self.assertEqual(code, 0, out)
            self.assertRegex(out, rf"{NAME}\s+300\s+IN\s+A\s+{ADDRESS}")
            self.assertRegex(out, r"HTTP session \(HTTP/2-(POST|GET)\).*status: 200")

    def test_dig(self):
        for option in ("+https", "+https-get", "+https-post=/dns-query"):
            out, code = run_tool("dig", "@127.0.0.1", "-p", self.ports["https"], "+time=30", option, NAME)
            if "Invalid option" in out:
                raise unittest.SkipTest("this dig knows no HTTPS")
            self.assertEqual(code, 0, out)
            self.assertRegex(out, rf"{NAME}\s+300\s+IN\s+A\s+{ADDRESS}")

    def test_what_else_is_there(self):
        address = self.get("/dns/ip")
        self.assertEqual((address.status, address.text), (200, "127.0.0.1"))
        health = self.get("/healthz")
        self.assertEqual((health.status, health.text), (200, "ok\n"))
        for path in ("/metrics", "/readyz", "/status"):
            self.assertEqual(self.get(path).status, 404, "the public has no business there")
        self.assertEqual(self.get("/dns/ip", headers={"x-forwarded-for": "192.0.2.9"}).text, "127.0.0.1",
                         "from a proxy that nobody trusts")


class BehindAProxy(StreamTest):
    SETTINGS = {"http.trusted_proxies": ["127.0.0.0/8"]}

    def test_the_address_that_the_proxy_tells(self):
        for told, expected in (("192.0.2.9", "192.0.2.9"), ("2001:db8::9", "2001:db8::9"),
                               ("198.51.100.1, 192.0.2.9", "192.0.2.9"), ("192.0.2.9, 127.0.0.5", "192.0.2.9"),
                               ("nonsense", "127.0.0.1"), ("", "127.0.0.1")):
            reply = http_get(self.ports["https"], "/dns/ip", tls=client_context(self.authority),
                             headers={"x-forwarded-for": told})
            self.assertEqual(reply.text, expected, told)
