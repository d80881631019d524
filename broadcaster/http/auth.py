"""Authentication: API key, subscriber's token, or operator's session."""

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from aiohttp import web

from broadcaster.domain.permissions import Caller
from broadcaster.domain.refusals import NotFound
from broadcaster.http.keys import CALLERS, CONNECTIONS, KEY_USES, RATES, SERVICES, SESSION, TOKENS
from broadcaster.http.problems import too_many_requests, unauthenticated
from broadcaster.http.rates import address_of
from broadcaster.http.route import Access, Route, forbidden
from broadcaster.http.sessions import PROOF_HOLDS, foreign, is_ours, session_of
from broadcaster.store import StoreUnavailable
from broadcaster.store.people import inactive
from broadcaster.store.people.inactive import SIGNED_EVERY
from broadcaster.store.people.people import Owner
from broadcaster.store.stations import stations
from broadcaster.store.tables import to_micros

_KEY, _SUBSCRIBER = "tk_", "sb_"
_LONGEST = 100
_MOST_MISSES = 600
_MOST_TRIES = 10
_USE_EVERY = timedelta(hours=1)

_LOOKING = ("GET", "HEAD")


class SignedOut(Exception):
    """There is no valid session: sign in, then continue."""


class Unproven(SignedOut):
    """A trusted device's session must show the passkey, then continue."""


async def admit(request: web.Request, route: Route) -> tuple[Caller | None, int]:
    """Authenticate a request or raise; return (the API key's holder or the operator, subscriber id or 0)."""
    caller, subscriber_id = await _admit(request, route.access)
    if caller is not None:
        request.app[CONNECTIONS].know(request.protocol)
        if route.permission is None or not caller.may_somewhere(route.permission):
            raise forbidden(route.permission)
        if route.proven and SESSION in request:
            _check_proof(request)
    return caller, subscriber_id


async def linked(request: web.Request, link: str) -> int:
    """Return the number in a link's token, from the path or the query's ``d``.

    Valid tokens are not counted by address, which a town may share; each token has its own limit. Raises a 429, and
    ``NotFound`` for an unknown token, which counts against its address.
    """
    token = request.match_info.get("token")
    number = request.app[SERVICES].store.vault.unlink(link, request.query.get("d", "") if token is None else token)
    if number is None:
        await count(request)
        raise NotFound("link-unknown")
    await limit(request, "link", f"{link} {number}", "too-many-with-token")
    return number


async def _admit(request: web.Request, access: Access) -> tuple[Caller | None, int]:
    if access is Access.OPEN:
        return None, 0
    if access in (Access.PUBLIC, Access.SIGNED):
        if access is Access.PUBLIC:
            await count(request)
        return None, 0
    if access is Access.OPERATOR:
        return await _signed_in(request), 0
    if access in (Access.SUBSCRIBER, Access.DEVICE):
        return None, await _subscriber(request, from_memory=access is Access.DEVICE)
    return await _by_key(request, access), 0


async def count(request: web.Request, what: str = "address", per_minute: int | None = None) -> None:
    """Count a request against its address. Raises a 429 above the limit, as ``limit``."""
    address = address_of(request, request.app[SERVICES].settings.trusted_proxies)
    await limit(request, what, address, per_minute=per_minute)


async def count_try(request: web.Request) -> None:
    """Count a password attempt against its address, not its person. Raises a 429 above the limit."""
    await count(request, "password", _MOST_TRIES)


async def count_miss(request: web.Request) -> None:
    """Count a map tile that has to be fetched against its address. Raises a 429 above the limit."""
    await count(request, "tile", _MOST_MISSES)


async def count_reach(request: web.Request, caller: Caller) -> None:
    """Count a reach query against its key. Raises a 429 above the limit."""
    per_minute = request.app[SERVICES].settings.reaches_per_minute
    await limit(request, "reach", str(caller.key_id), "too-many-with-key", per_minute)


async def limit(
    request: web.Request,
    what: str,
    whose: str,
    code: str = "too-many-from-address",
    per_minute: int | None = None,
    *,
    alone: bool = False,
) -> None:
    """Count a request by ``whose``. Raises a 429 with ``code`` above ``per_minute`` (default: the setting).

    ``alone``: as for ``Rates.take``.
    """
    most = per_minute or request.app[SERVICES].settings.requests_per_minute
    wait_s = await request.app[RATES].take(what, whose, most, alone=alone)
    if wait_s is not None:
        raise too_many_requests(wait_s, code)


async def caller_of(request: web.Request, key: str) -> Caller | None:
    """Return an API key's holder; an unknown key counts against its address."""
    if not key.startswith(_KEY) or len(key) > _LONGEST or not key.isascii():
        await count(request)
        return None
    caller = await request.app[CALLERS].do(key)
    if caller is None:
        await count(request)
    return caller


async def _by_key(request: web.Request, access: Access) -> Caller | None:
    sent = await _bearer(request)
    if sent is None:
        if access is Access.KEYED:
            await count(request)
            return None
        if access is Access.LOCAL and _on_this_machine(request):
            return None
        await count(request)
        raise unauthenticated("key-wanted")
    caller = await caller_of(request, sent)
    if caller is None:
        raise unauthenticated("key-unknown" if sent.startswith(_KEY) else "key-wanted", bad_token=True)
    await _record_use(request, caller)
    return caller


async def _record_use(request: web.Request, caller: Caller) -> None:
    """Record that a key is in use, once an hour; a failure does not affect the request."""
    services, uses = request.app[SERVICES], request.app[KEY_USES]
    now = services.clock.now()
    if now - uses.get(caller.key_id, datetime.min.replace(tzinfo=UTC)) < _USE_EVERY:
        return
    uses[caller.key_id] = now
    with suppress(StoreUnavailable):
        await services.store.run_grouped(lambda unit: stations.use_key(unit, caller.key_id, now))


async def _subscriber(request: web.Request, *, from_memory: bool) -> int:
    sent = await _bearer(request)
    if sent is None or not sent.startswith(_SUBSCRIBER) or len(sent) > _LONGEST:
        await count(request)
        raise unauthenticated("token-wanted", bad_token=sent is not None)
    owner = await request.app[TOKENS].owner(sent, from_memory=from_memory)
    if owner is None:
        await count(request)
        raise unauthenticated("key-unknown", bad_token=True)
    # Each move of a device is written and checked for alerts: a device out of control must not delay the others.
    await limit(request, "device", str(owner.id), "too-many-with-token", alone=from_memory)
    if not from_memory:
        await _record_sign(request, owner)
    return owner.id


async def _record_sign(request: web.Request, owner: Owner) -> None:
    """Record a sign of life of a subscriber, once a month; a failure does not affect the request."""
    services = request.app[SERVICES]
    now = services.clock.now()
    if owner.active < to_micros(now - SIGNED_EVERY):
        with suppress(StoreUnavailable):
            await services.store.run_grouped(lambda unit: inactive.sign(unit, owner.id, now))


async def _signed_in(request: web.Request) -> Caller:
    """Return the cookie's operator. Raises ``SignedOut``, or a 403 for cross-site requests."""
    session = await session_of(request)
    if session is None:
        await count(request)
        raise SignedOut
    if request.method not in _LOOKING and not await is_ours(request):
        raise foreign()
    request[SESSION] = session
    return session.caller


def _check_proof(request: web.Request) -> None:
    session = request[SESSION]
    if session.trusted and request.app[SERVICES].clock.now() - session.proven_at > PROOF_HOLDS:
        raise Unproven


async def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer" or not token.strip().isascii():
        await count(request)
        raise unauthenticated("bearer-wanted", bad_token=True)
    return token.strip()


def _on_this_machine(request: web.Request) -> bool:
    # A local proxy forwards for everybody, so forwarded requests are not local.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
