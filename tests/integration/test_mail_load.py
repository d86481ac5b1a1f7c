"""`gatepost-load smtp`: what it says to a server, what it counts, and its ledger."""

import email
import json
import os
import signal
import ssl
import subprocess
import sys
import unittest

from harness import SOURCE, GatepostTest
from processes import DEADLINE, free_port, wait_until
from smtp_sink import Behaviour, SmtpSink

sys.path.insert(0, str(SOURCE / "tests/support"))
import ledger  # noqa: E402

PATTERN = ("--recipient-pattern", "u%d@example.test", "--recipient-count", "3")


class MailLoadTest(GatepostTest):
    def sink(self, path=None, **behaviour):
        sink = SmtpSink(Behaviour(**behaviour), path)
        self.addCleanup(sink.close)
        return sink

    def command(self, target, *arguments):
        return [os.environ["GATEPOST_LOAD"], "smtp", str(target), "--json", "-", "--quiet", *map(str, arguments)]

    def load(self, target, *arguments, code=0):
        """The report; for a run without one, what it said of that."""
        done = subprocess.run(self.command(target, *arguments), capture_output=True, text=True,
                              timeout=DEADLINE * 2, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def ledger_path(self):
        return self.directory / "ledger"

    def certificate(self):
        chain, key = self.directory / "chain.pem", self.directory / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=sink.test", "-keyout", key, "-out", chain], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context


class Sending(MailLoadTest):
    def test_a_connection_for_each_message(self):
        sink = self.sink()
        report = self.load(sink.address, *PATTERN, "--messages", 60, "--sessions", 7, "--messages-per-session", 1,
                           "--size", 3000, "--ledger", self.ledger_path())
        self.assertEqual((report["messages"], report["accepted"], report["connections"]["failed"]), (60, 60, 0))
        self.assertEqual((sink.sessions, sink.quits, len(sink.received), sink.pipelined), (60, 60, 60, 0))
        self.assertEqual({len(one.content) for one in sink.received}, {3000})
        self.assertEqual(report["octets"], 60 * 3000)
        self.assertEqual(len(ledger.read(self.ledger_path())), 60)
        self.check_ledger(sink)

    def check_ledger(self, sink, **expected):
        """Against what the sink took; nothing is amiss but what is expected."""
        sink.file_into(self.directory / "mail")
        verdict = ledger.verify_maildirs(self.ledger_path(), self.directory / "mail")
        self.assertTrue(verdict.ok, verdict.text())
        for what, count in expected.items():
            self.assertEqual(getattr(verdict, what), count, verdict.text())

    def test_messages_are_what_a_mail_program_writes(self):
        sink = self.sink()
        self.load(sink.address, *PATTERN, "--messages", 5, "--from", "ada@example.org", "--run", "r7")
        self.assertEqual({one.sender for one in sink.received}, {"ada@example.org"})
        ids = set()
        for one in sink.received:
            message = email.message_from_bytes(one.content)
            self.assertEqual(message.defects, [])
            self.assertEqual(message["To"], f"<{one.recipients[0]}>")
            self.assertIsNotNone(email.utils.parsedate_to_datetime(message["Date"]))
            ids.add(message["Message-ID"])
        self.assertEqual(ids, {f"<r7-{number:010}@load.example.test>" for number in range(5)})

    def test_kept_connections_pipelining_and_several_recipients(self):
        sink = self.sink()
        report = self.load(sink.address, *PATTERN, "--messages", 90, "--sessions", 4, "--pipelining",
                           "--rcpt-per-message", 3, "--ledger", self.ledger_path())
        self.assertEqual((report["accepted"], report["recipients"]["accepted"], sink.sessions), (90, 270, 4))
        self.assertEqual(sink.pipelined, 90)
        self.assertEqual({len(one.recipients) for one in sink.received}, {3})
        self.check_ledger(sink, accepted=270)

    def test_chunks(self):
        for more in ((), ("--pipelining",)):
            sink = self.sink()
            self.load(sink.address, *PATTERN, "--messages", 20, "--chunking", "--size", 200_000, *more)
            self.assertEqual({len(one.content) for one in sink.received}, {200_000})
            self.assertEqual(len(sink.received), 20)

    def test_tls_in_both_ways_and_logins(self):
        context = self.certificate()
        users = {f"u{number}@example.test": "a:secret" for number in (1, 2, 3)}
        for option, implicit in (("--starttls", False), ("--tls", True)):
            sink = self.sink(tls=context, implicit_tls=implicit, users=users)
            report = self.load(sink.address, *PATTERN, "--messages", 12, "--sessions", 2, "--messages-per-session", 1,
                               option, "--auth", "u%d@example.test:a:secret", "--from", "u%d@example.test",
                               "--size", 50_000)
            self.assertEqual(report["accepted"], 12)
            self.assertEqual({one.user for one in sink.received}, set(users))
            self.assertTrue(all(one.user == one.sender for one in sink.received))
            self.assertEqual({len(one.content) for one in sink.received}, {50_000})

    def test_lmtp_over_a_unix_socket(self):
        refuse = {"u1@example.test": "550 5.1.1 unknown"}
        full = {"u2@example.test": "452 4.2.2 full"}
        sink = self.sink(self.directory / "lmtp", lmtp=True, on_recipient=refuse.get,
                         on_content=lambda _, recipient: full.get(recipient))
        report = self.load(sink.address, *PATTERN, "--lmtp", "--messages", 10, "--rcpt-per-message", 3,
                           "--ledger", self.ledger_path())
        self.assertEqual(report["recipients"], {"accepted": 10, "rejected": 20, "unknown": 0})
        self.assertEqual(report["rejections"], {"rcpt": {"550": 10}, "final": {"452": 10}})
        self.check_ledger(sink, accepted=10, rejected=20)

    def test_an_open_loop_begins_what_is_due(self):
        sink = self.sink()
        report = self.load(sink.address, *PATTERN, "--rate", 1000, "--messages", 200)
        self.assertEqual((report["messages"], report["accepted"], report["rate"]), (200, 200, 1000))
        report = self.load(sink.address, *PATTERN, "--rate", 300, "--seconds", 1, "--messages-per-session", 1)
        self.assertEqual(report["messages"] + report["missed"], 300)
        self.assertEqual(report["accepted"], report["messages"])


class Trouble(MailLoadTest):
    check_ledger = Sending.check_ledger

    def test_rejections_are_counted_by_stage_and_code(self):
        refuse = {"u1@example.test": "550 5.1.1 unknown", "u2@example.test": "451 4.7.1 later"}
        for more in ((), ("--pipelining",), ("--chunking",), ("--pipelining", "--chunking")):
            sink = self.sink(on_recipient=refuse.get)
            report = self.load(sink.address, *PATTERN, "--messages", 30, "--sessions", 3, *more, code=1)
            self.assertEqual((report["accepted"], report["rejected"]), (10, 20))
            self.assertEqual(report["rejections"], {"rcpt": {"451": 10, "550": 10}})
            self.assertEqual(len(sink.received), 10)

    def test_a_message_without_a_reply_is_unknown(self):
        sink = self.sink(drops={5: "kept", 10: "lost", 15: "kept", 20: "lost", 25: "lost"}.get)
        report = self.load(sink.address, *PATTERN, "--messages", 50, "--sessions", 4, "--ledger", self.ledger_path(),
                           code=1)
        self.assertEqual((report["accepted"], report["unknown"], report["unsent"]), (45, 5, 0))
        self.assertEqual(report["connections"]["lost"], 5)
        self.check_ledger(sink, accepted=45, unknown=5, unknown_there=2)

    def test_what_cannot_begin_is_told_with_its_exit_code(self):
        for behaviour, arguments, code, words in (
                ({"greeting": "554 no service"}, (), 1, "554 no service"),
                ({"greeting": "421 later"}, (), 1, "421 later"),
                ({"greeting": "hello"}, (), 1, "no SMTP reply"),
                ({"extensions": ("SIZE",)}, ("--chunking",), 1, "does not offer CHUNKING"),
                ({}, ("--starttls",), 1, "does not offer STARTTLS"),
                ({"users": {"a": "b"}}, ("--auth", "a:c"), 6, "535 5.7.8")):
            with self.subTest(words):
                said = self.load(self.sink(**behaviour).address, *PATTERN, *arguments, code=code)
                self.assertIn(words, said)
        said = self.load(f"127.0.0.1:{free_port()}", *PATTERN, code=3)
        self.assertIn("Connection refused", said)

    def test_a_server_that_goes_away_for_good(self):
        sink = SmtpSink()
        process = subprocess.Popen(self.command(sink.address, *PATTERN, "--duration", "10m", "--timeout", "10s",
                                                "--messages-per-session", 1, "--ledger", self.ledger_path()),
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        wait_until(lambda: len(sink.received) >= 20, "messages")
        sink.close()
        report = json.loads(process.communicate(timeout=DEADLINE)[0])
        self.assertEqual((process.returncode, report["given_up"]), (1, True))
        self.assertGreater(report["connections"]["connect"], 0)
        self.check_ledger(sink)

    def test_a_signal_ends_it_with_a_report(self):
        sink = self.sink()
        process = subprocess.Popen(self.command(sink.address, *PATTERN, "--duration", "10m", "--ledger",
                                                self.ledger_path()), stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        wait_until(lambda: len(sink.received) >= 50, "messages")
        process.send_signal(signal.SIGTERM)
        report = json.loads(process.communicate(timeout=DEADLINE)[0])
        self.assertEqual((process.returncode, report["given_up"]), (0, False))
        self.assertEqual(report["accepted"], len(sink.received))
        self.check_ledger(sink, accepted=report["accepted"])


class Ledger(MailLoadTest):
    """The looking up: what is missing, or there twice, is found."""

    def file(self, user, name, message_id):
        new = self.directory / "mail" / user / "Maildir/new"
        new.mkdir(parents=True, exist_ok=True)
        (new / name).write_text(f"Subject: x\r\nMessage-Id:  <{message_id}>\r\n\r\nMessage-ID: <other@h>\r\n")

    def verify(self, text, code=0):
        path = self.write("ledger", text)
        done = subprocess.run([sys.executable, SOURCE / "tests/support/ledger.py", path, "--maildir",
                               self.directory / "mail", "--json"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def test_what_is_amiss(self):
        for user, name, message_id in (("u1", "1", "a@h"), ("u1", "2", "b@h"), ("u1", "3", "b@h"), ("u2", "1", "c@h"),
                                       ("u2", "2", "d@h"), ("u2", "3", "d@h")):
            self.file(user, name, message_id)
        found = self.verify("accepted\ta@h\tu1@x\naccepted\ta@h\tu2@x\naccepted\tb@h\tu1@x\nrejected\tc@h\tu2@x\n"
                            "unknown\td@h\tu2@x\nunknown\te@h\tu2@x\nrejected\te@h\tu1@x\n", code=5)
        self.assertEqual(found["missing"], [["a@h", "u2"]])
        self.assertEqual(found["twice"], [["b@h", "u1"], ["d@h", "u2"]])
        self.assertEqual(found["rejected_there"], [["c@h", "u2"]])
        self.assertEqual((found["accepted"], found["rejected"], found["unknown"]), (3, 2, 2))

    def test_a_line_that_was_cut_off_is_no_promise(self):
        self.file("u1", "1", "a@h")
        self.assertEqual(self.verify("accepted\ta@h\tu1@x\naccepted\tb@h\tu1@x")["unknown"], 1)
        self.assertEqual(self.verify("accepted\ta@h\tu1@x\naccepted\tb")["unknown"], 0)
        self.assertIn("ledger:1", self.verify("nonsense\nmore\n", code=3))

    def test_what_a_database_has(self):
        cluster = self.cluster()
        cluster.sql("""CREATE SCHEMA gatepost;
            CREATE TABLE gatepost.accounts (id bigint, address text);
            CREATE TABLE gatepost.mailboxes (id bigint, account_id bigint);
            CREATE TABLE gatepost.messages (mailbox_id bigint, message_id text);
            INSERT INTO gatepost.accounts VALUES (1, 'u1@x'), (2, 'u2@x');
            INSERT INTO gatepost.mailboxes VALUES (10, 1), (11, 1), (20, 2);
            INSERT INTO gatepost.messages VALUES (10, '<a@h>'), (11, 'b@h'), (10, '<c@h>'), (11, '<c@h>')""")
        path = self.write("ledger", "accepted\ta@h\tU1@x\naccepted\tb@h\tu1@x\naccepted\ta@h\tu2@x\n"
                                    "accepted\tc@h\tu1@x\n")
        verdict = ledger.verify_database(path, cluster.dsn())
        self.assertEqual((verdict.missing, verdict.twice), ([("a@h", "u2@x")], [("c@h", "u1@x")]))
        self.assertRaises(ledger.LedgerError, ledger.verify_database, path, "host=/nowhere")


if __name__ == "__main__":
    unittest.main()
