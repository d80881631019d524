"""What a list would change: who is new, who changed, who stays, which lines are refused. Writes nothing."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Self

from broadcaster.register.merging import Removed, merged
from broadcaster.register.packing import packed, unpacked
from broadcaster.register.parsing import Parser, content_of
from broadcaster.register.refusals import Refusal
from broadcaster.register.spool import Spool
from broadcaster.store.people import people
from broadcaster.store.register import intake, listed
from broadcaster.store.stations import stations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from broadcaster.domain.stations import Station
    from broadcaster.register.parsing import Told
    from broadcaster.register.reading import Source
    from broadcaster.register.records import Line
    from broadcaster.store.engine.engine import Store
    from broadcaster.store.engine.sealing import Vault
    from broadcaster.store.register.listed import Held

PIECE = 500
_FAR_KM = 100.0
_KM_A_DEGREE = 111.32
_NEW, _CHANGED, _UNCHANGED = 0, 1, 2
_KINDS = 3
_NOTHING = Removed()
_MANY = 20
_SHARE, _LEAST = 5, 3


@dataclass(slots=True)
class Plan:
    """What an import would do. ``entries`` hold the new and the changed, sealed, on disk; close it after use.

    ``missing``: followers who came by a list and are not in this one; they stay. ``far``: places more than 100 km from
    the station. ``speechless``: people who will have no contact at all. ``addresses`` are to be looked up;
    ``placeless``: people who will have neither a place nor an address. ``doubled``: external ids that stand there
    twice, which are refused at each place. ``removed``: what those who change would lose. ``overlooked``: headings of
    columns that mean nothing here and seem to hold contacts. ``mangled``: ids that a spreadsheet has rounded.
    """

    station: Station
    source: Source
    entries: Spool
    lines: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    far: int = 0
    speechless: int = 0
    addresses: int = 0
    placeless: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    doubled: set[str] = field(default_factory=set)
    group_names: dict[str, str] = field(default_factory=dict)
    new_groups: tuple[str, ...] = ()
    removed: Removed = _NOTHING
    overlooked: tuple[str, ...] = ()
    mangled: int = 0

    @property
    def removes_many(self) -> bool:
        """Say whether so much is taken away that an operator must say yes to it."""
        lost, known = self.removed.total, self.changed + self.unchanged
        return lost > _MANY or (lost >= _LEAST and lost * _SHARE > known)

    @property
    def refused_lines(self) -> int:
        """Count the lines that are refused: one may be so for several reasons."""
        return len({each.line for each in self.refusals})

    def close(self) -> None:
        self.entries.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Parsed(NamedTuple):
    line: int
    told: Told
    digest: bytes


@dataclass(slots=True)
class _Seen:
    """The ids that were taken, should one come again: line and kind in one number; and what some of them lose."""

    marks: dict[str, int] = field(default_factory=dict)
    losses: dict[str, Removed] = field(default_factory=dict)


async def plan(
    store: Store,
    station: Station,
    source: Source,
    *,
    empty_clears: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Plan:
    """Read the whole file, check every line, and compare it with what the station knows.

    ``empty_clears``: an empty cell removes what it stands for; otherwise it changes nothing. ``progress`` is called
    with the number of lines read so far. Raises ``ListRefused`` for a file that can't be read.
    """
    parser = Parser(source.columns, region=station.region, language=station.languages[0], empty_clears=empty_clears)
    made = Plan(station, source, Spool(store.vault))
    seen = _Seen()
    lines = source.lines()
    try:
        # In a thread: reading telephone numbers is slow, and a server that plans goes on serving.
        while True:
            read, parsed = await asyncio.to_thread(_piece, lines, parser, store.vault, made.refusals)
            if read == 0:
                break
            made.lines += read
            await _compare(store, made, parsed, seen)
            progress(made.lines)
        made.overlooked = tuple(source.columns.headings[at] for at in sorted(parser.overlooked))
        made.mangled = parser.mangled
        await _sum_up(store, made, seen)
    except BaseException:
        made.close()
        raise
    return made


def _piece(lines: Iterator[Line], parser: Parser, vault: Vault, refusals: list[Refusal]) -> tuple[int, list[_Parsed]]:
    read = 0
    parsed: list[_Parsed] = []
    for line in islice(lines, PIECE):
        read += 1
        told, wrong = parser.parse(line)
        refusals.extend(wrong)
        if told is not None:
            parsed.append(_Parsed(line.number, told, vault.fingerprint("import", content_of(told))))
    return read, parsed


async def _compare(store: Store, made: Plan, parsed: list[_Parsed], seen: _Seen) -> None:
    async with store.read() as unit:
        known = await people.by_external_ids(unit, made.station.id, [each.told.external_id for each in parsed])
        # A list that names a contact which was found dead says that it lives.
        looked_at = await listed.having_dead(unit, [at for at, _ in known.values()])
        looked_at |= {
            known[told.external_id][0]
            for _, told, digest in parsed
            if told.external_id in known and (known[told.external_id][1] != digest or not told.person.contacts)
        }
        held = await listed.held_by(unit, made.station.id, sorted(looked_at))
    there = {external_id: (digest, held.get(at)) for external_id, (at, digest) in known.items()}
    # In a thread: what is held is sealed.
    kept = await asyncio.to_thread(_sorted_out, made, parsed, seen, there, store.vault)
    if kept:
        made.entries.append(kept)


def _sorted_out(
    made: Plan, parsed: list[_Parsed], seen: _Seen, there: dict[str, tuple[bytes, Held | None]], vault: Vault
) -> list[tuple[str, tuple[object, ...]]]:
    """Count each line; return what is to be written of the new and the changed, by their ids."""
    kept: list[tuple[str, tuple[object, ...]]] = []
    for line, told, digest in parsed:
        external_id = told.external_id
        if external_id in seen.marks:
            _double(made, line, told, seen)
            continue
        entry: intake.Entry | listed.Edit | None = None
        before, held = there.get(external_id, (b"", None))
        kind = _UNCHANGED
        if external_id not in there:
            kind, entry = _NEW, intake.Entry(told.person, digest)
        elif held is not None and (before != digest or held.dead):
            entry, lost = merged(told, held, digest, vault)
            if entry is not None:
                kind = _CHANGED
            if lost.total:
                seen.losses[external_id] = lost
        seen.marks[external_id] = line * _KINDS + kind
        made.speechless += not told.person.contacts and not _still_reached(held, entry)
        made.addresses += _to_look_up(entry)
        known = held is not None or external_id not in there  # of an unchanged line nothing was looked up
        made.placeless += known and not told.person.places and told.person.address is None and not _housed(held)
        made.far += sum(_far(made.station, place.lon, place.lat) for place in told.person.places)
        for slug, name in told.named.items():
            made.group_names.setdefault(slug, name)
        if entry is not None:
            kept.append((external_id, packed(entry)))
    return kept


def _still_reached(held: Held | None, entry: intake.Entry | listed.Edit | None) -> bool:
    """Say whether somebody whose line names no contact has one all the same: a device, or what a list said before."""
    dropped = entry.dropped if isinstance(entry, listed.Edit) else ()
    return held is not None and len(held.contacts) > len(dropped)


def _to_look_up(entry: intake.Entry | listed.Edit | None) -> bool:
    if isinstance(entry, intake.Entry):
        return entry.person.address is not None and not entry.person.places
    return entry is not None and bool(entry.address) and not entry.located


def _housed(held: Held | None) -> bool:
    return held is not None and (bool(held.sealed_places) or held.address_mark is not None)


def _double(made: Plan, line: int, told: Told, seen: _Seen) -> None:
    external_id, written = told.external_id, told.person.external_id or ""
    first = seen.marks[external_id] // _KINDS
    heading = made.source.columns.heading("external_id")
    if external_id not in made.doubled:
        made.doubled.add(external_id)
        made.refusals.append(Refusal(first, written, heading, "line-of-same-id", {"line": line}))
    made.refusals.append(Refusal(line, written, heading, "line-of-same-id", {"line": first}))


async def _sum_up(store: Store, made: Plan, seen: _Seen) -> None:
    counts = [0] * _KINDS
    for mark in seen.marks.values():
        counts[mark % _KINDS] += 1
    known = counts[_CHANGED] + counts[_UNCHANGED]
    for external_id in made.doubled:
        counts[seen.marks[external_id] % _KINDS] -= 1
        seen.losses.pop(external_id, None)
    made.new, made.changed, made.unchanged = counts
    if made.lines != made.new + made.changed + made.unchanged + made.refused_lines:
        message = f"of {made.lines} lines some are neither taken nor refused"
        raise AssertionError(message)
    made.removed = Removed(*map(sum, zip(*seen.losses.values(), strict=True))) if seen.losses else _NOTHING
    made.refusals.sort(key=lambda each: each[:4])
    async with store.read() as unit:
        made.missing = max(0, await intake.listed(unit, made.station.id) - known)
        there = await stations.group_ids(unit, made.station.id)
    wanted = set(made.group_names) - set(there)
    if wanted and made.doubled:
        wanted &= await asyncio.to_thread(_joined, made)
    made.new_groups = tuple(sorted(wanted))


def _joined(made: Plan) -> set[str]:
    """Return the slugs of the groups that somebody joins."""
    entries = (unpacked(plain) for piece in made.entries for each, plain in piece if each not in made.doubled)
    return {
        slug for entry in entries for slug in (entry.joined if isinstance(entry, listed.Edit) else entry.person.groups)
    }


def _far(station: Station, lon: float, lat: float) -> bool:
    if station.lon is None or station.lat is None:
        return False
    turn = (lon - station.lon + 180) % 360 - 180
    east = turn * math.cos(math.radians((lat + station.lat) / 2))
    return math.hypot(east, lat - station.lat) * _KM_A_DEGREE > _FAR_KM
