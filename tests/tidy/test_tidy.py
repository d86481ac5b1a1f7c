"""The house rules that a program can check (CONTRIBUTING.md). A warning is a comment line, everything else fails."""

import ast
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINE_OCTETS_MAX = 120
FILE_LINES_MAX = 800
FILE_LINES_WARNED = 400
FUNCTION_LINES_MAX = 70
CPP_FOLDERS = ("storage", "dataplane", "controlplane", "tools", "bench", "tests")
# What a folder may include beside itself. tests, bench and tools stand at the end of the flow and may include all.
MAY_INCLUDE = {
    "storage": {"storage"},
    "dataplane": {"storage", "dataplane"},
    "controlplane": {"storage", "controlplane"},
    "tools": {"storage", "dataplane", "controlplane", "tools"},
}
STORAGE_MAY_INCLUDE = {
    "storage/base": set(),
    "storage/arena": {"storage/base"},
    "storage/zone": {"storage/base"},
    "storage/zone_index": {"storage/base", "storage/arena", "storage/zone"},
    "storage/secret": {"storage/base"},
    "storage/password": {"storage/base"},
    "storage/mail_address": {"storage/base"},
    "storage/directory": {"storage/base", "storage/arena"},
    "storage/message_log": {"storage/base"},
    "storage/spool": {"storage/base", "storage/message_log"},
    "storage/delivery": {"storage/base", "storage/message_log"},
    "storage/mailbox_index": {"storage/base", "storage/arena", "storage/message_log"},
    "storage/mailbox_frames": {"storage/base", "storage/message_log", "storage/mailbox_index", "storage/delivery"},
    "storage/filter": {"storage/base", "storage/arena", "storage/directory"},
    "storage/policy": {"storage/base"},
}
BANNED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
FIRST_INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)


def project_files():
    """What is in the project: known to git, or new and not ignored. Without git, all but hidden and build folders."""
    git = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, check=False)
    if git.returncode == 0:
        found = [ROOT / name for name in git.stdout.decode().split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*")
                 if not any(part.startswith((".", "build")) for part in path.relative_to(ROOT).parts)]
    return sorted({path for path in found if path.is_file()})


FILES = project_files()
CPP = [path for path in FILES if path.suffix in (".cc", ".h")]
HEADERS = [path for path in CPP if path.suffix == ".h"]


def name(path):
    return str(path.relative_to(ROOT))


def folder(path):
    return str(path.relative_to(ROOT).parent)


def text(path):
    return path.read_text(encoding="utf-8")


def includes(path):
    return INCLUDE.findall(text(path))


class Tidy(unittest.TestCase):
    maxDiff = None

    def assert_none(self, found, what):
        self.assertEqual(len(found), 0, f"{what}:\n" + "\n".join(found))

    def test_includes_follow_the_flow(self):
        wrong = []
        for path in CPP:
            allowed = MAY_INCLUDE.get(name(path).split("/")[0])
            for included in includes(path):
                top = included.split("/")[0]
                if allowed is not None and top not in allowed and (ROOT / included).exists():
                    wrong.append(f"{name(path)} includes {included}")
        self.assert_none(wrong, "data flows storage → dataplane, controlplane → tools")

    def test_includes_inside_storage(self):
        wrong = []
        for path in CPP:
            here = folder(path)
            if here.split("/")[0] != "storage":
                continue
            self.assertIn(here, STORAGE_MAY_INCLUDE, "a new folder has its place in the flow")
            wrong += [f"{name(path)} includes {included}" for included in includes(path)
                      if str(pathlib.PurePath(included).parent) not in STORAGE_MAY_INCLUDE[here] | {here}]
        self.assert_none(wrong, "base comes before arena and zone, and these before zone_index and directory")

    def test_no_circle_of_folders(self):
        below = {}
        for path in CPP:
            if name(path).split("/")[0] not in ("storage", "dataplane", "controlplane"):
                continue
            for included in includes(path):
                if (ROOT / included).exists() and folder(ROOT / included) != folder(path):
                    below.setdefault(folder(path), set()).add(folder(ROOT / included))
        done, open_folders = set(), []

        def visit(here):
            if here in open_folders:
                self.fail("a circle: " + " → ".join(open_folders[open_folders.index(here):] + [here]))
            if here in done:
                return
            open_folders.append(here)
            for there in sorted(below.get(here, ())):
                visit(there)
            open_folders.pop()
            done.add(here)
        for here in sorted(below):
            visit(here)

    def test_includes_are_found(self):
        self.assert_none([f"{name(path)} includes {included}" for path in CPP for included in includes(path)
                          if not (ROOT / included).exists() and not (path.parent / included).exists()
                          and not included.startswith("unicode/")], "from the root of the project")

    def test_a_source_includes_its_header_first(self):
        wrong = []
        for path in CPP:
            header = path.with_suffix(".h")
            if path.suffix == ".cc" and header.exists():
                first = FIRST_INCLUDE.search(text(path))
                if not first or first.group(1) not in (name(header), header.name):
                    wrong.append(name(path))
        self.assert_none(wrong, "so that the build shows that the header stands alone")

    def test_headers_begin_as_they_should(self):
        wrong = []
        for path in HEADERS:
            content = text(path)
            if not content.startswith("// "):
                wrong.append(f"{name(path)}: no comment that says what it is")
            if len(re.findall(r"^#pragma once$", content, re.MULTILINE)) != 1:
                wrong.append(f"{name(path)}: no #pragma once")
        self.assert_none(wrong, "headers")

    def test_lengths_of_files(self):
        long = []
        for path in FILES:
            if path.suffix in (".cc", ".h", ".py", ".sql"):
                count = text(path).count("\n")
                if count > FILE_LINES_MAX:
                    long.append(f"{name(path)}: {count} lines, at most {FILE_LINES_MAX}")
                elif count > FILE_LINES_WARNED:
                    print(f"# warning: {name(path)} has {count} lines, {FILE_LINES_WARNED} at most in general")
        self.assert_none(long, "one noun per file")

    def test_lengths_of_functions(self):
        long = []
        for path in CPP:
            if name(path).startswith(("tests/", "bench/")):
                continue
            begin = None
            for number, line in enumerate(text(path).splitlines(), 1):
                if re.match(r"[A-Za-z_~].*\{$", line) and not re.match(r"(namespace|extern|struct|class|enum|union|"
                                                                      r"constexpr|const|static const) ?", line):
                    begin = number
                elif line.startswith("}") and begin is not None:
                    if number - begin + 1 > FUNCTION_LINES_MAX:
                        long.append(f"{name(path)}:{begin}: a function of {number - begin + 1} lines")
                    begin = None
        self.assert_none(long, f"{FUNCTION_LINES_MAX} lines at most")

    def test_lines(self):
        wrong = []
        for path in FILES:
            if path.suffix not in (".cc", ".h", ".py", ".sql", ".build", ".toml", ".sh"):
                continue
            content = path.read_bytes()
            if content and not content.endswith(b"\n"):
                wrong.append(f"{name(path)}: no newline at the end")
            for number, line in enumerate(content.split(b"\n"), 1):
                where = f"{name(path)}:{number}"
                # A mark such as § is one column and two octets: what people see counts.
                if len(line.decode("utf-8", "replace")) > LINE_OCTETS_MAX:
                    wrong.append(f"{where}: {len(line)} octets, at most {LINE_OCTETS_MAX}")
                if b"\t" in line:
                    wrong.append(f"{where}: a tab")
                if line.rstrip() != line:
                    wrong.append(f"{where}: blanks at the end")
        self.assert_none(wrong, "lines")

    def test_no_banned_words(self):
        wrong = []
        for path in FILES:
            try:
                lines = text(path).splitlines()
            except UnicodeDecodeError:
                continue
            wrong += [f"{name(path)}:{number}: {found.group()}" for number, line in enumerate(lines, 1)
                      if (found := BANNED.search(line))]
        self.assert_none(wrong, "work that is left belongs into an issue")

    def test_clang_format(self):
        clang_format = shutil.which("clang-format")
        if not clang_format:
            self.skipTest("clang-format is not installed")
        done = subprocess.run([clang_format, "--dry-run", "-Werror", *map(name, CPP)], capture_output=True, text=True,
                              check=False, cwd=ROOT)
        wrong = {line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line}
        self.assert_none(sorted(wrong), "clang-format -i")

    def test_sources_are_built(self):
        wrong = []
        for path in CPP:
            if path.suffix != ".cc":
                continue
            lists = [parent / "meson.build" for parent in path.parents if ROOT in (parent, *parent.parents)]
            lists += path.parent.glob("*/meson.build")
            words = "\n".join(text(file) for file in lists if file.exists())
            # Benches and fuzz targets are listed without their ending.
            if path.name not in words and f"'{path.stem}'" not in words:
                wrong.append(name(path))
        self.assert_none(wrong, "in no meson.build")

    def test_fuzz_targets_have_seeds(self):
        listed = text(ROOT / "tests/fuzz/meson.build")
        for path in sorted((ROOT / "tests/fuzz").glob("fuzz_*.cc")):
            with self.subTest(target=path.stem):
                seeds = [file for file in (path.parent / "corpus" / path.stem).glob("*") if file.is_file()]
                self.assertGreater(len(seeds), 0, "no seeds in its corpus folder")
                self.assertIn(f"'{path.stem}'", listed)

    def test_migrations(self):
        here = ROOT / "controlplane/schema"
        listed = text(here / "meson.build")
        forward = sorted(path.name for path in here.glob("*.sql") if not path.name.endswith(".rollback.sql"))
        self.assertGreater(len(forward), 0)
        for number, file in enumerate(forward, 1):
            with self.subTest(migration=file):
                self.assertRegex(file, rf"^{number:03d}_[a-z_]+\.sql$", "numbered without a gap")
                back = file.removesuffix(".sql") + ".rollback.sql"
                self.assertTrue((here / back).exists(), f"no {back}")
                for each in (file, back):
                    self.assertIn(f"'{each}'", listed)

    def test_the_readme_names_the_folders(self):
        rows = re.findall(r"^\| *`([a-z_./]+)/?` *\|", text(ROOT / "README.md"), re.MULTILINE)
        named = {row.strip("/") for row in rows}
        self.assertGreater(len(named), 0, "a table of folders")
        self.assert_none([row for row in sorted(named) if not (ROOT / row).is_dir() and not (ROOT / row).is_file()],
                         "in README.md, but not there")
        tops = {name(path).split("/")[0] for path in FILES if "/" in name(path)}
        self.assert_none(sorted(top for top in tops - named if not top.startswith(".")), "there, but not in README.md")

    def test_python_parses(self):
        for path in FILES:
            if path.suffix == ".py":
                ast.parse(text(path), name(path))

    def test_scripts_can_be_run(self):
        self.assert_none([name(path) for path in FILES if path.read_bytes()[:2] == b"#!" and
                          not os.access(path, os.X_OK)], "begins with #!, but is not executable")

    def test_headers_stand_alone(self):
        """Those that no source of the same name includes first, compiled by itself: those of unit tests may be compiled
        together. What compiled once is not compiled again until it, or what it includes, changes."""
        compiler = os.environ.get("CXX") or shutil.which("g++")
        alone = [path for path in HEADERS
                 if not path.with_suffix(".cc").exists() or name(path).startswith("tests/unit/")]
        cache = pathlib.Path(os.environ.get("GATEPOST_TIDY_CACHE", "/nonexistent"))
        flags = ["-std=c++20", "-Wall", "-Wextra", "-D_GNU_SOURCE", f"-I{ROOT}", "-I/usr/include/postgresql"]

        def digest(path, seen):
            if path in seen or not path.exists():
                return b""
            seen.add(path)
            parts = [path.read_bytes()] + [digest(ROOT / included, seen) for included in includes(path)]
            return hashlib.sha256(b"".join(parts)).digest()

        def check(path):
            stamp = cache / (hashlib.sha256(digest(path, set()) + " ".join(flags).encode()).hexdigest() + ".ok")
            if stamp.exists():
                return None
            done = subprocess.run([*compiler.split(), *flags, "-fsyntax-only", "-x", "c++", "-"], text=True,
                                  input=f'#include "{name(path)}"\n', capture_output=True, check=False, cwd=ROOT)
            if done.returncode == 0 and cache.parent.exists():
                cache.mkdir(exist_ok=True)
                stamp.touch()
            return None if done.returncode == 0 else f"{name(path)}:\n{done.stderr}"

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            self.assert_none([failure for failure in pool.map(check, alone) if failure], "not self-contained")


if __name__ == "__main__":
    unittest.main()
