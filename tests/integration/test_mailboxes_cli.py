"""Mailboxes by the command line: names, uses, sharing, and where a message went and why."""

import json
import unittest

from mail_support import DOMAIN, MailTest, content, new_id

ADA = f"ada@{DOMAIN}"
BOB = f"bob@{DOMAIN}"


class MailboxCommands(MailTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for address in (ADA, BOB):
            cls.mail.add_user(address)

    def mailboxes(self, address=ADA):
        listed = self.instance.cli_json("mailbox", "list", address)["mailboxes"]
        return {mailbox["name"]: mailbox for mailbox in listed}

    def refused(self, code, *arguments):
        """What a command says that ends with this exit code."""
        done = self.instance.cli(*arguments, check=False)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr

    def deliver(self, recipient, message_id, subject="Greetings"):
        with self.mail.raw() as client:
            client.open()
            self.assertEqual(client.message(recipient, content(message_id, subject=subject)).code, 250)

    def test_names_and_uses(self):
        cli = self.instance.cli
        cli("mailbox", "create", ADA, "Work/2026/Spring")
        cli("mailbox", "create", ADA, "Work")
        cli("mailbox", "create", ADA, "Stars", "--use", "flagged")
        self.assertEqual(self.mailboxes()["Stars"]["special_use"], "\\Flagged")
        self.assertIn("already", self.refused(1, "mailbox", "create", ADA, "Work"))
        self.refused(2, "mailbox", "create", ADA, "a//b")
        self.assertIn("Other Users", self.refused(2, "mailbox", "create", ADA, "Other Users/x"))
        self.assertIn("archive", self.refused(2, "mailbox", "create", ADA, "x", "--use", "nonsense"))
        self.assertIn("for this use", self.refused(1, "mailbox", "create", ADA, "x", "--use", "sent"))

        before = self.mailboxes()
        cli("mailbox", "rename", ADA, "Work", "Büro", "--dry-run")
        self.assertEqual(self.mailboxes(), before)
        cli("mailbox", "rename", ADA, "Work", "Büro")
        after = self.mailboxes()
        self.assertEqual(after["Büro/2026/Spring"]["uidvalidity"], before["Work/2026/Spring"]["uidvalidity"])
        self.assertNotIn("Work", after)
        self.assertIn("below itself", self.refused(1, "mailbox", "rename", ADA, "Büro", "Büro/x"))
        self.assertIn("INBOX", self.refused(1, "mailbox", "rename", ADA, "inbox", "x"))
        cli("mailbox", "delete", ADA, "Büro")
        self.assertIn("Büro/2026/Spring", self.mailboxes())
        self.assertIn("mailbox list", self.refused(1, "mailbox", "delete", ADA, "Büro"))
        actions = [entry["action"] for entry in self.instance.cli_json("audit", "list", ADA)["entries"]]
        self.assertTrue({"mailbox.create", "mailbox.rename", "mailbox.delete"} <= set(actions), actions)

    def test_sharing(self):
        cli, cli_json = self.instance.cli, self.instance.cli_json
        cli("mailbox", "create", ADA, "Shared")
        self.assertEqual(cli_json("mailbox", "share", ADA, "Shared", "--with", BOB)["after"], "lrs")
        shared = cli_json("mailbox", "share", ADA, "Shared", "--with", BOB, "--rights", "wisrl")
        self.assertEqual((shared["before"], shared["after"]), ("lrs", "lrswi"))
        cli("mailbox", "share", ADA, "Shared", "--with", "anyone", "--rights", "l")
        cli("mailbox", "share", ADA, "Shared", "--with", "anyone", "--rights", "lr", "--dry-run")
        self.assertEqual(self.mailboxes()["Shared"]["shares"], [{"with": "anyone", "rights": "l"},
                                                                {"with": BOB, "rights": "lrswi"}])
        self.assertIn(f"anyone l, {BOB} lrswi", cli("mailbox", "list", ADA).stdout)
        seen = self.instance.sql(f"""SELECT l.name, l.rights FROM gatepost.accounts a,
            gatepost.list_mailboxes(a.id) l WHERE a.address = '{BOB}' AND l.owner_id <> a.id""")
        self.assertEqual(seen, f"Other Users/{ADA}/Shared|31")
        cli("mailbox", "unshare", ADA, "Shared", "--with", BOB)
        self.assertIn("is not shared", cli("mailbox", "unshare", ADA, "Shared", "--with", BOB).stdout)
        self.assertEqual(self.mailboxes()["Shared"]["shares"], [{"with": "anyone", "rights": "l"}])
        self.assertIn("owns", self.refused(1, "mailbox", "share", ADA, "Shared", "--with", ADA))
        self.refused(1, "mailbox", "share", ADA, "Shared", "--with", f"nobody@{DOMAIN}")
        self.assertIn("letter z", self.refused(2, "mailbox", "share", ADA, "Shared", "--with", BOB, "--rights", "lz"))
        self.assertIn("--with", self.refused(2, "mailbox", "share", ADA, "Shared"))

    def test_what_a_list_counts(self):
        name = new_id()
        self.deliver(BOB, name)
        message = self.assert_delivered(BOB, name)
        self.assertEqual(self.mailboxes(BOB)["INBOX"]["unseen"], self.mailboxes(BOB)["INBOX"]["messages"])
        unseen = self.mailboxes(BOB)["INBOX"]["unseen"]
        # By psql: counters and modseq follow.
        self.instance.sql(f"UPDATE gatepost.messages SET flags = 1 WHERE blob_id = '{message.blob}'")
        inbox = self.mailboxes(BOB)["INBOX"]
        self.assertEqual(inbox["unseen"], unseen - 1)
        self.assertGreater(inbox["highestmodseq"], message.modseq)

    def test_where_a_message_went_and_why(self):
        self.instance.sql(f"""INSERT INTO gatepost.filing_rules (account_id, field, contains, folder)
            SELECT id, 'Subject', 'weekly', 'Reports' FROM gatepost.accounts WHERE address = '{ADA}'""")
        self.instance.wait_synced()
        name = new_id()
        self.deliver(ADA, name, subject="The weekly one")
        message = self.assert_delivered(ADA, name, "Reports")
        explained = self.instance.cli_json("explain", "delivery", name)
        self.assertEqual([copy["blob_id"] for copy in explained["copies"]], [message.blob])
        copy = explained["copies"][0]
        self.assertEqual(copy["envelope_from"], "<sender@example.net>")
        self.assertIn("client.example.net", copy["received"])
        self.assertEqual(copy["rules_now"], "filed into Reports, by a rule of the account")
        self.assertEqual([(rule["field"], rule["contains"]) for rule in copy["filing_rules"]], [("Subject", "weekly")])
        self.assertEqual([(step["where"], step["state"]) for step in explained["steps"]],
                         [("mailbox", f"Reports UID {message.uid}")])
        for words in ((message.blob,), (str(message.uid), "--of", ADA, "--mailbox", "Reports"), (f"<{name}>",)):
            self.assertEqual(self.instance.cli_json("explain", "delivery", *words), explained)
        text = self.instance.cli("explain", "delivery", name).stdout
        self.assertIn('Subject contains "weekly"', text)

        # It goes: what is left is its trace.
        self.instance.sql(f"DELETE FROM gatepost.messages WHERE blob_id = '{message.blob}'")
        gone = self.instance.cli_json("explain", "delivery", message.blob)
        self.assertEqual((gone["copies"], [step["where"] for step in gone["steps"]]), ([], ["expunged"]))
        self.assertIn("nothing is known", self.refused(1, "explain", "delivery", new_id()))
        self.refused(2, "explain", "delivery", name, "--of", ADA)
        self.refused(2, "explain", "delivery", "1", "--mailbox", "Reports")
        self.assertIn("no UID", self.refused(1, "explain", "delivery", str(message.uid), "--of", ADA, "--mailbox",
                                             "Reports"))
        # The other form of the command is as it was.
        done = self.instance.cli("explain", "-", "--for", ADA, "--json", stdin=content(name, subject="weekly").decode())
        self.assertEqual(json.loads(done.stdout)["outcome"], "filed into Reports, by a rule of the account")


if __name__ == "__main__":
    unittest.main()
