"""Lets the tests of this folder import the harness and the golden queries."""

import pathlib
import sys

_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS / "integration"), str(_TESTS / "golden")]
