"""What a benchmark says: rows, each a ratio measured in one run, and how they are printed, kept and drawn."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MISSED, MET, NOT_RUN = "missed", "met", "not run"


@dataclass
class Row:
    """One line of the table.

    ``value`` is what the goal is about: a ratio to the rival (ours is so many times as fast), or what ``unit`` says.
    ``goal``: at least that, or with ``at_most`` at most. ``cpu_us``: CPU microseconds a message or query, ours and the
    rival's. ``growth``: by size, what ``value`` is there. ``why``: why it was not run, or what is to be known.
    """

    name: str
    what: str
    against: str
    goal: float | None
    value: float | None = None
    unit: str = "×"
    at_most: bool = False
    cpu_us: float | None = None
    rival_cpu_us: float | None = None
    memory_mib: float | None = None
    growth: dict[str, float] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    why: str = ""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return NOT_RUN
        if self.goal is None:
            return ""
        return MET if (self.value <= self.goal if self.at_most else self.value >= self.goal) else MISSED

    @property
    def said_goal(self) -> str:
        return "" if self.goal is None else f"{'≤' if self.at_most else '≥'} {_figure(self.goal)} {self.unit}"

    @property
    def said_value(self) -> str:
        return "–" if self.value is None else f"{_figure(self.value)} {self.unit}"


def _figure(value: float) -> str:
    for least, digits in ((1000, 0), (100, 0), (10, 1), (1, 2)):
        if abs(value) >= least:
            return f"{value:,.{digits}f}"
    return f"{value:.3g}"


def show(rows: list[Row]) -> None:
    """Print the table."""
    from rich.console import Console  # noqa: PLC0415  only where it is shown
    from rich.table import Table  # noqa: PLC0415

    table = Table(show_lines=False, pad_edge=False)
    for name in ("row", "against", "goal", "measured", "", "CPU µs (theirs)", "MiB", "growth"):
        table.add_column(name, overflow="fold")
    looks = {MET: "green", MISSED: "red", NOT_RUN: "yellow", "": "dim"}
    for row in rows:
        cpu = "" if row.cpu_us is None else _figure(row.cpu_us)
        if row.rival_cpu_us is not None:
            cpu += f" ({_figure(row.rival_cpu_us)})"
        growth = " · ".join(f"{size}: {_figure(value)}" for size, value in row.growth.items())
        table.add_row(
            row.what,
            row.against,
            row.said_goal,
            row.said_value,
            f"[{looks[row.verdict]}]{row.verdict}[/]" + (f"\n{row.why}" if row.why else ""),
            cpu,
            "" if row.memory_mib is None else _figure(row.memory_mib),
            growth,
        )
    Console(width=180).print(table)


def keep(rows: list[Row], machine: dict[str, Any], folder: Path) -> None:
    """Write what was measured as JSON, and as a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [{**asdict(row), "verdict": row.verdict} for row in rows]
    (folder / "bench.json").write_text(json.dumps({"machine": machine, "rows": told}, indent=1, ensure_ascii=False))
    _draw(rows, folder / "bench.png")


def _draw(rows: list[Row], path: Path) -> None:
    """Draw each row's share of its goal on one logarithmic scale: right of the line, it is met."""
    import matplotlib as mpl  # noqa: PLC0415  heavy, and only for this

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    drawn = [row for row in rows if row.value and row.goal]
    if not drawn:
        return
    shares = [(row.goal / row.value) if row.at_most else (row.value / row.goal) for row in drawn]  # type: ignore[operator]
    colours = ["#1c6b3f" if share >= 1 else "#b0121d" for share in shares]
    figure, axes = plt.subplots(figsize=(11, 0.42 * len(drawn) + 1.5))
    axes.barh([row.what for row in drawn], shares, color=colours, left=0)
    axes.axvline(1, color="#17191d", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("measured, as a share of the goal (1: just met)")
    axes.invert_yaxis()
    for at, row in enumerate(drawn):
        axes.text(shares[at], at, f" {row.said_value}  (goal {row.said_goal})", va="center", fontsize=8)
    axes.margins(x=0.35)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
