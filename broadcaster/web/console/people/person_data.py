"""POST /console/people/{id}/data, …/data.json: what is kept of a person who asked for it, to hand to them."""

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.stations import Station
from broadcaster.http.people.own_data import as_file
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.pipeline.approving import check_reason
from broadcaster.store.people.profiles import Profile
from broadcaster.store.register import own_data
from broadcaster.store.register.own_data import Record
from broadcaster.web.console.frame import chosen_station
from broadcaster.web.i18n import catalogs
from broadcaster.web.resident import data_page


async def page(call: Call[None, None]) -> web.Response:
    """Return it to read or to print, in the person's language."""
    station, profile, found = await _taken(call)
    words = catalogs().words(profile.locale, *station.languages)
    async with call.services.store.read() as unit:
        return await data_page.show(unit, call, profile, found, words, by=station.name)


async def file(call: Call[None, None]) -> web.Response:
    """Return it as JSON, to take elsewhere."""
    _, profile, found = await _taken(call)
    return as_file(profile, found, call.services.settings.quiet_hours)


async def _taken(call: Call[None, None]) -> tuple[Station, Profile, dict[str, list[Record]]]:
    """Return the station and what it keeps of the person; the audit log records it and who asked.

    Raises ``Refused`` if the form does not say who asked, and ``NotFound``.
    """
    given = await form_of(call.request)
    number = call.number()
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        call.need(station.id)
        why = check_reason(given.get("why", ""))
        register = call.may(Permission.VULNERABLE, station.id)
        kept = await own_data.of_station(unit, station, number, register=register)
    if kept is None:
        raise NotFound("person-unknown")
    async with call.services.store.write() as unit:
        await call.record(unit, Action.PERSON_EXPORTED, number, station_id=station.id, why=why, vulnerable=register)
    return station, *kept
