"""Draws benchmarks' results. Usage: draw.py FOLDER RESULTS.json..."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update(
    {
        "svg.hashsalt": "headrace",  # the same figures, the same file
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
from matplotlib import pyplot  # noqa: E402

OURS, PEER = "#2a6f97", "#bbbbbb"
LINES = ("#2a6f97", "#c8553d", "#588157", "#6d597a", "#e09f3e", "#444444")


def grouped(rows: list[Any], key: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def bars(axes: Any, figure: str, rows: list[Any]) -> None:
    """A bar for each subject; the whisker is from the least to the greatest."""
    labels = [row["subject"] for row in rows]
    for place, row in enumerate(rows):
        summary = row["summary"]
        middle = summary["median"]
        whisker = [[middle - summary["low"]], [summary["high"] - middle]]
        colour = OURS if row["ratio"] is None else PEER
        axes.barh(place, middle, xerr=whisker, color=colour, ecolor="#333333", capsize=2)
        axes.annotate(
            f" {shown(middle)}", (summary["high"], place), va="center", fontsize=8, color="#333333"
        )
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    axes.set_title(figure, loc="left", fontsize=9)


def lines(axes: Any, figure: str, rows: list[Any]) -> None:
    """A line for each subject over the size."""
    for colour, (subject, points) in zip(LINES, grouped(rows, "subject").items(), strict=False):
        points = sorted(points, key=lambda row: row["size"])
        sizes = [row["size"] for row in points]
        middles = [row["summary"]["median"] for row in points]
        low = [row["summary"]["median"] - row["summary"]["low"] for row in points]
        high = [row["summary"]["high"] - row["summary"]["median"] for row in points]
        axes.errorbar(sizes, middles, [low, high], color=colour, marker="o", capsize=2, ms=4)
        axes.annotate(f" {subject}", (sizes[-1], middles[-1]), color=colour, fontsize=8)
    axes.set_xscale("log")
    axes.set_xticks(sorted({row["size"] for row in rows}))
    axes.get_xaxis().set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.margins(x=0.25)
    axes.set_title(figure, loc="left", fontsize=9)


def draw(benchmark: str, rows: list[Any], folder: Path) -> None:
    figures = grouped(rows, "figure")
    heights = [
        2.2 if group[0]["size"] is not None else 0.55 + 0.28 * len(group)
        for group in figures.values()
    ]
    figure, places = pyplot.subplots(
        len(figures),
        figsize=(8, sum(heights) + 0.3 * len(heights)),
        gridspec_kw={"height_ratios": heights},
        layout="constrained",
        squeeze=False,
    )
    for axes, (name, group) in zip(places[:, 0], figures.items(), strict=True):
        (bars if group[0]["size"] is None else lines)(axes, name, group)
    path = folder / f"{benchmark}.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    print(path)


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
found: dict[str, list[Any]] = {}
for file in sys.argv[2:]:
    found.update(grouped(json.loads(Path(file).read_text())["rows"], "benchmark"))
for benchmark, rows in found.items():
    draw(benchmark, rows, folder)
