#!/usr/bin/env python3
"""Plots of what stores do at scale, as SVG.

    python3 tests/scale_plot.py scale.json docs/plots

The JSON is written by the program `scale` (see tests/scale/main.rs). There is one plot for each store, of each verb's time against the
number of sessions, and one of the growth of all. Nothing but Python's standard library is needed.
"""

import json
import math
import pathlib
import sys
from html import escape

INK = "#1f2430"
FAINT = "#5b6372"
GRID = "#e3e6eb"
PAPER = "#ffffff"
FONT = "font-family='DejaVu Sans, Verdana, Helvetica, sans-serif'"

# Colours that can be told apart by those who see fewer, and marks for everybody else.
STYLES = {
    "load, hit": ("#0072b2", "circle"),
    "load, miss": ("#56b4e9", "square"),
    "create": ("#009e73", "circle"),
    "update": ("#d55e00", "circle"),
    "update, conflict": ("#e69f00", "square"),
    "rotate": ("#8c510a", "triangle"),
    "delete": ("#cc79a7", "circle"),
    "list of 10": ("#6a3d9a", "square"),
    "delete_all of 1,000": ("#444444", "triangle"),
    "delete_expired of 10,000": ("#b2182b", "diamond"),
    "(load from a HashMap)": ("#9aa0a6", "diamond"),
}
TITLES = {
    "memory": "Memory",
    "sqlite": "SQLite",
    "postgres": "PostgreSQL",
    "mysql": "MySQL / MariaDB",
    "redis": "Redis",
}

WIDTH, HEIGHT = 1120, 560
TOP, BOTTOM = 92, 492
PANELS = ((78, 428, "p50", "Median (p50)"), (478, 828, "p99", "99th percentile (p99)"))
LEGEND = 868


def text(x, y, words, size=14, anchor="start", colour=INK, weight="normal", turn=None):
    turned = f" transform='rotate({turn} {x:.1f} {y:.1f})'" if turn else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}' "
        f"font-weight='{weight}'{turned}>{escape(words)}</text>"
    )


def line(x1, y1, x2, y2, colour, width=1.0):
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' stroke-width='{width}'/>"


def mark(x, y, shape, colour):
    ink = f"fill='{colour}' stroke='{PAPER}' stroke-width='1'"
    if shape == "circle":
        return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4.5' {ink}/>"
    corners = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "triangle": ((0, -5), (5, 4), (-5, 4)),
        "diamond": ((0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)),
    }[shape]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f"<polygon points='{points}' {ink}/>"


def document(width, height, parts):
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}' {FONT}>"
    return "\n".join([head, f"<rect width='{width}' height='{height}' fill='{PAPER}'/>", *parts, "</svg>"]) + "\n"


def time(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:g} {unit}"
    return f"{nanoseconds:g} ns"


def curves(store):
    """For each verb that was measured, its figures by size."""
    verbs = {}
    for size in store["sizes"]:
        for figure in size["verbs"]:
            if figure["rounds"]:
                verbs.setdefault(figure["verb"], []).append((size["sessions"], figure))
    return verbs


def plot(store):
    verbs = curves(store)
    sizes = [size["sessions"] for size in store["sizes"]]
    times = [max(figure[part], 1) for points in verbs.values() for _, figure in points for part in ("p50", "p99")]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    first, last = math.log10(min(sizes)), math.log10(max(sizes))

    def height(nanoseconds):
        return BOTTOM - (math.log10(max(nanoseconds, 1)) - low) / (high - low) * (BOTTOM - TOP)

    parts = [text(24, 36, f"{TITLES[store['name']]}: time per call and number of sessions", 20, weight="bold")]
    for left, right, part, title in PANELS:

        def across(sessions):
            return left + 16 + (math.log10(sessions) - first) / max(last - first, 1e-9) * (right - left - 32)

        parts.append(text((left + right) / 2, TOP - 16, title, 15, "middle", weight="bold"))
        for decade in range(low, high + 1):
            y = height(10**decade)
            parts.append(line(left, y, right, y, GRID))
            if part == "p50":
                parts.append(text(left - 8, y + 5, time(10**decade), 13, "end", FAINT))
        for sessions in sizes:
            x = across(sessions)
            parts.append(line(x, TOP, x, BOTTOM, GRID))
            parts.append(text(x, BOTTOM + 20, f"{sessions:,}", 13, "middle", FAINT))
        parts.append(line(left, BOTTOM, right, BOTTOM, FAINT))
        parts.append(text((left + right) / 2, BOTTOM + 44, "sessions in the store", 14, "middle"))
        for verb, points in verbs.items():
            colour, shape = STYLES[verb]
            at = [(across(sessions), height(figure[part])) for sessions, figure in points]
            way = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
            parts.append(f"<polyline points='{way}' fill='none' stroke='{colour}' stroke-width='2.2' stroke-opacity='0.9'/>")
            parts.extend(mark(x, y, shape, colour) for x, y in at)

    # In the order in which the curves of the second panel end.
    order = sorted(verbs, key=lambda verb: -verbs[verb][-1][1]["p99"])
    for index, verb in enumerate(order):
        colour, shape = STYLES[verb]
        y = TOP + 14 + index * 30
        parts.append(line(LEGEND, y, LEGEND + 30, y, colour, 2.2))
        parts.append(mark(LEGEND + 15, y, shape, colour))
        parts.append(text(LEGEND + 40, y + 5, verb, 14))
    return document(WIDTH, HEIGHT, parts)


def shade(growth):
    """Green up to what is the goal, then yellow to red."""
    steps = ((1.25, "#c7e9c0"), (2.0, "#e5f5e0"), (3.0, "#fff3b8"), (6.0, "#fdd49e"), (15.0, "#fdae8b"))
    return next((colour for limit, colour in steps if growth <= limit), "#f28e82")


def factor(times):
    return f"{times:.2f}x" if times < 10 else f"{times:.0f}x"


def growth(stores):
    smallest, largest = stores[0]["sizes"][0]["sessions"], stores[0]["sizes"][-1]["sessions"]
    names = [name for name in STYLES if any(name in curves(store) for store in stores)]
    left, top, wide, tall = 250, 108, 142, 38
    width, height = max(left + wide * len(stores) + 24, 760), top + tall * len(names) + 56
    parts = [text(24, 36, f"How many times as long a call takes (p50): {largest:,} sessions against {smallest:,}", 18, weight="bold")]
    for column, store in enumerate(stores):
        x = left + column * wide
        parts.append(text(x + wide / 2, top - 16, TITLES[store["name"]], 14, "middle", weight="bold"))
        verbs = curves(store)
        for row, name in enumerate(names):
            y = top + row * tall
            if name not in verbs:
                parts.append(text(x + wide / 2, y + 24, "–", 15, "middle", FAINT))
                continue
            times = verbs[name][-1][1]["p50"] / max(verbs[name][0][1]["p50"], 1)
            parts.append(f"<rect x='{x + 2}' y='{y + 2}' width='{wide - 4}' height='{tall - 4}' rx='4' fill='{shade(times)}'/>")
            weight = "bold" if times > 2 else "normal"
            parts.append(text(x + wide / 2, y + 24, factor(times), 15, "middle", weight=weight))
    for row, name in enumerate(names):
        parts.append(text(left - 14, top + row * tall + 24, name, 14, "end"))
    parts.append(text(left, top + tall * len(names) + 32, "Green: the goal of at most twice as long is met. Bold: it is not.", 13, colour=FAINT))
    return document(width, height, parts)


def main():
    source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    stores = json.loads(source.read_text(encoding="utf-8"))["stores"]
    folder.mkdir(parents=True, exist_ok=True)
    for store in stores:
        (folder / f"{store['name']}.svg").write_text(plot(store), encoding="utf-8")
    (folder / "growth.svg").write_text(growth(stores), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
