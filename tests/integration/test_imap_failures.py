"""Reading goes on while the database is away, and what was answered OK is there whatever dies: sessions write down each
APPEND, STORE, MOVE and EXPUNGE that was done, and the mailboxes are compared with that afterwards. What was under way
when a process died has no answer (BYE, or nothing at all): the session comes back and looks, and what it sees then is
to stay so. It is there once, or not."""

import contextlib
import dataclasses
import random
import threading
import time
import unittest

from harness import GatepostTest
from imap_support import Ended, ImapHost
from mail_support import DOMAIN, content, new_id
from processes import DEADLINE, kill_9_family, wait_until
from small_disk import SmallDisk

USERS = [f"{name}@{DOMAIN}" for name in ("ada", "bob", "carol")]
LOST = (OSError, Ended)  # of a connection


@dataclasses.dataclass
class Known:
    """Of one message, named by its Message-ID: what was answered OK, and what had no answer."""

    flags: set = dataclasses.field(default_factory=set)
    uncertain: set = dataclasses.field(default_factory=set)  # flags that are there or not
    stored: bool = False
    gone: bool = False  # expunged
    gone_perhaps: bool = False
    moved: bool = False  # to the other mailbox
    moved_perhaps: bool = False
    left: bool = False  # not in its first mailbox any more


class Writer(threading.Thread):
    """A client that changes a mailbox of its own until it is told to stop, and comes back when it is thrown out."""

    FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft"]

    def __init__(self, mail, user, seed):
        super().__init__()
        self.mail, self.user, self.box = mail, user, f"Box{seed}"
        self.other = f"{self.box}/moved"
        self.random = random.Random(seed)
        self.known = {}
        self.lost = set()  # names of messages whose last change had no answer
        self.looked = 0  # at what had become of such changes
        self.done = 0
        self.refused = 0
        self.stopping = False
        self.error = None
        self.client = None

    def run(self):
        try:
            while not self.stopping:
                try:
                    self.open()
                    while not self.stopping:
                        self.look()
                        self.step()
                except LOST:
                    time.sleep(0.02)  # as a client does before it tries again
                finally:
                    if self.client:
                        self.client.close()
                        self.client = None
        except Exception as error:  # told by the test
            self.error = error

    def open(self):
        self.client = self.mail.connect()
        self.client.greeting()
        if self.client.log_in(self.user).status != "OK":
            raise Ended("no login")
        for box in (self.other, self.box):
            if self.client.say(f"SELECT {box}").status != "OK":
                self.client.say(f"CREATE {box}")
                if self.client.say(f"SELECT {box}").status != "OK":
                    raise Ended("no mailbox")

    def ok(self, command):
        """The answer to what needs the control plane at most to read: without it, we come back later."""
        answer = self.client.say(command)
        if (answer.status, answer.code) == ("NO", "UNAVAILABLE"):
            raise Ended(repr(answer))
        if answer.status != "OK":
            raise AssertionError(f"{self.user}: {command}: {answer!r}")
        return answer

    def change(self, name, say):
        """Whether it was done: OK; NO is one thing that was not. Without an answer a look tells."""
        self.lost.add(name)
        answer = say()
        self.lost.discard(name)
        if answer.status == "OK":
            self.done += 1
            return True
        if answer.status != "NO" or answer.code not in ("UNAVAILABLE", "EXPUNGEISSUED", "INUSE", "SERVERBUG"):
            raise AssertionError(f"{self.user}: {answer!r}")
        self.refused += 1
        return False

    def look(self):
        """What has become of changes without an answer. Another change of the same mailboxes comes first: whatever was
        under way in the database before it is over then."""
        lost = set(self.lost)
        if not lost or not self.append(self.other) or not self.append(self.box):
            return
        for name in lost:
            known, found = self.known[name], []
            for box in (self.other, self.box):
                self.ok(f"SELECT {box}")
                found += [(box, uid, set(items["FLAGS"])) for uid in
                          self.ok(f"UID SEARCH HEADER Message-ID {name}").searched()
                          for items in self.ok(f"UID FETCH {uid} (FLAGS)").fetched().values()]
            if len(found) > 1 or (not found and known.stored and not known.gone_perhaps):
                raise AssertionError(f"{self.user}: {name} is there {len(found)} times")
            known.left = known.gone = not found
            known.uncertain, known.gone_perhaps, known.moved_perhaps = set(), False, False
            for box, _, flags in found:
                known.stored, known.flags = True, flags
                known.moved = known.left = box == self.other
            self.lost.discard(name)
            self.looked += 1

    def step(self):
        alive = [name for name, known in self.known.items() if known.stored and not known.left]
        kinds = ["append", "append", "flag", "flag", "flag", "expunge", "move"]
        kind = self.random.choice(kinds if len(alive) > 5 else ["append"])
        if kind == "append":
            self.append(self.box)
            return
        name = self.random.choice(alive)
        found = self.ok(f"UID SEARCH HEADER Message-ID {name}").searched()
        if not found:
            if not self.known[name].gone_perhaps and not self.known[name].moved_perhaps:
                raise AssertionError(f"{self.user}: {name} is not there")
            self.known[name].left = True
        elif kind == "flag":
            self.flag(name, found[0])
        elif kind == "move":
            self.known[name].moved_perhaps = True
            self.known[name].moved = self.known[name].left = self.change(
                name, lambda: self.client.say(f"UID MOVE {found[0]} {self.other}"))
        else:
            self.expunge(name, found[0])

    def append(self, box):
        name = new_id()
        known = self.known[name] = Known()
        flags = self.random.choice(["", "\\Seen"])
        if not self.change(name, lambda: self.client.append(box, content(name), flags)):
            return False
        known.flags, known.stored = set(flags.split()), True
        known.moved = known.left = box == self.other
        self.wait_found(name, box)
        return True

    def wait_found(self, name, box):
        """It is there at once, but for a moment after the control plane has come back."""
        def look():
            self.ok("NOOP")
            return self.ok(f"UID SEARCH HEADER Message-ID {name}").searched()
        if box != self.box:
            self.ok(f"SELECT {box}")
        wait_until(look, f"{self.user}: {name} is there after OK")
        if box != self.box:
            self.ok(f"SELECT {self.box}")

    def flag(self, name, uid):
        known, flag, sign = self.known[name], self.random.choice(self.FLAGS), self.random.choice("+-")
        known.uncertain.add(flag)
        if self.change(name, lambda: self.client.say(f"UID STORE {uid} {sign}FLAGS.SILENT ({flag})")):
            known.flags = known.flags | {flag} if sign == "+" else known.flags - {flag}
            known.uncertain.discard(flag)

    def expunge(self, name, uid):
        known = self.known[name]
        known.uncertain.add("\\Deleted")
        known.gone_perhaps = True
        if not self.change(name, lambda: self.client.say(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")):
            return
        if self.change(name, lambda: self.client.say(f"UID EXPUNGE {uid}")):
            known.gone = known.left = True

    def stop(self):
        self.stopping = True
        self.join(DEADLINE * 2)
        if self.is_alive():
            raise AssertionError(f"{self.user} waits for an answer")
        if self.error:
            raise self.error

    def verify(self, test):
        there, places = {}, {}
        for box in (self.box, self.other):
            with self.mail.imap(self.user, box) as client:
                fetched = client.ok("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Message-ID)])").fetched()
            for items in fetched.values():
                name = items["BODY[HEADER.FIELDS (MESSAGE-ID)]"].decode().split("<")[1].split(">")[0]
                test.assertNotIn(name, there, "twice")
                there[name], places[name] = set(items["FLAGS"]), box
        for name, known in self.known.items():
            if known.moved:
                test.assertEqual(places.get(name), self.other)
            if known.gone:
                test.assertNotIn(name, there, "expunged, and back")
            elif known.stored and not known.gone_perhaps:
                test.assertIn(name, there, "lost")
            if name in there and known.stored:
                test.assertEqual(there[name] - known.uncertain, known.flags - known.uncertain, f"flags of {name}")
        test.assertEqual(there.keys() - self.known.keys(), set(), "never appended")
        return len(there)


class Failures(GatepostTest):
    SETTINGS = {"log.level": "warning"}

    def setUp(self):
        super().setUp()
        self.before_start()
        self.mail = ImapHost(self, self.SETTINGS)
        self.instance, self.postgres = self.mail.instance, self.mail.postgres
        for user in USERS:
            self.mail.add_user(user)
        self.instance.wait_synced()
        self.random = random.Random(6)

    def before_start(self):
        pass

    def kill_process(self, name):
        pid = self.instance.wait_process(name)
        kill_9_family(pid)
        return pid

    @contextlib.contextmanager
    def writers(self):
        """Clients write until the block ends; then what is there is what was answered."""
        threads = [Writer(self.mail, user, seed) for seed, user in enumerate(USERS * 2)]
        for thread in threads:
            thread.start()
        self.threads = threads
        try:
            self.wait_more(60)
            yield threads
        finally:
            for thread in threads:
                thread.stopping = True
            for thread in threads:
                thread.stop()
        wait_until(self.is_served, "everybody is served")
        self.instance.wait_streaming()  # by all workers
        self.assertGreater(sum(thread.verify(self) for thread in threads), 10)

    def wait_more(self, count):
        before = sum(thread.done for thread in self.threads)

        def look():
            for thread in self.threads:
                if thread.error:
                    raise thread.error
            return sum(thread.done for thread in self.threads) >= before + count
        wait_until(look, f"{count} more changes are done", DEADLINE * 3)

    def is_served(self):
        try:
            with self.mail.imap(USERS[0], "INBOX") as client:
                return client.append("Drafts", content(new_id())).status == "OK"
        except (*LOST, AssertionError):
            return False


class Outages(Failures):
    def test_postgresql_is_away(self):
        user = USERS[0]
        with self.mail.imap(user, "INBOX") as client:
            for number in range(20):
                self.assertEqual(client.append("INBOX", content(new_id(), subject=f"m{number}")).status, "OK")
            client.ok("STORE 1:5 +FLAGS (\\Deleted)")
            everything = "UID FETCH 1:* (FLAGS INTERNALDATE ENVELOPE BODYSTRUCTURE BODY.PEEK[] MODSEQ)"
            before = client.ok(everything).fetched()
            self.postgres.stop()
            self.assertEqual(client.ok(everything).fetched(), before)
            for command in ("SEARCH SUBJECT m1", "SEARCH BODY Hello", "SORT (DATE) UTF-8 ALL",
                            "THREAD REFERENCES UTF-8 ALL", "STATUS INBOX (MESSAGES UNSEEN)", "NOOP", 'LIST "" *'):
                with self.subTest(command=command):
                    client.ok(command)
            for command in ("STORE 1 +FLAGS (\\Seen)", "STORE 1:3 FLAGS (x)", "EXPUNGE", "COPY 1:2 Trash",
                            "MOVE 3 Trash",
                            "CREATE New", "DELETE Archive", "RENAME Junk Spam", "UNSUBSCRIBE INBOX"):
                with self.subTest(command=command):
                    answer = client.say(command)
                    self.assertEqual((answer.status, answer.code), ("NO", "UNAVAILABLE"), repr(answer))
            answer = client.append("INBOX", content(new_id()))
            self.assertEqual((answer.status, answer.code), ("NO", "UNAVAILABLE"))
            # Somebody who comes now reads, too.
            with self.mail.imap(user, "INBOX") as newcomer:
                self.assertEqual(len(newcomer.ok("FETCH 1:* (FLAGS BODY[])").fetched()), 20)
            self.postgres.start()
            # Nothing was half-done.
            wait_until(lambda: client.say("STORE 20 +FLAGS (\\Answered)").status == "OK", "changes are made again")
            after = client.ok(everything).fetched()
            self.assertEqual(after.pop(20)["FLAGS"], ["\\Answered"])
            before.pop(20)
            self.assertEqual(after, before)
            self.assertEqual(client.ok("STATUS Trash (MESSAGES)").of("STATUS")[0][1], ["MESSAGES", "0"])
            self.assertEqual(sorted(words[2] for words in client.ok('LIST "" *').of("LIST")),
                             [b"Archive", b"Drafts", b"INBOX", b"Junk", b"Sent", b"Trash"])
            self.assertEqual(client.append("INBOX", content(new_id())).status, "OK")
            self.assertEqual(client.ok("EXPUNGE").numbers("EXPUNGE"), [5, 4, 3, 2, 1])

    def test_postgresql_is_killed_under_load(self):
        with self.writers():
            for _ in range(2):
                self.postgres.kill_9()
                time.sleep(0.3)  # it is away for a while
                self.postgres.start()
                self.wait_more(60)

    def test_the_control_plane_is_killed_under_load(self):
        with self.writers():
            for _ in range(3):
                pid = self.kill_process("gatepost-controlplane")
                self.instance.wait_process("gatepost-controlplane", other_than=pid)
                self.wait_more(60)
        self.assertEqual(self.instance.status()["dataplane"]["starts"], 1)

    def test_the_dataplane_is_killed_under_load(self):
        with self.writers():
            for _ in range(3):
                pid = self.kill_process("gatepost-dataplane")
                self.instance.wait_process("gatepost-dataplane", other_than=pid)
                self.wait_more(60)

    def test_everything_is_killed_under_load(self):
        with self.writers():
            self.postgres.kill_9()
            self.instance.kill_9()
            self.postgres.start()
            self.instance.start()
            self.wait_more(60)

    def test_an_open_session_survives_the_control_plane(self):
        with self.mail.imap(USERS[0], "INBOX") as client:
            self.assertEqual(client.append("INBOX", content(new_id())).status, "OK")
            tag = client.idle()
            pid = self.kill_process("gatepost-controlplane")
            self.instance.wait_process("gatepost-controlplane", other_than=pid)
            with self.mail.raw() as sender:
                sender.open()
                self.assertEqual(sender.message(USERS[0], content(new_id())).code, 250)
            self.assertEqual(client.idle_until("EXISTS")[-1], ["2", "EXISTS"])
            self.assertEqual(client.done(tag).status, "OK")
            wait_until(lambda: client.say("STORE 1:2 +FLAGS (\\Seen)").status == "OK", "changes are made")


class DiskFull(SmallDisk, Failures):
    def test_append(self):
        large = content(new_id(), body="\r\n".join(["x" * 98] * 10_000))
        with self.mail.imap(USERS[0], "INBOX") as client:
            self.assertEqual(client.append("INBOX", large).status, "OK")
            self.fill(4096)
            refused = wait_until(lambda: (answer := client.append("INBOX", large)).status != "OK" and answer,
                                 "it is full")
            self.assertEqual(refused.status, "NO", repr(refused))
            self.assertIn(refused.code, ("UNAVAILABLE", "OVERQUOTA", "LIMIT"), repr(refused))
            client.ok("NOOP")
            stored = client.ok("FETCH 1:* (BODY.PEEK[])").fetched()
            self.assertTrue(all(items["BODY[]"] == large for items in stored.values()))
            # What needs no room goes on.
            client.ok("STORE 1 +FLAGS (\\Flagged)")
            (self.mount / "filler").unlink()
            wait_until(lambda: client.append("INBOX", large).status == "OK", "messages are taken again")
            client.ok("NOOP")
            self.assertEqual(len(client.ok("FETCH 1:* (UID)").fetched()), len(stored) + 1)


if __name__ == "__main__":
    unittest.main()
