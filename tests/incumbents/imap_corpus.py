"""Messages for comparisons of IMAP servers: what MIME allows, and what people send instead."""

import base64
import random


def _lines(*lines):
    return b"".join(line.encode() if isinstance(line, str) else line for line in
                    (one if isinstance(one, bytes) else one + "\r\n" for one in lines))


def _head(subject, *more, date="Sat, 21 Nov 2026 12:00:00 +0000", sender="Ada Lovelace <ada@example.org>"):
    return [f"From: {sender}", "To: Bob <bob@example.net>, carol@example.com", f"Subject: {subject}",
            f"Date: {date}", *more]


def _multipart(subtype, boundary, parts, *more, preamble=(), epilogue=()):
    lines = [f'Content-Type: multipart/{subtype}; boundary="{boundary}"', *more, "", *preamble]
    for part in parts:
        lines += [f"--{boundary}", *part]
    return [*lines, f"--{boundary}--", *epilogue]


def _text(body, subtype="plain", *more, charset="utf-8"):
    return [f"Content-Type: text/{subtype}; charset={charset}", *more, "", *body]


def _base64(octets):
    encoded = base64.b64encode(octets).decode()
    return [encoded[at:at + 76] for at in range(0, len(encoded), 76)]


def _wellformed():
    attachment = random.Random(7).randbytes(5000)
    alternative = _multipart("alternative", "alt", [_text(["plain words"]), _text(["<b>rich words</b>"], "html")])
    yield "plain", _lines(*_head("A plain one", "Message-ID: <plain@example.org>"), "", "Hello there.", "Second line.")
    yield "reply", _lines(*_head("Re: A plain one", "Message-ID: <reply@example.org>",
                                 "In-Reply-To: <plain@example.org>", "References: <plain@example.org>",
                                 date="Sat, 21 Nov 2026 13:00:00 +0000"), "", "Hello back.")
    yield "reply2", _lines(*_head("Re: Re: A plain one", "Message-ID: <reply2@example.org>",
                                  "References: <plain@example.org> <reply@example.org>",
                                  date="Sat, 21 Nov 2026 12:30:00 +0200", sender="Zoe <zoe@example.org>"), "", "And I.")
    yield "orphan", _lines(*_head("[list] Fwd: a plain one (fwd)", "Message-ID: <orphan@example.org>",
                                  "References: <gone@example.org>"), "", "Whose parent is not here.")
    yield "orphan2", _lines(*_head("Another child", "Message-ID: <orphan2@example.org>",
                                   "References: <gone@example.org>"), "", "Nor this one's.")
    yield "alternative", _lines(*_head("Two faces"), "MIME-Version: 1.0", *alternative)
    yield "mixed", _lines(
        *_head("With an attachment", "Message-ID: <mixed@example.org>"), "MIME-Version: 1.0",
        *_multipart("mixed", "mix", [alternative, [
            "Content-Type: application/pdf; name=\"a b.pdf\"", "Content-Transfer-Encoding: base64",
            "Content-Disposition: attachment; filename=\"a b.pdf\"; size=5000", "Content-ID: <part2@example.org>",
            "Content-Description: A document", "Content-Language: en, de", "Content-Location: http://example.org/a",
            "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", "", *_base64(attachment)]],
            preamble=["This is a preamble."], epilogue=["An epilogue."]))
    inner = [*_head("The inner one", "Message-ID: <inner@example.org>"), "MIME-Version: 1.0", *alternative]
    yield "forwarded", _lines(
        *_head("Fwd: The inner one"), "MIME-Version: 1.0",
        *_multipart("mixed", "out", [_text(["See below."]), ["Content-Type: message/rfc822", "", *inner]]))
    yield "only_message", _lines(*_head("A message within"), "Content-Type: message/rfc822", "", *inner)
    deep = _text(["the bottom"])
    for level in range(12):
        deep = _multipart("mixed", f"level{level}x", [deep])
    yield "deep", _lines(*_head("Deep"), "MIME-Version: 1.0", *deep)
    yield "digest", _lines(*_head("A digest"), "MIME-Version: 1.0", *_multipart("digest", "dig", [
        ["", *_head("First of digest"), "", "one"], ["", *_head("Second of digest"), "", "two"]]))
    yield "encoded_words", _lines(
        *_head("=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?= =?utf-8?b?w6TDtsO8?=",
               sender="=?iso-8859-1?Q?J=F6rg?= <j@example.org>"),
        "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "",
        "sch=F6n und =", "weiter, Stra=DFe")
    yield "rfc2231", _lines(
        *_head("A long name"), "MIME-Version: 1.0", "Content-Type: application/x-thing; name*0*=utf-8''b%C3%BC;",
        " name*1=\"ro.txt\"", "Content-Disposition: inline; filename*=utf-8'en'b%C3%BCro.txt", "", "x")
    yield "addresses", _lines(
        "From: \"Q. (quoted) \\\"Name\\\"\" <q@example.org>, second@example.org",
                              "Sender: \"The, Sender\" <sender@example.org>",
        "Reply-To: <reply@example.org>",
                              "To: A group: one@example.org, Two <two@example.org>;, undisclosed-recipients:;",
        "Cc: (comment) commented@example.org (after), Old Style <@a.example,@b.example:old@example.org>",
        "Bcc: bcc@example.org", "Subject: Addresses", "Date: Sun,  1 Feb 2026 01:02:03 -0330",
        "Message-ID: <addresses@example.org>", "", "of all kinds")
    yield "folded", _lines(
        "Received: from a by b;", "\tFri, 20 Nov 2026 10:00:00 +0000",
                           *_head("folded", "X-Long: begins", " goes on", "\tends"),
        "X-Long: again", "References: <a@b>", " <c@d>", "\t<e@f>", "", "body")
    yield "large", _lines(*_head("Large"), "", *(f"line {number} of many, {'x' * 50}" for number in range(3000)))
    yield "long_line", _lines(*_head("Long"), "X-Wide: " + "w" * 5000, "", "y" * 20_000)
    yield "many_headers", _lines(*_head("Many"), *(f"X-Field-{number}: {number}" for number in range(300)), "", "end")


def _odd():
    yield "empty_body", _lines(*_head("Empty body"), "")
    yield "header_only", _lines(*_head("No end of header"))
    yield "no_header", b"\r\nOnly a body.\r\n"
    yield "no_newline", _lines(*_head("No newline at the end"), "", b"no newline")
    yield "eight_bit", _lines(*_head("Eight bit"), "Content-Type: text/plain; charset=utf-8",
                              "Content-Transfer-Encoding: 8bit", "", "Grüße, 日本語")
    yield "raw_subject", _lines("From: Jörg <j@example.org>", "Subject: Grüße", "Date: Fri, 1 May 2026 00:00:00 GMT",
                                "", "x")
    yield "no_boundary", _lines(*_head("No boundary"), "Content-Type: multipart/mixed", "", "--x", "", "text", "--x--")
    yield "no_end", _lines(*_head("No end"), "Content-Type: multipart/mixed; boundary=x", "", "--x", "", "first",
                           "--x", "Content-Type: text/html", "", "<p>never ended")
    yield "empty_parts", _lines(*_head("Empty parts"), "Content-Type: multipart/mixed; boundary=x", "", "--x", "",
                                "--x",
                                "Content-Type: text/html", "", "--x--")
    yield "no_parts", _lines(*_head("No parts"), "Content-Type: multipart/mixed; boundary=x", "", "only a preamble")
    yield "prefixed_boundary", _lines(
        *_head("Boundaries alike"), "Content-Type: multipart/mixed; boundary=a", "", "--a",
        *_multipart("mixed", "ab", [_text(["inner"])]), "--a", "", "outer", "--a--")
    yield "bad_type", _lines(*_head("Bad type"), "Content-Type: nonsense", "", "body")
    yield "bad_encoding", _lines(*_head("Bad encoding"), "Content-Type: text/plain",
                                 "Content-Transfer-Encoding: base64", "", "this is =not= base64!!")
    yield "unknown_encoding", _lines(*_head("Unknown encoding"), "Content-Transfer-Encoding: x-uuencode", "", "begin")
    yield "no_date", _lines("From: x@example.org", "Subject: No date", "", "x")
    yield "bad_date", _lines(*_head("Bad date", date="yesterday at noon"), "", "x")
    yield "empty_fields", _lines("From:", "To: ", "Subject:", "Date:", "Message-ID:", "", "empty fields")
    yield "spaces", _lines("Subject :  spaced out  ", "From : spaced@example.org",
                           "Date: Sat, 21 Nov 2026 12:00:00 +0000",
                           "", "x")


CORPUS = dict([*_wellformed(), *_odd()])
FLAGS = ["", "\\Seen", "\\Flagged \\Seen", "\\Answered", "\\Draft", "\\Deleted", "work", "\\Seen work home",
         "$Forwarded"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def messages():
    """(name, octets, flags, internal date), in the order in which they are appended."""
    for number, (name, octets) in enumerate(CORPUS.items()):
        date = f"{number % 28 + 1:2d}-{MONTHS[number % 12]}-2025 {number % 24:02d}:30:00 +0{number % 3}00"
        yield name, octets, FLAGS[number % len(FLAGS)], date
