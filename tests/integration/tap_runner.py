"""Runs the unittest cases of a file and reports each test method as a line of TAP (version 13).

    python3 tap_runner.py test_something.py [METHOD…]
"""

import importlib.util
import os
import pathlib
import sys
import time
import traceback
import unittest


def _comment(text):
    return "".join(f"# {line}\n" for line in text.splitlines())


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.count = 0
        self._began = 0.0
        self._errors = []
        self._skipped = None
        self._more = ""

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        self._errors = []
        self._skipped = None
        self._more = ""

    def _tell(self, test, ok, directive="", details=""):
        self.count += 1
        # A class or a module whose set-up failed has no method.
        name = getattr(test, "_testMethodName", None)
        name = f"{type(test).__name__}.{name}" if name else str(test)
        took = f"# {name}: {time.monotonic() - self._began:.2f} s\n" if self._began else ""
        sys.stdout.write(f"{'ok' if ok else 'not ok'} {self.count} - {name}{directive}\n" + took +
                         _comment(details))
        sys.stdout.flush()

    def _fail(self, test, error):
        self._errors.append("".join(traceback.format_exception(*error)))
        # What the test can tell more, such as the ends of logs, while they are there.
        if not self._more:
            self._more = getattr(test, "failure_details", str)()
        # A set-up of a class or module has no stopTest.
        if not isinstance(test, unittest.TestCase):
            self._tell(test, False, details="\n".join(self._errors))

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._fail(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._fail(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error:
            self._fail(test, error)
            self._errors[-1] = f"{subtest._subDescription()}\n{self._errors[-1]}"

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if isinstance(test, unittest.TestCase):
            self._skipped = reason
        else:
            self._tell(test, True, f" # SKIP {reason}")

    def stopTest(self, test):
        if self._errors:
            self._tell(test, False, details="\n".join([*self._errors, self._more]))
        elif self._skipped is not None:
            self._tell(test, True, f" # SKIP {self._skipped}")
        else:
            self._tell(test, True)
        self._errors = []
        super().stopTest(test)


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(path.parent))
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.stdout.write("TAP version 13\n")
    try:
        spec.loader.exec_module(module)
    except unittest.SkipTest as skip:
        sys.stdout.write(f"1..0 # SKIP {skip}\n")
        return 0
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(module)
    if sys.argv[2:]:
        wanted = set(sys.argv[2:])
        suite = unittest.TestSuite(test for group in suite for test in group
                                   if wanted & {test._testMethodName, type(test).__name__})
    result = TapResult()
    suite.run(result)
    sys.stdout.write(f"1..{result.count}\n")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
