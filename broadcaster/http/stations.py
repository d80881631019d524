"""POST /v1/stations, GET /v1/stations/{slug}, DELETE /v1/stations/{slug}/groups/{group}."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from aiohttp import web

from broadcaster import territory
from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Caller, Permission
from broadcaster.domain.refusals import Conflict, NotFound, Refused
from broadcaster.domain.stations import Station, read_topics, renamed
from broadcaster.http.answers import answer
from broadcaster.http.contacts import read_as
from broadcaster.http.keys import STATIONS
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import SLUG
from broadcaster.http.schemas.stations import GroupOut, StationIn, StationOut, TopicsIn
from broadcaster.store import Unit
from broadcaster.store.register import by_hand
from broadcaster.store.stations import stations
from channels.email import parse_address
from channels.sms import parse_phone

T = TypeVar("T")
_SLUG = re.compile(SLUG)


async def create(call: Call[StationIn, None]) -> web.Response:
    """Add a station; only for keys of all stations."""
    given = call.body
    fields, notes = await asyncio.to_thread(fields_of, given, call.services.settings.margin_m)

    async def keep(unit: Unit) -> StationOut:
        made = await stations.add(unit, fields, call.services.clock.now())
        if made is None:
            raise Conflict("slug-taken", "slug", slug=given.slug)
        await call.record(unit, Action.STATION_ADDED, made.id, station_id=made.id)
        shown = await _shown(unit, made, call.caller, call.services.sandboxed)
        return shown.model_copy(update={"notes": tuple(notes) or None})

    shown = await call.services.store.transact(keep)
    return answer(shown, 201, {"Location": f"/v1/stations/{shown.slug}"})


async def show(call: Call[None, None]) -> web.Response:
    """Return a station's public data, with its groups if the key is the station's."""
    slug = call.request.match_info["slug"]
    async with call.services.store.read() as unit:
        station = await station_named(unit, slug)
        shown = await _shown(unit, station, call.caller, call.services.sandboxed)
    return answer(shown)


async def set_topics(call: Call[TopicsIn, None]) -> web.Response:
    """Replace or rename the topics of a station."""
    async with call.services.store.write() as unit:
        station = await station_in(unit, call)
        topics = renamed(station.topics, call.body.names)
        if call.body.topics is not None:
            topics = read_topics(call.body.topics, topics)
        await stations.change(unit, station.id, {"topics": topics}, sure=call.body.sure)
        await call.record(unit, Action.TOPICS_CHANGED, station.id, station_id=station.id)
        shown = await _shown(unit, replace(station, topics=topics), call.caller, call.services.sandboxed)
    return answer(shown)


async def delete_group(call: Call[None, None]) -> web.Response:
    """Delete a group; its members stay in the register. Raises ``Conflict`` while an alert to it is active."""
    slug = call.request.match_info["group"]
    station = await own_station(call)
    if not await call.services.store.transact(lambda unit: forget_group(unit, call, station, slug)):
        raise NotFound("group-missing", name=slug[:60])
    return web.Response(status=204)


async def forget_group(unit: Unit, call: Call[None, None], station: Station, slug: str) -> bool:
    """Delete a group; return False if unknown. Raises ``Conflict`` while an alert to it is active."""
    number = (await stations.group_ids(unit, station.id)).get(slug)
    members = await by_hand.delete_group(unit, station.id, slug, call.services.clock.now())
    if members is None:
        return False
    await call.record(unit, Action.GROUP_DELETED, number, station_id=station.id, members=members)
    return True


async def station_in_path(request: web.Request) -> Station:
    """Return the path's station, from a shared look-up. Raises ``NotFound``."""
    slug = request.match_info["slug"]
    station = await request.app[STATIONS].do(slug) if _SLUG.fullmatch(slug) else None
    return _found(station, slug)


async def station_named(unit: Unit, slug: str) -> Station:
    """Return the path's station. Raises ``NotFound``."""
    return _found(await stations.by_slug(unit, slug) if _SLUG.fullmatch(slug) else None, slug)


def _found(station: Station | None, slug: str) -> Station:
    if station is None:
        raise NotFound("station-missing", slug=slug[:60])
    return station


async def station_in(unit: Unit, call: Call[Any, Any]) -> Station:
    """Return the path's station. Raises ``NotFound``, and ``Forbidden`` unless the caller may act for it."""
    station = await station_named(unit, call.request.match_info["slug"])
    call.need(station.id)
    return station


async def own_station(call: Call[Any, Any]) -> Station:
    """Return the path's station, as ``station_in`` does."""
    async with call.services.store.read() as unit:
        return await station_in(unit, call)


async def with_station(
    call: Call[Any, Any], missing: str, by_id: Callable[[Unit, int], Awaitable[T | None]], whose: Callable[[T], int]
) -> tuple[T, Station]:
    """Return what the path's id names, and its station, whose id is ``whose`` of it.

    Raises ``NotFound`` with the code ``missing``, also for who may not look at the station, and ``Forbidden``.
    """

    async def read(unit: Unit) -> tuple[T | None, Station | None]:
        found = await by_id(unit, call.number())
        return found, None if found is None else await stations.by_id(unit, whose(found))

    found, station = await call.services.store.run_read(read)
    if found is None or station is None or not call.may(Permission.LOOK, station.id):
        raise NotFound(missing, id=call.request.match_info["id"][:20])
    call.need(station.id)
    return found, station


async def station_given(unit: Unit, slug: str) -> Station:
    """Return the station named in a body or query. Raises ``Refused``."""
    station = await stations.by_slug(unit, slug)
    if station is None:
        raise Refused("station-unknown", "station", slug=slug)
    return station


async def station_asked(call: Call[Any, Any], slug: str) -> Station:
    """Return the station named in a body or query. Raises as ``station_given``, and ``Forbidden``."""
    async with call.services.store.read() as unit:
        station = await station_given(unit, slug)
    call.need(station.id)
    return station


def fields_of(given: StationIn, margin_m: float) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of ``Station``, with the commune's as defaults, and notes for the caller.

    Reads a large file. Raises ``Refused`` for unusable input, ``zones.ZoneError`` for an invalid boundary.
    """
    notes: list[str] = []
    fields: dict[str, Any] = {
        "slug": given.slug,
        "name": given.name,
        "kind": given.kind,
        "languages": given.languages,
        "boundary": None,
        "margin_m": margin_m if given.margin_m is None else given.margin_m,
        "region": given.region or "FR",
        "insee": given.insee,
        "lon": None,
        "lat": None,
        "email": given.email,
        "phone": given.phone,
    }
    if given.insee is not None:
        _from_commune(fields, given.insee, given)
    elif given.boundary is not None:
        found = territory.read(given.boundary, fields["region"], swap=given.swap, mend=given.mend)
        fields |= territory.of_boundary(found)
        notes = territory.left_out(found)
    _check_contact(fields, given)
    if fields["boundary"] is not None:
        fields["sea"] = territory.sea_of(fields["boundary"])
    return fields, notes


def _from_commune(fields: dict[str, Any], insee: str, given: StationIn) -> None:
    commune = territory.of_commune(insee)
    own = {name: value for name in ("name", "email", "phone", "region") if (value := getattr(given, name))}
    fields |= commune | own


def _check_contact(fields: dict[str, Any], given: StationIn) -> None:
    if given.email is not None:
        with read_as("email"):
            fields["email"] = parse_address(given.email)
    if given.phone is not None:
        with read_as("phone"):
            fields["phone"] = parse_phone(given.phone, fields["region"]).e164


async def _shown(unit: Unit, station: Station, caller: Caller | None, sandboxed: tuple[str, ...]) -> StationOut:
    inside = caller is not None and caller.may(Permission.LOOK, station.id)
    groups = await stations.group_list(unit, station.id) if inside else None
    return StationOut.of(
        station,
        sandbox=sandboxed,
        notes=None,
        followers=await stations.followers_count(unit, station.id) if inside else None,
        groups=None
        if groups is None
        else tuple(GroupOut(slug=slug, name=name, members=members) for slug, name, members in groups),
    )
