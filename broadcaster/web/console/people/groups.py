"""/console/groups: a station's groups: add, rename, delete, and members."""

from functools import partial
from typing import Any

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
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to

LONGEST_NAME = 60


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
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        slug, name, members = _named(call, await stations.group_list(unit, station.id))
    return _one(call, station, slug, name=name, members=members)


async def rename(call: Call[None, None]) -> web.Response:
    name = await _name(call)
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        slug, _, members = _named(call, await stations.group_list(unit, station.id))
    wrong = _wrong(name, words_of(call.request))
    if wrong:
        return _one(call, station, slug, name=name, members=members, wrong=wrong)
    async with call.services.store.write() as unit:
        await by_hand.rename_group(unit, station.id, slug, name)
        number = (await stations.group_ids(unit, station.id)).get(slug)
        await call.record(unit, Action.GROUP_RENAMED, number, station_id=station.id)
    return to(f"/console/groups?station={station.slug}&done=renamed")


async def ask_to_delete(call: Call[None, None]) -> web.Response:
    """Ask for confirmation, with the number of members."""
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        slug, name, members = _named(call, await stations.group_list(unit, station.id))
    return _asking(call, station, slug, name=name, members=members)


async def delete(call: Call[None, None]) -> web.Response:
    """Delete a group; idempotent."""
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        groups = await stations.group_list(unit, station.id)
    slug = call.request.match_info["slug"]
    try:
        await call.services.store.transact(lambda unit: forget_group(unit, call, station, slug))
    except Conflict:
        words = words_of(call.request)
        wrong = words(
            "An alert to this group is not over yet. End it, or wait until it is over, then delete the group."
        )
        _, name, count = _named(call, groups)
        return _asking(call, station, slug, name=name, members=count, wrong=wrong)
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
    slug: str,
    *,
    name: str,
    members: int,
    wrong: str = "",
    template: str = "people/group.html",
    refused: int | None = None,
) -> web.Response:
    words = words_of(call.request)
    facts = {"slug": slug, "name": name, "members": members, "wrong": wrong}
    return show(call.request, template, words, facts, tab="people", where=station, status=refused if wrong else None)


_asking = partial(_one, template="people/group_delete.html", refused=409)


def _named(call: Call[Any, Any], groups: list[tuple[str, str, int]]) -> tuple[str, str, int]:
    for each in groups:
        if each[0] == call.request.match_info["slug"]:
            return each
    raise NotFound("group-missing", name=call.request.match_info["slug"][:LONGEST_NAME])


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
