"""Bars and lines as SVG. Python has no library for it, and what there is to draw does not need one of others."""

import math
from dataclasses import dataclass, field
from html import escape

WIDTH = 860
INK, PALE, GRID, PAPER = "#1f2933", "#66717d", "#e3e8ee", "#ffffff"
OURS, OTHERS, OTHERS_DARK = "#0f766e", "#b4bdc8", "#7b8794"


@dataclass
class Bar:
    label: str
    # Each piece with its colour; several are stacked.
    pieces: list[tuple[float, str]]
    is_bold: bool = False
    # A line above it, that begins a group.
    group: str = ""


@dataclass
class Line:
    # For the legend; a second line of the same colour needs none.
    label: str
    colour: str
    points: list[tuple[float, float]]
    is_dashed: bool = False


@dataclass
class Drawing:
    title: str
    subtitle: str
    height: float = 0.0
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, size: int = 13, colour: str = INK, anchor: str = "start", weight: int = 400) -> None:
        style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>')

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" fill="{colour}"/>')

    def rule(self, x1: float, y1: float, x2: float, y2: float, colour: str = GRID) -> None:
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>')

    def legend(self, x: float, y: float, entries: list[tuple[str, str]]) -> None:
        for words, colour in entries:
            self.box(x, y - 10, 12, 12, colour)
            self.text(x + 18, y, words, 12, PALE)
            x += 38 + 6.6 * len(words)

    def __str__(self) -> str:
        self.text(28, 38, self.title, 19, weight=600)
        self.text(28, 60, self.subtitle, 13, PALE)
        font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height:.0f}" font-family="{font}" role="img">'
        title = f"<title>{escape(self.title)}</title>"
        paper = f'<rect width="{WIDTH}" height="{self.height:.0f}" rx="8" fill="{PAPER}" stroke="{GRID}"/>'
        return "\n".join([head, title, paper, *self.parts, "</svg>"]) + "\n"


def bars(title: str, subtitle: str, unit: str, found: list[Bar], legend: list[tuple[str, str]]) -> str:
    """Horizontal bars, the first on top."""
    drawing = Drawing(title, subtitle)
    left, right, y = 320.0, WIDTH - 90.0, 84.0
    most = max(sum(value for value, _ in bar.pieces) for bar in found)
    ticks = nice_steps(most)
    scale = (right - left) / max(most, ticks[-1])
    top = y
    rows: list[tuple[float, Bar]] = []
    for bar in found:
        y += 30 if bar.group else 0
        rows.append((y, bar))
        y += 29
    for tick in ticks:
        drawing.rule(left + tick * scale, top - 4, left + tick * scale, y)
        drawing.text(left + tick * scale, y + 18, f"{tick:,g}", 12, PALE, "middle")
    drawing.text(WIDTH - 28, y + 18, unit, 12, PALE, "end")
    for y_row, bar in rows:
        if bar.group:
            drawing.text(28, y_row - 9, bar.group, 12, PALE, weight=600)
        drawing.text(left - 12, y_row + 15, bar.label, 13, INK, "end", 600 if bar.is_bold else 400)
        x = left
        for value, colour in bar.pieces:
            drawing.box(x, y_row, max(value * scale, 1), 20, colour)
            x += value * scale
        total = sum(value for value, _ in bar.pieces)
        drawing.text(x + 8, y_row + 15, f"{total:,.1f}", 13, INK, weight=600 if bar.is_bold else 400)
    drawing.legend(left, y + 46, legend)
    drawing.height = y + (66 if legend else 36)
    return str(drawing)


def lines(title: str, subtitle: str, x_title: str, y_title: str, found: list[Line]) -> str:
    """Lines over a linear axis, with a logarithmic one upwards."""
    drawing = Drawing(title, subtitle)
    left, right, top, bottom = 76.0, WIDTH - 36.0, 106.0, 426.0
    xs = [x for line in found for x, _ in line.points]
    ys = [y for line in found for _, y in line.points]
    x_ticks = nice_steps(max(xs))
    low, high = math.floor(math.log10(min(ys))), math.log10(max(ys)) + 0.1
    x_of = lambda x: left + (right - left) * x / max(max(xs) * 1.03, x_ticks[-1])
    y_of = lambda y: bottom - (bottom - top) * (math.log10(y) - low) / (high - low)
    for tick in x_ticks:
        drawing.rule(x_of(tick), top, x_of(tick), bottom)
        drawing.text(x_of(tick), bottom + 18, f"{tick:,g}", 12, PALE, "middle")
    for power in range(low, math.ceil(high) + 1):
        for digit in (1, 2, 5):
            y = digit * 10.0**power
            if low <= math.log10(y) <= high:
                drawing.rule(left, y_of(y), right, y_of(y))
                drawing.text(left - 8, y_of(y) + 4, f"{y:,g}", 12, PALE, "end")
    drawing.text(left - 48, top - 16, y_title, 12, PALE)
    drawing.text(right, bottom + 38, x_title, 12, PALE, "end")
    for line in found:
        dash = ' stroke-dasharray="5 4"' if line.is_dashed else ""
        points = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line.points)
        drawing.parts.append(f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="2.5"{dash}/>')
        for x, y in line.points:
            drawing.parts.append(f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="4" fill="{line.colour}"/>')
    drawing.legend(left, bottom + 66, [(line.label, line.colour) for line in found if line.label])
    drawing.height = bottom + 86
    return str(drawing)


def nice_steps(most: float) -> list[float]:
    """About five round numbers, from 0 to the last one that is not beyond `most`."""
    rough = most / 5
    power = 10 ** math.floor(math.log10(rough))
    step = min((digit * power for digit in (1, 2, 2.5, 5, 10)), key=lambda step: abs(step - rough))
    return [step * count for count in range(int(most / step) + 1)]
