"""Sign-in with a passkey, and the one-time link for an operator's first passkey."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from aiohttp import web
from pydantic import Field

from broadcaster.domain.audit import Action
from broadcaster.domain.operators import LONGEST_NAME, Operator, party_of
from broadcaster.domain.refusals import Forbidden, NotFound, Refused
from broadcaster.http.answers import answer
from broadcaster.http.auth import count
from broadcaster.http.keys import SERVICES
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import SMALL, Given, Shown
from broadcaster.http.sessions import COOKIE, PATH, TRUSTED, device_of, from_our_page, give_cookie, lasts, session_of
from broadcaster.store import Unit
from broadcaster.store.operations import audit, sessions
from broadcaster.store.operations.sessions import Session
from broadcaster.store.operators import operators, passkeys
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.operators import webauthn_checks as checks

SIGN_IN = "sign-in"
_LONGEST_SECRET = 64


class LinkIn(Given):
    """A one-time link's secret, from the address's fragment, which reaches no server and no log."""

    secret: str = Field(max_length=_LONGEST_SECRET)


class PasskeyIn(Given):
    """The result of the browser's ``navigator.credentials``, as JSON."""

    largest: ClassVar[int] = 2 * SMALL
    credential: dict[str, Any]


class PasskeySignInIn(PasskeyIn):
    """``trusted``: the device stays signed in, and is asked for the passkey before important actions."""

    trusted: bool = False


class FirstPasskeyIn(PasskeyIn, LinkIn):
    name: str = Field(min_length=1, max_length=LONGEST_NAME)


class OptionsOut(Shown):
    """Options for ``navigator.credentials``; ``name``: the link's owner."""

    options: dict[str, Any]
    name: str = ""


class EnteredOut(Shown):
    signed_in: bool = True


ENTERED = EnteredOut()


class Cookie(NamedTuple):
    """A session's new cookie, and how long it holds."""

    name: str
    holds: timedelta


async def sign_in_options(call: Call[None, None]) -> web.Response:
    """Return the options to sign in with any passkey of this service."""
    services = call.services
    challenge = passkeys.new_challenge(services.store.vault, SIGN_IN, services.clock.now())
    return answer(OptionsOut(options=checks.to_sign_in(party_of(services.base_url), challenge)))


async def sign_in(call: Call[PasskeySignInIn, None]) -> web.Response:
    """Exchange a passkey's answer for a session; an existing session of the same operator is renewed as proven."""
    check_page(call.request)
    current = await session_of(call.request)

    async def enter(unit: Unit) -> Cookie:
        operator_id = await checked(unit, call, call.body.credential, SIGN_IN)
        return await go_in(unit, call, operator_id, current, trusted=call.body.trusted)

    try:
        cookie = await call.services.store.transact(enter)
    except Refused:
        await count(call.request)  # only failures, so that a flood at the town hall locks no mayor out
        await record_failure(call, None)
        raise
    return entered(call.request, cookie)


async def welcome(call: Call[None, None]) -> web.Response:
    """Show the page of a one-time link, whose secret is in its fragment."""
    return show(call.request, "operators/welcome.html", words_of(call.request), {"here": f"{PATH}/welcome"})


async def link(call: Call[LinkIn, None]) -> web.Response:
    """Return the link's owner, and the options to make a passkey. Raises ``NotFound``."""
    services, now = call.services, call.services.clock.now()
    async with services.store.read() as unit:
        who = await of_link(unit, call)
        handle = await operators.handle(unit, who.id)
        known = await passkeys.of(unit, who.id)
    challenge = passkeys.new_challenge(services.store.vault, use_of(who.id), now)
    party = party_of(services.base_url)
    return answer(
        OptionsOut(options=checks.to_make(party, handle, who.mail or who.name, challenge, known), name=who.name)
    )


async def first_passkey(call: Call[FirstPasskeyIn, None]) -> web.Response:
    """Use a link: store the operator's passkey and sign them in. Raises ``NotFound``."""
    check_page(call.request)

    async def enter(unit: Unit) -> Cookie:
        who = await of_link(unit, call)
        await keep_passkey(unit, call, who, call.body.credential)
        if not await operators.use_link(unit, call.body.secret):
            raise NotFound("invitation-over")
        await operators.rename(unit, who.id, call.body.name.strip() or who.name)
        return await start(unit, call, who.id)

    return entered(call.request, await call.services.store.transact(enter))


async def keep_passkey(unit: Unit, call: Call[Any, Any], who: Operator, credential: Mapping[str, Any]) -> None:
    """Check and store an operator's new passkey. Raises ``Refused``."""
    services, now = call.services, call.services.clock.now()
    challenge = await _answered(unit, call, credential, use_of(who.id))
    made = checks.check_made(party_of(services.base_url), credential, challenge)
    device = device_of(call.request)
    new = passkeys.NewPasskey(who.id, made.credential_id, made.credential_public_key, made.sign_count, device, now)
    await passkeys.add(unit, new)
    await audit.record(unit, call.signing_in(who.id), Action.PASSKEY_ADDED, who.id)


async def checked(unit: Unit, call: Call[Any, Any], credential: Mapping[str, Any], use: str) -> int:
    """Return the operator whose passkey answered a challenge. Raises ``Refused``."""
    now = call.services.clock.now()
    challenge = await _answered(unit, call, credential, use)
    passkey = await passkeys.by_credential(unit, checks.credential_id(credential), now)
    if passkey is None:
        raise Refused("passkey-unknown")
    count = checks.check_used(party_of(call.services.base_url), credential, challenge, passkey)
    await passkeys.used(unit, passkey, count, now)
    return passkey.operator_id


def use_of(operator_id: int) -> str:
    """Return the use of a challenge for a new passkey of an operator."""
    return f"passkey of {operator_id}"


async def go_in(
    unit: Unit,
    call: Call[Any, Any],
    operator_id: int,
    current: Session | None,
    *,
    trusted: bool,
    way: str | None = None,
) -> Cookie:
    """Begin an operator's session, or renew their current one as proven.

    ``way``: how they showed who they are, where it is not the usual one.
    """
    if current is not None and current.caller.key_id == operator_id:
        now = call.services.clock.now()
        name = await sessions.prove(unit, current.id, call.request.cookies[COOKIE], now)
        await audit.record(unit, call.signing_in(operator_id), Action.PROVEN, operator_id, **_by(way))
        return Cookie(name, current.ends_at - now)
    return await start(unit, call, operator_id, trusted=trusted, way=way)


async def record_failure(call: Call[Any, Any], operator_id: int | None) -> None:
    """Record a failed sign-in; ``operator_id``: whose, if known."""
    async with call.services.store.write() as unit:
        await call.record(unit, Action.SIGN_IN_FAILED, operator_id)


def _by(way: str | None) -> dict[str, Any]:
    return {} if way is None else {"way": way}


async def start(
    unit: Unit, call: Call[Any, Any], operator_id: int, *, trusted: bool = False, way: str | None = None
) -> Cookie:
    """Begin an operator's session, replacing the browser's earlier one."""
    request, services = call.request, call.services
    await audit.record(unit, call.signing_in(operator_id), Action.SIGNED_IN, operator_id, trusted=trusted, **_by(way))
    await sessions.sign_out(unit, request.cookies.get(COOKIE, ""))
    holds = TRUSTED if trusted else lasts(services.settings)
    name = await sessions.start(unit, operator_id, device_of(request), services.clock.now(), holds, trusted=trusted)
    return Cookie(name, holds)


def entered(request: web.Request, cookie: Cookie, told: Shown = ENTERED) -> web.Response:
    """Return the answer that sets a session's cookie."""
    response = answer(told)
    give_cookie(response, *cookie, secure=request.app[SERVICES].base_url.startswith("https://"))
    return response


def check_page(request: web.Request) -> None:
    """Raise ``Forbidden`` for another site's request, which could sign the browser in as somebody else (login CSRF)."""
    if not from_our_page(request):
        raise Forbidden("other-site")


async def of_link(unit: Unit, call: Call[Any, Any]) -> Operator:
    """Return the owner of the link in a request. Raises ``NotFound``."""
    operator_id = await operators.of_link(unit, call.body.secret, call.services.clock.now())
    who = None if operator_id is None else await operators.by_id(unit, operator_id)
    if who is None:
        raise NotFound("invitation-over")
    return who


async def _answered(unit: Unit, call: Call[Any, Any], credential: Mapping[str, Any], use: str) -> bytes:
    """Return the answered challenge, marked used. Raises ``Refused`` if it is not ours, expired or already used."""
    services, now = call.services, call.services.clock.now()
    challenge = checks.challenge_of(credential)
    if not passkeys.is_ours(services.store.vault, challenge, use, now) or not await passkeys.use_up(
        unit, challenge, now
    ):
        raise Refused("passkey-late")
    return challenge
