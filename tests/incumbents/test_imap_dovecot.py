"""The same messages in two mailboxes, ours and a packaged Dovecot's: both answer the same to FETCH, SEARCH, SORT,
THREAD, LIST, STATUS, CONDSTORE and QRESYNC, but for what the tables below list, each with its reason."""

import re
import unittest

import paths  # noqa: F401

import imap_corpus
from dovecot_server import DovecotServer
from imap_support import ImapTest, kind_of
from mail_support import DOMAIN

ADA = f"ada@{DOMAIN}"
BOX = "Corpus"
DATE = "21-Nov-2026 12:00:00 +0000"
NAMES = list(imap_corpus.CORPUS)

MULTIPART_END = "RFC 2046 §5.1.1: the line end before a boundary belongs to the boundary, behind a multipart, too"
NO_CHARSET = "RFC 2045 §5.2: us-ascii is the default of a missing Content-Type; what a field says is told as it is"
NO_PART = "RFC 9051 §6.4.5.1: a part that is no multipart or message has no parts within"
NO_HEADER_END = "RFC 9051 §6.4.5.1: no blank line where the message has none"
UNKNOWN_ENCODING = "RFC 9051 §7.5.2: the encoding as the field says it"
# (item, message): why ours is another. "*": any message.
FETCH_DIFFERENCES = {
    ("BODYSTRUCTURE", "forwarded"): MULTIPART_END, ("BODY", "forwarded"): MULTIPART_END,
    ("BODY[1]", "mixed"): MULTIPART_END, ("BODY[1]", "deep"): MULTIPART_END,
                     ("BODY[1]", "prefixed_boundary"): MULTIPART_END,
    ("BODY[1.1]", "deep"): MULTIPART_END, ("BODY[2]", "forwarded"): MULTIPART_END,
    ("BODY[2.TEXT]", "forwarded"): MULTIPART_END, ("BINARY.SIZE[2]", "forwarded"): MULTIPART_END,
    ("BINARY.SIZE[1]", "mixed"): "theirs is negative", ("BINARY.SIZE[1]", "deep"): MULTIPART_END,
    ("BINARY.SIZE[1]", "prefixed_boundary"): MULTIPART_END, ("BINARY[1]", "mixed"): MULTIPART_END,
    ("BINARY[1]", "deep"): MULTIPART_END, ("BINARY[1]", "prefixed_boundary"): MULTIPART_END,
    ("BODYSTRUCTURE", "no_end"): NO_CHARSET, ("BODY", "no_end"): NO_CHARSET,
    ("BODYSTRUCTURE", "empty_parts"): NO_CHARSET, ("BODY", "empty_parts"): NO_CHARSET,
    ("BODYSTRUCTURE", "bad_encoding"): NO_CHARSET, ("BODY", "bad_encoding"): NO_CHARSET,
    ("BODYSTRUCTURE", "bad_type"): "RFC 2045 §5.2: a Content-Type that is none means text/plain",
    ("BODY", "bad_type"): "RFC 2045 §5.2: a Content-Type that is none means text/plain",
    ("BODYSTRUCTURE", "unknown_encoding"): UNKNOWN_ENCODING, ("BODY", "unknown_encoding"): UNKNOWN_ENCODING,
    ("PREVIEW", "unknown_encoding"): UNKNOWN_ENCODING,
    ("BODY[1.MIME]", "empty_parts"): "a header that is empty has an end",
    ("BODY[2.MIME]", "empty_parts"): "a header that stops at a boundary has an end",
    ("BODY[1.1]", "*"): NO_PART, ("BODY[2.1]", "*"): NO_PART, ("BODY[1.1.MIME]", "*"): NO_PART,
    ("BODY[2.1.MIME]", "*"): NO_PART,
    ("BODY[HEADER.FIELDS (FROM SUBJECT)]", "header_only"): NO_HEADER_END,
    ("BODY[HEADER.FIELDS (X-LONG REFERENCES)]", "header_only"): NO_HEADER_END,
    ("BODY[HEADER.FIELDS (NOPE)]", "header_only"): NO_HEADER_END,
    ("PREVIEW", "only_message"): "RFC 8970: a preview of the message within, rather than of nothing",
    ("PREVIEW", "digest"): "RFC 8970: the text of a message, not its header",
    ("PREVIEW", "bad_type"): "it is text/plain here",
    ("PREVIEW", "bad_encoding"): "what does not decode is shown in another way",
}
ITEMS = ["UID", "FLAGS", "RFC822.SIZE", "INTERNALDATE", "ENVELOPE", "BODYSTRUCTURE", "BODY", "RFC822.HEADER", "PREVIEW",
         "BODY.PEEK[]", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[2]",
         "BODY.PEEK[2.MIME]", "BODY.PEEK[2.HEADER]", "BODY.PEEK[2.TEXT]", "BODY.PEEK[2.1]", "BODY.PEEK[1.1]",
         "BODY.PEEK[1.1.MIME]", "BODY.PEEK[2.1.MIME]", "BODY.PEEK[2.2]", "BODY.PEEK[1.1.1.1.1.1.1.1.1.1.1.1]",
         "BODY.PEEK[3]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[1.TEXT]", "BODY.PEEK[HEADER.FIELDS (From Subject)]",
         "BODY.PEEK[HEADER.FIELDS (X-Long references)]", "BODY.PEEK[HEADER.FIELDS.NOT (From Subject X-Long)]",
         "BODY.PEEK[2.HEADER.FIELDS (Subject)]", "BODY.PEEK[HEADER.FIELDS (Nope)]", "BODY.PEEK[]<0.10>",
         "BODY.PEEK[]<5.100000>", "BODY.PEEK[]<1000000.5>", "BODY.PEEK[TEXT]<3.7>", "BODY.PEEK[HEADER]<20.30>",
         "BODY.PEEK[1]<2.5>", "BODY.PEEK[HEADER.FIELDS (Subject)]<3.9>", "BINARY.SIZE[2]", "RFC822.TEXT", "RFC822"]
# One that does not decode fails the whole FETCH, so these leave it out.
BINARY_ITEMS = ["BINARY.PEEK[1]", "BINARY.PEEK[1]<1.3>", "BINARY.SIZE[1]", "BINARY[1]"]

NO_RECENT = "RFC 9051: \\Recent is no more, nothing has it"
SEARCH_DIFFERENCES = {
    "OLD": NO_RECENT, "RECENT": NO_RECENT,
    "SENTBEFORE 1-Jun-2026": "a message without a date was not sent before any",
    "SINCE 32-Jan-2025": "no such day is a mistake of the client",
}
SEARCHES = """
ALL;ANSWERED;DELETED;DRAFT;FLAGGED;SEEN;UNSEEN;UNANSWERED;UNDELETED;UNDRAFT;UNFLAGGED;OLD;RECENT;KEYWORD work
UNKEYWORD work;KEYWORD WORK;KEYWORD nope;BCC bcc;CC comment;CC commented;FROM ada;FROM Lovelace;FROM "Ada Lovelace"
FROM jörg;FROM "";TO bob;TO group;CC "";SUBJECT plain;SUBJECT grüße;SUBJECT köln;SUBJECT "re: ";SUBJECT ""
HEADER Subject "";HEADER X-Long goes;HEADER X-Long "begins goes";HEADER X-Wide w;HEADER Message-ID plain@
HEADER Nope "";HEADER Received "from a by b";HEADER Content-Type pdf;HEADER Content-Type alternative
BODY words;BODY rich;BODY "schön";BODY Straße;BODY weiterStr;BODY "und weiter";BODY preamble;BODY epilogue;BODY bottom
BODY "日本";BODY grüße;BODY "line 2999 of";BODY first;BODY never;BODY yyyyyyyy;BODY <b>;BODY "inner one"
TEXT inner;TEXT ada@example.org;TEXT büro;TEXT b.pdf;TEXT "";TEXT "subject: a";SUBJECT "long name"
SINCE 1-Jun-2025;BEFORE 1-Jun-2025;ON 4-Apr-2025;SENTSINCE 1-Jun-2026;SENTBEFORE 1-Jun-2026;SENTON 21-Nov-2026
SENTON 1-Feb-2026;LARGER 300;SMALLER 300;LARGER 0;UID 1:5;UID 30:*;1:3;2,4:6;*;NOT SEEN;OR SEEN FLAGGED
NOT (OR SEEN FLAGGED) SUBJECT one;(SEEN) (FLAGGED);OLDER 100;YOUNGER 100000000;YOUNGER 1
OR (FROM ada SEEN) NOT SUBJECT e
SAVEDSINCE 1-Jan-2026;SAVEDBEFORE 1-Jan-2026;NOT NOT NOT SEEN;OR OR OR SEEN DRAFT DELETED SUBJECT large
UNKNOWN x;SUBJECT;1:;SINCE 32-Jan-2025;SINCE 1-Foo-2025;NOT;OR SEEN;LARGER x;() SEEN;HEADER "" x;UID 0;0
"""
SORTS = ["DATE", "ARRIVAL", "SIZE", "FROM", "TO", "CC", "SUBJECT", "REVERSE DATE", "SUBJECT REVERSE DATE",
         "REVERSE SIZE FROM", "DISPLAYFROM", "DISPLAYTO", "REVERSE SUBJECT ARRIVAL"]


def normal(item, value):
    """Without what is the same in another way."""
    if item == "FLAGS":
        return sorted(flag for flag in value if flag != "\\Recent")
    if item == "INTERNALDATE":
        return value.strip().lstrip(b"0")  # RFC 9051 §9: date-day-fixed
    if item.startswith(("BODY[", "BINARY[")):
        return value or None  # a part that is not there is NIL, or empty
    return value


class SameAsDovecot(ImapTest):
    @classmethod
    def setUpClass(cls):
        cls.dovecot = DovecotServer()
        cls.addClassCleanup(cls.dovecot.close)
        super().setUpClass()
        cls.mail.add_user(ADA)
        cls.instance.wait_synced()
        cls.theirs = cls.dovecot.imap()
        cls.ours = cls.mail.imap(ADA)
        cls.addClassCleanup(cls.theirs.close)
        cls.addClassCleanup(cls.ours.close)
        for client in cls.both():
            client.ok(f"CREATE {BOX}")
            for name, octets, flags, date in imap_corpus.messages():
                answer = client.append(BOX, octets, flags, date)
                if answer.status != "OK":
                    raise AssertionError(f"APPEND of {name}: {answer!r}")
            client.ok(f"SELECT {BOX}")

    @classmethod
    def both(cls):
        return cls.ours, cls.theirs

    def say(self, command):
        return [client.say(command) for client in self.both()]

    def statuses(self, command, same=True):
        ours, theirs = self.say(command)
        if same:
            self.assertEqual(ours.status, theirs.status, f"{command}: ours {ours!r}, Dovecot's {theirs!r}")
        return ours, theirs


class Messages(SameAsDovecot):
    def compare_fetch(self, numbers, item, excused=FETCH_DIFFERENCES):
        ours, theirs = (answer.fetched() for answer in self.statuses(f"FETCH {numbers} ({item})"))
        self.assertEqual(list(ours), list(theirs))
        found = set()
        for number, items in theirs.items():
            name = NAMES[number - 1]
            for key, value in items.items():
                mine = normal(key, ours[number].get(key))
                if mine == normal(key, value):
                    continue
                found |= {(key, name), (key, "*")}
                with self.subTest(item=key, message=name):
                    self.assertTrue(found & excused.keys() & {(key, name), (key, "*")},
                                    f"ours {str(mine)[:1000]}\nDovecot's {str(value)[:1000]}")
        return found

    def test_fetch(self):
        found = set()
        for item in ITEMS:
            found |= self.compare_fetch("1:*", item)
        decoding = f"1:{NAMES.index('bad_encoding')},{NAMES.index('unknown_encoding') + 2}:*"
        for item in BINARY_ITEMS:
            found |= self.compare_fetch(decoding, item)
        self.assertEqual(FETCH_DIFFERENCES.keys() - found, set(), "all that is listed is there")

    def test_what_does_not_decode(self):
        """RFC 3516 §4.3. Of BASE64 with mistakes, ours gives what can be decoded, and theirs nothing."""
        number = NAMES.index("unknown_encoding") + 1
        for answer in self.statuses(f"FETCH {number} (BINARY.PEEK[1])"):
            self.assertEqual((answer.status, answer.code), ("NO", "UNKNOWN-CTE"))
        number = NAMES.index("bad_encoding") + 1
        ours, theirs = self.statuses(f"FETCH {number} (BINARY.PEEK[1])", same=False)
        self.assertEqual((ours.status, theirs.status), ("OK", "NO"))

    def test_search(self):
        found = set()
        for key in filter(None, SEARCHES.replace("\n", ";").split(";")):
            ours, theirs = self.say(f"SEARCH CHARSET UTF-8 {key}")
            same = (sorted(ours.searched()), ours.status) == (sorted(theirs.searched()), theirs.status)
            found |= {key} - ({key} if same else set())
            with self.subTest(key=key):
                self.assertTrue(same or key in SEARCH_DIFFERENCES, f"ours {ours!r}\nDovecot's {theirs!r}")
        self.assertEqual(SEARCH_DIFFERENCES.keys() - found, set(), "all that is listed is there")

    def test_search_results(self):
        """RFC 4731, RFC 5182."""
        for command in ("RETURN (MIN MAX COUNT) SEEN", "RETURN () ALL", "RETURN (ALL) NOT SEEN",
                        "RETURN (COUNT) SUBJECT zzz",
                        "RETURN (MIN ALL) SUBJECT zzz", "RETURN (SAVE) SEEN", "$", "NOT $",
                        "RETURN (SAVE COUNT) FLAGGED",
                        "RETURN (MIN SAVE) SEEN", "RETURN (ALL) $", "RETURN (MIN MAX SAVE) SEEN", "RETURN (ALL) $"):
            for prefix in ("", "UID "):
                with self.subTest(command=prefix + command):
                    told = [sorted(str(word) for words in answer.data for word in words if not isinstance(word, list))
                            for answer in self.statuses(f"{prefix}SEARCH {command}")]
                    self.assertEqual(*told)

    def test_sort(self):
        for keys in SORTS:
            with self.subTest(keys=keys):
                ours, theirs = (answer.searched() for answer in self.statuses(f"SORT ({keys}) UTF-8 ALL"))
                self.assertEqual([NAMES[number - 1] for number in ours], [NAMES[number - 1] for number in theirs])

    def test_thread(self):
        for algorithm in ("REFERENCES", "ORDEREDSUBJECT"):
            with self.subTest(algorithm=algorithm):
                ours, theirs = (answer.of("THREAD") for answer in self.statuses(f"THREAD {algorithm} UTF-8 ALL"))
                self.assertEqual(ours, theirs)


MARKED_AT_ONCE = "RFC 2180 §4.1.3: what another session has expunged is left out, and the answer says so"
READ_ONLY = "RFC 9051 §6.3.3: no changes where the mailbox is read-only: NO says that it was not done"
# Lines of the scripts below: why ours is answered in another way.
COMMAND_DIFFERENCES = {
    "a FETCH 1:* (UID FLAGS) after": MARKED_AT_ONCE, "a SEARCH ALL after": MARKED_AT_ONCE,
    "a STORE 1:5 +FLAGS.SILENT (later) after": MARKED_AT_ONCE,
    "a STORE 1 +FLAGS (x)": READ_ONLY, "a EXPUNGE": READ_ONLY,
    "a STORE 2 FLAGS ()": "RFC 9051 §6.4.6: the value is told, whether or not it is another",
    "b STORE 1 +FLAGS": "a list of flags is missing",
    "b EXPUNGE 2": "RFC 7162 §3.1.2.1: CONDSTORE was enabled by UNCHANGEDSINCE",
    "a NOOP 4": "RFC 7162 §3.2.9 wants HIGHESTMODSEQ from EXPUNGE alone",
}
# "a" and "b" are two sessions. What stands behind " # " tells lines apart that are the same.
CHANGES = """
a SELECT Box;b SELECT Box;a EXAMINE Box;a STORE 1 +FLAGS (x);a EXPUNGE;a SELECT Box;a STORE 1 +FLAGS (\\Flagged Work)
b NOOP;a STORE 1 +FLAGS.SILENT (\\Flagged);a STORE 2:3 -FLAGS.SILENT (\\Seen);b NOOP # 2;a STORE 2 FLAGS ();b CHECK
a STORE 2 +FLAGS \\Deleted \\Seen;a STORE 1 FLAGS (\\Foo);a STORE 99 +FLAGS (x);a UID STORE 99 +FLAGS (x)
a FETCH 99 FLAGS
a UID FETCH 99 FLAGS;a COPY 1:2 Other;a UID COPY 99 Other;a COPY 99 Other;a COPY 1 nope;a MOVE 1 nope;a MOVE 1:0 Other
a UID MOVE 3 Other;b NOOP # 3;a STATUS Other (MESSAGES UNSEEN UIDNEXT);a STATUS nope (MESSAGES);a STATUS Other ()
a STATUS Other (FOO);b STORE 5 +FLAGS (\\Deleted);a NOOP;b EXPUNGE;a FETCH 1:* (UID FLAGS) # after;a SEARCH ALL # after
a STORE 1:5 +FLAGS.SILENT (later) # after;a NOOP # 3;b NOOP # 4;a FETCH 1:* (UID FLAGS);a UID EXPUNGE 1:3
a STORE 1 +FLAGS (\\Deleted);b NOOP # 5;a CLOSE;b NOOP # 6;a FETCH 1 FLAGS;a UNSELECT;a SELECT Other
a FETCH 1:* (UID FLAGS) # o
a UNSELECT # 2;a SELECT nope;a EXPUNGE # 2;b FETCH 1:* (UID FLAGS);b FETCH 1:2,1,2:1 (UID);b FETCH 0 (UID);b FETCH 1 ()
b FETCH 1 (FOO);b FETCH * (UID);b UID FETCH *:1 (FLAGS);b FETCH 1 (FLAGS FLAGS);b FETCH 1 FAST;b SEARCH
b STORE 1 +FLAGS;b UID STORE 1:* -FLAGS (later Work);b UID FETCH 1:* FLAGS
"""
CONDSTORE = """
a SELECT Box (CONDSTORE);b SELECT Box;a STORE 1 +FLAGS (\\Flagged);a STORE 1 +FLAGS.SILENT (\\Flagged)
a STORE 2:3 -FLAGS.SILENT (\\Seen);a STORE 2 (UNCHANGEDSINCE 1) +FLAGS (\\Draft)
a STORE 1:6 (UNCHANGEDSINCE 8) +FLAGS (\\Draft)
a FETCH 1:* (FLAGS) (CHANGEDSINCE 3);a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 9);a SEARCH MODSEQ 9;a SEARCH MODSEQ 99
a FETCH 1:2 (MODSEQ);b NOOP;b STORE 1 (UNCHANGEDSINCE 99) +FLAGS (x);a NOOP;a ENABLE QRESYNC;a UID MOVE 3 Other
a STORE 2 +FLAGS.SILENT (\\Deleted);a EXPUNGE # 3;b NOOP # 2;a UID FETCH 1:6 (FLAGS) (CHANGEDSINCE 2 VANISHED)
a FETCH 1:6 (FLAGS) (CHANGEDSINCE 2 VANISHED);a STATUS Other (HIGHESTMODSEQ MESSAGES);b UID STORE 5 +FLAGS (\\Deleted)
b EXPUNGE # 2;a NOOP # 4
"""
RESYNCS = ["1", "7 1:6", "8 1:6 (1,3 1,4)", "99", "8 4:5", "10 1:3", "11"]
LISTS = ['LIST "" L/%', 'LIST "" L/*', 'LIST "L/" %', 'LIST "" "L/%/%"', 'LIST "" "L/b%"', 'LIST "" ""',
         'LIST "" L/a', 'LIST "" L/A', 'LIST "" nope', 'LIST "" inbox', 'LSUB "" L/*', 'LIST (SUBSCRIBED) "" L/*',
         'LIST (SUBSCRIBED RECURSIVEMATCH) "" L/%', 'LIST "" L/* RETURN (SUBSCRIBED)', 'LIST "" L/% RETURN (CHILDREN)',
         'LIST "" L/* RETURN (STATUS (MESSAGES UNSEEN))', 'LIST "" (L/a L/b/*)', 'LIST (RECURSIVEMATCH) "" L/*',
         'LIST "" L/* RETURN (FOO)', 'LIST (REMOTE) "" L/b*', 'LIST "" "L/*c*"', 'LIST "" L/&ANY-']
TREE = ["CREATE L/a", "CREATE L/b/c/d", "CREATE L/b/e", "CREATE L/&ANYA9g-", "SUBSCRIBE L/a", "SUBSCRIBE L/b/c/d",
        "CREATE L/a", "DELETE inbox", "DELETE L/nope", "RENAME L/nope L/x", "RENAME L/a L/b/e",
        "UNSUBSCRIBE L/a", "SUBSCRIBE L/a", "DELETE L/b/e", "CREATE L/b/e", "RENAME L/b/e L/h", "RENAME L/h L/i/j"]


def told(answer, command):
    """What must be the same of an answer."""
    data = []
    for words in answer.data:
        kind = kind_of(words)
        if kind == "FETCH":
            items = {key: normal(key, value) for key, value in zip(words[2][::2], words[2][1::2])}
            if "UID" not in command:
                items.pop("UID", None)  # it may come with any change
            data.append((kind, words[0], items))
        elif kind in ("LIST", "LSUB"):
            # All of ours say whether they have children. Names are atoms or strings.
            flags = sorted("\\Noselect" if flag == "\\NonExistent" else flag for flag in words[1]
                           if flag not in ("\\HasChildren", "\\HasNoChildren", "\\UnMarked"))
            data.append((kind, flags, words[2], text_of(words[3])))
        elif kind == "STATUS":
            data.append((kind, text_of(words[1]), words[2]))
        elif kind in ("EXISTS", "EXPUNGE", "VANISHED", "SEARCH", "ESEARCH", "ENABLED"):
            data.append((kind, *(word for word in words if not (isinstance(word, list) and "TAG" in word))))
    code = answer.code if re.match("READ-|TRYCREATE|MODIFIED|CLOSED|HIGHESTMODSEQ", answer.code) else ""
    if answer.code.startswith("COPYUID"):
        code = answer.code.split(" ", 2)[2]
    return answer.status, code, sorted(data, key=repr)


def text_of(word):
    return word.decode() if isinstance(word, bytes) else word


class Commands(SameAsDovecot):
    def sessions(self):
        pairs = [(self.imap(ADA), self.dovecot.imap()) for _ in range(2)]
        for client in pairs[0]:
            for name in ("Box", "Other"):
                client.say(f"DELETE {name}")
                client.ok(f"CREATE {name}")
            for number in range(6):
                flags = "\\Seen" if number % 2 else ""
                self.assertEqual(client.append("Box", b"Subject: %d\r\n\r\nbody\r\n" % number, flags, DATE).status,
                                 "OK")
        return {"a": pairs[0], "b": pairs[1]}

    def play(self, script):
        sessions = self.sessions()
        for line in filter(None, script.replace("\n", ";").split(";")):
            name, _, command = line.partition("#")[0].strip().partition(" ")
            with self.subTest(line=line):
                ours, theirs = (client.say(command) for client in sessions[name])
                if line.replace(" #", "") in COMMAND_DIFFERENCES:
                    self.assertNotEqual(told(ours, command), told(theirs, command))
                else:
                    self.assertEqual(told(ours, command), told(theirs, command), f"{ours!r}\n{theirs!r}")
        return sessions

    def test_changes(self):
        self.play(CHANGES)

    def test_condstore_and_qresync(self):
        sessions = self.play(CONDSTORE)
        for since in RESYNCS:
            with self.subTest(since=since):
                answers = []
                for client in sessions["a"]:
                    validity = next(code.split()[1] for code in client.ok("SELECT Box").codes()
                                    if code.startswith("UIDVALIDITY"))
                    answers.append(client.say(f"SELECT Box (QRESYNC ({validity} {since}))"))
                self.assertEqual(*(told(answer, "UID") for answer in answers), answers)

    def test_mailboxes(self):
        for command in TREE + LISTS:
            with self.subTest(command=command):
                ours, theirs = self.say(command)
                self.assertEqual(told(ours, command), told(theirs, command), f"{ours!r}\n{theirs!r}")


if __name__ == "__main__":
    unittest.main()
