"""A message from a client to the INBOX of its recipient: the clients that people have, and who gets what. What arrives
is looked for where it counts: its row in the mailbox, and its octets where the row says that they lie."""

import re
import smtplib
import subprocess

from mail_support import DOMAIN, HOST, MailTest, content, new_id, trace_fields
from processes import DEADLINE, wait_until
from tls_support import run_tool, tool

ADA, BOB = f"ada@{DOMAIN}", f"bob@{DOMAIN}"


class Delivery(MailTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.password = cls.mail.add_user(ADA, password=None)
        cls.mail.add_user(BOB)

    def check(self, message_id, sent, address=ADA, mailbox="INBOX"):
        """Once there, octet for octet. The row and the trace fields."""
        row = self.assert_delivered(address, message_id, mailbox)
        octets = self.mail.octets(row)
        self.assertEqual(len(octets), row.size)
        fields = trace_fields(octets, sent)
        self.assertRegex(str(fields["Received"]), rf"by {HOST} with (UTF8)?E?S?L?MTPS?A? id {row.blob}")
        return row, fields


class Clients(Delivery):
    """Programs that others have written."""

    def swaks(self, role, *arguments, sender="sender@example.net"):
        message_id = new_id()
        out, code = run_tool("swaks", "--server", "127.0.0.1", "--port", self.mail.ports[role], "--from", sender,
                             "--to", ADA, "--data", "-", "--timeout", "60s", *arguments,
                             stdin=content(message_id).decode().replace("\r\n", "\n").rstrip())  # it adds an end
        self.assertEqual(code, 0, out)
        return self.check(message_id, content(message_id))

    def test_swaks(self):
        row, fields = self.swaks("mx")
        self.assertEqual((row.uid_next > row.uid, fields["Return-Path"]), (True, "<sender@example.net>"))
        self.assertIn(" with ESMTP id ", fields["Received"])
        self.assertIn(" with ESMTPS id ", self.swaks("mx", "--tls")[1]["Received"])
        for mechanism in ("PLAIN", "LOGIN"):
            login = ("--auth", mechanism, "--auth-user", ADA, "--auth-password", self.password)
            for role, tls in (("submission", "--tls"), ("submissions", "--tls-on-connect")):
                with self.subTest(mechanism=mechanism, role=role):
                    fields = self.swaks(role, tls, *login, sender=ADA)[1]
                    self.assertIn(" with ESMTPSA id ", fields["Received"])
                    self.assertIn("auth=pass smtp.auth=" + ADA, fields["Authentication-Results"])
        self.assertIn(" with LMTP id ", self.swaks("lmtp", "--protocol", "LMTP")[1]["Received"])

    def test_swaks_pipelined(self):
        self.swaks("mx", "--pipeline")

    def test_swaks_with_a_wrong_password(self):
        out, code = run_tool("swaks", "--server", "127.0.0.1", "--port", self.mail.ports["submission"], "--from", ADA,
                             "--to", BOB, "--tls", "--auth", "PLAIN", "--auth-user", ADA, "--auth-password", "wrong",
                             "--timeout", "60s")
        self.assertEqual(code, 28, out)
        self.assertIn("535 5.7.8", out)

    def test_curl(self):
        sent = self.write("mail", content(message_id := new_id()).decode())
        for role, scheme, more in (
                ("mx", "smtp", ()), ("submission", "smtp", ("--ssl-reqd", "--user", f"{ADA}:{self.password}")),
                ("submissions", "smtps", ("--user", f"{ADA}:{self.password}", "--login-options", "AUTH=PLAIN"))):
            with self.subTest(role=role):
                message_id = new_id()
                sent.write_bytes(content(message_id))
                out, code = run_tool("curl", "-sS", "--insecure", f"{scheme}://127.0.0.1:{self.mail.ports[role]}/me",
                                     "--mail-from", ADA, "--mail-rcpt", ADA, "--upload-file", sent, *more)
                self.assertEqual(code, 0, out)
                self.check(message_id, content(message_id))

    def msmtp(self, user, password, auth, role="submission"):
        message_id = new_id()
        tls = "" if role == "submission" else "--tls-starttls=off"
        out, code = run_tool("msmtp", "--file=/dev/null", "--host=127.0.0.1", f"--port={self.mail.ports[role]}",
                             f"--auth={auth}", f"--user={user}", f"--passwordeval=echo '{password}'", "--tls=on",
                             "--tls-certcheck=off", f"--from={user}", *filter(None, [tls]), ADA,
                             stdin=content(message_id).decode().replace("\r\n", "\n"))
        self.assertEqual(code, 0, out)
        return self.check(message_id, content(message_id))

    def test_msmtp(self):
        for auth, role in (("plain", "submission"), ("login", "submissions"), ("on", "submission")):
            with self.subTest(auth=auth):
                self.assertIn(ADA, self.msmtp(ADA, self.password, auth, role)[1]["Authentication-Results"])

    def test_msmtp_with_scram(self):
        if "scram-sha-256" not in run_tool("msmtp", "--version")[0]:
            self.skipTest("this msmtp has no SCRAM-SHA-256")
        address = f"scram@{DOMAIN}"
        self.mail.add_user(address, "--scheme", "SCRAM-SHA-256", password="salt and stored key")
        for auth in ("scram-sha-256", "on", "plain"):
            with self.subTest(auth=auth):
                self.msmtp(address, "salt and stored key", auth)

    def test_smtp_source(self):
        """Of Postfix: its messages have no name of ours, so they are counted."""
        address = f"source@{DOMAIN}"
        self.mail.add_user(address)
        out = subprocess.run([tool("smtp-source"), "-s", "5", "-m", "50", "-l", "3000", "-f", "sender@example.net",
                              "-t", address, f"127.0.0.1:{self.mail.ports['mx']}"], capture_output=True, text=True,
                             timeout=DEADLINE, check=False)
        self.assertEqual(out.returncode, 0, out.stderr)
        found = wait_until(lambda: len(rows := self.mail.messages(address)) >= 50 and rows, "50 messages")
        self.assertEqual([row.uid for row in found], list(range(1, 51)))
        self.assertEqual(len({row.blob for row in found}), 50)

    def test_python(self):
        for role, login in (("mx", None), ("submission", (ADA, self.password)), ("submissions", (ADA, self.password)),
                            ("lmtp", None)):
            with self.subTest(role=role), self.mail.smtp(role, login) as client:
                for _ in range(3):
                    message_id = new_id()
                    # smtplib refuses nothing: an empty dictionary.
                    self.assertEqual(client.sendmail(ADA, [ADA], content(message_id)), {})
                    self.check(message_id, content(message_id))

    def test_a_unix_socket_takes_mail_of_this_host(self):
        message_id = new_id()
        with smtplib.LMTP(str(self.instance.run_dir / "mail.sock")) as client:
            client.ehlo_msg = "ehlo"
            client.sendmail("root@example.net", [ADA], content(message_id))
        self.check(message_id, content(message_id))

    def test_what_a_client_left_out_is_completed_on_submission(self):
        with self.mail.smtp("submission", (ADA, self.password)) as client:
            client.sendmail(ADA, [ADA], b"From: " + ADA.encode() + b"\r\nSubject: bare\r\n\r\nno name\r\n")
        row = wait_until(lambda: [one for one in self.mail.messages(ADA) if one.subject == "bare"], "it is there")[0]
        fields = trace_fields(self.mail.octets(row), b"From: " + ADA.encode() + b"\r\nSubject: bare\r\n\r\nno name\r\n")
        self.assertEqual(row.message_id, f"<{row.blob}@{HOST}>")
        self.assertEqual(fields["Message-ID"], row.message_id)
        self.assertRegex(fields["Date"], r"^\w{3}, \d+ \w{3} \d{4} [\d:]{8} \+0000$")


class Octets(Delivery):
    """What arrives is what was sent."""

    def deliver(self, body, **arguments):
        message_id = new_id()
        sent = content(message_id, **arguments)[:-2] + body
        with self.mail.raw() as client:
            client.open()
            client.begin(ADA, parameters=" BODY=8BITMIME")
            client.expect("DATA", 354)
            reply = client.say(re.sub(rb"(?m)^\.", b"..", sent) + b".\r\n")
        self.assertEqual(reply.code, 250, repr(reply))
        return self.check(message_id, sent)[0]

    def test_dots(self):
        self.deliver(b"\r\n.\r\n..\r\n.a\r\n...\r\n. \r\nend.\r\n")

    def test_all_octets(self):
        self.deliver(bytes(octet for octet in range(256) if octet not in b"\r\n") + b"\r\n")

    def test_long_lines_and_large_messages(self):
        self.deliver(b"x" * 100_000 + b"\r\n")
        for size in (255 << 10, 257 << 10, 3 << 20):
            with self.subTest(size=size):
                row = self.deliver((b"0123456789abcdef" * 4 + b"\r\n") * (size // 66))
                self.assertGreater(row.size, size - 66)

    def test_an_empty_one(self):
        before = len(self.mail.messages(BOB))
        with self.mail.raw() as client:
            client.open()
            self.assertEqual(client.message(BOB, b"").status, "250 2.0.0")
        row = wait_until(lambda: len(rows := self.mail.messages(BOB)) > before and rows[-1], "it is there")
        trace_fields(self.mail.octets(row), b"")

    def test_chunks_of_any_octets(self):
        message_id = new_id()
        sent = content(message_id)[:-2] + bytes(range(256)) * 100 + b"no end of a line"
        with self.mail.raw() as client:
            client.open()
            client.begin(ADA, parameters=" BODY=BINARYMIME")
            for begin in range(0, len(sent), 1000):
                client.expect(f"BDAT {len(sent[begin:begin + 1000])}\r\n".encode() + sent[begin:begin + 1000], 250)
            client.expect("BDAT 0 LAST", 250)
        self.check(message_id, sent)

    def test_smtputf8(self):
        address = f"jürgen@{DOMAIN}"
        self.mail.add_user(address)
        message_id = new_id()
        sent = content(message_id, subject="Grüße", sender="δοκιμή@παράδειγμα.δοκιμή")
        with self.mail.smtp() as client:
            client.sendmail("δοκιμή@παράδειγμα.δοκιμή", [address], sent, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        row, fields = self.check(message_id, sent, address)
        self.assertEqual((row.subject, row.sender), ("Grüße", "δοκιμή@παράδειγμα.δοκιμή"))
        self.assertIn(" with UTF8SMTP id ", str(fields["Received"]))
        with self.mail.raw() as client:
            client.open()
            client.expect("MAIL FROM:<a@example.net>", 250)
            client.expect(f"RCPT TO:<{address}>", "553 5.6.7")


class Recipients(Delivery):
    """Who gets it, and who does not."""

    def reply_to(self, recipient, role="mx"):
        with self.mail.raw(role) as client:
            client.open()
            client.expect("MAIL FROM:<sender@example.net>", 250)
            return client.say(f"RCPT TO:<{recipient}>").status

    def send(self, *recipients):
        message_id = new_id()
        with self.mail.smtp() as client:
            self.assertEqual(client.sendmail("sender@example.net", recipients, content(message_id)), {})
        return message_id

    def test_an_alias_with_targets_here_and_there(self):
        self.instance.cli("alias", "add", f"info@{DOMAIN}", ADA, BOB, "far@example.com")
        self.instance.cli("alias", "add", f"team@{DOMAIN}", f"info@{DOMAIN}", ADA)
        message_id = self.send(f"team@{DOMAIN}")
        rows = [self.check(message_id, content(message_id), address)[0] for address in (ADA, BOB)]
        self.assertEqual(len({(row.blob, row.segment, row.position) for row in rows}), 1)
        held = self.instance.sql(f"SELECT sender, recipient, address, state, segment, position FROM gatepost.outbound "
                                 f"WHERE blob_id = '{rows[0].blob}'")
        self.assertEqual(held, f"sender@example.net|far@example.com|team@{DOMAIN}|held|{rows[0].segment}|"
                               f"{rows[0].position}")

    def test_one_body_for_many(self):
        self.mail.add_users(100)
        message_id = self.send(*(f"u{number}@{DOMAIN}" for number in range(1, 101)))
        rows = wait_until(lambda: len(found := [one for one in self.mail.messages()
                                                if one.message_id == f"<{message_id}>"]) == 100 and found,
                          "100 mailboxes have it")
        self.assertEqual(len({row.address for row in rows}), 100)
        self.assertEqual(len({(row.blob, row.segment, row.position, row.size) for row in rows}), 1)
        trace_fields(self.mail.octets(rows[0]), content(message_id))

    def test_the_same_one_twice(self):
        message_id = self.send(ADA, ADA, ADA.upper())
        self.check(message_id, content(message_id))

    def test_subaddresses_catch_all_and_domains_of_the_same_people(self):
        self.mail.add_domain("all.example")
        self.mail.add_domain("same.example")
        self.instance.cli("alias", "add", "@all.example", BOB)
        self.instance.cli("domain", "set", "same.example", "--alias-of", DOMAIN)
        for recipient, address in ((f"ada+lists@{DOMAIN}", ADA), (f"ADA@{DOMAIN.upper()}", ADA),
                                   ("whoever@all.example", BOB), ("a.b+c@all.example", BOB),
                                   ("bob@same.example", BOB), ("ada+x@same.example", ADA)):
            with self.subTest(recipient=recipient):
                message_id = self.send(recipient)
                self.check(message_id, content(message_id), address)
        self.assertEqual(self.reply_to("nobody@same.example"), "550 5.1.1")

    def test_who_is_not_here(self):
        self.assertEqual(self.reply_to(f"nobody@{DOMAIN}"), "550 5.1.1")
        self.assertEqual(self.reply_to("someone@example.com"), "554 5.7.1")

    def test_aliases_in_a_circle(self):
        self.instance.sql(f"""INSERT INTO gatepost.aliases (source, target)
            VALUES ('one@{DOMAIN}', 'two@{DOMAIN}'), ('two@{DOMAIN}', 'one@{DOMAIN}')""")
        self.instance.wait_synced()
        self.assertEqual(self.reply_to(f"one@{DOMAIN}"), "550 5.4.6")

    def test_mail_for_elsewhere_is_held(self):
        message_id = new_id()
        sent = content(message_id)
        with self.mail.smtp("submission", (ADA, self.password)) as client:
            client.sendmail(ADA, ["far@example.com", "away@example.org", BOB], sent)
        row = self.check(message_id, sent, BOB)[0]
        held = self.instance.sql(f"SELECT sender, recipient, state, size FROM gatepost.outbound "
                                 f"WHERE blob_id = '{row.blob}' ORDER BY 2")
        self.assertEqual(held, f"{ADA}|away@example.org|held|{row.size}\n{ADA}|far@example.com|held|{row.size}")

    def test_on_submission_only_as_oneself(self):
        with self.mail.smtp("submissions", (ADA, self.password)) as client:
            self.assertEqual(client.mail(BOB)[0], 550)
            self.assertEqual(client.mail("sender@example.net")[0], 550)
            self.assertEqual(client.mail(f"ada+list@{DOMAIN}")[0], 250)
        with self.mail.raw("submission") as client:
            client.open()
            self.assertEqual(client.say(f"MAIL FROM:<{ADA}>").status, "530 5.7.0")
            self.assertEqual(client.log_in(ADA, self.password).status, "538 5.7.11")

    def test_a_suspended_account_gets_mail_but_nobody_logs_in(self):
        address = f"late@{DOMAIN}"
        password = self.mail.add_user(address, password=None)
        self.instance.cli("user", "suspend", address, "--yes")
        message_id = self.send(address)
        self.check(message_id, content(message_id), address)
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.mail.smtp("submissions", (address, password))
        self.instance.cli("user", "resume", address)
        self.mail.smtp("submissions", (address, password)).quit()

    def test_quota(self):
        address = f"full@{DOMAIN}"
        self.mail.add_user(address, "--messages", "2")
        ids = [self.send(address) for _ in range(2)]
        for message_id in ids:
            self.check(message_id, content(message_id), address)
        wait_until(lambda: self.reply_to(address) == "452 4.2.2", "the mailbox is full")
        # The others of the same message get theirs.
        message_id = new_id()
        with self.mail.smtp() as client:
            refused = client.sendmail("sender@example.net", [address, BOB], content(message_id))
        self.assertEqual({who: code for who, (code, _) in refused.items()}, {address: 452})
        self.check(message_id, content(message_id), BOB)
        self.instance.cli("user", "quota", address, "1GB", "--messages", "0")
        message_id = self.send(address)
        self.check(message_id, content(message_id), address)
        self.instance.cli("user", "quota", address, "1KiB")
        wait_until(lambda: self.reply_to(address) == "452 4.2.2", "it is too full for what it may have now")
        self.assertEqual(len(self.mail.messages(address)), 3)

    def test_an_account_in_the_bin(self):
        address = f"gone@{DOMAIN}"
        self.mail.add_user(address)
        message_id = self.send(address)
        self.check(message_id, content(message_id), address)
        self.instance.cli("user", "remove", address, "--yes")
        self.assertEqual(self.reply_to(address), "550 5.1.1")
        self.instance.cli("user", "undelete", address)
        self.assertEqual(self.reply_to(address), "250 2.1.5")
        self.check(message_id, content(message_id), address)

    def test_lmtp_has_a_reply_for_each(self):
        message_id = new_id()
        with self.mail.raw("lmtp") as client:
            client.open("LHLO client.example.net")
            client.expect("MAIL FROM:<>", 250)
            client.expect(f"RCPT TO:<{ADA}>", 250)
            client.expect(f"RCPT TO:<nobody@{DOMAIN}>", "550 5.1.1")
            client.expect(f"RCPT TO:<{BOB}>", 250)
            client.expect("DATA", 354)
            replies = [client.say(content(message_id) + b".\r\n"), client.reply()]
            self.assertEqual([reply.status for reply in replies], ["250 2.0.0"] * 2)
            for reply, address in zip(replies, (ADA, BOB)):
                self.assertIn(f"<{address}>", reply.lines[0])
            client.expect("QUIT", 221)
        self.check(message_id, content(message_id), BOB)
        self.assertEqual(self.check(message_id, content(message_id), ADA)[1]["Return-Path"], "<>")
