"""/console/help: requests for help on a map and as a list, who takes charge of each, and who is on duty."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.people import PHONES
from broadcaster.domain.refusals import Conflict, NotFound
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.pipeline.helping import HELP, operators_of
from broadcaster.store import Unit, duties, help_requests
from broadcaster.store.alerts import alerts, breakdown
from broadcaster.store.help_requests import HelpRequest
from broadcaster.store.people import profiles
from broadcaster.store.stations import stations
from broadcaster.web.console.alerts.live_words import clock_time, span
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to, written_short
from broadcaster.web.whereabouts import written_place

DUTY_HOURS = (1, 3, 8, 12)
_MOST_OPEN, _MOST_CLOSED = 200, 50


async def page(call: Call[None, None]) -> web.Response:
    """Show a station's requests."""
    words, now = words_of(call.request), call.services.clock.now()
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        asked = await help_requests.listed(unit, [station.id], closed=False, limit=_MOST_OPEN)
        closed = await help_requests.listed(unit, [station.id], closed=True, limit=_MOST_CLOSED)
        mark = await help_requests.mark_of(unit, station.id)
        duty = await duties.on_duty(unit, station.id, now)
        named = {each.id: each.name for each in await operators_of(unit, station.id)}
        shown = [await _shown(unit, each, station, named, words) for each in (*asked, *closed)]
    call.seen(station_id=station.id, people=len(shown))
    zone = zone_of(station.region)
    mine = None if call.caller is None else duty.get(call.caller.key_id)
    facts = {
        "stations": theirs,
        "open": shown[: len(asked)],
        "closed": shown[len(asked) :],
        "duty": [(named.get(each, ""), clock_time(until, zone, words)) for each, until in sorted(duty.items())],
        "mine": mine is not None,
        "hours": DUTY_HOURS,
        "given": {
            "news": f"{HELP}/news?station={station.slug}",
            "mark": mark,
            "ground": f"/map/{station.slug}.json",
            "points": [
                each["point"] | {"id": each["id"], "name": each["name"]}
                for each in shown[: len(asked)]
                if each["point"]
            ],
            "words": {"closer": words("Closer"), "farther": words("Farther")},
        },
    }
    return show(call.request, "help/help.html", words, facts, tab="alerts", where=station)


async def _shown(
    unit: Unit, asked: HelpRequest, station: Station, named: dict[int, str], words: Words
) -> dict[str, Any]:
    """Return a request for the page: the person, how to call them, and where they are or live."""
    zone = zone_of(station.region)
    person = await profiles.read(unit, asked.subscriber_id)
    alert = await alerts.by_id(unit, asked.alert_id)
    home = person.places[0] if person is not None and person.places else None
    at = asked.position or (None if home is None else (home.lon, home.lat, None))
    point = None
    if at is not None:
        point = {"lon": at[0], "lat": at[1], "accuracy_m": at[2], "sent": asked.position is not None}
    phones = () if person is None else person.contacts
    return {
        "id": asked.id,
        "name": (person.name if person is not None else None) or words("Without a name"),
        "phones": sorted({at for channel, at, _ in phones if channel in PHONES}),
        "point": point,
        "where": "" if at is None else written_place(at[0], at[1], station, words),
        "alert": asked.alert_id,
        "headline": "" if alert is None else alert.text_in(words.language, station.languages[0])[1].headline,
        "asked": written_short(asked.asked_at, zone, words),
        "wanted": asked.wanted,
        "taken_by": None if asked.taken_by is None else await _name(unit, asked.taken_by, named),
        "waited": span(None if asked.taken_at is None else (asked.taken_at - asked.asked_at).seconds, words),
        "closed": None if asked.closed_at is None else written_short(asked.closed_at, zone, words),
        "closed_by": "" if asked.closed_by is None else await _name(unit, asked.closed_by, named),
    }


async def _name(unit: Unit, key_id: int, named: dict[int, str]) -> str:
    return named.get(key_id) or await breakdown.label_of(unit, key_id)


async def news(call: Call[None, None]) -> web.Response:
    """Return a mark that changes with the list; the page's script then reloads it."""
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        mark = await help_requests.mark_of(unit, station.id)
    return web.json_response({"mark": mark}, headers={"Cache-Control": "no-store"})


async def duty(call: Call[None, None]) -> web.Response:
    """Go on duty for some hours, or off."""
    form, now = await form_of(call.request), call.services.clock.now()
    hours = next((each for each in DUTY_HOURS if form.get("hours") == str(each)), None)
    async with call.services.store.write() as unit:
        station, _ = await chosen_station(unit, call)
        caller = call.need(station.id)
        until = None if hours is None else now + timedelta(hours=hours)
        await duties.set_duty(unit, station.id, caller.key_id, until)
        await call.record(unit, Action.DUTY_SET, station_id=station.id, hours=hours or 0)
    call.services.duty_changed(station.id)
    return to(f"{HELP}?station={station.slug}")


async def act(call: Call[None, None]) -> web.Response:
    """Take charge of a request, or close it. Raises ``Conflict`` if somebody else was faster."""
    form, now = await form_of(call.request), call.services.clock.now()
    async with call.services.store.write() as unit:
        asked = await help_requests.by_id(unit, call.number())
        if asked is None or call.caller is None or not call.may(call.permission, asked.station_id):  # type: ignore[arg-type]
            raise NotFound("help-missing")
        key_id = call.need(asked.station_id).key_id
        closes = form.get("do") == "close"
        done = await (help_requests.close if closes else help_requests.take)(unit, asked.id, key_id, now)
        if not done:
            raise Conflict("help-taken")
        what = Action.HELP_CLOSED if closes else Action.HELP_TAKEN
        await call.record(unit, what, asked.id, station_id=asked.station_id)
        station = await stations.by_id(unit, asked.station_id)
    await call.services.bus.publish(f"alert:{asked.alert_id}")
    return to(HELP if station is None else f"{HELP}?station={station.slug}")
