"""Which libraries the programs are linked with: BoringSSL and OpenSSL have symbols of the same names, and a process
with both, one of them by way of libpq, takes the one's functions for the other's and dies."""

import re
import subprocess
import unittest

from instance import program

OPENSSL = re.compile(r"lib(?:ssl|crypto)\.so\.[1-9]")
BORINGSSL = re.compile(r"lib(?:ssl|crypto)\.so\.0")


def libraries(name):
    done = subprocess.run(["ldd", program(name)], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.splitlines()


class Libraries(unittest.TestCase):
    def assert_none(self, name, pattern):
        self.assertEqual([line for line in libraries(name) if re.search(pattern, line)], [], name)

    def test_the_dataplane_has_neither_openssl_nor_libpq(self):
        self.assert_none("gatepost-dataplane", OPENSSL)
        self.assert_none("gatepost-dataplane", r"libpq\.")

    def test_the_programs_with_libpq_have_no_boringssl(self):
        for name in ("gatepost", "gatepost-controlplane"):
            self.assertTrue(any("libpq." in line for line in libraries(name)), name)
            self.assert_none(name, BORINGSSL)

    def test_every_library_is_found(self):
        for name in ("gatepost", "gatepost-controlplane", "gatepost-dataplane"):
            self.assert_none(name, "not found")


if __name__ == "__main__":
    unittest.main()
