"""What a list would change: who is new, who changed, who stays, which lines are refused. Writes nothing."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Self

from broadcaster.register.parsing import Parser, canonical
from broadcaster.register.refusals import Refusal
from broadcaster.register.spool import Spool
from broadcaster.store import intake, people, stations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from broadcaster.domain.people import NewSubscriber
    from broadcaster.domain.stations import Station
    from broadcaster.register.reading import Line, Source
    from broadcaster.store.engine import Store
    from broadcaster.store.sealing import Vault

PIECE = 500
_FAR_KM = 100.0
_KM_A_DEGREE = 111.32
_NEW, _CHANGED, _UNCHANGED = 0, 1, 2
_KINDS = 3


@dataclass(slots=True)
class Plan:
    """What an import would do. ``entries`` hold the new and the changed, sealed, on disk; close it after use.

    ``missing``: followers who came by a list and are not in this one; they stay. ``far``: places more than 100 km from
    the station. ``speechless``: lines without any contact. ``doubled``: external ids that stand there twice, which are
    refused at each place.
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
    refusals: list[Refusal] = field(default_factory=list)
    doubled: set[str] = field(default_factory=set)
    group_names: dict[str, str] = field(default_factory=dict)
    new_groups: tuple[str, ...] = ()

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
    person: NewSubscriber
    external_id: str
    digest: bytes


async def plan(
    store: Store, station: Station, source: Source, *, progress: Callable[[int], None] = lambda _: None
) -> Plan:
    """Read the whole file, check every line, and compare it with what the station knows.

    ``progress`` is called with the number of lines read so far. Raises ``ListRefused`` for a file that can't be read.
    """
    parser = Parser(source.columns, region=station.region, language=station.languages[0])
    made = Plan(station, source, Spool(store.vault))
    seen: dict[str, int] = {}
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
        await _sum_up(store, made, parser, seen)
    except BaseException:
        made.close()
        raise
    return made


def _piece(lines: Iterator[Line], parser: Parser, vault: Vault, refusals: list[Refusal]) -> tuple[int, list[_Parsed]]:
    read = 0
    parsed: list[_Parsed] = []
    for line in islice(lines, PIECE):
        read += 1
        person, wrong = parser.parse(line)
        refusals.extend(wrong)
        if person is not None and person.external_id is not None:
            digest = vault.fingerprint("import", canonical(person))
            parsed.append(_Parsed(line.number, person, person.external_id, digest))
    return read, parsed


async def _compare(store: Store, made: Plan, parsed: list[_Parsed], seen: dict[str, int]) -> None:
    async with store.read() as unit:
        known = await people.by_external_ids(unit, made.station.id, [each.external_id for each in parsed])
    kept: list[tuple[object, ...]] = []
    for line, person, external_id, digest in parsed:
        if external_id in seen:
            _double(made, line, external_id, seen)
            continue
        subscriber_id, before = known.get(external_id, (None, b""))
        kind = _NEW if subscriber_id is None else _UNCHANGED if before == digest else _CHANGED
        seen[external_id] = line * _KINDS + kind
        made.speechless += not person.contacts
        made.far += sum(_far(made.station, place.lon, place.lat) for place in person.places)
        if kind != _UNCHANGED:
            kept.append((packed(person), digest, subscriber_id))
    if kept:
        made.entries.append(kept)


def _double(made: Plan, line: int, external_id: str, seen: dict[str, int]) -> None:
    first = seen[external_id] // _KINDS
    heading = made.source.columns.heading("external_id")
    if external_id not in made.doubled:
        made.doubled.add(external_id)
        problem = f"line {line} has the same id: which of them is right?"
        made.refusals.append(Refusal(first, external_id, heading, problem))
    made.refusals.append(Refusal(line, external_id, heading, f"line {first} has the same id: which of them is right?"))


async def _sum_up(store: Store, made: Plan, parser: Parser, seen: dict[str, int]) -> None:
    counts = [0] * _KINDS
    for mark in seen.values():
        counts[mark % _KINDS] += 1
    known = counts[_CHANGED] + counts[_UNCHANGED]
    for external_id in made.doubled:
        counts[seen[external_id] % _KINDS] -= 1
    made.new, made.changed, made.unchanged = counts
    made.refusals.sort()
    made.group_names = dict(parser.group_names)
    async with store.read() as unit:
        made.missing = max(0, await intake.listed(unit, made.station.id) - known)
        there = await stations.group_ids(unit, made.station.id)
    made.new_groups = tuple(sorted(set(made.group_names) - set(there)))


def _far(station: Station, lon: float, lat: float) -> bool:
    if station.lon is None or station.lat is None:
        return False
    turn = (lon - station.lon + 180) % 360 - 180
    east = turn * math.cos(math.radians((lat + station.lat) / 2))
    return math.hypot(east, lat - station.lat) * _KM_A_DEGREE > _FAR_KM


def packed(person: NewSubscriber) -> tuple[object, ...]:
    """Give a subscriber as plain data; ``broadcaster.register.applying`` reads it."""
    return (
        person.locale,
        [(contact.channel.value, contact.canonical, contact.address) for contact in person.contacts],
        [(place.label, place.lon, place.lat) for place in person.places],
        list(person.groups),
        person.external_id,
        person.name,
        person.vulnerable,
    )
