"""/console/people/new and /console/people/{id}/edit: the form of one person."""

from typing import Any, NamedTuple

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.refusals import Conflict, sentence
from broadcaster.domain.stations import Station, StationKind
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.languages import LANGUAGES
from broadcaster.register.canonical import canonical
from broadcaster.store import Unit
from broadcaster.store.people import people, suppression
from broadcaster.store.register import by_hand
from broadcaster.store.register.by_hand import Change
from broadcaster.store.register.persons import Person
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.console.people import person_form
from broadcaster.web.console.people.person import contact_facts, person_of
from broadcaster.web.console.people.person_form import PersonForm
from broadcaster.web.names import language_word
from broadcaster.web.pages import to
from broadcaster.web.whereabouts import written_place


class _Where(NamedTuple):
    """The station, the stations to choose from, its groups (slug, name, members), and their ids by slug."""

    station: Station
    theirs: list[Station]
    groups: list[tuple[str, str, int]]
    ids: dict[str, int]


async def new(call: Call[None, None]) -> web.Response:
    async with call.services.store.read() as unit:
        where = await _where(unit, call)
    return _form(call, where, person_form.blank(where.station))


async def add(call: Call[None, None]) -> web.Response:
    """Add a person. Idempotent: the form has a unique external id."""
    given = person_form.read(await form_of(call.request))
    words = words_of(call.request)
    services = call.services
    async with services.store.read() as unit:
        where = await _where(unit, call)
    station = where.station
    given.external_id = given.external_id or person_form.drawn_id()
    await _check(call, given, where, None)
    if not given.good:
        return _form(call, where, given)
    made = given.person()
    digest = services.store.vault.fingerprint("import", canonical(made))

    async def keep(unit: Unit) -> int:
        known = await people.by_external_ids(unit, station.id, [given.external_id])
        if known:
            subscriber_id, before = known[given.external_id]
            return subscriber_id if before == digest else 0
        there = await stations.group_ids(unit, station.id)
        (subscriber_id,) = await people.register(
            unit,
            station.id,
            [made],
            [people.new_token()],
            groups_by_slug=there,
            now=services.clock.now(),
            digests=[digest],
            consent=Consent(Way.COUNTER, call.actor),
        )
        await call.record(unit, Action.PERSON_ADDED, subscriber_id, station_id=station.id)
        return subscriber_id

    try:
        subscriber_id = await services.store.transact(keep)
    except Conflict as refusal:
        given.wrong["form"] = sentence(refusal, words)
        return _form(call, where, given)
    if not subscriber_id:
        given.wrong["external_id"] = words("Somebody else in the register has this number.")
        return _form(call, where, given)
    return to(f"/console/people/{subscriber_id}?station={station.slug}&done=added")


async def edit(call: Call[None, None]) -> web.Response:
    """Show the form for an existing person."""
    async with call.services.store.read() as unit:
        where = await _where(unit, call)
        person = await person_of(unit, call, where.station)
    return _form(call, where, person_form.filled(person), person)


async def change(call: Call[None, None]) -> web.Response:
    """Change a person, without overwriting another operator's concurrent change."""
    given = person_form.read(await form_of(call.request))
    words = words_of(call.request)
    services = call.services
    async with services.store.read() as unit:
        where = await _where(unit, call)
        station = where.station
        person = await person_of(unit, call, station)
    given.external_id = person.external_id or "-"
    await _check(call, given, where, person)
    if given.stamp != person.digest.hex():
        given.stamp = person.digest.hex()
        given.wrong["form"] = words(
            "Somebody changed this person while you were writing. Look at what is there now, then save again."
        )
    if not given.good:
        return _form(call, where, given, person)
    changed = Change(
        name=given.name or None,
        locale=given.locale,
        groups=tuple(where.ids[slug] for slug in given.groups),
        dropped=tuple(given.dropped),
        added=tuple(given.contacts),
        moved_out=tuple(given.moved_out),
        moved_in=() if given.home is None else (given.home,),
        guardians=given.names,
    )

    async def keep(unit: Unit) -> None:
        now = await person_of(unit, call, station)
        if now.digest != person.digest:
            raise Conflict("person-changed")
        by = Consent(Way.COUNTER, call.actor)
        await by_hand.amend(unit, station.id, person.id, changed, by.actor.at, consent=by)
        await call.record(unit, Action.PERSON_CHANGED, person.id, station_id=station.id)

    try:
        await services.store.transact(keep)
    except Conflict as refusal:
        if refusal.code != suppression.CODE:
            raise
        given.wrong["form"] = sentence(refusal, words)
        return _form(call, where, given, person)
    return to(f"/console/people/{person.id}?station={station.slug}&done=changed")


async def _check(call: Call[Any, Any], given: PersonForm, where: _Where, person: Person | None) -> None:
    await person_form.check(
        given,
        words_of(call.request),
        where.station,
        where.ids,
        locales=_locales(where.station, person),
        geocoder_url=call.services.settings.geocoder_url,
        new=person is None,
    )


def _form(call: Call[Any, Any], where: _Where, given: PersonForm, person: Person | None = None) -> web.Response:
    words = words_of(call.request)
    settings = call.services.settings
    station = where.station
    phones = given.phones or [("", False)] * person_form.PHONES
    facts = {
        "stations": where.theirs,
        "groups": sorted(where.groups, key=lambda each: each[1].casefold()),
        "given": given,
        "phones": list(enumerate(phones, start=1)),
        "mails": list(enumerate(given.mails or [""] * person_form.MAILS, start=1)),
        "person": person,
        "contacts": [] if person is None else [contact_facts(each, person, words) for each in person.contacts],
        "places": []
        if person is None
        else [
            (number, place.label or written_place(place.lon, place.lat, where.station, words))
            for number, place in person.places.items()
        ],
        "locales": [(each, language_word(each, words)) for each in sorted(_locales(station, person))],
        "geocoder": bool(settings.geocoder_url),
        "child": station.kind is not StationKind.AUTHORITY or (person is not None and bool(person.guardians)),
    }
    status = 200 if given.good else 422
    return show(call.request, "people/person_form.html", words, facts, tab="people", where=station, status=status)


def _locales(station: Station, person: Person | None) -> set[str]:
    return {*LANGUAGES, *station.languages, *([] if person is None else [person.locale])}


async def _where(unit: Unit, call: Call[Any, Any]) -> _Where:
    """Return the page's station and groups. Raises ``Forbidden`` for read-only keys."""
    station, theirs = await chosen_station(unit, call)
    groups = await stations.group_list(unit, station.id)
    return _Where(station, theirs, groups, await stations.group_ids(unit, station.id))
