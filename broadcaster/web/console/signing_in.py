"""The sign-in page, and sign-out; a form's content survives the end of a session."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.zones import zone_of
from broadcaster.http.keys import OPENID, SERVICES, SESSION
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.sessions import COOKIE, FIELD, PATH, csrf_of, idle, session_of
from broadcaster.store.operations import sessions
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.operators import openid
from broadcaster.web.console.operators.entering import check_page
from broadcaster.web.console.paths import SIGN_IN, own_path
from broadcaster.web.pages import to, written_short

_HELD = "held."


async def ask(call: Call[None, Any]) -> web.Response:
    again = await session_of(call.request) is not None
    return _page(call.request, then=own_path(call.request.query.get("then", "")), again=again)


async def interrupted(request: web.Request) -> web.StreamResponse:
    """Answer a request without a session: sign in, then continue; a form's content stays in the page."""
    if request.method in ("GET", "HEAD"):
        there = f"{SIGN_IN}?then={quote(own_path(str(request.rel_url)), safe='')}"
        return to(there)
    held: list[tuple[str, str]] = []
    if request.content_type == "application/x-www-form-urlencoded":
        held = [(name, value) for name, value in (await form_of(request)).items() if name != FIELD]
    again = SESSION in request
    return _page(request, then=own_path(str(request.rel_url)), held=held, again=again, status=403 if again else 401)


async def go_on(call: Call[None, None]) -> web.StreamResponse:
    """Show a form's content from before the sign-in, ready to send with the new session's token."""
    request = call.request
    check_page(request)
    form = await form_of(request)
    then = own_path(form.get("then", ""))
    held = [(name.removeprefix(_HELD), value) for name, value in form.items() if name.startswith(_HELD)]
    if await session_of(request) is None:
        return _page(request, then=then, held=held, status=401)
    facts = {"then": then, "held": held, "csrf": csrf_of(request), "here": PATH}
    return show(request, "go_on.html", words_of(request), facts)


async def held(call: Call[None, None]) -> web.Response:
    """Show the page that restores what the browser kept while it was at the OpenID Connect provider."""
    return _page(call.request, then=PATH)


async def sign_out(call: Call[None, None]) -> web.Response:
    """End this session, and the one at the OpenID Connect provider through which it began."""
    async with call.services.store.write() as unit:
        await sessions.sign_out(unit, call.request.cookies.get(COOKIE, ""))
        await call.record(unit, Action.SIGNED_OUT, call.actor.id)
    words, there = words_of(call.request), await openid.way_out(call.request)
    name = call.services.settings.openid_name
    # A page instead of a redirect, as no form may lead to another site (form-action).
    facts = {"there": there, "name": name}
    response = to(SIGN_IN) if there is None else show(call.request, "operators/signed_out.html", words, facts)
    openid.forget_way_out(response)
    response.del_cookie(COOKIE, path=PATH)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def listing(call: Call[None, None]) -> web.Response:
    """Show the sessions that the caller may end."""
    request, services = call.request, call.services
    words = words_of(request)
    zone = zone_of("FR")
    now = services.clock.now()
    async with services.store.read() as unit:
        found = [] if call.caller is None else await sessions.open_ones(unit, call.caller, now, idle(services.settings))
    facts = [
        {
            "id": each.id,
            "device": each.device,
            "label": each.label,
            "trusted": each.trusted,
            "own": each.id == request[SESSION].id,
            "since": written_short(each.began_at, zone, words),
            "seen": written_short(each.seen_at, zone, words),
        }
        for each in found
    ]
    return show(request, "sessions.html", words, {"sessions": facts})


async def end(call: Call[None, None]) -> web.Response:
    number = call.number()
    async with call.services.store.write() as unit:
        if call.caller is None or not await sessions.end(unit, call.caller, number):
            raise NotFound("session-over")
        await call.record(unit, Action.SESSION_ENDED, session=number)
    return to(f"{PATH}/sessions")


def _page(
    request: web.Request, *, then: str, held: Iterable[tuple[str, str]] = (), again: bool = False, status: int = 200
) -> web.Response:
    settings = request.app[SERVICES].settings
    facts = {
        "again": again,
        "then": then,
        "held": list(held),
        "hours": f"{settings.session_hours:g}",
        "here": SIGN_IN,
        "openid": settings.openid_name if request.app[OPENID] is not None else "",
    }
    return show(request, "sign_in.html", words_of(request), facts, status=status)
