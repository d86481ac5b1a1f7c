"""Tables for people, and one line of JSON for programs."""

import json
import math
import os
import statistics


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """The smallest value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def rounded(value):
    """Four digits that count."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if abs(value) < 10_000 else round(value)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return value


def table(head, rows):
    """Columns as wide as they need; the first to the left, numbers to the right."""
    cells = [head] + [[cell if isinstance(cell, str) else format_number(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        line = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(line).rstrip())
    print(flush=True)


def format_number(value):
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def ratios(figures, metrics, ours="gatepost"):
    """METRIC_vs_PEER, ours divided by theirs. `metrics`: name of the ratio → key of the figure."""
    out = {}
    for name, key in metrics.items():
        for peer, theirs in figures.items():
            if peer == ours or not theirs.get(key) or figures[ours].get(key) is None:
                continue
            out[f"{name}_vs_{peer}"] = figures[ours][key] / theirs[key]
    return out


def finish(bench, figures, ratios_, json_file=None, **conditions):
    """The last line."""
    result = rounded({"bench": bench, "figures": figures, "ratios": ratios_, "conditions": conditions})
    result["conditions"]["cores"] = os.cpu_count()
    line = json.dumps(result, separators=(",", ":"))
    if json_file:
        with open(json_file, "w", encoding="ascii") as out:
            out.write(line + "\n")
    print(line, flush=True)
