"""The dashboard as a picture: its own grid, titles and units, and what Prometheus answered to its queries."""

import math
import re
from html import escape

from report.svg import GRID, INK, PALE, PAPER

COLUMN, ROW, GAP = 46, 34, 8
COLOURS = ["#0f766e", "#b45309", "#4338ca", "#be123c", "#15803d", "#7c3aed", "#0369a1", "#a16207", "#64748b"]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
# A line of the legend takes so many pixels, and a letter of it.
LEGEND, LETTER = 15, 6.0

# What Prometheus answers to a query: for each series its labels, and (seconds, value) after the start.
Series = tuple[dict[str, str], list[tuple[float, float]]]


def dashboard(panels: list[dict], answers: dict[int, list[tuple[str, list[Series]]]], seconds: float) -> str:
    """`answers`: for the id of a panel its targets, each with how its series are called."""
    height = max((panel["gridPos"]["y"] + panel["gridPos"]["h"]) for panel in panels) * ROW + 2 * GAP
    width = 24 * COLUMN + 2 * GAP
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{FONT}" role="img">']
    parts += ["<title>The dashboard of jotgate</title>", f'<rect width="{width}" height="{height}" fill="#eef1f4"/>']
    for panel in panels:
        place = panel["gridPos"]
        box = (GAP + place["x"] * COLUMN, GAP + place["y"] * ROW, place["w"] * COLUMN - GAP, place["h"] * ROW - GAP)
        parts += drawn(panel, box, answers.get(panel["id"], []), seconds)
    return "\n".join([*parts, "</svg>"]) + "\n"


def drawn(panel: dict, box: tuple, targets: list[tuple[str, list[Series]]], seconds: float) -> list[str]:
    x, y, width, height = box
    if panel["type"] == "row":
        return [text(x + 2, y + 20, panel["title"], 15, INK, weight=600)]
    parts = [f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{PAPER}" stroke="{GRID}"/>']
    parts.append(text(x + 10, y + 19, panel["title"], 12.5, INK, weight=600))
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "short")
    found = [(named(legend, labels), points, labels) for legend, series in targets for labels, points in series]
    if not found:
        return [*parts, text(x + width / 2, y + height / 2 + 8, "No data", 13, PALE, "middle")]
    inner = (x + 10, y + 30, width - 20, height - 38)
    if panel["type"] == "stat":
        value = shown(found[0][1][-1][1], unit)
        return [*parts, text(x + width / 2, y + height / 2 + 22, value, 30, COLOURS[0], "middle", 600)]
    if panel["type"] == "table":
        return parts + table(inner, [labels for _, _, labels in found])
    if panel["type"] == "heatmap":
        return parts + heatmap(inner, found, seconds)
    return parts + lines(inner, found, unit, seconds)


def lines(inner: tuple, found: list, unit: str, seconds: float) -> list[str]:
    x, y, width, height = inner
    rows = legend_rows([name for name, _, _ in found], width)
    bottom, left = y + height - rows * LEGEND - 18, x + 58
    most = max((value for _, points, _ in found for _, value in points), default=0) or 1
    x_of = lambda at: left + (x + width - left) * at / seconds
    y_of = lambda value: bottom - (bottom - y - 4) * value / most
    parts = []
    for share in (0, 0.5, 1):
        at = y_of(most * share)
        parts.append(f'<line x1="{left}" y1="{at:.1f}" x2="{x + width}" y2="{at:.1f}" stroke="{GRID}"/>')
        parts.append(text(left - 6, at + 4, shown(most * share, unit), 10.5, PALE, "end"))
    for at in range(0, int(seconds) + 1, 30):
        parts.append(text(x_of(at), bottom + 14, f"{at} s", 10.5, PALE, "middle"))
    for index, (_, points, _) in enumerate(found):
        line = " ".join(f"{x_of(at):.1f},{y_of(value):.1f}" for at, value in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour(index)}" stroke-width="1.6"/>')
    at_x, at_y = x, bottom + 30
    for index, (name, _, _) in enumerate(found):
        taken = 20 + LETTER * len(name)
        if at_x > x and at_x + taken > x + width:
            at_x, at_y = x, at_y + LEGEND
        parts.append(f'<rect x="{at_x:.1f}" y="{at_y - 8}" width="9" height="9" rx="2" fill="{colour(index)}"/>')
        parts.append(text(at_x + 13, at_y, name, 10.5, PALE))
        at_x += taken
    return parts


def legend_rows(names: list[str], width: float) -> int:
    rows, taken = 1, 0.0
    for name in names:
        wanted = 20 + LETTER * len(name)
        if taken and taken + wanted > width:
            rows, taken = rows + 1, 0.0
        taken += wanted
    return rows


def heatmap(inner: tuple, found: list, seconds: float) -> list[str]:
    """Buckets that count all that is below them: of each, what the one below it does not have."""
    x, y, width, height = inner
    buckets = sorted((float(labels["le"].replace("+Inf", "inf")), dict(points)) for _, points, labels in found)
    left, bottom = x + 58, y + height - 18
    tall = (bottom - y) / len(buckets)
    counts, below = [], {}
    for _, points in buckets:
        counts.append({at: max(0.0, value - below.get(at, 0.0)) for at, value in points.items()})
        below = points
    most = max((value for column in counts for value in column.values()), default=0) or 1
    wide = (x + width - left) / max(1, len(buckets[0][1]))
    parts = []
    for index, (bucket, column) in enumerate(zip(buckets, counts)):
        at_y = bottom - (index + 1) * tall
        if index % 4 == 0:
            parts.append(text(left - 6, at_y + tall / 2 + 4, shown(bucket[0], "s"), 10.5, PALE, "end"))
        for at, value in column.items():
            if value > 0:
                shade = 0.12 + 0.88 * math.sqrt(value / most)
                at_x = left + (x + width - left - wide) * at / seconds
                size = f'width="{wide:.1f}" height="{tall:.1f}"'
                parts.append(f'<rect x="{at_x:.1f}" y="{at_y:.1f}" {size} fill="{COLOURS[1]}" fill-opacity="{shade:.2f}"/>')
    return parts


def table(inner: tuple, rows: list[dict[str, str]]) -> list[str]:
    x, y, width, _ = inner
    names = sorted(rows[0])
    parts = []
    for column, name in enumerate(names):
        at = x + column * width / len(names)
        parts.append(text(at, y + 14, name, 11, PALE, weight=600))
        parts += [text(at, y + 34 + 18 * row, labels[name][:24], 12, INK) for row, labels in enumerate(rows)]
    return parts


def named(legend: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def shown(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "∞"
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "s":
        scale, suffix = next(((scale, suffix) for scale, suffix in ((1, "s"), (1e-3, "ms")) if value >= scale), (1e-6, "µs"))
        return f"{value / scale:.3g} {suffix}"
    if unit == "bytes":
        return f"{value / 1024 / 1024:.3g} MiB"
    rounded = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
    return rounded + {"reqps": "/s", "ops": "/s"}.get(unit, "")


def colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def text(x: float, y: float, words: str, size: float, fill: str, anchor: str = "start", weight: int = 400) -> str:
    style = f'font-size="{size}" fill="{fill}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'
