"""/console/people/left-out: how many asked to be left out, erasures, and the signed request that undoes it."""

import re

from aiohttp import web

from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.register import left_out
from broadcaster.store import Unit
from broadcaster.store.people import suppression
from broadcaster.store.register import by_hand, erasing
from broadcaster.store.register.by_hand import NOBODY
from broadcaster.store.register.erasing import Way
from broadcaster.web.console.frame import chosen_station, show, station_chosen, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to, written_short

_SHOWN = 50
_NUMBER = re.compile(r"\d{4}-\d{6,}-[0-9a-f]{8}")


async def page(call: Call[None, None]) -> web.Response:
    """Show the list: its length, the newest erasures, and past signed requests."""
    words, asked = words_of(call.request), call.request.query
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        found = await erasing.of_station(unit, station.id, _SHOWN)
        signed = await by_hand.signed_by(unit, station.id, NOBODY)
        count = await suppression.count(unit, station.id)
    zone = zone_of(station.region)
    number = asked.get("number", "")
    facts = {
        "stations": theirs,
        "count": count,
        "number": number if _NUMBER.fullmatch(number) else "",
        "erasures": [
            (
                erasing.number_of(call.services.store.vault, each.id, each.at),
                written_short(each.at, zone, words),
                _way(each.way, words),
            )
            for each in found
        ],
        "signed": [(each.on, each.kept, written_short(each.at, zone, words)) for each in signed[:_SHOWN]],
        "today": call.services.clock.now().astimezone(zone).date().isoformat(),
        "done": {
            "undone": words("Recorded. Lists and you may enter this person again."),
            "unknown": words("Nobody with this number or address asked to be left out."),
        }.get(asked.get("done", ""), ""),
    }
    return show(call.request, "people/left_out.html", words, facts, tab="people", where=station)


async def undo(call: Call[None, None]) -> web.Response:
    """Take a number, an address or an id off the list; requires a signed request."""
    given, station = await form_of(call.request), await station_chosen(call)
    caller, now = call.need(station.id), call.services.clock.now()
    signed = left_out.paper_of(given.get("on", ""), given.get("kept", ""), now, caller.key_id)

    async def keep(unit: Unit) -> bool:
        return await left_out.undo(unit, station, given.get("who", ""), signed, call.actor)

    done = "undone" if await call.services.store.transact(keep) else "unknown"
    return to(f"/console/people/left-out?station={station.slug}&done={done}")


def _way(way: Way, words: Words) -> str:
    return {
        Way.THEMSELVES: words("by themselves"),
        Way.REQUEST: words("at their request"),
        Way.REMOVED: words("removed by an operator"),
        Way.SILENT: words("after a long time without a sign of life"),
    }[way]
