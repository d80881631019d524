"""/console/people/{id}: view one person, revive a contact, record an identity, remove them."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from broadcaster.domain.addresses import OPEN
from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.identity import IdentityLevel, civil
from broadcaster.domain.people import ChannelName, ContactStatus
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.store import Unit, polls
from broadcaster.store.alerts import breakdown
from broadcaster.store.people import consents, identities
from broadcaster.store.register import by_hand, persons
from broadcaster.store.register.erasing import Erased
from broadcaster.store.register.persons import Person, PersonContact
from broadcaster.web.console.frame import chosen_station, show, station_chosen, words_of
from broadcaster.web.console.people.consent_words import proofs
from broadcaster.web.i18n import Words
from broadcaster.web.names import CHANNEL_ICONS, language_word
from broadcaster.web.pages import to, written_short
from broadcaster.web.whereabouts import written_place
from channels.sms import written


async def one(call: Call[None, None]) -> web.Response:
    """Show all of the station's data on a person."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        person = await person_of(unit, call, station)
        level = await identities.level_of(unit, person.id, station.id)
        signed = [
            (each, "" if each.key_id is None else await breakdown.label_of(unit, each.key_id))
            for each in await by_hand.signed_by(unit, station.id, person.id)
        ]
        acts = await consents.of_person(unit, person.id, station.id)
        labels = {key: await breakdown.label_of(unit, key) for act in acts if (key := act.key_id) is not None}
    zone = zone_of(station.region)
    facts = {
        "person": person,
        "proofs": proofs(acts, {each.id: _address(each, words) for each in person.contacts}, labels, zone, words),
        "identity": identity_words(words)[level],
        "at_counter": level is IdentityLevel.COUNTER,
        "vulnerable": call.may(Permission.VULNERABLE, station.id),
        "name": person.name or words("without a name"),
        "contacts": [contact_facts(each, person, words) for each in person.contacts],
        "reached": any(each.works for each in person.contacts),
        "opted_out": persons.opted_out(person.contacts),
        "places": [
            {"label": place.label, "point": written_place(place.lon, place.lat, station, words)}
            for place in person.places.values()
        ],
        "address": "" if person.address is None else str(person.address.address),
        "address_open": person.address is not None and person.address.state in OPEN,
        "since": words.day(person.followed_at.astimezone(zone)),
        "paused": None if person.paused_until is None else written_short(person.paused_until, zone, words),
        "speaks": language_word(person.locale, words),
        "signed": [
            (words.day(date.fromisoformat(each.on)), each.kept, written_short(each.at, zone, words), label)
            for each, label in signed
        ],
        "today": call.services.clock.now().astimezone(zone).date().isoformat(),
        "done": {
            "added": words("The person was added."),
            "changed": words("The change was saved."),
            "signed": words("The signed request was recorded. Alerts reach this contact again."),
            "revived": words("The next alert is sent to this address again."),
        }.get(call.request.query.get("done", ""), ""),
    }
    return show(call.request, "people/person.html", words, facts, tab="people", where=station)


async def revive(call: Call[None, None]) -> web.Response:
    """Revive a dead contact. A working one is unchanged."""
    station, person = await _person(call)
    number = call.number("contact")

    async def keep(unit: Unit) -> None:
        await by_hand.revive(unit, person.id, number, call.actor.at, Consent(Way.COUNTER, call.actor))
        await call.record(unit, Action.CONTACT_REVIVED, person.id, station_id=station.id, contact=number)

    await call.services.store.transact(keep)
    return to(f"/console/people/{person.id}?station={station.slug}&done=revived")


async def identify(call: Call[None, None]) -> web.Response:
    """Record that a person proved their identity at the counter, or undo that. Raises ``Refused``."""
    form, now = await form_of(call.request), call.services.clock.now()
    shown = form.get("do") == "shown"
    async with call.services.store.write() as unit:
        station, _ = await chosen_station(unit, call)
        person = await person_of(unit, call, station)
        if shown:
            shown_as = civil(*(form.get(each, "") for each in ("family", "given", "born")))
            await identities.prove(unit, person.id, IdentityLevel.COUNTER, now, person=shown_as)
        else:
            await polls.stay_voted(unit, person.id)
            await identities.forget(unit, person.id)
        await call.record(unit, Action.IDENTITY_SET, person.id, station_id=station.id, shown=shown)
    return to(f"/console/people/{person.id}?station={station.slug}&done=changed")


def identity_words(words: Words) -> dict[IdentityLevel, str]:
    return {
        IdentityLevel.NONE: words("not known"),
        IdentityLevel.CONTACT: words("by a contact that is confirmed, or by this register"),
        IdentityLevel.FRANCECONNECT: words("shown by FranceConnect"),
        IdentityLevel.COUNTER: words("shown at the counter"),
    }


async def ask_to_remove(call: Call[None, None]) -> web.Response:
    words = words_of(call.request)
    station, person = await _person(call)
    facts = {"person": person, "name": person.name or words("without a name")}
    return show(call.request, "people/person_remove.html", words, facts, tab="people", where=station)


async def remove(call: Call[None, None]) -> web.Response:
    """Remove a person, as their register's keeper or at their request; idempotent."""
    asked, station = (await form_of(call.request)).get("why", "") == "asked", await station_chosen(call)
    number = call.number()

    async def forget(unit: Unit) -> Erased | None:
        by = Consent(Way.COUNTER, call.actor)
        proof = await by_hand.remove(unit, station.id, number, by.actor.at, asked=asked, by=by)
        if proof is not None:
            action = Action.PERSON_ERASED if asked else Action.PERSON_REMOVED
            await call.record(unit, action, number, station_id=station.id)
        return proof

    proof = await call.services.store.transact(forget)
    if asked and proof is not None:
        return to(f"/console/people/left-out?station={station.slug}&number={proof.number}")
    return to(f"/console/people?station={station.slug}&done=removed")


def contact_facts(held: PersonContact, person: Person, words: Words) -> dict[str, Any]:
    if held.opted_out_at is not None:
        state = words("they asked for no more messages")
    elif held.status is ContactStatus.STOPPED:
        state = words("they answered STOP")
    elif held.status is ContactStatus.GONE:
        state = words("does not work any more")
    elif not held.confirmed:
        state = words("not confirmed yet")
    else:
        state = words("works")
    return {
        "id": held.id,
        "channel": held.channel.value,
        "icon": CHANNEL_ICONS[held.channel],
        "word": words.channel(held.channel),
        "whose": person.whose(held) or (words("guardian %(n)s", n=held.guardian) if held.guardian else ""),
        "address": _address(held, words),
        "works": held.works,
        "dead": held.status is ContactStatus.GONE,
        "opted_out": held.opted_out_at is not None,
        "state": state,
        "code": held.code if held.status is not ContactStatus.ACTIVE else None,
    }


def _address(held: PersonContact, words: Words) -> str:
    if not held.address:
        return words("address forgotten")
    if held.channel is ChannelName.EMAIL:
        return held.address
    if held.channel is not ChannelName.PUSH:
        return written(held.address)
    try:
        host = urlsplit(str(json.loads(held.address)["endpoint"])).hostname or ""
    except (ValueError, KeyError):
        host = ""
    for mark, browser in (("mozilla", "Firefox"), ("google", "Chrome"), ("apple", "Safari"), ("windows", "Edge")):
        if mark in host:
            return words("a device, with %(browser)s", browser=browser)
    return words("a device")


async def _person(call: Call[Any, Any]) -> tuple[Station, Person]:
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        return station, await person_of(unit, call, station)


async def person_of(unit: Unit, call: Call[Any, Any], station: Station) -> Person:
    """Return the path's person. Raises ``NotFound``."""
    found = await persons.person(unit, station.id, call.number())
    if found is None:
        raise NotFound("person-unknown")
    return found
