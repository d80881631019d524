"""/console/people: a station's residents, found by name, number, mail address or external id."""

from typing import Any

from aiohttp import web

from broadcaster.domain.people import PHONES, NewContact
from broadcaster.domain.permissions import Permission
from broadcaster.domain.stations import Station
from broadcaster.http.reading import number_of
from broadcaster.http.route import Call
from broadcaster.register.contacts import mail_contact, phone_contact
from broadcaster.store import Unit
from broadcaster.store.engine.rounding import rounded
from broadcaster.store.people import people, trials, waves
from broadcaster.store.register import persons, search
from broadcaster.store.register.persons import Line
from broadcaster.store.register.search import Found, Only
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.names import CHANNEL_ICONS
from channels.email import InvalidMailAddress
from channels.sms import InvalidPhone

PAGE = 50
LONGEST_SEARCH = 120


async def listing(call: Call[None, None]) -> web.Response:
    """Show a page of residents; to a read-only key, only groups and counts."""
    words = words_of(call.request)
    asked = call.request.query
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        opened = call.may(Permission.REGISTER, station.id)
        groups = await stations.group_list(unit, station.id)
        ids = await stations.group_ids(unit, station.id)
        unproven = await trials.unproven(unit, station.id, call.services.clock.now())
        facts: dict[str, Any] = {
            "stations": theirs,
            "groups": groups,
            "opened": opened,
            "vulnerable": call.may(Permission.VULNERABLE, station.id),
            "followers": await search.count(unit, station.id, Only()),
            "unreachable": await search.count(unit, station.id, Only(unreachable=True)),
            "most_counted": search.MOST_COUNTED,
            "unconfirmed": await waves.count(unit, station.id),
            "unproven": rounded(unit.vault, unproven, f"unproven {station.id}"),
            "number": words.number,
            "done": words("The person was removed.") if asked.get("done", "") == "removed" else "",
        }
        if opened:
            group = asked.get("group", "")
            only = Only(ids.get(group), unreachable=asked.get("without", "") == "1")
            text = asked.get("q", "").strip()[:LONGEST_SEARCH]
            found, exact = await _found(unit, station, only, text, number_of(asked.get("after", "")))
            facts |= {
                "q": text,
                "group": group if group in ids else "",
                "without": only.unreachable,
                "after": found.after,
                "further": bool(asked.get("after")),
                "exact": exact,
                "people": [_shown(each, words) for each in await persons.lines(unit, station.id, found.ids)],
            }
    return show(call.request, "people/people.html", words, facts, tab="people", where=station)


async def _found(unit: Unit, station: Station, only: Only, text: str, after: int | None) -> tuple[Found, bool]:
    """Return the search results, and whether they are exact: by contact or id."""
    if not text:
        return await search.by_name(unit, station.id, only, after=after, limit=PAGE), False
    ids = await exactly(unit, station, text)
    if ids:
        return Found(ids[:PAGE], None), True
    return await search.named(unit, station.id, only, text, after=after, limit=PAGE), False


async def exactly(unit: Unit, station: Station, text: str) -> list[int]:
    """Return the followers with exactly this register number, telephone number or mail address."""
    known = await people.by_external_ids(unit, station.id, [text])
    ids = [subscriber_id for subscriber_id, _ in known.values()]
    having = await search.having(unit, station.id, _contacts(text, station.region))
    return ids + [each for each in having if each not in ids]


def _contacts(text: str, region: str) -> list[NewContact]:
    """Return the contacts that a text may mean."""
    try:
        return [mail_contact(text)]
    except InvalidMailAddress:
        pass
    try:
        return [phone_contact(text, region, channel) for channel in PHONES]
    except InvalidPhone:
        return []


def _shown(line: Line, words: Words) -> dict[str, Any]:
    return {
        "id": line.id,
        "name": line.name or words("without a name"),
        "nameless": line.name is None,
        "external_id": line.external_id,
        "paused": line.paused_until is not None,
        "channels": [(each.value, CHANNEL_ICONS[each], words.channel(each)) for each in line.channels],
        "dead": line.dead,
        "opted_out": line.opted_out,
        "groups": line.groups,
    }
