"""A list as it comes from a browser: taken in within bounds, looked at, and what is wrong with it as a list to mend.

While it is looked at it is a file without a name, in memory where the system can do that: a process that is killed
leaves nothing. Between two requests it waits in the store, sealed (``store.uploads``).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from broadcaster.domain.refusals import located
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.register.sheets import csv_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from broadcaster.domain.stations import Station
    from broadcaster.register.planning import Plan
    from broadcaster.register.refusals import Refusal
    from broadcaster.store import Store
    from broadcaster.web.i18n import Words

SHOWN = 100
"""Refusals that a preview lists; all of them are in the file to mend."""


async def looked_at(store: Store, station: Station, path: Path, *, clears: bool) -> Plan:
    """Plan what a list would change; close it after use. Raises ``ListRefused``."""
    source = await asyncio.to_thread(open_source, path)
    return await plan(store, station, source, empty_clears=clears)


def report_of(made: Plan, name: str, stamp: str, *, clears: bool) -> dict[str, Any]:
    """Return what a preview tells of a plan, as JSON. ``stamp``: of the register as it was before the plan was made."""
    return {
        "name": name,
        "encoding": made.source.encoding_name,
        "guessed": made.source.guessed and made.source.encoding == "cp1252",
        "unused": [each for each in made.source.columns.ignored if each not in made.overlooked][:20],
        "overlooked": list(made.overlooked[:20]),
        "mangled": made.mangled,
        "by_name": made.by_name,
        "recognised": made.recognised,
        "header": made.source.header,
        "lines": made.lines,
        "new": made.new,
        "changed": made.changed,
        "unchanged": made.unchanged,
        "refused": made.refused_lines,
        "missing": made.missing,
        "clears": clears,
        "removed": list(made.removed),
        "asks": made.removes_many,
        "far": made.far,
        "speechless": made.speechless,
        "addresses": made.addresses,
        "placeless": made.placeless,
        "groups": [made.group_names[slug] for slug in made.new_groups][:100],
        "refusals": [list(each) for each in made.refusals[:SHOWN]],
        "more": max(0, len(made.refusals) - SHOWN),
        "stamp": stamp,
    }


def to_mend(made: Plan, words: Words) -> bytes:
    """Return the lines that are refused as a list of their own: as they came, with what is to be mended behind them.

    Mended, it can be imported as it is: the two columns that were added mean nothing to an import.
    """
    wrong: dict[int, list[Refusal]] = {}
    for each in made.refusals:
        wrong.setdefault(each.line, []).append(each)
    width = len(made.source.columns.headings)
    rows: list[list[object]] = [[*made.source.columns.headings, words("line of the file"), words("to be mended")]]
    for line in made.source.lines():
        reasons = wrong.get(line.number)
        if reasons is not None:
            cells = [*line.cells[:width], *[""] * (width - len(line.cells))]
            rows.append([*cells, line.number, reasons_told(reasons, words)])
    return csv_text(rows, made.source.delimiter).encode("utf-8-sig")


def reasons_told(reasons: Sequence[Refusal], words: Words) -> str:
    """Return why a line is refused, column by column."""
    return " / ".join(located(each, words) for each in reasons)
