"""Writes a file's octets as the initialiser of a C++ array: embed.py INPUT OUTPUT."""

import pathlib
import sys

octets = pathlib.Path(sys.argv[1]).read_bytes()
lines = [", ".join(str(octet) for octet in octets[at:at + 24]) for at in range(0, len(octets), 24)]
pathlib.Path(sys.argv[2]).write_text(",\n".join(lines) + "\n", encoding="ascii")
