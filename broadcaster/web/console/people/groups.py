"""/console/groups: a station's groups: add, rename, delete, and members."""

from functools import partial
from typing import Any, NamedTuple

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import Conflict, NotFound
from broadcaster.domain.spelling import group_slug
from broadcaster.domain.stations import Station
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.stations import forget_group
from broadcaster.store.register import by_hand
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import chosen_station, show, station_chosen, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to

LONGEST_NAME = 60


class _Group(NamedTuple):
    """A group, and the number of its members."""

    slug: str
    name: str
    members: int


async def listing(call: Call[None, None]) -> web.Response:
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        groups = await stations.group_list(unit, station.id)
    return _page(call, station, theirs, groups)


async def add(call: Call[None, None]) -> web.Response:
    """Add a group; idempotent."""
    name = await _name(call)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        groups = await stations.group_list(unit, station.id)
    words = words_of(call.request)
    wrong = _wrong(name, words)
    taken = {slug: known for slug, known, _ in groups}.get(group_slug(name))
    if not wrong and taken is not None and taken != name:
        wrong = words("There is a group of almost this name already: %(name)s.", name=taken)
    if wrong:
        return _page(call, station, theirs, groups, name=name, wrong=wrong)
    async with call.services.store.write() as unit:
        made = await stations.ensure_groups(unit, station.id, {group_slug(name): name})
        if taken is None:
            number = made[group_slug(name)]
            await call.record(unit, Action.GROUP_ADDED, number, station_id=station.id)
    return to(f"/console/groups?station={station.slug}&done=added")


async def one(call: Call[None, None]) -> web.Response:
    """Show a group, with a form for its name."""
    return _one(call, *await _group(call))


async def rename(call: Call[None, None]) -> web.Response:
    name = await _name(call)
    station, group = await _group(call)
    wrong = _wrong(name, words_of(call.request))
    if wrong:
        return _one(call, station, group._replace(name=name), wrong)
    async with call.services.store.write() as unit:
        await by_hand.rename_group(unit, station.id, group.slug, name)
        number = (await stations.group_ids(unit, station.id)).get(group.slug)
        await call.record(unit, Action.GROUP_RENAMED, number, station_id=station.id)
    return to(f"/console/groups?station={station.slug}&done=renamed")


async def ask_to_delete(call: Call[None, None]) -> web.Response:
    """Ask for confirmation, with the number of members."""
    return _asking(call, *await _group(call))


async def delete(call: Call[None, None]) -> web.Response:
    """Delete a group; idempotent."""
    station, slug, words = await station_chosen(call), call.request.match_info["slug"], words_of(call.request)
    try:
        await call.services.store.transact(lambda unit: forget_group(unit, call, station, slug))
    except Conflict:
        wrong = words(
            "An alert to this group is not over yet. End it, or wait until it is over, then delete the group."
        )
        return _asking(call, *await _group(call), wrong)
    return to(f"/console/groups?station={station.slug}&done=deleted")


def _page(
    call: Call[Any, Any], station: Station, theirs: list[Station], groups: list[tuple[str, str, int]], **more: str
) -> web.Response:
    words = words_of(call.request)
    facts = {
        "stations": theirs,
        "groups": sorted(groups, key=lambda each: each[1].casefold()),
        "may": call.may(Permission.REGISTER, station.id),
        "name": more.get("name", ""),
        "wrong": more.get("wrong", ""),
        "done": {
            "added": words("The group was added."),
            "renamed": words("The group was renamed."),
            "deleted": words("The group was deleted."),
        }.get(call.request.query.get("done", ""), ""),
    }
    return show(call.request, "people/groups.html", words, facts, tab="people", where=station)


def _one(
    call: Call[Any, Any],
    station: Station,
    group: _Group,
    wrong: str = "",
    *,
    template: str = "people/group.html",
    refused: int | None = None,
) -> web.Response:
    words, facts = words_of(call.request), {**group._asdict(), "wrong": wrong}
    return show(call.request, template, words, facts, tab="people", where=station, status=refused if wrong else None)


_asking = partial(_one, template="people/group_delete.html", refused=409)


async def _group(call: Call[Any, Any]) -> tuple[Station, _Group]:
    """Return the station and the path's group. Raises ``NotFound``."""
    slug = call.request.match_info["slug"]
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        for each in await stations.group_list(unit, station.id):
            if each[0] == slug:
                return station, _Group(*each)
    raise NotFound("group-missing", name=slug[:LONGEST_NAME])


async def _name(call: Call[Any, Any]) -> str:
    return " ".join((await form_of(call.request)).get("name", "").split())


def _wrong(name: str, words: Words) -> str:
    if not name:
        return words("Give the group a name.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        return words("A name has %(most)s characters at most.", most=LONGEST_NAME)
    if not group_slug(name):
        return words("A name needs a letter or a figure.")
    return ""
