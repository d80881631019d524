"""/console/people/export: the register as CSV, in the columns that an import reads."""

from collections.abc import AsyncIterator, Iterator, Mapping

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.people import ChannelName, ContactStatus
from broadcaster.domain.permissions import Permission
from broadcaster.domain.signs import unfit
from broadcaster.domain.spelling import group_slug, key
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.register import parsing
from broadcaster.register.columns import HEADINGS, OF_PLACE
from broadcaster.register.contacts import mail_contact, phone_contact
from broadcaster.register.guardians import headings
from broadcaster.store.engine.engine import Store
from broadcaster.store.register import persons, search
from broadcaster.store.register import vulnerable as register
from broadcaster.store.register.persons import Person
from broadcaster.store.register.search import Only
from broadcaster.web.console.downloads import csv_of, streamed
from broadcaster.web.console.frame import chosen_station, show, station_chosen, words_of
from broadcaster.web.i18n import Words
from channels.email import InvalidMailAddress
from channels.sms import InvalidPhone

_BATCH = 500
_TRUNKS = ("+33", "+262", "+590", "+594", "+596")
"""Country codes of the French plan: national numbers begin with 0."""


async def ask(call: Call[None, None]) -> web.Response:
    """Describe the file's content and whom it concerns."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        facts = {"stations": theirs, "followers": await search.count(unit, station.id, Only()), "number": words.number}
    return show(call.request, "people/export.html", words, facts, tab="people", where=station)


async def download(call: Call[None, None]) -> web.StreamResponse:
    """Return the register; the audit log records it first.

    ``who=all``: include people who signed up themselves.
    """
    store, words = call.services.store, words_of(call.request)
    station = await station_chosen(call)
    everyone = call.request.query.get("who") == "all"
    vulnerable = call.may(Permission.VULNERABLE, station.id)
    day = call.services.clock.now().astimezone(zone_of(station.region)).date().isoformat()
    name = f"{words('register')}-{station.slug}-{day}.csv"
    async with store.write() as unit:
        await call.record(
            unit, Action.REGISTER_EXPORTED, station_id=station.id, everyone=everyone, vulnerable=vulnerable
        )

    rows = rows_of(store, station, words, everyone=everyone, vulnerable=vulnerable)
    return await streamed(call.request, name, csv_of(rows, words))


async def rows_of(
    store: Store, station: Station, words: Words, *, everyone: bool, vulnerable: bool
) -> AsyncIterator[list[list[str]]]:
    """Yield the header, then people, some hundred at a time; importing them changes nothing.

    ``vulnerable``: include the column that marks people in the register of vulnerable people.
    """
    async with store.read() as unit:
        places = await persons.most_places(unit, station.id)
        guardians = await persons.most_guardians(unit, station.id)
    yield [_header(words, places, guardians, vulnerable=vulnerable)]
    after: int | None = None
    while True:
        async with store.read() as unit:
            ids, after = await search.page(unit, station.id, Only(), after=after, limit=_BATCH)
            found = await persons.people_of(unit, station.id, ids)
            named = await register.named(unit, station.id, ids) if vulnerable else None
        kept = [each for each in found if everyone or each.registered]
        rows = [_cells(each, station.region, words, places, guardians, vulnerable=named) for each in kept]
        if rows:
            yield rows
        if after is None:
            return


def _header(words: Words, places: int, guardians: int, *, vulnerable: bool) -> list[str]:
    of_places = [
        f"{words(heading)} {number}" if number > 1 else words(heading)
        for number in range(1, places + 1)
        for heading in OF_PLACE
    ]
    of_people = [words(each) for each in HEADINGS if vulnerable or each != "vulnerable"]
    return [*of_people, *of_places, *headings(words, guardians)]


def _cells(
    person: Person, region: str, words: Words, places: int, guardians: int, *, vulnerable: Mapping[int, int] | None
) -> list[str]:
    address = None if person.address is None else person.address.address
    *contacts, rest = _contacts(person, region)
    of_guardians: list[str] = []
    for number in range(1, guardians + 1):
        name = person.guardians[number - 1] if number <= len(person.guardians) else ""
        *theirs, more = _contacts(person, region, number)
        of_guardians += [_line(name, parsing.MAX_NAME), *map(parsing.written, theirs)]
        rest += more
    cells = [
        _id(person),
        _line(person.name or "", parsing.MAX_NAME),
        person.locale,
        *map(parsing.written, contacts),
        parsing.written(_groups(person.groups)),
        *([] if vulnerable is None else [words("yes") if person.id in vulnerable else words("no")]),
        *(("", "", "") if address is None else (address.street, address.postcode, address.city)),
        parsing.written(rest),
    ]
    for place in list(person.places.values())[:places]:
        nowhere = place.lon == place.lat == 0
        label = _line(place.label, parsing.MAX_LABEL)
        cells += ["", "", ""] if nowhere else [label, repr(place.lon), repr(place.lat)]
    cells += ["", "", ""] * max(0, places - len(person.places))
    return cells + of_guardians


def _id(person: Person) -> str:
    """Return the id, or a reference if an import would not find this person by an id."""
    if person.external_id is not None and parsing.is_id(person.external_id):
        return person.external_id
    return person.ref


def _line(text: str, most: int) -> str:
    """Return a text in a form that an import accepts; else an empty one, which changes nothing."""
    line = " ".join(text.split())
    return line if len(line) <= most and unfit(line, one_line=True) is None else ""


def _contacts(person: Person, region: str, guardian: int = 0) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return mobiles, landlines, mail addresses, and those an import must skip: dead, or parsed differently.

    If a number of a kind is parsed differently, the kind is omitted: the others would replace it. ``guardian``: whose.
    """
    kinds: list[list[str]] = []
    rest: list[str] = []
    for channel in (ChannelName.SMS, ChannelName.VOICE, ChannelName.EMAIL):
        held = [each for each in person.contacts if each.channel is channel and each.address]
        mine = [each for each in held if each.guardian == guardian]
        alive = [each.address for each in mine if each.status is not ContactStatus.GONE]
        rest += [each.address for each in mine if each.status is ContactStatus.GONE]
        texts = {
            each.address: _as_read(each.address, channel, region)
            for each in held
            if each.status is not ContactStatus.GONE
        }
        kinds.append([] if None in texts.values() else [text for each in alive if (text := texts[each])])
        rest += alive if None in texts.values() else []
    mobiles, landlines, mails = kinds
    return mobiles, landlines, mails, rest


def _as_read(address: str, channel: ChannelName, region: str) -> str | None:
    """Return a spelling that an import in this region parses as the same contact, or None."""
    try:
        if channel is ChannelName.EMAIL:
            return address if mail_contact(address).canonical == key(address) else None
        chosen = None if channel is ChannelName.SMS else channel
        return next(
            (
                text
                for text in _spellings(address)
                if (read := phone_contact(text, region, chosen)).channel is channel and read.canonical == address
            ),
            None,
        )
    except (InvalidMailAddress, InvalidPhone):
        return None


def _spellings(e164: str) -> Iterator[str]:
    """Yield spellings of a number that spreadsheets keep as text: first ``06 39 98 00 01``, then with the +."""
    for code in _TRUNKS:
        if e164.startswith(code):
            yield _in_pairs(f"0{e164.removeprefix(code)}")
    yield _in_pairs(f"00{e164.removeprefix('+')}")
    yield e164


def _groups(groups: Mapping[str, str]) -> list[str]:
    """Return texts that an import reads as the same groups: the name, or the slug if the name is ambiguous."""
    return [
        name
        if group_slug(name) == slug and parsing.group_names(name) == [name] and _line(name, parsing.MAX_GROUP) == name
        else slug
        for slug, name in groups.items()
    ]


def _in_pairs(digits: str) -> str:
    return " ".join(digits[at : at + 2] for at in range(0, len(digits), 2))
