"""Plans an import: new, changed and unchanged people, refused lines. Writes nothing."""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple, Self

from broadcaster.domain.corrections import Wanted
from broadcaster.domain.spelling import key
from broadcaster.domain.stations import Station
from broadcaster.register.canonical import content_of
from broadcaster.register.corrected import undoes
from broadcaster.register.merging import Removed, merged
from broadcaster.register.packing import packed, unpacked
from broadcaster.register.parsed import FIELD_OF, ParsedLine
from broadcaster.register.parsing import Parser
from broadcaster.register.reading import Source
from broadcaster.register.records import Line
from broadcaster.register.refusals import LineRefusal
from broadcaster.register.spool import Spool
from broadcaster.store.engine.engine import Store
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import corrections, people, suppression
from broadcaster.store.people.contacts import Key, key_with
from broadcaster.store.register import intake, listed, preparing
from broadcaster.store.register.listed import ListedPerson
from broadcaster.store.stations import stations

PIECE = 500
_FAR_KM = 100.0
_KM_A_DEGREE = 111.32
_NEW, _CHANGED, _UNCHANGED = 0, 1, 2
_KINDS = 3
_NOTHING = Removed()
_VULNERABLE = "vulnerable"
_MANY = 20
_SHARE, _LEAST = 5, 3


@dataclass(slots=True)
class Plan:
    """A planned import. ``entries``: new and changed people, sealed, on disk; close it after use.

    ``missing``: people from earlier lists that this one lacks; they stay. ``far``: places more than 100 km from the
    station. ``without_contact``: people who will have no contact at all. ``addresses``: those to look up.
    ``placeless``: people of a station with a boundary who will have neither place nor address. ``duplicates``: people
    who occur twice, and are refused at each line. ``removed``: data that changed people would lose. ``overlooked``:
    headings of unused columns that seem to hold contacts. ``mangled``: ids rounded by a spreadsheet. ``recognised``:
    people of a list without ids found in the register by name and contacts. ``withheld``: the column of vulnerable
    people was not read, for lack of the permission. ``left_out``: people who asked to be left out; ``not_taken``:
    contacts whose owners asked for it, of people who stay. ``undone``: lines that undo what people had corrected.
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
    without_contact: int = 0
    addresses: int = 0
    placeless: int = 0
    refusals: list[LineRefusal] = field(default_factory=list)
    duplicates: set[str] = field(default_factory=set)
    group_names: dict[str, str] = field(default_factory=dict)
    new_groups: tuple[str, ...] = ()
    removed: Removed = _NOTHING
    overlooked: tuple[str, ...] = ()
    mangled: int = 0
    recognised: int = 0
    withheld: bool = False
    left_out: int = 0
    not_taken: int = 0
    undone: tuple[int, ...] = ()

    @property
    def by_name(self) -> bool:
        """Return whether the list has no ids, so that names and contacts identify people."""
        return "external_id" not in self.source.columns.at

    @property
    def removes_many(self) -> bool:
        """Return whether the import removes so much that an operator must confirm."""
        lost, known = self.removed.total, self.changed + self.unchanged
        return lost > _MANY or (lost >= _LEAST and lost * _SHARE > known)

    @property
    def refused_lines(self) -> int:
        """Count refused lines; one may have several errors."""
        return len({each.line for each in self.refusals})

    def close(self) -> None:
        self.entries.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Parsed(NamedTuple):
    line: int
    content: ParsedLine
    digest: bytes


@dataclass(slots=True)
class _Seen:
    """Accepted people, to detect repeats: line and kind packed into one number; and what some of them lose.

    ``listed``: how many of them the register knows by id. ``corrected``: what people of the station had corrected, by
    their ids; ``undone``: lines that would undo it, by identity.
    """

    corrected: dict[int, list[Wanted]]

    marks: dict[str, int] = field(default_factory=dict)
    losses: dict[str, Removed] = field(default_factory=dict)
    listed: int = 0
    undone: dict[str, int] = field(default_factory=dict)

    def note(self, identity: str, line: int, lost: Removed, *, undone: bool) -> None:
        if lost.total:
            self.losses[identity] = lost
        if undone:
            self.undone[identity] = line


class _Known(NamedTuple):
    """Register data for some lines: (digest, stored data) by identity.

    ``alike``: people by contact, for lines without an id that are new to all lists. ``out``: marks of who asked to be
    left out.
    """

    there: dict[str, tuple[bytes, ListedPerson | None]]
    alike: dict[Key, list[ListedPerson]]
    out: set[bytes]


async def plan(
    store: Store,
    station: Station,
    source: Source,
    *,
    empty_clears: bool = False,
    vulnerable: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Plan:
    """Read the whole file, check every line, and compare it with the register.

    ``empty_clears``: an empty cell removes the value; otherwise it changes nothing. ``vulnerable``: whether the
    importing operator may open the register of vulnerable people; otherwise its column is ignored. ``progress`` is
    called with the number of lines read so far. Raises ``ListRefused`` for an unreadable file.
    """
    withheld = not vulnerable and _VULNERABLE in source.columns.at
    if withheld:
        source = replace(source, columns=source.columns.without(_VULNERABLE))
    parser = Parser(source.columns, region=station.region, language=station.languages[0], empty_clears=empty_clears)
    made = Plan(station, source, Spool(store.vault), withheld=withheld)
    seen = _Seen(await store.run_read(lambda unit: corrections.accepted(unit, station.id)))
    lines = source.lines()
    try:
        # In a thread, since parsing phone numbers is slow and the server must go on serving.
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


def _piece(
    lines: Iterator[Line], parser: Parser, vault: Vault, refusals: list[LineRefusal]
) -> tuple[int, list[_Parsed]]:
    read = 0
    parsed: list[_Parsed] = []
    for line in islice(lines, PIECE):
        read += 1
        content, wrong = parser.parse(line)
        refusals.extend(wrong)
        if content is not None:
            parsed.append(_Parsed(line.number, content, vault.fingerprint("import", content_of(content))))
    return read, parsed


async def _compare(store: Store, made: Plan, parsed: list[_Parsed], seen: _Seen) -> None:
    content = [each.content for each in parsed]
    async with store.read() as unit:
        station_id = made.station.id
        known = await people.by_external_ids(unit, station_id, [each.identity for each in content if not each.ref])
        known |= await people.by_refs(unit, station_id, [each.ref for each in content if each.ref])
        # A list that names a dead contact revives it.
        looked_at = await listed.having_dead(unit, [at for at, _ in known.values()])
        looked_at |= {
            known[each.identity][0]
            for _, each, digest in parsed
            if each.identity in known and (known[each.identity][1] != digest or not each.person.contacts)
        }
        unknown = {
            key_with(store.vault, contact)
            for each in content
            if each.by_name and each.identity not in known
            for contact in each.person.contacts
        }
        holders = await listed.holders(unit, station_id, unknown)
        looked_at |= {each for ids in holders.values() for each in ids}
        held = await listed.held_by(unit, station_id, sorted(looked_at))
        marks = {mark for each in content for mark in suppression.marks_of(store.vault, station_id, each.person)}
        out = await suppression.listed(unit, station_id, marks)
    there = {identity: (digest, held.get(at)) for identity, (at, digest) in known.items()}
    alike = {contact: [held[each] for each in ids] for contact, ids in holders.items()}
    # In a thread, since stored data must be unsealed.
    kept = await asyncio.to_thread(_sorted_out, made, parsed, seen, _Known(there, alike, out), store.vault)
    if kept:
        made.entries.append(kept)


def _sorted_out(
    made: Plan, parsed: list[_Parsed], seen: _Seen, known: _Known, vault: Vault
) -> list[tuple[str, tuple[object, ...]]]:
    """Count each line; return the new and changed entries to write, by identity."""
    kept: list[tuple[str, tuple[object, ...]]] = []
    for line, content, digest in _wanted(made, parsed, known, vault):
        identity = content.identity
        if identity in seen.marks:
            _double(made, line, content, seen)
            continue
        entry: preparing.Entry | listed.Edit | None = None
        before, held = known.there.get(identity, (b"", None))
        new = identity not in known.there
        namesakes = _namesakes(content, known, vault) if new else []
        kind, lost = _UNCHANGED, _NOTHING
        if namesakes:
            held = namesakes[0]
        elif new and not content.ref:
            kind, entry = _NEW, preparing.Entry(content.person, digest, identity)
        if held is not None and (before != digest or held.dead):
            entry, lost = merged(content, held, digest, vault)
            kind = _UNCHANGED if entry is None else _CHANGED
        code = _of_identity(content, entry, namesakes, gone=new and bool(content.ref))
        if code:
            made.refusals.append(LineRefusal(line, content.who, "", code))
            continue
        if held is not None and isinstance(entry, listed.Edit):
            seen.note(
                identity, line, lost, undone=undoes(entry, held, seen.corrected.get(held.subscriber_id, ()), vault)
            )
        made.recognised += content.by_name and kind != _NEW
        seen.listed += content.person.external_id is not None and not new
        seen.marks[identity] = line * _KINDS + kind
        made.without_contact += not content.person.contacts and not _still_reached(held, entry)
        made.addresses += _to_look_up(entry)
        # Unchanged lines were not looked up; a station without a boundary, as a school, seldom draws circles.
        sure = (held is not None or new) and made.station.boundary is not None
        made.placeless += sure and not content.person.places and content.person.address is None and not _housed(held)
        made.far += sum(_far(made.station, place.lon, place.lat) for place in content.person.places)
        for slug, name in content.named.items():
            made.group_names.setdefault(slug, name)
        if entry is not None:
            kept.append((identity, packed(entry)))
    return kept


def _wanted(made: Plan, parsed: list[_Parsed], known: _Known, vault: Vault) -> Iterator[_Parsed]:
    """Leave out who asked for it. Of people who are in the register, only contacts whose owners asked for it."""
    for line, content, digest in parsed:
        if not known.out & suppression.marks_of(vault, made.station.id, content.person):
            yield _Parsed(line, content, digest)
            continue
        withheld = [each for each in content.person.contacts if suppression.mark_of(vault, each) in known.out]
        kept = tuple(each for each in content.person.contacts if each not in withheld)
        here = content.identity in known.there or _namesakes(content, known, vault)
        if not here or (content.by_name and not kept):
            made.left_out += 1
            continue
        made.not_taken += len(withheld)
        fields = content.fields
        for each in withheld:  # else what it would replace were lost
            fields &= ~FIELD_OF[each.channel]
        yield _Parsed(line, replace(content, fields=fields, person=replace(content.person, contacts=kept)), digest)


def _namesakes(content: ParsedLine, known: _Known, vault: Vault) -> list[ListedPerson]:
    """Return people of the same name who share a contact with a person without an id."""
    if not content.by_name:
        return []
    name = key(content.person.name or "")
    having = {
        held.subscriber_id: held
        for contact in content.person.contacts
        for held in known.alike.get(key_with(vault, contact), ())
        if key(held.name(vault) or "") == name
    }
    return list(having.values())


def _of_identity(
    content: ParsedLine, entry: preparing.Entry | listed.Edit | None, namesakes: list[ListedPerson], *, gone: bool
) -> str | None:
    """Return the code of the reason why a line may not be matched with its apparent person, or None.

    A father and a son may share a name and a contact. So such lines add to a person from the same list, but never
    change anybody else, nor take a contact from anybody.
    """
    if gone:
        return "line-of-one-who-left"
    if not content.by_name:
        return None
    if len(namesakes) > 1:
        return "line-of-several"
    if (namesakes and entry is not None) or (isinstance(entry, listed.Edit) and entry.dropped):
        return "line-of-somebody-else"
    return None


def _still_reached(held: ListedPerson | None, entry: preparing.Entry | listed.Edit | None) -> bool:
    """Return whether a person whose line has no contact has another one: a device, or one of an earlier list."""
    dropped = entry.dropped if isinstance(entry, listed.Edit) else ()
    return held is not None and len(held.contacts) > len(dropped)


def _to_look_up(entry: preparing.Entry | listed.Edit | None) -> bool:
    if isinstance(entry, preparing.Entry):
        return entry.person.address is not None and not entry.person.places
    return entry is not None and bool(entry.address) and not entry.located


def _housed(held: ListedPerson | None) -> bool:
    return held is not None and (bool(held.sealed_places) or held.address_mark is not None)


def _double(made: Plan, line: int, content: ParsedLine, seen: _Seen) -> None:
    identity = content.identity
    first = seen.marks[identity] // _KINDS
    heading = "" if content.by_name else made.source.columns.heading("external_id")
    code = "line-of-same-name" if content.by_name else "line-of-same-id"
    if identity not in made.duplicates:
        made.duplicates.add(identity)
        made.refusals.append(LineRefusal(first, content.who, heading, code, {"line": line}))
    made.refusals.append(LineRefusal(line, content.who, heading, code, {"line": first}))


async def _sum_up(store: Store, made: Plan, seen: _Seen) -> None:
    counts = [0] * _KINDS
    for mark in seen.marks.values():
        counts[mark % _KINDS] += 1
    for identity in made.duplicates:
        counts[seen.marks[identity] % _KINDS] -= 1
        seen.losses.pop(identity, None)
        seen.undone.pop(identity, None)
    made.new, made.changed, made.unchanged = counts
    if made.lines != made.new + made.changed + made.unchanged + made.refused_lines + made.left_out:
        message = f"of {made.lines} lines some are neither taken nor refused"
        raise AssertionError(message)
    made.removed = Removed(*map(sum, zip(*seen.losses.values(), strict=True))) if seen.losses else _NOTHING
    made.undone = tuple(sorted(seen.undone.values()))
    made.refusals.sort(key=lambda each: each[:4])
    async with store.read() as unit:
        made.missing = 0 if made.by_name else max(0, await intake.listed(unit, made.station.id) - seen.listed)
        there = await stations.groups_by_name(unit, made.station.id)
    wanted = set(made.group_names) - set(there)
    if wanted and made.duplicates:
        wanted &= await asyncio.to_thread(_joined, made)
    made.new_groups = tuple(sorted(wanted))


def _joined(made: Plan) -> set[str]:
    """Return the slugs of the groups that a person joins."""
    entries = (unpacked(plain) for piece in made.entries for each, plain in piece if each not in made.duplicates)
    return {
        slug for entry in entries for slug in (entry.joined if isinstance(entry, listed.Edit) else entry.person.groups)
    }


def _far(station: Station, lon: float, lat: float) -> bool:
    if station.lon is None or station.lat is None:
        return False
    turn = (lon - station.lon + 180) % 360 - 180
    east = turn * math.cos(math.radians((lat + station.lat) / 2))
    return math.hypot(east, lat - station.lat) * _KM_A_DEGREE > _FAR_KM
