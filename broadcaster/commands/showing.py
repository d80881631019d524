"""Terminal output."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from broadcaster.commands.wording import reader

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86_400
_TENTHS_BELOW_S = 10
_PIPED_WIDTH = 160


SAID_AFTER_S = 1.0
"""Seconds after which a command reports that it waits for a store or service."""


def out() -> Console:
    """Return the console for results, created at each use because test runners replace stdout."""
    return _console(stderr=False)


def err() -> Console:
    """Return the console on stderr: progress, warnings, questions."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = _PIPED_WIDTH
    return made


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> Table:
    """Return a table; columns whose name begins with # hold numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    made.show_header = any(columns)
    for name in columns:
        made.add_column(name.removeprefix("#"), justify="right" if name.startswith("#") else "left", overflow="fold")
    for row in rows:
        made.add_row(*("—" if cell is None else cell if isinstance(cell, Text) else escape(str(cell)) for cell in row))
    return made


def show_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print each name with its value, values below each other."""
    told = list(facts)
    width = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        click.echo(f"{name:<{width}}  {value}")


def print_json(document: Any) -> None:
    """Print one JSON document on stdout, and nothing else."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def number(value: float) -> str:
    """Format a number for the terminal's reader: 6,000 or 6 000."""
    return reader().number(value)


def seconds(value: float | None) -> str:
    """Format a duration: 0.4 s, 12 s, 3 min 20 s, 2 h 05 min."""
    if value is None:
        return "—"
    if value < _TENTHS_BELOW_S:
        return f"{reader().number(round(value, 1))} s"
    whole = round(value)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02d} s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02d} min"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"


def money(minor: int, currency: str) -> str:
    """Format minor units: 1234 EUR is €12.34 or 12,34 €."""
    from babel.numbers import format_currency  # noqa: PLC0415  as in ``wording.reader``

    return format_currency(minor / 100, currency, locale=reader().locale)


def moment(value: datetime | str | None, zone: str | None = None) -> str:
    """Format a time in a station's zone; without one, in this machine's."""
    if value is None:
        return "—"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(ZoneInfo(zone) if zone else None).strftime("%Y-%m-%d %H:%M:%S %Z")


def utc_now() -> datetime:
    return datetime.now(UTC)
