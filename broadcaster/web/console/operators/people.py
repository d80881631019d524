"""The list of operators: invite, set roles, disable and re-enable them."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.operators import (
    INVITATION_HOLDS,
    LINK_HOLDS,
    LONGEST_NAME,
    ROLES,
    Operator,
    may_manage,
    welcome_url,
)
from broadcaster.domain.permissions import Caller, Permission, Role
from broadcaster.domain.refusals import Conflict, Forbidden, NotFound, Refused
from broadcaster.domain.stations import Station
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call, forbidden
from broadcaster.http.sessions import PATH
from broadcaster.pipeline.inviting import send_invitation
from broadcaster.store import Unit
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import show, stations_of, words_of
from broadcaster.web.console.roles import role_names, role_word
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to

_HOUR = timedelta(hours=1)

OPERATORS = f"{PATH}/operators"
_EVERY = "*"
"""Form value instead of a station: a role at each of the caller's stations, as in an intercommunality."""


async def listing(call: Call[None, None]) -> web.Response:
    """Show the operators of the caller's stations, and a form to invite one."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        return await _page(unit, call, words)


async def invite(call: Call[None, None]) -> web.Response:
    """Add an operator with a role; mail or show their one-time link. Raises ``Refused``, ``Conflict``."""
    words, now = words_of(call.request), call.services.clock.now()
    form = await form_of(call.request)
    name = " ".join(form.get("name", "").split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused("operator-name", "name", most=LONGEST_NAME)
    role = _role(form.get("role", ""))
    async with call.services.store.write() as unit:
        chosen = await _chosen(unit, call, form)
        mail = form.get("mail", "").strip() or None
        made = await operators.add(unit, name, now, mail=mail, roles={each.id: role for each in chosen})
        if made is None:
            raise Conflict("operator-known", "mail")
        secret = await operators.new_link(unit, made, now + INVITATION_HOLDS)
        for each in chosen:
            await call.record(unit, Action.OPERATOR_INVITED, made, station_id=each.id, role=str(role))
    url = welcome_url(call.services.base_url, secret)
    sent = mail is not None and await send_invitation(call.services, chosen[0], made, mail, url)
    async with call.services.store.read() as unit:
        if sent:
            return await _page(unit, call, words, done=words("The invitation went to %(mail)s.", mail=mail))
        return await _page(unit, call, words, link=(name, secret, INVITATION_HOLDS))


async def act(call: Call[None, None]) -> web.Response:
    """Change an operator's role, disable or enable them, or make a link to set up sign-in again."""
    words, now = words_of(call.request), call.services.clock.now()
    form = await form_of(call.request)
    asked = form.get("do", "")
    async with call.services.store.write() as unit:
        who = await operators.by_id(unit, call.number())
        if who is None or not _sees(call, who):
            raise NotFound("operator-missing")
        if asked in ("grant", "ungrant"):
            await _grant(unit, call, who, form, granted=asked == "grant")
            return to(f"{OPERATORS}?done={asked}")
        if asked == "role":
            await _set_role(unit, call, who, form)
            return to(f"{OPERATORS}?done=role")
        if call.caller is None or not may_manage(call.caller, who):
            raise Forbidden("operator-of-others")
        if asked == "disable" and await operators.is_last_administrator(unit, who):
            raise Conflict("last-administrator")
        if asked == "recover":
            await call.record(unit, Action.OPERATOR_RECOVERED, who.id)
            await operators.forget_ways(unit, who.id)
            secret = await operators.new_link(unit, who.id, now + LINK_HOLDS)
            return await _page(unit, call, words, link=(who.name, secret, LINK_HOLDS))
        enabled = asked == "enable"
        await operators.disable(unit, who.id, None if enabled else now)
        what = Action.OPERATOR_ENABLED if enabled else Action.OPERATOR_DISABLED
        await call.record(unit, what, who.id)
    return to(f"{OPERATORS}?done={'enabled' if enabled else 'disabled'}")


async def _set_role(unit: Unit, call: Call[Any, Any], who: Operator, form: Mapping[str, str]) -> None:
    if call.actor.id == who.id:
        raise Forbidden("operator-yourself")
    role = None if form.get("role", "") == "none" else _role(form.get("role", ""))
    for station in await _chosen(unit, call, form):
        await operators.set_role(unit, who.id, station.id, role)
        await call.record(unit, Action.ROLE_SET, who.id, station_id=station.id, role=role and str(role))


async def _grant(unit: Unit, call: Call[Any, Any], who: Operator, form: Mapping[str, str], *, granted: bool) -> None:
    for station in await _chosen(unit, call, form):
        await operators.grant(unit, who.id, station.id, granted=granted)
        await call.record(unit, Action.VULNERABLE_GRANTED, who.id, station_id=station.id, granted=granted)


async def _chosen(unit: Unit, call: Call[Any, Any], form: Mapping[str, str]) -> list[Station]:
    """Return the station that a form names, or all stations that the caller manages. Raises ``NotFound``."""
    slug = form.get("station", "")
    if slug == _EVERY:
        return await stations_of(unit, call)
    station = await stations.by_slug(unit, slug)
    if station is None:
        raise NotFound("station-missing", slug=slug[:60])
    call.need(station.id)
    return [station]


def _role(given: str) -> Role:
    if given not in [each.value for each in ROLES]:
        raise Refused("role-unknown", "role")
    return Role(given)


def _sees(call: Call[Any, Any], who: Operator) -> bool:
    theirs = call.stations()
    return theirs is None or not theirs.isdisjoint(who.roles)


async def _page(
    unit: Unit, call: Call[Any, Any], words: Words, *, link: tuple[str, str, timedelta] | None = None, done: str = ""
) -> web.Response:
    theirs = await stations_of(unit, call)
    known = {each.id: each for each in theirs}
    if call.caller is None:
        raise forbidden(Permission.OPERATORS)
    found = await operators.listed(unit, call.stations())
    slugs = {each.slug for each in theirs} | ({None} if call.stations() is None else set())
    opening = await stations.keys_that_hold(unit, call.services.clock.now())
    keys = Counter(each.made_by for each in opening if each.slug in slugs)
    facts = {
        "operators": [_shown(each, known, call.caller, words) | {"valid_keys": keys[each.id]} for each in found],
        "stations": theirs,
        "roles": [(each.value, role_names(words)[each.value], role_word(each, words)) for each in ROLES],
        "link": None
        if link is None
        else {"name": link[0], "url": welcome_url(call.services.base_url, link[1]), "hours": link[2] // _HOUR},
        "done": {
            "role": words("The role was changed. The person signs in anew."),
            "grant": words("The register of vulnerable people is open to this person."),
            "ungrant": words("The register of vulnerable people is closed to this person."),
            "disabled": words("The person may not sign in any more."),
            "enabled": words("The person may sign in again."),
        }.get(call.request.query.get("done", ""), done),
    }
    return show(call.request, "operators/operators.html", words, {**facts, "here": OPERATORS})


def _shown(who: Operator, known: dict[int, Any], caller: Caller, words: Words) -> dict[str, Any]:
    return {
        "id": who.id,
        "name": who.name,
        "mail": who.mail or "",
        "admin": who.admin,
        "disabled": who.disabled,
        "waits": not who.disabled and not who.comes_in,
        "own": who.id == caller.key_id,
        "manageable": may_manage(caller, who),
        "granted": [known[each].name for each in sorted(who.granted) if each in known],
        "roles": [
            (known[each], str(role), role_word(role, words)) for each, role in who.roles.items() if each in known
        ],
    }
