"""An uploaded list: its limits and its planned changes.

While processed it is an unnamed file, in memory if possible, so that a killed process leaves nothing. Between requests
it is sealed in the store (``store.register.uploads``).
"""

import asyncio
from pathlib import Path
from typing import Any

from broadcaster.domain.stations import Station
from broadcaster.register.planning import Plan, plan
from broadcaster.register.reading import open_source
from broadcaster.store import Store

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
        "undone": len(made.undone),
        "undone_lines": list(made.undone[:SHOWN]),
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
