"""Pushes to an operator's own browsers: added and tried at once, and removed, on the page of their account."""

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import NotFound
from broadcaster.http.answers import answer
from broadcaster.http.contacts import read_push
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Shown
from broadcaster.http.schemas.residents import PushIn
from broadcaster.http.sessions import device_of
from broadcaster.pipeline.telling import Notice, push_to
from broadcaster.store.operators import pushes
from broadcaster.web.console.frame import words_of
from broadcaster.web.console.operators.account import ACCOUNT, myself
from broadcaster.web.pages import to

BROWSERS = f"{ACCOUNT}/pushes"


class TriedOut(Shown):
    """``reached``: the push service took a first push."""

    reached: bool


async def add(call: Call[PushIn, None]) -> web.Response:
    """Keep this browser's subscription, or its renewed one, and send a first push to it."""
    given, services, words = call.body, call.services, words_of(call.request)
    contact = read_push(given.subscription, "subscription", services.settings.push_origins)
    now, device = services.clock.now(), device_of(call.request)
    async with services.store.write() as unit:
        who = await myself(unit, call)
        await pushes.add(
            unit, who.id, contact.canonical, contact.address, device=device, now=now, replaces=given.replaces or ""
        )
        await call.record(unit, Action.PUSH_ADDED, who.id)
        mine = await pushes.of(unit, [who.id])
    said = words("Requests for help, and alerts that wait for you, will be shown here.")
    notice = Notice(f"browser.{mine[-1].id}", words("This device is signed up"), said, ACCOUNT)
    reached = bool(given.replaces) or bool(await push_to(services, None, mine[-1:], notice))
    return answer(TriedOut(reached=reached))


async def remove(call: Call[None, None]) -> web.Response:
    """Send no more pushes to one of the operator's browsers. Raises ``NotFound``."""
    number = call.number()
    async with call.services.store.write() as unit:
        who = await myself(unit, call)
        if not await pushes.remove(unit, who.id, number):
            raise NotFound("operator-missing")
        await call.record(unit, Action.PUSH_REMOVED, who.id)
    return to(f"{ACCOUNT}?done=unpushed")
