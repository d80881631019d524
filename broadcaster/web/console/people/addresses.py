"""/console/people/addresses: positions of a list's addresses; uncertain ones are reviewed on a map, one by one.

Each answer is a form of its own, so the page works without scripts; with scripts, also by keyboard.
"""

from typing import Any

from aiohttp import web
from babel.numbers import format_percent

from broadcaster.domain.addresses import AddressState, Found
from broadcaster.domain.audit import Action
from broadcaster.domain.people import NewPlace
from broadcaster.domain.stations import Station
from broadcaster.geocoding.client import Geocoder, GeocoderUnavailable
from broadcaster.geocoding.placing import home_label
from broadcaster.http.answers import answer
from broadcaster.http.reading import form_of, number_of, point_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Shown
from broadcaster.store import Unit
from broadcaster.store.people import addresses
from broadcaster.store.people.addresses import Kept
from broadcaster.store.register import persons
from broadcaster.web.console.frame import chosen_station, show, station_chosen, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to

_LISTED = 50


class AddressesLeft(Shown):
    waiting: int
    uncertain: int


async def page(call: Call[None, None]) -> web.Response:
    """Show progress, the next uncertain address, and people without a place."""
    words = words_of(call.request)
    query = call.request.query
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        counts = await addresses.counts(unit, station.id)
        chosen = number_of(query.get("who", ""))
        asked = await _asked(unit, station, chosen, number_of(query.get("after", "")) or 0)
        lost = await addresses.in_state(
            unit, station.id, AddressState.NOT_FOUND, after=number_of(query.get("lost", "")) or 0, limit=_LISTED + 1
        )
        names = await _names(unit, station, [*lost, *([] if asked is None else [asked])], words)
    choosing = asked is not None and "choose" in query
    found, away = await _choices(call, station, asked) if choosing and asked is not None else ([], False)
    settings = call.services.settings
    total = sum(counts.values())
    facts = {
        "stations": theirs,
        "counts": {state.name.lower(): counts[state] for state in AddressState},
        "total": total,
        "done": total - counts[AddressState.WAITING],
        "placed": counts[AddressState.PLACED] + counts[AddressState.CONFIRMED] + counts[AddressState.GIVEN],
        "off": not settings.geocoder_url,
        "asked": asked,
        "name": "" if asked is None else names.get(asked.subscriber_id, ""),
        "sure": "" if asked is None or asked.match is None else format_percent(asked.match.score, locale=words.locale),
        "choosing": choosing,
        "found": found,
        "away": away,
        "lost": [(each.subscriber_id, names.get(each.subscriber_id, ""), str(each.address)) for each in lost[:_LISTED]],
        "further": lost[_LISTED - 1].subscriber_id if len(lost) > _LISTED else None,
        "number": words.number,
    }
    return show(call.request, "people/addresses.html", words, facts, tab="people", where=station)


async def left(call: Call[None, None]) -> web.Response:
    """Return the number of waiting addresses, for polling."""
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        counts = await addresses.counts(unit, station.id)
    return answer(AddressesLeft(waiting=counts[AddressState.WAITING], uncertain=counts[AddressState.UNCERTAIN]))


async def say(call: Call[None, None]) -> web.Response:
    """Record an operator's answer: the position, or that it is unknown."""
    form, station, services = await form_of(call.request), await station_chosen(call), call.services
    subscriber_id = number_of(form.get("who", "")) or 0
    here = f"/console/people/addresses?station={station.slug}"
    lon, _, lat = form.get("point", "").partition(",")
    point = point_of(lon, lat)
    if form.get("do") == "nowhere":
        async with services.store.write() as unit:
            await addresses.give_up(unit, station.id, subscriber_id)
            await call.record(unit, Action.ADDRESS_SET, subscriber_id, station_id=station.id, found=False)
    elif point is None:
        return to(f"{here}&who={subscriber_id}&choose=1")
    else:
        home = NewPlace(home_label(station), *point)
        async with services.store.write() as unit:
            await addresses.confirm(unit, station.id, subscriber_id, home, services.clock.now())
            await call.record(unit, Action.ADDRESS_SET, subscriber_id, station_id=station.id, found=True)
    return to(f"{here}&after={subscriber_id}")


async def _asked(unit: Unit, station: Station, chosen: int | None, after: int) -> Kept | None:
    """Return the address to review: the chosen one, else the next uncertain one, then skipped ones."""
    if chosen is not None:
        kept = (await addresses.of_people(unit, station.id, [chosen])).get(chosen)
        return kept if kept is not None and kept.state in addresses.TO_DO else None
    for start in dict.fromkeys((after, 0)):
        found = await addresses.in_state(unit, station.id, AddressState.UNCERTAIN, after=start, limit=1)
        if found:
            return found[0]
    return None


async def _names(unit: Unit, station: Station, kept: list[Kept], words: Words) -> dict[int, str]:
    lines = await persons.lines(unit, station.id, [each.subscriber_id for each in kept])
    return {each.id: each.name or each.external_id or words("without a name") for each in lines}


async def _choices(call: Call[Any, Any], station: Station, asked: Kept) -> tuple[list[Found], bool]:
    near = None if station.lon is None or station.lat is None else (station.lon, station.lat)
    try:
        return await Geocoder(call.services.settings.geocoder_url).find(str(asked.address), near), False
    except GeocoderUnavailable:
        return [], True
