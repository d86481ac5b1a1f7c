"""Parts of messages for whoever has their URL (RFC 4467), and searches in several mailboxes (RFC 7377)."""

import re
import threading
import unittest

from imap_support import ImapTest, quoted
from mail_support import DOMAIN, HOST, content, new_id
from processes import wait_until

ADA, BOB = (f"{name}@{DOMAIN}" for name in ("ada", "bob"))


def url_of(user, mailbox, uid, rest):
    return f"imap://{user.replace('@', '%40')}@{HOST}/{mailbox}/;UID={uid}{rest}"


class Urls(ImapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for address in (ADA, BOB):
            cls.mail.add_user(address)
        cls.instance.wait_synced()

    def setUp(self):
        super().setUp()
        self.ada = self.empty(ADA)
        self.bob = self.empty(BOB)
        self.message = content(new_id(), subject="signed")
        answer = self.ada.append("INBOX", self.message)
        self.uid = re.fullmatch(r"APPENDUID \d+ (\d+)", answer.code).group(1)

    def sign(self, client, url):
        signed = client.ok(f"GENURLAUTH {quoted(url)} INTERNAL").of("GENURLAUTH")[0][0].decode()
        self.assertRegex(signed, re.escape(url) + ":INTERNAL:01[0-9a-f]{64}$")
        return signed

    def fetch(self, client, url):
        (told, octets), = client.ok(f"URLFETCH {quoted(url)}").of("URLFETCH")
        self.assertEqual(told.decode(), url)
        return octets

    def test_signed_urls(self):
        self.assertTrue({"URLAUTH", "URL-PARTIAL"} <= set(self.ada.ok("CAPABILITY").of("CAPABILITY")[0]))
        self.assertIn("URLMECH INTERNAL", self.ada.ok("EXAMINE INBOX").codes())
        whole = self.sign(self.ada, url_of(ADA, "INBOX", self.uid, f";URLAUTH=user+{BOB.replace('@', '%40')}"))
        self.assertEqual(self.fetch(self.bob, whole), self.message)
        self.assertIsNone(self.fetch(self.ada, whole))
        self.assertIsNone(self.fetch(self.bob, whole[:-1] + ("1" if whole[-1] == "0" else "0")))
        part = self.sign(self.ada, url_of(ADA, "INBOX", self.uid, "/;SECTION=TEXT/;PARTIAL=0.5;URLAUTH=authuser"))
        text = self.message[self.message.index(b"\r\n\r\n") + 4:]
        self.assertEqual(self.fetch(self.bob, part), text[:5])
        # A copy of it, by the server.
        self.assertEqual(self.bob.say(f'APPEND INBOX CATENATE (URL {quoted(whole)})').status, "OK")
        self.bob.ok("SELECT INBOX")
        self.assertEqual(self.bob.ok("FETCH 1 BODY.PEEK[]").fetched()[1]["BODY[]"], self.message)

    def test_keys_are_kept_by_the_database(self):
        url = url_of(ADA, "INBOX", self.uid, "/;SECTION=HEADER;URLAUTH=authuser")
        signed = self.sign(self.ada, url)
        # At the same time, of nobody who had a key: all get the same one.
        self.ada.ok("RESETKEY")
        self.assertIsNone(self.fetch(self.bob, signed))
        clients = [self.imap(ADA) for _ in range(4)]
        made = []
        threads = [threading.Thread(target=lambda one=one: made.append(self.sign(one, url))) for one in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(made), 4)
        self.assertEqual(len(set(made)), 1)
        self.assertNotEqual(made[0], signed)
        header = self.message[:self.message.index(b"\r\n\r\n") + 4]
        self.assertEqual(self.fetch(self.bob, made[0]), header)
        answer = self.ada.ok("RESETKEY INBOX INTERNAL")
        self.assertEqual(answer.code, "URLMECH INTERNAL")
        self.assertIsNone(self.fetch(self.bob, made[0]))

    def test_rights_are_those_of_now(self):
        self.ada.ok("CREATE Shared")
        self.ada.ok("SELECT INBOX")
        self.ada.ok(f"UID COPY {self.uid} Shared")
        self.ada.ok(f"SETACL Shared {BOB} lr")
        shared = f"Other%20Users/{ADA.replace('@', '%40')}/Shared"
        wait_until(lambda: self.bob.say(f'STATUS "Other Users/{ADA}/Shared" (MESSAGES)').status == "OK", "it is shared")
        signed = self.sign(self.bob, url_of(BOB, shared, 1, ";URLAUTH=authuser"))
        self.assertEqual(self.fetch(self.ada, signed), self.message)
        self.ada.ok(f"DELETEACL Shared {BOB}")
        wait_until(lambda: self.fetch(self.ada, signed) is None, "the right is gone")
        own = self.sign(self.ada, url_of(ADA, "Shared", 1, ";URLAUTH=authuser"))
        self.assertEqual(self.fetch(self.bob, own), self.message)
        self.ada.ok("DELETE Shared")
        self.ada.ok("CREATE Shared")
        self.ada.append("Shared", self.message)
        self.assertIsNone(self.fetch(self.bob, own))

    def test_searches_in_several_mailboxes(self):
        self.assertIn("MULTISEARCH", self.ada.ok("CAPABILITY").of("CAPABILITY")[0])
        for name in ("Work", "Work/2026", "Work/2026/May"):
            self.ada.ok(f"CREATE {name}")
            self.ada.append(name, content(new_id(), subject=f"in {name}"))
            self.ada.append(name, content(new_id(), subject="signed"))

        def found(command):
            out = {}
            for words in self.ada.ok(command).of("ESEARCH"):
                correlators = dict(zip(words[0][::2], words[0][1::2]))
                self.assertGreater(int(correlators["UIDVALIDITY"]), 0)
                self.assertEqual(words[1], "UID")
                out[correlators["MAILBOX"].decode()] = words[2:]
            return out

        self.assertEqual(found("ESEARCH IN (personal) SUBJECT signed"),
                         {"INBOX": ["ALL", self.uid], "Work": ["ALL", "2"], "Work/2026": ["ALL", "2"],
                          "Work/2026/May": ["ALL", "2"]})
        self.assertEqual(found("ESEARCH IN (subtree-one Work) RETURN (COUNT) ALL"),
                         {"Work": ["COUNT", "2"], "Work/2026": ["COUNT", "2"]})
        self.assertEqual(found("ESEARCH IN (mailboxes (INBOX Work/2026)) RETURN (MAX) TEXT \"in work\""),
                         {"Work/2026": ["MAX", "1"]})
        self.assertEqual(self.ada.say("ESEARCH ALL").status, "BAD")


if __name__ == "__main__":
    unittest.main()
