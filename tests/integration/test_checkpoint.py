"""A checkpoint that is not whole is refused with a clear line, DNS says that it is not ready, and the index is
rebuilt from PostgreSQL as soon as that is there."""

import os
import re
import shutil
import struct

from harness import GatepostTest

NAME = "www.checkpoint.example."
# storage/arena/arena_header.h
_FORMAT_VERSION_AT = 8
_CHECKSUM_AT = 12


def _crc32c(data):
    table = []
    for octet in range(256):
        for _ in range(8):
            octet = octet >> 1 ^ (0x82F63B78 if octet & 1 else 0)
        table.append(octet)
    crc = 0xFFFFFFFF
    for octet in data:
        crc = table[(crc ^ octet) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _flipped(image, at, bit=0):
    image = bytearray(image)
    image[at] ^= 1 << bit
    return bytes(image)


def _of_version(image, version):
    """Whole, with the right checksum, but of another format."""
    image = bytearray(image)
    struct.pack_into("<I", image, _FORMAT_VERSION_AT, version)
    struct.pack_into("<I", image, _CHECKSUM_AT, 0)
    struct.pack_into("<I", image, _CHECKSUM_AT, _crc32c(image))
    return bytes(image)


def _version_of(image):
    return struct.unpack_from("<I", image, _FORMAT_VERSION_AT)[0]


# What is done to it, and what the line must say.
DAMAGE = {
    "empty": (lambda image: b"", "octets|short|empty|truncated"),
    "one_octet": (lambda image: image[:1], "octets|short|truncated"),
    "header_only": (lambda image: image[:4096], "octets|short|truncated|length"),
    "half": (lambda image: image[:len(image) // 2], "octets|short|truncated|length"),
    "one_octet_short": (lambda image: image[:-1], "octets|short|truncated|length"),
    "octets_behind": (lambda image: image + b"\0" * 4096, "octets|length"),
    "bit_in_magic": (lambda image: _flipped(image, 0), "not a|no checkpoint|not an index|magic"),
    "bit_in_checksum": (lambda image: _flipped(image, _CHECKSUM_AT), "checksum|damaged"),
    "bit_in_header": (lambda image: _flipped(image, 130, 3), "checksum|damaged"),
    "bit_in_the_middle": (lambda image: _flipped(image, len(image) // 2, 7), "checksum|damaged"),
    "bit_at_the_end": (lambda image: _flipped(image, len(image) - 1), "checksum|damaged"),
    "zeros": (lambda image: bytes(len(image)), "not a|no checkpoint|not an index|magic"),
    "text": (lambda image: b"no checkpoint at all\n" * 1000, "not a|no checkpoint|not an index|magic"),
    "newer_version": (lambda image: _of_version(image, _version_of(image) + 1), "version"),
    "older_version": (lambda image: _of_version(image, _version_of(image) - 1), "version"),
}


class DamagedCheckpoint(GatepostTest):
    """One cluster for all: each test stops and starts it."""

    @classmethod
    def setUpClass(cls):
        maker = GatepostTest("setUp")
        maker.setUp()
        cls.addClassCleanup(maker.doCleanups)
        cls.maker = maker
        cls.postgres, cls.instance = maker.ready_instance()
        maker.import_zone(cls.instance, "checkpoint.example.", ["www A 192.0.2.1"])
        cls.instance.stop()
        cls.good = cls.instance.checkpoint.read_bytes()

    def setUp(self):
        super().setUp()
        self._logs.append(self.instance.log_path)
        self.postgres.stop()
        self.addCleanup(self.instance.stop)

    def start_with(self, image):
        about = os.stat(self.instance.state)
        shutil.rmtree(self.instance.state)
        self.instance.state.mkdir(mode=0o700)
        os.chown(self.instance.state, about.st_uid, about.st_gid)
        self.instance.checkpoint.write_bytes(image)
        os.chown(self.instance.checkpoint, about.st_uid, about.st_gid)
        self.instance.launch()
        self.instance.wait_log("event=dataplane.serving")

    def test_the_whole_one_is_taken(self):
        self.start_with(self.good)
        self.instance.wait_log("event=dataplane.checkpoint_loaded")
        self.instance.wait_answer(NAME, "A", ["192.0.2.1"])

    def test_a_checksum_is_computed_as_here(self):
        """Else the tests of other versions would test the checksum."""
        self.assertEqual(_of_version(self.good, _version_of(self.good)), self.good)

    def refused(self, image, pattern):
        self.start_with(image)
        line = self.instance.wait_log(r".*event=dataplane.checkpoint_refused.*").group()
        reason = re.search(r'reason="([^"]*)"', line)
        self.assertTrue(reason, line)
        self.assertIn(str(self.instance.checkpoint), reason.group(1), "the line names the file")
        self.assertRegex(reason.group(1), pattern)
        reply = self.instance.client().ask(NAME, edns=1232)
        self.assertEqual((reply.rcode_name, reply.extended_errors), ("SERVFAIL", [14]))
        self.postgres.start()
        self.instance.wait_answer(NAME, "A", ["192.0.2.1"])
        self.instance.wait_streaming()
        # The next one is whole again.
        self.instance.write_checkpoint()
        self.instance.stop()
        self.postgres.stop()
        self.instance.launch()
        self.instance.wait_answer(NAME, "A", ["192.0.2.1"])


def _add(name, change, pattern):
    def test(self):
        self.refused(change(self.good), pattern)
    setattr(DamagedCheckpoint, f"test_{name}_is_refused", test)


for _name, (_change, _pattern) in DAMAGE.items():
    _add(_name, _change, _pattern)


class CheckpointFolder(GatepostTest):
    def test_the_checkpoint_is_its_owners_alone(self):
        _, instance = self.ready_instance()
        instance.write_checkpoint()
        self.assertEqual(instance.checkpoint.stat().st_mode & 0o777, 0o600)
        self.assertEqual(instance.state.stat().st_mode & 0o777, 0o700)

    def test_one_that_cannot_be_written_is_told_and_dns_goes_on(self):
        _, instance = self.ready_instance()
        self.import_zone(instance, "checkpoint.example.", ["www A 192.0.2.1"])
        (instance.state / "zones.ckpt.new").mkdir()
        with self.assertRaisesRegex(AssertionError, "checkpoint"):
            instance.write_checkpoint()
        self.assertRegex(instance.status()["checkpoint"]["error"], "zones.ckpt")
        self.assertEqual(instance.client().ask(NAME).values("A"), ["192.0.2.1"])
        (instance.state / "zones.ckpt.new").rmdir()
        instance.write_checkpoint()
        self.assertIsNone(instance.status()["checkpoint"]["error"])
