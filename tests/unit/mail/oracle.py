"""Makes messages, and says what Python's email package reads in them: the other opinion for mail_oracle_test.

usage: oracle.py DIRECTORY COUNT: writes NNN.eml and NNN.txt into it."""

import email
import email.charset
import email.header
import email.mime.application
import email.mime.message
import email.mime.multipart
import email.mime.text
import email.policy
import email.utils
import pathlib
import random
import sys

WORDS = "alpha Beta grün naïve 東京 Привет x-y_z 100% a=b (c) [d] --e From dot.".split()
NAMES = ["plain.txt", "two words.pdf", "grün 東京.pdf", "quote\"d.bin", "a;b=c.txt", "x" * 120 + ".txt",
         "ö" * 60 + ".doc"]
PEOPLE = ["Alice", "Smith, Bob", "Jörg Müller", "", "O'Neil \"the\" X", "Иван"]


def text(rng, ascii_only=False):
    words = [word for word in WORDS if not ascii_only or word.isascii()]
    lines = [" ".join(rng.choices(words, k=rng.randrange(0, 12))) for _ in range(rng.randrange(0, 9))]
    return "\n".join(lines) + rng.choice(["", "\n", "\n\n"])


def leaf(rng):
    kind = rng.randrange(4)
    if kind == 0:
        part = email.mime.text.MIMEText(text(rng, True), rng.choice(["plain", "html"]), "us-ascii")
    elif kind == 1:
        charset = email.charset.Charset("utf-8")
        charset.body_encoding = rng.choice([email.charset.QP, email.charset.BASE64])
        part = email.mime.text.MIMEText(text(rng), "plain", charset)
    elif kind == 2:
        part = email.mime.application.MIMEApplication(rng.randbytes(rng.randrange(300)), "octet-stream")
    else:
        part = email.mime.message.MIMEMessage(top(rng, 1))
    name = rng.choice(NAMES + [None] * 4)
    if name:
        form = name if name.isascii() else ("utf-8", "", name)
        part.add_header("Content-Disposition", rng.choice(["attachment", "inline"]), filename=form)
    return part


def tree(rng, depth):
    if depth == 0 or rng.random() < 0.3:
        return leaf(rng)
    boundary = rng.choice([f"=={rng.random()}==", "b", f"b{depth}", f"with space {depth}", f"--{depth}--"])
    multipart = email.mime.multipart.MIMEMultipart(
        rng.choice(["mixed", "alternative", "related", "digest"]), boundary=boundary + str(rng.random()))
    if rng.random() < 0.3:
        multipart.preamble = "This is a message in parts.\n"
    if rng.random() < 0.3:
        multipart.epilogue = "\nNothing.\n"
    for _ in range(rng.randrange(0, 4)):
        multipart.attach(tree(rng, depth - 1))
    return multipart


def address(rng):
    return email.utils.formataddr((rng.choice(PEOPLE), rng.choice(["a@b.example", "x.y@z.example"])))


def top(rng, depth):
    message = tree(rng, depth)
    message["From"] = address(rng)
    message["To"] = ", ".join(address(rng) for _ in range(rng.randrange(1, 12)))
    message["Subject"] = email.header.Header(" ".join(rng.choices(WORDS, k=rng.randrange(1, 15))), "utf-8")
    message["Date"] = email.utils.formatdate(rng.randrange(0, 4_000_000_000))
    message["Message-ID"] = f"<{rng.random()}@example.org>"
    return message


def damaged(rng, message, octets):
    """Its body without some of the lines, or cut short; as it was where readers differ for reasons known.

    A broken list of addresses has as many readings as readers. The package leaves out the last line end of a part that
    no boundary follows, and takes boundaries one behind the other for one, where RFC 2046 §5.1.1 has empty parts."""
    header, empty_line, body = octets.partition(b"\r\n\r\n")
    lines = body.splitlines(keepends=True)
    if rng.random() < 0.3:
        lines = lines[:rng.randrange(len(lines) + 1)]
    else:
        lines = [line for line in lines if rng.random() > 0.03]
    lines.append(f"--{message.get_boundary()}--\r\n".encode())
    if not message.get_boundary() or any(a[:2] == b[:2] == b"--" for a, b in zip(lines, lines[1:])):
        return octets
    return header + empty_line + b"".join(lines)


def decoded(value):
    return str(email.header.make_header(email.header.decode_header(value)))


def hash_of(octets):
    """FNV-1a of 32 bits."""
    value = 2166136261
    for octet in octets:
        value = (value ^ octet) * 16777619 & 0xFFFFFFFF
    return value


def parts(message):
    """All of them, but none in a message that is encoded: RFC 2046 §5.2.1 forbids that, and nobody decoded it here."""
    yield message
    encoding = message.get("Content-Transfer-Encoding", "7bit").split()[0].lower()
    is_message = message.get_content_type() == "message/rfc822" and encoding in ("7bit", "8bit", "binary")
    if message.is_multipart() and (message.get_content_maintype() == "multipart" or is_message):
        for part in message.get_payload():
            yield from parts(part)


def opinion(message):
    subject = message["Subject"]
    lines = ["no subject" if subject is None else f"subject {decoded(' '.join(subject.split()))}"]
    try:
        date = email.utils.parsedate_to_datetime(message["Date"])
    except (TypeError, ValueError):
        date = None
    lines.append(f"date {int(date.timestamp())}" if date else "no date")
    # The name as it stands: without quotes, encoded words as they are.
    for name, mailbox in email.utils.getaddresses([str(message["To"] or "").replace("\r\n", "")]):
        lines.append(f"to {' '.join(name.split())}|{mailbox}")
    for part in parts(message):
        encoding = part.get("Content-Transfer-Encoding", "7bit").split()[0].lower()
        line = f"part {part.get_content_type()} {encoding}"
        # Without a boundary in its body a multipart is text to the package; here it has no parts.
        if part.get_content_maintype() not in ("multipart", "message"):
            payload = part.get_payload().encode("utf-8", "surrogateescape")
            line += f" {len(payload)} {hash_of(payload):08x}"
        name = part.get_filename()
        if name:
            line += f" {decoded(' '.join(name.split()))}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def main():
    directory, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    for number in range(count):
        rng = random.Random(number)
        message = top(rng, 3)
        octets = message.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))
        if number % 3 == 2:
            octets = damaged(rng, message, octets)
        if number % 5 == 4:
            octets = octets.replace(b"\r\n", b"\n")
        (directory / f"{number}.eml").write_bytes(octets)
        (directory / f"{number}.txt").write_text(opinion(email.message_from_bytes(octets)), encoding="utf-8")


main()
