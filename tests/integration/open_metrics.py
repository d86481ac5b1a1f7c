"""Reads OpenMetrics 1.0 as a strict scraper does: whatever is not quite right raises BadMetrics."""

import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (-?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)|\+Inf|NaN)")
_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "info": ("_info",)}


class BadMetrics(Exception):
    pass


def _labels(text, line):
    labels, at = [], 0
    while at < len(text):
        found = _LABEL.match(text, at)
        if not found:
            raise BadMetrics(f"labels: {line}")
        labels.append(found.groups())
        at = found.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                raise BadMetrics(f"labels: {line}")
            at += 1
    if len({name for name, _ in labels}) != len(labels):
        raise BadMetrics(f"a label twice: {line}")
    return tuple(sorted(labels))


class _Reader:
    def __init__(self):
        self.samples = {}
        self._families = {}
        self._family = None

    def take(self, line):
        if not line.startswith("#"):
            return self._take_sample(line)
        found = re.fullmatch(rf"# (TYPE|HELP|UNIT) ({_NAME}) (.+)", line)
        if not found:
            raise BadMetrics(f"no TYPE, HELP or UNIT: {line}")
        word, family, value = found.groups()
        if family != self._family:
            if family in self._families:
                raise BadMetrics(f"the family comes twice: {line}")
            self._family = family
            self._families[family] = {}
        about = self._families[family]
        if word in about or "samples" in about:
            raise BadMetrics(f"out of place: {line}")
        about[word] = value
        if word == "TYPE" and value not in _SUFFIXES:
            raise BadMetrics(f"type: {line}")
        return None

    def _take_sample(self, line):
        found = _SAMPLE.fullmatch(line)
        if not found:
            raise BadMetrics(f"no sample: {line!r}")
        name, labels, value = found.groups()
        about = self._families.get(self._family, {})
        if "TYPE" not in about or "HELP" not in about:
            raise BadMetrics(f"without TYPE and HELP: {line}")
        if name not in [self._family + suffix for suffix in _SUFFIXES[about["TYPE"]]]:
            raise BadMetrics(f"not of the family {self._family}, a {about['TYPE']}: {line}")
        about["samples"] = True
        key = (name, _labels(labels or "", line))
        if key in self.samples:
            raise BadMetrics(f"a series twice: {line}")
        if about["TYPE"] == "counter" and float(value) < 0:
            raise BadMetrics(f"a counter below zero: {line}")
        self.samples[key] = float(value)


def parse_metrics(text):
    """{(name, ((label, value), …)): number}"""
    lines = text.split("\n")
    if lines[-2:] != ["# EOF", ""]:
        raise BadMetrics("the last line is not # EOF")
    reader = _Reader()
    for line in lines[:-2]:
        reader.take(line)
    return reader.samples


def value_of(samples, name, **labels):
    return samples[name, tuple(sorted(labels.items()))]
