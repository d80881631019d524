"""An uploaded list: its limits, its planned changes, and its refused lines as a list to correct.

While processed it is an unnamed file, in memory if possible, so that a killed process leaves nothing. Between requests
it is sealed in the store (``store.register.uploads``).
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from broadcaster.domain.refusals import located
from broadcaster.domain.stations import Station
from broadcaster.register.planning import Plan, plan
from broadcaster.register.reading import open_source
from broadcaster.register.refusals import Refusal
from broadcaster.register.sheets import csv_text
from broadcaster.store import Store
from broadcaster.web.i18n import Words

SHOWN = 100
"""Refusals shown in a preview; the file to correct has all."""

_COUNTS = (
    *("lines", "new", "changed", "unchanged", "missing", "left_out", "not_taken", "recognised", "mangled"),
    *("far", "without_contact", "addresses", "placeless"),
)


async def looked_at(store: Store, station: Station, path: Path, *, clears: bool, vulnerable: bool) -> Plan:
    """Plan a list's import (``plan``); close it after use. Raises ``ListRefused``."""
    source = await asyncio.to_thread(open_source, path)
    return await plan(store, station, source, empty_clears=clears, vulnerable=vulnerable)


def report_of(made: Plan, name: str, stamp: str, *, clears: bool) -> dict[str, Any]:
    """Return a plan's preview as JSON. ``stamp``: of the register, from before the plan was made."""
    return {
        "name": name,
        "encoding": made.source.encoding_name,
        "guessed": made.source.guessed and made.source.encoding == "cp1252",
        "unused": [each for each in made.source.columns.ignored if each not in made.overlooked][:20],
        "overlooked": list(made.overlooked[:20]),
        **{name: getattr(made, name) for name in _COUNTS},
        "by_name": made.by_name,
        "withheld": made.withheld,
        "header": made.source.header,
        "refused": made.refused_lines,
        "clears": clears,
        "removed": list(made.removed),
        "asks": made.removes_many,
        "groups": [made.group_names[slug] for slug in made.new_groups][:100],
        "refusals": [list(each) for each in made.refusals[:SHOWN]],
        "more": max(0, len(made.refusals) - SHOWN),
        "stamp": stamp,
    }


def to_mend(made: Plan, words: Words) -> bytes:
    """Return the refused lines as a list: as uploaded, followed by what to correct.

    Once corrected, it can be imported directly: imports ignore the two added columns.
    """
    wrong: dict[int, list[Refusal]] = {}
    for each in made.refusals:
        wrong.setdefault(each.line, []).append(each)
    width = len(made.source.columns.headings)
    rows: list[list[object]] = [[*made.source.columns.headings, words("line of the file"), words("to fix")]]
    for line in made.source.lines():
        reasons = wrong.get(line.number)
        if reasons is not None:
            cells = [*line.cells[:width], *[""] * (width - len(line.cells))]
            rows.append([*cells, line.number, reasons_told(reasons, words)])
    return csv_text(rows, made.source.delimiter).encode("utf-8-sig")


def reasons_told(reasons: Sequence[Refusal], words: Words) -> str:
    """Return why a line is refused, by column."""
    return " / ".join(located(each, words) for each in reasons)
