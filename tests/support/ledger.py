#!/usr/bin/env python3
"""Looks for every message of a ledger of `gatepost-load smtp` where it was to be delivered.

    ledger.py LEDGER --database DSN         in the mailboxes of Gatepost, through psql
    ledger.py LEDGER --maildir DIRECTORY    in DIRECTORY/USER/Maildir
    ledger.py LEDGER --doveadm CONFIG       in the mailboxes of Dovecot, of any format

What was accepted is there once, what was rejected is not there; what had no reply is there once or not at all.
Exit codes: 0; 2 for wrong usage; 3 where the mailboxes cannot be read; 5 where something is missing or there twice.
"""

import argparse
import collections
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SHOWN = 10  # of each kind of mistake
HEADER_MAX = 64 * 1024  # octets of a message in which its header ends
MESSAGES_SQL = """SELECT m.message_id, a.address FROM gatepost.messages m
    JOIN gatepost.mailboxes b ON b.id = m.mailbox_id JOIN gatepost.accounts a ON a.id = b.account_id"""


class LedgerError(Exception):
    """The ledger or the mailboxes cannot be read."""


@dataclass
class Verdict:
    """`missing`, `twice`, `rejected_there`: (Message-ID, mailbox)."""

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    unknown_there: int = 0
    missing: list = field(default_factory=list)
    twice: list = field(default_factory=list)
    rejected_there: list = field(default_factory=list)

    @property
    def ok(self):
        return not (self.missing or self.twice or self.rejected_there)

    def text(self):
        lines = [f"accepted {self.accepted:,}, missing {len(self.missing):,}, there twice {len(self.twice):,}; "
                 f"rejected {self.rejected:,}, there all the same {len(self.rejected_there):,}; "
                 f"without a reply {self.unknown:,}, there {self.unknown_there:,}"]
        for what in ("missing", "twice", "rejected_there"):
            lines += [f"{what}: {id_} for {mailbox}" for id_, mailbox in getattr(self, what)[:SHOWN]]
        return "\n".join(lines)


def local_part(address):
    return address.rpartition("@")[0].lower()


def read(path):
    """(fate, Message-ID, recipient) of each line. A last line without its end was cut off by a crash of the
    generator: its message counts as having had no reply, as far as it can be read."""
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    entries = []
    for number, line in enumerate(lines[:-1], 1):
        words = line.split("\t")
        if len(words) != 3 or words[0] not in ("accepted", "rejected", "unknown"):
            raise LedgerError(f"{path}:{number}: no line of a ledger: {line!r}")
        entries.append(tuple(words))
    last = lines[-1].split("\t")
    if len(last) == 3:
        entries.append(("unknown", last[1], last[2]))
    return entries


def bare(message_id):
    return message_id.strip().removeprefix("<").removesuffix(">")


def in_database(dsn):
    """How often each (Message-ID, address) is there."""
    command = ["psql", "-X", "-q", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c", MESSAGES_SQL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LedgerError(f"psql: {done.stderr.strip()}")
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return collections.Counter((bare(message_id), address.lower()) for message_id, address in rows)


def message_id_of(path):
    with open(path, "rb") as message:
        head = message.read(HEADER_MAX)
    for line in head.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].split(b"\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"message-id":
            return bare(value.decode("ascii", "replace"))
    return ""


def in_maildirs(folder):
    """The same with the local part instead of the address: what is in tmp/ is not delivered."""
    found = collections.Counter()
    for state in ("new", "cur"):
        for path in Path(folder).glob(f"*/Maildir/{state}/*"):
            found[message_id_of(path), path.parts[-4]] += 1
    return found


def in_dovecot(config, users):
    """The same, for those users."""
    found = collections.Counter()
    for user in users:
        command = ["doveadm", "-c", str(config), "-f", "flow", "fetch", "-u", user, "hdr.message-id", "ALL"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LedgerError(f"doveadm, user {user}: {done.stderr.strip()}")
        for line in done.stdout.splitlines():
            found[bare(line.removeprefix("hdr.message-id=")), user] += 1
    return found


def compare(entries, found, mailbox_of=str.lower):
    """`found`: how often each (Message-ID, mailbox) is there."""
    verdict = Verdict()
    for fate, message_id, recipient in entries:
        key = message_id, mailbox_of(recipient)
        times = found.get(key, 0)
        setattr(verdict, fate, getattr(verdict, fate) + 1)
        if times > 1:
            verdict.twice.append(key)
        elif fate == "accepted" and times == 0:
            verdict.missing.append(key)
        elif fate == "rejected" and times == 1:
            verdict.rejected_there.append(key)
        elif fate == "unknown":
            verdict.unknown_there += times
    return verdict


def verify_database(path, dsn):
    return compare(read(path), in_database(dsn))


def verify_maildirs(path, folder):
    return compare(read(path), in_maildirs(folder), local_part)


def verify_dovecot(path, config):
    entries = read(path)
    return compare(entries, in_dovecot(config, sorted({local_part(entry[2]) for entry in entries})), local_part)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ledger")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--database", metavar="DSN")
    where.add_argument("--maildir", metavar="DIRECTORY")
    where.add_argument("--doveadm", metavar="CONFIG")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        if options.database:
            verdict = verify_database(options.ledger, options.database)
        elif options.maildir:
            verdict = verify_maildirs(options.ledger, options.maildir)
        else:
            verdict = verify_dovecot(options.ledger, options.doveadm)
    except (LedgerError, OSError) as error:
        print(f"ledger.py: error: {error}", file=sys.stderr)
        return 3
    print(json.dumps(vars(verdict)) if options.json else verdict.text())
    return 0 if verdict.ok else 5


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
