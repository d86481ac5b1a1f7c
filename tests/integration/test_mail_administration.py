"""What a person changes about accounts and aliases is in force with the next command of the next session, and what the
server notes about them is there to be looked at."""

import base64
import hashlib
import re
import unittest

from mail_support import DOMAIN, PASSWORD, MailTest, content, new_id
from open_metrics import parse_metrics, value_of
from processes import wait_until

ADA = f"ada@{DOMAIN}"


class Changes(MailTest):
    """By psql too, as other programs do it: nothing is waited for but what is said to be enough."""

    logins = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.add_user(ADA)
        # One connection for all of the tests: a session that is open sees the changes as well.
        cls.client = cls.mail.raw()
        cls.client.open()

    def commit(self, sql):
        self.instance.sql(sql)
        self.instance.wait_synced()

    def reply_to(self, recipient):
        self.client.expect("RSET", 250)
        self.client.expect("MAIL FROM:<sender@example.net>", 250)
        return self.client.say(f"RCPT TO:<{recipient}>").status

    def logs_in(self, user, password):
        # Failures make the next answers from an address and its network late.
        Changes.logins += 1
        reply = self.mail.login_reply(user, password, source=f"127.1.{Changes.logins}.1")
        self.assertIn(reply.status, ("235 2.7.0", "535 5.7.8"))
        return reply.code == 235

    def test_a_password(self):
        address = f"password@{DOMAIN}"
        first = self.mail.add_user(address, password=None)
        self.assertTrue(self.logs_in(address, first))
        self.assertTrue(self.logs_in(address, first), "out of the cache")
        second = self.instance.cli_json("user", "password", address)["generated_password"]
        self.assertNotEqual(first, second)
        self.assertEqual((self.logs_in(address, first), self.logs_in(address, second)), (False, True))
        # By psql: that of another account.
        self.commit(f"""UPDATE gatepost.credentials SET hash =
            (SELECT c.hash FROM gatepost.credentials c JOIN gatepost.accounts a ON a.id = c.account_id
             WHERE a.address = '{ADA}' AND kind = 'password')
            WHERE account_id = (SELECT id FROM gatepost.accounts WHERE address = '{address}')""")
        self.assertEqual((self.logs_in(address, second), self.logs_in(address, PASSWORD)), (False, True))

    def test_app_passwords(self):
        address = f"devices@{DOMAIN}"
        main = self.mail.add_user(address, password=None)
        phone, reader = (self.instance.cli_json("user", "app-password", "add", address, label, "--service",
                                                service)["generated_password"]
                         for label, service in (("phone", "smtp"), ("reader", "imap")))
        self.assertEqual([self.logs_in(address, password) for password in (phone, main, reader)], [True, True, False],
                         "reader may only read")
        self.instance.cli("user", "app-password", "remove", address, "phone", "--yes")
        self.assertEqual([self.logs_in(address, password) for password in (phone, main)], [False, True])

    def test_an_account_comes_and_goes(self):
        address = f"brief@{DOMAIN}"
        self.assertEqual(self.reply_to(address), "550 5.1.1")
        self.commit(f"""INSERT INTO gatepost.accounts (domain_id, address)
            SELECT id, '{address}' FROM gatepost.mail_domains WHERE name = '{DOMAIN}'""")
        self.assertEqual(self.reply_to(address), "250 2.1.5")
        self.commit(f"DELETE FROM gatepost.accounts WHERE address = '{address}'")
        self.assertEqual(self.reply_to(address), "550 5.1.1")
        password = self.mail.add_user(address, password=None)
        self.assertEqual(self.reply_to(address), "250 2.1.5")
        self.assertTrue(self.logs_in(address, password))
        self.instance.cli("user", "remove", address, "--yes")
        self.assertEqual(self.reply_to(address), "550 5.1.1")
        self.assertFalse(self.logs_in(address, password))

    def test_aliases(self):
        alias = f"sales@{DOMAIN}"
        self.assertEqual(self.reply_to(alias), "550 5.1.1")
        self.commit(f"INSERT INTO gatepost.aliases (source, target) VALUES ('{alias}', '{ADA}')")
        self.assertEqual(self.reply_to(alias), "250 2.1.5")
        self.commit(f"UPDATE gatepost.aliases SET active = false WHERE source = '{alias}'")
        self.assertEqual(self.reply_to(alias), "550 5.1.1")
        self.commit(f"DELETE FROM gatepost.aliases WHERE source = '{alias}'")
        self.instance.cli("alias", "add", alias, ADA)
        self.assertEqual(self.reply_to(alias), "250 2.1.5")
        self.instance.cli("alias", "remove", alias, ADA, "--yes")
        self.assertEqual(self.reply_to(alias), "550 5.1.1")

    def test_domains(self):
        self.assertEqual(self.reply_to("someone@new.example"), "554 5.7.1")
        self.mail.add_domain("new.example")
        self.assertEqual(self.reply_to("someone@new.example"), "550 5.1.1")
        self.commit("INSERT INTO gatepost.aliases (source, target) VALUES ('@new.example', '" + ADA + "')")
        self.assertEqual(self.reply_to("someone@new.example"), "250 2.1.5")
        self.instance.cli("domain", "remove", "new.example", "--yes")
        self.assertEqual(self.reply_to("someone@new.example"), "554 5.7.1")

    def test_what_is_rolled_back_never_was(self):
        self.commit(f"BEGIN; DELETE FROM gatepost.accounts WHERE address = '{ADA}'; ROLLBACK")
        self.assertEqual(self.reply_to(ADA), "250 2.1.5")

    def test_many_changes_in_one_transaction(self):
        self.commit(f"""INSERT INTO gatepost.aliases (source, target)
            SELECT 'many' || i || '@{DOMAIN}', '{ADA}' FROM generate_series(1, 500) i""")
        self.assertEqual([self.reply_to(f"many{number}@{DOMAIN}") for number in (1, 250, 500)], ["250 2.1.5"] * 3)
        self.commit("DELETE FROM gatepost.aliases WHERE source LIKE 'many%'")
        self.assertEqual([self.reply_to(f"many{number}@{DOMAIN}") for number in (1, 250, 500)], ["550 5.1.1"] * 3)


class Notes(MailTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.add_user(ADA)

    def log_in(self, address, password, source="127.0.0.1"):
        self.assertEqual(self.mail.login_reply(address, password, source).status, "235 2.7.0")

    def fail_to_log_in(self, address, source):
        self.assertEqual(self.mail.login_reply(address, "from nowhere", source).status, "535 5.7.8")

    def test_a_weak_hash_is_replaced_with_the_login(self):
        address = f"moved@{DOMAIN}"
        salt = b"saltsalt"
        digest = base64.b64encode(hashlib.sha512(b"from elsewhere" + salt).digest() + salt).decode()
        self.instance.sql(f"""WITH a AS (INSERT INTO gatepost.accounts (domain_id, address)
                SELECT id, '{address}' FROM gatepost.mail_domains WHERE name = '{DOMAIN}' RETURNING id)
            INSERT INTO gatepost.credentials (account_id, kind, hash) SELECT id, 'password', '{{SSHA512}}{digest}'
            FROM a""")
        self.instance.wait_synced()
        self.fail_to_log_in(address, "127.2.1.1")
        self.assertIn("{SSHA512}", self.hash_of(address))
        self.log_in(address, "from elsewhere")
        wait_until(lambda: self.hash_of(address).startswith("{ARGON2ID}$argon2id$"), "its hash is ARGON2ID")
        self.instance.wait_synced()
        self.log_in(address, "from elsewhere")
        self.fail_to_log_in(address, "127.2.2.1")

    def hash_of(self, address):
        return self.instance.sql(f"""SELECT hash FROM gatepost.credentials c JOIN gatepost.accounts a
            ON a.id = c.account_id WHERE a.address = '{address}'""")

    def test_when_somebody_logged_in(self):
        address = f"seen@{DOMAIN}"
        self.mail.add_user(address)
        self.log_in(address, PASSWORD)
        wait_until(lambda: self.instance.sql(f"SELECT last_login_at IS NOT NULL FROM gatepost.accounts "
                                             f"WHERE address = '{address}'") == "t", "the login is noted")

    def test_failed_logins_are_in_the_audit_log(self):
        for name in (ADA, f"nobody@{DOMAIN}"):
            self.fail_to_log_in(name, "127.2.3.1")

        def entries():
            found = self.instance.cli_json("audit", "list", "--action", "login")["entries"]
            failed = {entry["resource"]: entry for entry in found if not entry["success"]}
            return failed if {ADA, f"nobody@{DOMAIN}"} <= failed.keys() else None
        entry = wait_until(entries, "both are noted")[ADA]
        self.assertEqual((entry["service"], entry["address"]), ("smtp", "127.2.3.1"))
        self.assertTrue(entry["error"])
        self.assertNotIn("from nowhere", str(entry), "no password is written down")
        self.instance.cli("audit", "verify")

    def test_changes_are_in_the_audit_log(self):
        address = f"audited@{DOMAIN}"
        self.mail.add_user(address)
        self.instance.cli("user", "suspend", address, "--yes")
        actions = [entry["action"] for entry in self.instance.cli_json("audit", "list", address)["entries"]]
        self.assertTrue(actions)
        self.instance.cli("audit", "verify")

    def test_metrics(self):
        with self.mail.smtp() as client:
            client.sendmail("sender@example.net", [ADA], content(message_id := new_id()))
            self.assertEqual(client.mail("sender@example.net")[0], 250)
            self.assertEqual(client.rcpt(f"nobody@{DOMAIN}")[0], 550)
        self.assert_delivered(ADA, message_id)
        self.fail_to_log_in(f"metrics@{DOMAIN}", "127.2.4.1")
        self.log_in(ADA, PASSWORD)
        wait_until(lambda: value_of(parse_metrics(self.mail.metrics()), "gatepost_delivery_messages_total") >= 1,
                   "delivered")
        samples = parse_metrics(self.mail.metrics())
        for name, labels in (("gatepost_smtp_sessions_total", {"role": "mx"}),
                             ("gatepost_smtp_messages_total", {"role": "mx"}),
                             ("gatepost_smtp_refused_total", {"reason": "unknown_recipient"}),
                             ("gatepost_smtp_refused_total", {"reason": "login_failed"}),
                             ("gatepost_smtp_recipients_total", {}), ("gatepost_smtp_bytes_total", {}),
                             ("gatepost_smtp_logins_total", {}), ("gatepost_store_messages_total", {}),
                             ("gatepost_delivery_connected", {})):
            with self.subTest(name=name, labels=labels):
                self.assertGreaterEqual(value_of(samples, name, **labels), 1)
        self.assertEqual(value_of(samples, "gatepost_spool_messages"), 0)
        self.assertEqual(value_of(samples, "gatepost_spool_oldest_seconds"), 0)

    def test_status(self):
        mail = self.instance.status()["mail"]
        self.assertEqual((mail["connected"], mail["workers"], mail["error"]), (True, 2, None))

    def test_the_log_names_who_is_refused_and_why(self):
        with self.mail.smtp() as client:
            client.mail("sender@example.net")
            client.rcpt(f"logged@{DOMAIN}")
        line = self.instance.wait_log(rf"event=smtp\.refused.*logged@{re.escape(DOMAIN)}.*").group()
        self.assertIn("client=127.0.0.1", line)


if __name__ == "__main__":
    unittest.main()
