"""/console/people/sign-ups: unconfirmed push sign-ups by hour and address; a wave can be removed."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import Refused
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store.people import waves
from broadcaster.store.people.waves import Wave
from broadcaster.store.register import by_hand, persons
from broadcaster.web.console.frame import chosen_station, show, station_chosen, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to, written_short

HOURS = 48
MANY = 20
"""Unconfirmed sign-ups in an hour that are flagged as unusual."""

_AT_ONCE = 100
_SOURCES = 10


async def listing(call: Call[None, None]) -> web.Response:
    """Show the hours, newest first."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        found = await waves.waves(unit, station.id, HOURS)
        lines = {each.id: each for wave in found for each in await persons.lines(unit, station.id, list(wave.newest))}
        facts = {
            "stations": theirs,
            "people": words.number(await waves.count(unit, station.id)),
            "waves": [_shown(each, zone_of(station.region), words) for each in found],
            "names": {
                each.begins_at: [lines[number].name or words("without a name") for number in each.newest]
                for each in found
            },
            "done": words("These sign-ups were removed.") if call.request.query.get("done") == "removed" else "",
        }
    return show(call.request, "people/sign_ups.html", words, facts, tab="people", where=station)


async def remove(call: Call[None, None]) -> web.Response:
    """Remove unconfirmed sign-ups of an hour, or of one address in it."""
    given, station = await form_of(call.request), await station_chosen(call)
    try:
        begins_at = datetime.fromisoformat(given.get("hour", "")).astimezone(UTC)
        source = bytes.fromhex(given["source"]) if given.get("source") else None
    except (ValueError, OverflowError):
        raise Refused("wave-unknown", "hour") from None

    async def some(unit: Unit) -> int:
        ids = await waves.of_wave(unit, station.id, begins_at, source, _AT_ONCE)
        for each in ids:
            await by_hand.remove(unit, station.id, each, call.actor.at)
        if ids:
            await call.record(unit, Action.SIGN_UPS_REMOVED, station_id=station.id, people=len(ids))
        return len(ids)

    while await call.services.store.transact(some):
        pass
    path = f"/console/people/sign-ups?station={station.slug}&done=removed"
    return to(path)


def _shown(wave: Wave, zone: ZoneInfo, words: Words) -> dict[str, Any]:
    sources = wave.sources[:_SOURCES]
    return {
        "key": wave.begins_at,
        "hour": wave.begins_at.isoformat(),
        "when": written_short(wave.begins_at, zone, words),
        "people": wave.people,
        "addresses": len(wave.sources),
        "unusual": wave.people >= MANY,
        "sources": [(number, mark.hex(), n) for number, (mark, n) in enumerate(sources, start=1) if mark],
        "further": len(wave.sources) - len(sources),
    }
