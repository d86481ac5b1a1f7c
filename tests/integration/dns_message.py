"""DNS messages for tests: queries made, replies taken apart.

It shares no code with the servers under test, and it is strict: every count and length of a reply must be
right, names may be compressed only where RFC 1035 and RFC 3597 §4 allow it and only backwards, no record may
come twice, and nothing may stand behind the last one. What is not so raises BadReply.
"""

import random
import socket
import struct
from dataclasses import dataclass, field

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "RP": 17, "AFSDB": 18,
    "SIG": 24, "KEY": 25, "AAAA": 28, "LOC": 29, "SRV": 33, "NAPTR": 35, "KX": 36, "CERT": 37, "DNAME": 39,
    "OPT": 41, "APL": 42, "DS": 43, "SSHFP": 44, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50,
    "NSEC3PARAM": 51, "TLSA": 52, "SMIMEA": 53, "CDS": 59, "CDNSKEY": 60, "OPENPGPKEY": 61, "CSYNC": 62,
    "ZONEMD": 63, "SVCB": 64, "HTTPS": 65, "EUI48": 108, "EUI64": 109, "IXFR": 251, "AXFR": 252, "ANY": 255,
    "URI": 256, "CAA": 257,
}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
RCODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN",
    9: "NOTAUTH", 16: "BADVERS", 23: "BADCOOKIE",
}
_FLAGS = [(0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z"),
          (0x0020, "ad"), (0x0010, "cd")]

# Octets before the names in record data, and how many names follow.
_NAMES_IN_RDATA = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1), 17: (0, 2), 18: (2, 1), 33: (6, 1),
                   36: (2, 1), 39: (0, 1)}
# Those of RFC 1035, the only ones in which a sender may compress (RFC 3597 §4).
_COMPRESSIBLE = {2, 5, 6, 12, 15}


class BadReply(Exception):
    """The peer sent something that is no well-formed answer to the query."""


def type_number(text):
    text = text.upper()
    if text in TYPES:
        return TYPES[text]
    if text.startswith("TYPE"):
        return int(text[4:])
    raise ValueError(f"unknown type {text}")


def type_text(number):
    return TYPE_NAMES.get(number, f"TYPE{number}")


def name_to_wire(text):
    """Of an absolute name in presentation form; the final dot may be left out."""
    labels, label, at = [], bytearray(), 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1:at + 4].isdigit():
            label.append(int(text[at + 1:at + 4]))
            at += 4
        elif text[at] == "\\":
            label.append(ord(text[at + 1]))
            at += 2
        elif text[at] == ".":
            labels.append(bytes(label))
            label = bytearray()
            at += 1
        else:
            label.append(ord(text[at]))
            at += 1
    if label:
        labels.append(bytes(label))
    labels = [] if labels == [b""] else labels
    wire = b"".join(bytes([len(part)]) + part for part in labels) + b"\0"
    if any(not 1 <= len(part) <= 63 for part in labels) or len(wire) > 255:
        raise ValueError(f"not a name: {text}")
    return wire


def name_to_text(wire):
    out, at = "", 0
    while wire[at]:
        for octet in wire[at + 1:at + 1 + wire[at]]:
            if chr(octet) in '."\\;()@$':
                out += "\\" + chr(octet)
            elif 0x21 <= octet <= 0x7E:
                out += chr(octet)
            else:
                out += f"\\{octet:03d}"
        out += "."
        at += 1 + wire[at]
    return out or "."


def _expand_name(message, at, end, compressible=True):
    """The name at `at`, uncompressed, and the offset behind it, which must be at most `end`."""
    wire, next_at, limit = b"", None, at
    while True:
        if at >= (end if next_at is None else len(message)):
            raise BadReply("a name runs over its end")
        length = message[at]
        if length >= 0xC0:
            if not compressible:
                raise BadReply("a compressed name where none is allowed")
            if at + 2 > len(message):
                raise BadReply("a name runs over its end")
            target = struct.unpack_from("!H", message, at)[0] & 0x3FFF
            if next_at is None:
                next_at = at + 2
            if target >= limit:
                raise BadReply("a compression pointer that does not point backwards")
            at = limit = target
        elif length > 63:
            raise BadReply(f"a label of type {length >> 6}")
        else:
            wire += message[at:at + 1 + length]
            at += 1 + length
            if len(wire) > 255:
                raise BadReply("a name of more than 255 octets")
            if length == 0:
                break
    next_at = at if next_at is None else next_at
    if next_at > end:
        raise BadReply("a name runs over its end")
    return wire, next_at


@dataclass(frozen=True, order=True)
class Record:
    owner: str
    ttl: int
    type: int
    klass: int
    rdata: bytes  # names expanded

    @property
    def value(self):
        """In presentation form for the types that tests look into, else as in RFC 3597 §5."""
        return rdata_text(self.type, self.rdata)

    def text(self):
        klass = "" if self.klass == 1 else f"CLASS{self.klass} "
        return f"{self.owner} {self.ttl} {klass}{type_text(self.type)} {self.value}"


def _character_strings(rdata):
    out, at = [], 0
    while at < len(rdata):
        text = "".join(chr(c) if 0x20 <= c <= 0x7E and chr(c) not in '"\\' else f"\\{c:03d}"
                       for c in rdata[at + 1:at + 1 + rdata[at]])
        out.append(f'"{text}"')
        at += 1 + rdata[at]
    return " ".join(out)


def rdata_text(number, rdata):
    if number == 1 and len(rdata) == 4:
        return socket.inet_ntop(socket.AF_INET, rdata)
    if number == 28 and len(rdata) == 16:
        return socket.inet_ntop(socket.AF_INET6, rdata)
    if number in (2, 5, 12, 39):
        return name_to_text(rdata)
    if number == 15:
        return f"{struct.unpack_from('!H', rdata)[0]} {name_to_text(rdata[2:])}"
    if number == 33:
        return "{} {} {} {}".format(*struct.unpack_from("!HHH", rdata), name_to_text(rdata[6:]))
    if number == 6:
        mname, at = _expand_name(rdata, 0, len(rdata))
        rname, at = _expand_name(rdata, at, len(rdata))
        numbers = " ".join(str(n) for n in struct.unpack_from("!IIIII", rdata, at))
        return f"{name_to_text(mname)} {name_to_text(rname)} {numbers}"
    if number == 16 and rdata:
        return _character_strings(rdata)
    return f"\\# {len(rdata)} {rdata.hex()}".rstrip()


@dataclass
class Message:
    id: int
    opcode: int
    rcode: int  # with the upper bits of the OPT record
    flags: str  # "qr aa tc rd ra z ad cd", those that are set
    question: tuple  # (name as sent, type, class), or None
    answer: list = field(default_factory=list)
    authority: list = field(default_factory=list)
    additional: list = field(default_factory=list)  # without OPT
    edns: bool = False
    edns_version: int = 0
    edns_size: int = 0
    dnssec_ok: bool = False
    options: list = field(default_factory=list)  # (code, data)
    size: int = 0

    @property
    def rcode_name(self):
        return RCODES.get(self.rcode, f"RCODE{self.rcode}")

    @property
    def extended_errors(self):
        return [struct.unpack_from("!H", data)[0] for code, data in self.options if code == 15]

    def values(self, type_name):
        """The values of the answer's records of a type, sorted."""
        number = type_number(type_name)
        return sorted(record.value for record in self.answer if record.type == number)


def _parse_record(message, at, reply, section):
    owner, at = _expand_name(message, at, len(message))
    if at + 10 > len(message):
        raise BadReply("a record runs over the end")
    number, klass, ttl, length = struct.unpack_from("!HHIH", message, at)
    at += 10
    end = at + length
    if end > len(message):
        raise BadReply("record data runs over the end")
    if number == TYPES["OPT"]:
        _parse_opt(message[at:end], owner, klass, ttl, reply, section)
        return end
    rdata = message[at:end]
    if number in _NAMES_IN_RDATA and length > 0:
        before, names = _NAMES_IN_RDATA[number]
        parts, at = [message[at:at + before]], at + before
        for _ in range(names):
            wire, at = _expand_name(message, at, end, number in _COMPRESSIBLE)
            parts.append(wire)
        rdata = b"".join(parts) + message[at:end]
        if number != TYPES["SOA"] and at != end:
            raise BadReply(f"octets behind the name in {type_text(number)} data")
    section.append(Record(name_to_text(owner), ttl, number, klass, rdata))
    return end


def _parse_opt(data, owner, klass, ttl, reply, section):
    if reply.edns or owner != b"\0" or section is not reply.additional:
        raise BadReply("an OPT record too many, or not where it belongs (RFC 6891 §6.1.1)")
    reply.edns = True
    reply.edns_size = klass
    reply.edns_version = ttl >> 16 & 0xFF
    reply.dnssec_ok = bool(ttl & 0x8000)
    reply.rcode |= ttl >> 24 << 4
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise BadReply("a broken EDNS option")
        code, length = struct.unpack_from("!HH", data, at)
        if at + 4 + length > len(data):
            raise BadReply("a broken EDNS option")
        reply.options.append((code, data[at + 4:at + 4 + length]))
        at += 4 + length


def parse_reply(message):
    if len(message) < 12:
        raise BadReply("shorter than a header")
    ident, flags, questions, *counts = struct.unpack_from("!HHHHHH", message)
    names = " ".join(name for bit, name in _FLAGS if flags & bit)
    reply = Message(ident, flags >> 11 & 15, flags & 15, names, None, size=len(message))
    at = 12
    if questions > 1:
        raise BadReply("more than one question")
    if questions:
        wire, at = _expand_name(message, at, len(message), compressible=False)
        if at + 4 > len(message):
            raise BadReply("the question runs over the end")
        reply.question = (name_to_text(wire), *struct.unpack_from("!HH", message, at))
        at += 4
    for section, count in zip((reply.answer, reply.authority, reply.additional), counts):
        for _ in range(count):
            at = _parse_record(message, at, reply, section)
    if at != len(message):
        raise BadReply(f"{len(message) - at} octets behind the last record")
    records = [(record.owner.lower(), record.type, record.klass, record.rdata)
               for record in reply.answer + reply.authority + reply.additional]
    if len(set(records)) != len(records):
        raise BadReply("the same record twice (RFC 2181 §5)")
    return reply


def make_query(name, type_name="A", *, edns=None, dnssec_ok=False, edns_version=0, options=b"", rd=False,
               cd=False, klass="IN", opcode=0, ident=None):
    """`edns`: the UDP payload size offered; None: no OPT record, unless dnssec_ok asks for one."""
    if edns is None and (dnssec_ok or edns_version or options):
        edns = 1232
    ident = random.getrandbits(16) if ident is None else ident
    flags = opcode << 11 | (0x0100 if rd else 0) | (0x0010 if cd else 0)
    message = struct.pack("!HHHHHH", ident, flags, 1, 0, 0, 0 if edns is None else 1)
    message += name_to_wire(name) + struct.pack("!HH", type_number(type_name), CLASSES[klass])
    if edns is not None:
        message += b"\0" + struct.pack("!HHIH", TYPES["OPT"], edns,
                                       edns_version << 16 | (0x8000 if dnssec_ok else 0), len(options)) + options
    return message
