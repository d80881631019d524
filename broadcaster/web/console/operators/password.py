"""Sign-in by password and authenticator app, where passkeys do not work; recovery codes."""

import base64
import binascii
from typing import Any

from aiohttp import web
from pydantic import Field

from broadcaster.domain.audit import Action
from broadcaster.domain.operators import LONGEST_NAME, LONGEST_PASSWORD, Operator
from broadcaster.domain.refusals import Conflict, NotFound, Refused
from broadcaster.http.answers import answer
from broadcaster.http.auth import count_try
from broadcaster.http.keys import SESSION
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Given, Shown
from broadcaster.http.sessions import session_of
from broadcaster.store import Unit
from broadcaster.store.engine.sealing import SealBroken
from broadcaster.store.operations import audit, sessions
from broadcaster.store.operators import operators, passwords
from broadcaster.store.stations import stations
from broadcaster.web.console.operators import password_checks as checks
from broadcaster.web.console.operators.account import ACCOUNT, myself
from broadcaster.web.console.operators.entering import (
    Cookie,
    LinkIn,
    check_page,
    entered,
    go_in,
    of_link,
    record_failure,
    start,
)
from broadcaster.web.pages import to

_LONGEST_CODE = 40
_LONGEST_TICKET = 200


class PasswordSignInIn(Given):
    """``login``: mail, or name without one; empty: the session's operator. ``code``: the app's, or for recovery."""

    login: str = Field("", max_length=254)
    password: str = Field(max_length=LONGEST_PASSWORD)
    code: str = Field(max_length=_LONGEST_CODE)
    trusted: bool = False


class PasswordIn(Given):
    """A new password; ``ticket`` holds the secret of the app that shows ``code``."""

    password: str = Field(max_length=LONGEST_PASSWORD)
    code: str = Field(max_length=_LONGEST_CODE)
    ticket: str = Field(max_length=_LONGEST_TICKET)


class FirstPasswordIn(PasswordIn, LinkIn):
    name: str = Field(min_length=1, max_length=LONGEST_NAME)


class AppOut(Shown):
    """A new secret for an authenticator app: as text, as a QR code, and sealed to send back."""

    secret: str
    qr: str
    ticket: str


class CodesOut(Shown):
    """New recovery codes, shown once; ``login``: the name to type beside the password."""

    codes: list[str]
    login: str


async def sign_in(call: Call[PasswordSignInIn, None]) -> web.Response:
    """Exchange a password and a code for a session; an existing session of the same operator is renewed as proven."""
    check_page(call.request)
    await count_try(call.request)
    given, current = call.body, await session_of(call.request)
    async with call.services.store.read() as unit:
        if current is not None and not given.login:
            known = await passwords.of(unit, current.caller.key_id)
        else:
            known = await passwords.by_login(unit, given.login)
    right = await checks.matches(given.password, None if known is None else known.password)

    async def enter(unit: Unit) -> Cookie:
        if known is None or not right or not await _second(unit, call, known):
            raise Refused("sign-in-wrong")
        return await go_in(unit, call, known.operator_id, current, trusted=given.trusted)

    try:
        cookie = await call.services.store.transact(enter)
    except Refused:
        await record_failure(call, None if known is None else known.operator_id)
        raise
    return entered(call.request, cookie)


async def _second(unit: Unit, call: Call[PasswordSignInIn, None], known: passwords.Known) -> bool:
    """Return whether the code is right, and mark it used."""
    step = checks.step_of(known.totp, call.body.code, call.services.clock.now())
    if step is not None:
        return await passwords.use_step(unit, known.operator_id, step)
    return await passwords.use_code(unit, known.operator_id, call.body.code)


async def first_app(call: Call[LinkIn, None]) -> web.Response:
    """Return a new app's secret to the owner of a one-time link. Raises ``NotFound``."""
    async with call.services.store.read() as unit:
        return _app(call, await of_link(unit, call))


async def app(call: Call[None, None]) -> web.Response:
    """Return a new app's secret to a signed-in operator."""
    async with call.services.store.read() as unit:
        return _app(call, await myself(unit, call))


async def first(call: Call[FirstPasswordIn, None]) -> web.Response:
    """Use a link: store the operator's password, sign them in, return recovery codes. Raises ``NotFound``."""
    check_page(call.request)
    name = " ".join(call.body.name.split())
    async with call.services.store.read() as unit:
        who = await of_link(unit, call)
        about = await _about(unit, who)
    app = _proved(call, who)
    password = await checks.hashed(call.body.password, [name, *about])

    async def enter(unit: Unit) -> tuple[Cookie, CodesOut]:
        if not await operators.use_link(unit, call.body.secret):
            raise NotFound("invitation-over")
        await operators.rename(unit, who.id, name or who.name)
        told = await _keep(unit, call, who.id, password, app)
        return await start(unit, call, who.id), told

    cookie, told = await call.services.store.transact(enter)
    return entered(call.request, cookie, told)


async def change(call: Call[PasswordIn, None]) -> web.Response:
    """Store a new password and app, and end the operator's other sessions. Return recovery codes."""
    async with call.services.store.read() as unit:
        who = await myself(unit, call)
        about = await _about(unit, who)
    app = _proved(call, who)
    password = await checks.hashed(call.body.password, about)

    async def keep(unit: Unit) -> CodesOut:
        await sessions.end_others(unit, who.id, call.request[SESSION].id)
        return await _keep(unit, call, who.id, password, app)

    return answer(await call.services.store.transact(keep))


async def codes(call: Call[None, None]) -> web.Response:
    async def make(unit: Unit) -> CodesOut:
        who = await myself(unit, call)
        if not who.has_password:
            raise NotFound("no-password")
        await call.record(unit, Action.CODES_MADE, who.id)
        return CodesOut(codes=await passwords.new_codes(unit, who.id), login=who.login)

    return answer(await call.services.store.transact(make))


async def remove(call: Call[None, None]) -> web.Response:
    """Remove the password, the app and the recovery codes. Raises ``Refused`` if they are the last way to sign in."""
    async with call.services.store.write() as unit:
        who = await myself(unit, call)
        if not await passwords.remove(unit, who.id):
            raise Refused("last-way-in")
        await call.record(unit, Action.PASSWORD_REMOVED, who.id)
    return to(f"{ACCOUNT}?done=password-removed")


async def _keep(unit: Unit, call: Call[Any, Any], operator_id: int, password: str, app: tuple[str, int]) -> CodesOut:
    who = await operators.by_id(unit, operator_id)
    if who is None or await passwords.is_taken(unit, who):
        raise Conflict("login-taken")
    await passwords.keep(unit, operator_id, password, *app)
    await audit.record(unit, call.signing_in(operator_id), Action.PASSWORD_SET, operator_id)
    return CodesOut(codes=await passwords.new_codes(unit, operator_id), login=who.login)


async def _about(unit: Unit, who: Operator) -> list[str]:
    theirs = await (stations.all_stations(unit) if who.admin else stations.by_ids(unit, frozenset(who.roles)))
    return [who.name, *([who.mail] if who.mail else []), *(each.name for each in theirs)]


def _app(call: Call[Any, None], who: Operator) -> web.Response:
    secret = checks.new_secret()
    sealed = call.services.store.vault.seal(secret.encode(), _ticket_of(who))
    return answer(
        AppOut(secret=secret, qr=checks.drawing(secret, who.login), ticket=base64.urlsafe_b64encode(sealed).decode())
    )


def _proved(call: Call[Any, None], who: Operator) -> tuple[str, int]:
    """Return the secret of a ticket, and the time step of the code that its app shows. Raises ``Refused``."""
    try:
        sealed = base64.urlsafe_b64decode(call.body.ticket.encode())
        secret = call.services.store.vault.open(sealed, _ticket_of(who)).decode()
    except (binascii.Error, ValueError, SealBroken):
        raise Refused("app-code-wrong") from None
    step = checks.step_of(secret, call.body.code, call.services.clock.now())
    if step is None:
        raise Refused("app-code-wrong")
    return secret, step


def _ticket_of(who: Operator) -> bytes:
    return b"new totp:%d" % who.id
