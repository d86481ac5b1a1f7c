"""Large accounts: a mailbox with very many messages, an account with very many mailboxes, and thousands of messages
that go while others read. Sizes come from the environment where a person wants to see larger ones."""

import itertools
import os
import random
import threading
import time
import unittest
from pathlib import Path

from imap_support import Ended, ImapTest
from mail_support import DOMAIN, content, new_id
from processes import wait_until

MESSAGES = int(os.environ.get("GATEPOST_SCALE_MESSAGES", "50000"))
MAILBOXES = int(os.environ.get("GATEPOST_SCALE_MAILBOXES", "1000"))
# More than one transaction changes, and than what holds up others (10,000; 1,000).
IN_PIECES = int(os.environ.get("GATEPOST_SCALE_CHANGED", min(25000, MESSAGES)))
EXPUNGED = min(5000, MESSAGES // 4)
READERS = 3
# Octets of its own that a worker may take while it streams a mailbox of any size to one client.
WORKER_GROWTH_MAX = 48 << 20
PIECE = 1 << 16  # octets read at once

FILL = """
    BEGIN;
    SET LOCAL search_path = pg_catalog, pg_temp, gatepost_counts;
    CREATE TEMPORARY TABLE goal ON COMMIT DROP AS
        SELECT b.id, b.account_id, m.blob_id, m.size, m.position, m.segment, m.edge, m.summary, m.sender
        FROM gatepost.mailboxes b JOIN gatepost.accounts a ON a.id = b.account_id
        CROSS JOIN LATERAL (SELECT m.* FROM gatepost.messages m JOIN gatepost.mailboxes s ON s.id = m.mailbox_id
                            WHERE s.account_id = b.account_id LIMIT 1) AS m
        WHERE a.address = '{user}' AND b.name = '{mailbox}';
    INSERT INTO gatepost.messages (mailbox_id, uid, modseq, blob_id, size, position, segment, internal_date, edge,
        message_id, subject, sender, summary)
    SELECT g.id, n, 2, g.blob_id, g.size, g.position, g.segment, now(), g.edge, '<' || n || '@scale>', 'n' || n,
           g.sender, g.summary
    FROM goal g, generate_series(1, {count}) AS n;
    UPDATE gatepost.mailboxes b SET uid_next = {count} + 1, highest_modseq = 2, message_count = {count},
        unseen_count = {count}, byte_count = g.size * {count} FROM goal g WHERE b.id = g.id;
    UPDATE gatepost.account_usage u SET messages = u.messages + {count}, bytes = u.bytes + g.size * {count}
    FROM goal g WHERE u.account_id = g.account_id;
    COMMIT;
    ANALYZE gatepost.messages;
"""


class Scale(ImapTest):
    SETTINGS = {"mailboxes.resident_max": f"{max(8, max(MESSAGES, IN_PIECES) * 1200 >> 20)}MiB"}

    def user(self, name):
        address = f"{name}@{DOMAIN}"
        self.mail.add_user(address)
        self.instance.wait_synced()
        return address

    def filled(self, name, count):
        """An account with a mailbox Big, whose messages are all one and the same."""
        address = self.user(name)
        with self.mail.imap(address) as client:
            self.message = content(new_id(), body="the one message " * 40)
            self.assertEqual(client.append("INBOX", self.message).status, "OK")
            client.ok("CREATE Big")
        self.instance.sql(FILL.format(user=address, mailbox="Big", count=count))
        return address

    def timed(self, what, call):
        begun = time.monotonic()
        found = call()
        print(f"# {what}: {time.monotonic() - begun:.2f} s", flush=True)
        return found

    def count_of(self, client, command, what):
        """How often `what` comes in the answer, whose octets nobody keeps."""
        tag = client.begin(command).encode()
        found, tail = 0, b""
        while not tail.startswith(tag + b" "):
            octets = client.socket.recv(PIECE)
            self.assertTrue(octets, "the connection has ended")
            lines = (tail + octets).split(b"\n")
            found += sum(what in line for line in lines[:-1])
            tail = lines[-1]
            if any(line.startswith(tag + b" ") for line in lines[:-1]):
                self.assertTrue(lines[-2].startswith(tag + b" OK"), lines[-2])
                break
        return found

    def worker_memory(self):
        """Octets that the dataplane has for itself alone."""
        status = Path(f"/proc/{self.instance.process('gatepost-dataplane')}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1]) << 10

    def mailboxes_status(self):
        return self.instance.status()["mailboxes"]

    def test_one_mailbox_with_very_many_messages(self):
        address = self.filled("big", MESSAGES)
        client = self.imap(address)
        self.assertEqual(self.timed("SELECT, cold", lambda: client.ok("SELECT Big")).numbers("EXISTS"), [MESSAGES])
        before = self.worker_memory()
        fetch = "FETCH 1:* (FLAGS)"
        self.assertEqual(self.timed(fetch, lambda: self.count_of(client, fetch, b" FETCH (")), MESSAGES)
        self.assertLess(self.worker_memory() - before, WORKER_GROWTH_MAX)
        middle = MESSAGES // 2
        self.timed("STORE of one", lambda: client.ok(f"STORE {middle} +FLAGS (\\Flagged)"))
        found = self.timed("SEARCH FLAGGED", lambda: client.ok("SEARCH FLAGGED"))
        self.assertEqual(found.searched(), [middle])
        found = self.timed("SEARCH SUBJECT", lambda: client.ok('SEARCH RETURN (COUNT) SUBJECT "Greetings"'))
        self.assertIn(["ESEARCH", ["TAG", f"t{client._count}".encode()], "COUNT", str(MESSAGES)], found.data)
        other = self.imap(address, "Big")
        self.timed("STORE of all", lambda: client.ok("UID STORE 1:* +FLAGS.SILENT (\\Seen)"))
        self.timed("the other one is told", lambda: other.until(
            "STATUS Big (UNSEEN)", lambda answer: answer.of("STATUS")[0][1] == ["UNSEEN", "0"], "all are seen"))
        self.assertEqual(self.instance.sql("SELECT unseen_count FROM gatepost.mailboxes WHERE name = 'Big' AND "
                                           f"message_count = {MESSAGES}").strip(), "0")
        status = self.mailboxes_status()
        print(f"# {status}", flush=True)

    def test_very_many_mailboxes(self):
        address = self.filled("wide", 1)
        self.instance.sql("INSERT INTO gatepost.mailboxes (account_id, name) SELECT a.id, 'box/' || n FROM "
                          f"gatepost.accounts a, generate_series(1, {MAILBOXES}) AS n WHERE a.address = '{address}'")
        client = self.imap(address)
        wait_until(lambda: self.count_of(client, 'LIST "" box/%', b"* LIST ") == MAILBOXES, "all are listed")
        self.assertEqual(self.timed("LIST", lambda: self.count_of(client, 'LIST "" box/%', b"* LIST ")), MAILBOXES)
        self.assertEqual(self.timed("LIST with STATUS", lambda: self.count_of(
            client, 'LIST "" box/% RETURN (STATUS (MESSAGES UNSEEN UIDNEXT HIGHESTMODSEQ))', b"* STATUS ")), MAILBOXES)
        self.timed("CREATE", lambda: client.ok("CREATE box/new"))
        self.timed("SELECT of each", lambda: [client.ok(f"EXAMINE box/{n}") for n in range(1, MAILBOXES + 1)])
        self.timed("RENAME of all", lambda: client.ok("RENAME box tray"))
        self.assertEqual(self.count_of(client, 'LIST "" tray/%', b"* LIST "), MAILBOXES + 1)

    def change_own(self, client, ended, waits, faults):
        """Until `ended`: what somebody else does with mail of her own, and what she waits each time, in seconds."""
        try:
            for flags in itertools.cycle(["\\Seen", ""]):
                if ended.is_set():
                    break
                begun = time.monotonic()
                client.ok(f"STORE 1 FLAGS ({flags})")
                waits.append(time.monotonic() - begun)
        except (Ended, OSError, AssertionError) as error:
            faults.append(repr(error)[:300])

    def test_very_many_are_moved_and_removed_at_once(self):
        address, somebody_else = self.filled("pieces", IN_PIECES), self.user("other")
        other = self.imap(somebody_else)
        self.assertEqual(other.append("INBOX", content(new_id())).status, "OK")
        other.ok("SELECT INBOX")
        ended, waits, faults = threading.Event(), [], []
        thread = threading.Thread(target=self.change_own, args=(other, ended, waits, faults))
        client = self.imap(address, "Big")
        for name in ("Copies", "Moved"):
            client.ok(f"CREATE {name}")
        thread.start()
        try:
            for command in ("UID COPY 1:* Copies", "UID STORE 3:7 +FLAGS.SILENT (\\Flagged)", "UID MOVE 1:* Moved"):
                self.timed(command, lambda: client.ok(command))
            self.assertEqual(client.ok("SELECT Moved").numbers("EXISTS"), [IN_PIECES])
            self.assertEqual(client.ok("UID SEARCH FLAGGED").searched(), [3, 4, 5, 6, 7])
            client.ok(f"UID STORE 11:{IN_PIECES - 1} +FLAGS.SILENT (\\Deleted)")
            self.timed("EXPUNGE", lambda: client.ok("EXPUNGE"))
        finally:
            ended.set()
            thread.join()
        self.assertEqual(faults, [])
        print(f"# meanwhile: {len(waits)} changes of another one, at most {max(waits):.3f} s each", flush=True)
        self.assertEqual(client.ok("UID SEARCH ALL").searched(), [*range(1, 11), IN_PIECES])
        self.assertEqual(self.instance.sql(
            "SELECT b.name || ' ' || b.message_count || ' ' || (SELECT count(*) FROM gatepost.messages m WHERE "
            f"m.mailbox_id = b.id) FROM gatepost.mailboxes b JOIN gatepost.accounts a ON a.id = b.account_id WHERE "
            f"a.address = '{address}' AND b.name IN ('Big', 'Copies', 'Moved') ORDER BY 1").split("\n")[:3],
            ["Big 0 0", f"Copies {IN_PIECES} {IN_PIECES}", "Moved 11 11"])
        self.assertGreaterEqual(self.mailboxes_status()["bulk_requests"], 5)

    def read_bodies(self, address, ended, faults, counts):
        """Until `ended`: bodies of messages, some of which are going."""
        chance = random.Random(7)
        read = 0
        try:
            with self.mail.imap(address, "Big") as client:
                while not ended.is_set():
                    first = chance.randrange(1, MESSAGES - 60)
                    answer = client.say(f"UID FETCH {first}:{first + 50} (UID BODY.PEEK[])")
                    if answer.status != "OK":
                        faults.append(repr(answer)[:300])
                    for item in answer.fetched().values():
                        if "BODY[]" not in item:
                            continue
                        read += 1
                        if item["BODY[]"] is not None and not item["BODY[]"].endswith(self.message):
                            faults.append(f"another body: {item['BODY[]'][:200]!r}")
                # What it has been told, and what is there.
                client.ok("NOOP")
                counts.append((read, client.ok("SEARCH RETURN (COUNT) ALL").of("ESEARCH")[0][-1]))
        except (Ended, OSError, AssertionError) as error:
            faults.append(repr(error)[:300])

    def test_thousands_go_while_others_read(self):
        address = self.filled("storm", MESSAGES)
        ended, faults, counts = threading.Event(), [], []
        readers = [threading.Thread(target=self.read_bodies, args=(address, ended, faults, counts))
                   for _ in range(READERS)]
        for reader in readers:
            reader.start()
        chance = random.Random(3)
        goes = sorted(chance.sample(range(1, MESSAGES + 1), EXPUNGED))
        client = self.imap(address, "Big", enable="QRESYNC")
        begun = time.monotonic()
        try:
            for at in range(0, EXPUNGED, 500):
                uids = ",".join(map(str, goes[at:at + 500]))
                client.ok(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
                client.ok(f"UID EXPUNGE {uids}")
        finally:
            ended.set()
            for reader in readers:
                reader.join()
        print(f"# {EXPUNGED} expunged in {time.monotonic() - begun:.2f} s, bodies read: {[n for n, _ in counts]}",
              flush=True)
        self.assertEqual(faults, [])
        self.assertEqual({left for _, left in counts}, {str(MESSAGES - EXPUNGED)})
        self.assertEqual(self.instance.sql(
            "SELECT count(*) FROM gatepost.mailboxes b WHERE b.message_count <> "
            "(SELECT count(*) FROM gatepost.messages m WHERE m.mailbox_id = b.id)").strip(), "0")
        # RFC 7162 §3.2.5: of a client that comes back, all of them, and nothing else.
        again = self.imap(address, enable="QRESYNC")
        validity = client.ok("STATUS Big (UIDVALIDITY)").of("STATUS")[0][1][1]
        again.begin(f"SELECT Big (QRESYNC ({validity} 2))")
        vanished = set()
        while True:
            line = again.raw_response().decode()
            if line.startswith("* VANISHED (EARLIER) "):
                for part in line.split(" ")[-1].split(","):
                    first, _, last = part.partition(":")
                    vanished |= set(range(int(first), int(last or first) + 1))
            if line.startswith(f"t{again._count} "):
                self.assertIn(" OK ", line)
                break
        self.assertEqual(vanished, set(goes))


if __name__ == "__main__":
    unittest.main()
