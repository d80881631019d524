"""/console/keys: create and revoke the API keys of the caller's stations."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.operators import LONGEST_NAME
from broadcaster.domain.permissions import KEY_ACTIONS, KeyRole, Permission
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of, number_of
from broadcaster.http.route import Call
from broadcaster.http.sessions import PATH
from broadcaster.http.stations import station_given
from broadcaster.store import Unit
from broadcaster.store.operations import audit_reading
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import show, stations_of, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to, written_short

KEYS = f"{PATH}/keys"
_DAYS = (30, 90, 365)


async def listing(call: Call[None, None]) -> web.Response:
    """Show the valid keys, and a form for a new one."""
    async with call.services.store.read() as unit:
        return await _page(unit, call)


async def add(call: Call[None, None]) -> web.Response:
    """Create a key, and show it once. Raises ``Refused``."""
    form, now = await form_of(call.request), call.services.clock.now()
    label = " ".join(form.get("label", "").split())
    only = [each for each in KEY_ACTIONS if form.get(each.value) == "1"]
    days = number_of(form.get("days", ""))
    if not 1 <= len(label) <= LONGEST_NAME or not label.isprintable():
        raise Refused("operator-name", "label", most=LONGEST_NAME)
    if not only or days not in _DAYS:
        raise Refused("key-actions", "actions")
    role = KeyRole.PUBLISH if set(only) - {Permission.LOOK} else KeyRole.READ
    async with call.services.store.write() as unit:
        station = await station_given(unit, form.get("station", ""))
        call.need(station.id)
        expires_at = now + timedelta(days=days)
        key = await stations.add_key(
            unit, role, station.id, label, now, expires_at=expires_at, only=only, made_by=call.actor.id
        )
        made = await stations.caller_of(unit, key, now)
        number = None if made is None else made.key_id
        await call.record(unit, Action.KEY_MADE, number, station_id=station.id, days=days)
        if Permission.VULNERABLE in only:
            await call.record(unit, Action.VULNERABLE_GRANTED, number, station_id=station.id, granted=True)
        return await _page(unit, call, key=key)


async def revoke(call: Call[None, None]) -> web.Response:
    """Revoke a key at once."""
    async with call.services.store.write() as unit:
        known = {each.id: each for each in await stations.keys_that_hold(unit, call.services.clock.now())}
        found = known.get(call.number())
        station = None if found is None or found.slug is None else await stations.by_slug(unit, found.slug)
        if found is None or (station is None and call.stations() is not None):
            raise NotFound("key-missing")
        if station is not None:
            call.need(station.id)
        await stations.revoke_key(unit, found.id, call.services.clock.now())
        of = None if station is None else station.id
        await call.record(unit, Action.KEY_REVOKED, found.id, station_id=of)
    return to(f"{KEYS}?done=revoked")


async def _page(unit: Unit, call: Call[Any, Any], *, key: str = "") -> web.Response:
    words, zone = words_of(call.request), zone_of("FR")
    theirs = await stations_of(unit, call)
    names = {each.slug: each.name for each in theirs}
    everywhere = call.stations() is None
    found = await stations.keys_that_hold(unit, call.services.clock.now())
    makers = await audit_reading.names(unit, {each.made_by for each in found if each.made_by is not None})
    called = action_words(words)
    facts = {
        "stations": theirs,
        "key": key,
        "actions": [(each.value, called[each]) for each in KEY_ACTIONS],
        "days": _DAYS,
        "keys": [
            {
                "id": each.id,
                "label": each.label,
                "station": words("every station") if each.slug is None else names[each.slug],
                "may": ", ".join(called[Permission(one)] for one in each.actions)
                or words("all of the role %(role)s", role=each.role),
                "used": "" if each.used_at is None else written_short(each.used_at, zone, words),
                "by": makers.get(each.made_by or 0, ""),
                "expires": "" if each.expires_at is None else written_short(each.expires_at, zone, words),
            }
            for each in found
            if (everywhere if each.slug is None else each.slug in names)
        ],
        "done": words("The key was revoked: it opens nothing any more.")
        if call.request.query.get("done") == "revoked"
        else "",
        "here": KEYS,
    }
    response = show(call.request, "operators/keys.html", words, facts)
    response.headers["Cache-Control"] = "no-store"
    return response


def action_words(words: Words) -> dict[Permission, str]:
    return {
        Permission.LOOK: words("look at alerts and reports"),
        Permission.REGISTER: words("keep the register, and see who was not reached"),
        Permission.SEND: words("send, schedule and end alerts"),
        Permission.VULNERABLE: words("enter people in the register of vulnerable people"),
    }
