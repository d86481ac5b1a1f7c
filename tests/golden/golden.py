"""The golden queries, and the text form in which answers are kept and compared."""

import hashlib
import itertools
import pathlib
import sys
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from dns_message import Record, make_query, type_text  # noqa: E402

ZONES = HERE / "zones"
ANSWERS = HERE / "answers.txt"
DIFFERENCES = HERE / "differences.txt"
RECORDS_SHOWN = 12  # of one RRset; a larger one is told by its number and a hash
_RRSIG = 46
_SOA = 6
_NAME_TYPES = {2, 5, 12, 15, 18, 33, 39}
_SOA_NUMBERS = 20  # octets behind the two names
_COOKIE, _CLIENT_COOKIE = 10, 8  # RFC 7873: the option, and octets of its first part


@dataclass
class Query:
    ident: str
    name: str
    type: str
    text: str  # as in the file, without the remark
    tcp: bool = False
    v6: bool = False
    options: dict = field(default_factory=dict)

    def message(self, ident=None):
        return make_query(self.name, self.type, ident=ident, **self.options)

    @property
    def method(self):
        return "test_" + self.ident.replace("-", "_")


def zone_files():
    """(apex, path) of every zone, parents before children."""
    return sorted(((path.name.removesuffix(".zone") + ".", path) for path in ZONES.glob("*.zone")),
                  key=lambda zone: (zone[0].count("."), zone[0]))


def _apply_flag(query, flag):
    name, _, value = flag.partition("=")
    options = query.options
    if name == "+tcp":
        query.tcp = True
    elif name == "+v6":
        query.v6 = True
    elif name == "+edns":
        options["edns"] = int(value or 1232)
    elif name == "+dnssec":
        options["dnssec_ok"] = True
    elif name == "+ednsversion":
        options["edns_version"] = int(value)
    elif name == "+option":
        code, octets = value.split(":")
        data = bytes.fromhex(octets)
        options["options"] = options.get("options", b"") + int(code).to_bytes(2, "big") + len(data).to_bytes(
            2, "big") + data
    elif name in ("+rd", "+cd"):
        options[name[1:]] = True
    elif name == "+class":
        options["klass"] = value
    elif name == "+opcode":
        options["opcode"] = int(value)
    else:
        raise ValueError(f"{query.ident}: unknown flag {flag}")


def load_queries():
    queries = {}
    for line in (HERE / "queries.txt").read_text().splitlines():
        line = line.partition(" ; ")[0].strip()
        if not line or line.startswith("#"):
            continue
        ident, name, type_name, *flags = line.split()
        query = Query(ident, name, type_name, " ".join([name, type_name, *flags]))
        for flag in flags:
            _apply_flag(query, flag)
        if ident in queries:
            raise ValueError(f"two queries are called {ident}")
        queries[ident] = query
    return list(queries.values())


def _covered(record):
    return int.from_bytes(record.rdata[:2], "big") if record.type == _RRSIG else 0


def _rrsets(records):
    """The RRsets in the order of their first records; signatures right behind what they cover."""
    groups = {}
    for record in records:
        kind = _covered(record) or record.type
        groups.setdefault((record.owner, record.klass, kind), []).append(record)
    for group in groups.values():
        plain = sorted(record for record in group if record.type != _RRSIG)
        signatures = sorted(record for record in group if record.type == _RRSIG)
        yield from (rrset for rrset in (plain, signatures) if rrset)


def _rrset_lines(rrset):
    texts = sorted(record.text() for record in rrset)
    if len(texts) <= RECORDS_SHOWN:
        return texts
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    first = rrset[0]
    return [f"{first.owner} {first.ttl} {type_text(first.type)} ({len(texts)} records, sha256 {digest}…)"]


def section_lines(records, ordered):
    """With `ordered`, RRsets stay in the message's order (a chain of aliases has one); else they are sorted."""
    rrsets = [_rrset_lines(rrset) for rrset in _rrsets(records)]
    return list(itertools.chain.from_iterable(rrsets if ordered else sorted(rrsets)))


def _option_text(code, data):
    # A server cookie is another one each time.
    if code == _COOKIE and len(data) > _CLIENT_COOKIE:
        return f"{data[:_CLIENT_COOKIE].hex()} and {len(data) - _CLIENT_COOKIE} octets"
    return data.hex() or "empty"


def edns_text(reply):
    if not reply.edns:
        return "none"
    options = [f"option {code} {_option_text(code, data)}" for code, data in sorted(reply.options)]
    return " ".join([f"version {reply.edns_version} size {reply.edns_size}"] +
                    (["do"] if reply.dnssec_ok else []) + options)


def render(reply):
    question = "none" if reply.question is None else \
        f"{reply.question[0]} {type_text(reply.question[1])} class {reply.question[2]}"
    lines = [f"{reply.rcode_name} {reply.flags} opcode {reply.opcode}", f"question {question}"]
    lines += [f"answer {line}" for line in section_lines(reply.answer, True)]
    lines += [f"authority {line}" for line in section_lines(reply.authority, False)]
    lines += [f"additional {line}" for line in section_lines(reply.additional, False)]
    if reply.edns:
        lines.append(f"edns {edns_text(reply)}")
    return "\n".join(lines) + "\n"


def _lower_rdata(record):
    rdata = record.rdata
    if record.type in _NAME_TYPES:
        return rdata.lower()
    if record.type == _SOA:
        return rdata[:-_SOA_NUMBERS].lower() + rdata[-_SOA_NUMBERS:]
    return rdata


def _without_case(records):
    """Names in lower case: which octets of a name a server repeats from the question is its own affair."""
    return [Record(record.owner.lower(), record.ttl, record.type, record.klass, _lower_rdata(record))
            for record in records]


def aspects(reply):
    """What is compared between two servers, each under the name that differences.txt uses."""
    return {
        "rcode": reply.rcode_name,
        "flags": reply.flags,
        "question": reply.question,
        "answer": section_lines(_without_case(reply.answer), True),
        "authority": section_lines(_without_case(reply.authority), False),
        "additional": section_lines(_without_case(reply.additional), False),
        "edns": edns_text(reply),
    }


def load_answers():
    answers = {}
    for block in ANSWERS.read_text().split("\n\n") if ANSWERS.exists() else []:
        head, _, body = block.strip("\n").partition("\n")
        if head.startswith("["):
            answers[head[1:].split("]")[0]] = body + "\n"
    return answers


def save_answers(queries, answers):
    head = ("# Made by UPDATE_GOLDEN=1 from this server's own answers; each change is to be looked at. How they\n"
            "# compare with Knot's: differences.txt.\n\n")
    ANSWERS.write_text(head + "\n".join(f"[{query.ident}] {query.text}\n{answers[query.ident]}"
                                        for query in queries))


def load_differences():
    """{(query, aspect): reason}"""
    differences, reason, fresh = {}, "", True
    for line in DIFFERENCES.read_text().splitlines():
        if line.startswith("#"):
            reason = line.lstrip("# ") if fresh else f"{reason} {line.lstrip('# ')}"
            fresh = False
        elif line.strip():
            ident, *names = line.split()
            differences |= {(ident, name): reason for name in names}
        else:
            fresh = True
    return differences
