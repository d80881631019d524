"""Sign-in by OpenID Connect, such as ProConnect, for operators who were invited before."""

from typing import Any

from aiohttp import web

from broadcaster.domain.operators import Operator, party_of
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.http.auth import count
from broadcaster.http.keys import OPENID, SERVICES
from broadcaster.http.openid import AWAY, came_back, keep, kept, way_in
from broadcaster.http.route import Call
from broadcaster.http.sessions import PATH, give_cookie, session_of
from broadcaster.openid.provider import AuthRequest, Identified, Provider, ProviderFailed
from broadcaster.store import Unit
from broadcaster.store.operators import operators
from broadcaster.web.console.operators.entering import Cookie, check_page, go_in, record_failure
from broadcaster.web.console.paths import SIGN_IN, own_path
from broadcaster.web.pages import to

BEGIN, BACK = f"{SIGN_IN}/openid", f"{SIGN_IN}/openid/back"
SIGN_OUT = f"{PATH}/sign-out"
_AWAY, _OUT = "tocsin_openid", "tocsin_openid_out"
_ANEW_S = 300
"""How long ago a person may have signed in at the provider when we ask for proof again."""


async def begin(call: Call[None, Any]) -> web.Response:
    """Send the browser to the provider; a signed-in person must sign in there again."""
    request, query = call.request, call.request.query
    check_page(request)
    provider, asked = _provider(request), AuthRequest.fresh()
    again = await session_of(request) is not None
    response = to(await way_in(provider, asked, _back(request), "openid email", anew=again))
    facts = {"asked": asked.plain(), "again": again, "trusted": query.get("trusted") == "1"}
    then = own_path(query.get("then", ""))
    keep(response, request, _AWAY, {**facts, "then": then}, path=BEGIN, holds=AWAY)
    return response


async def back(call: Call[None, Any]) -> web.Response:
    """Begin the session of the operator who returned, or mark their current one as proven. Raises ``Refused``."""
    request, services = call.request, call.services
    current, provider = await session_of(request), _provider(request)
    try:
        found, facts = await came_back(request, provider, _AWAY, _back(request), _ANEW_S)
        trusted = bool(facts["trusted"])

        async def enter(unit: Unit) -> Cookie:
            who = await _operator(unit, provider, found, every_mail=services.settings.openid_mails == "all")
            return await go_in(unit, call, who.id, current, trusted=trusted, way="openid")

        cookie = await services.store.transact(enter)
    except Refused:
        await count(request)
        await record_failure(call, None)
        raise
    response = to(own_path(facts["then"]))
    give_cookie(response, *cookie, secure=services.base_url.startswith("https://"))
    response.del_cookie(_AWAY, path=BEGIN)
    keep(response, request, _OUT, {"id_token": found.id_token}, path=SIGN_OUT, holds=cookie.holds)
    return response


async def way_out(request: web.Request) -> str | None:
    """Return the address that ends the session at the provider too; None for browsers that signed in otherwise."""
    provider, facts = request.app[OPENID], kept(request, _OUT)
    if provider is None or facts is None:
        return None
    try:
        return await provider.way_out(facts["id_token"], f"{_origin(request)}{SIGN_IN}")
    except ProviderFailed:
        return None


def forget_way_out(response: web.StreamResponse) -> None:
    response.del_cookie(_OUT, path=SIGN_OUT)


async def _operator(unit: Unit, provider: Provider, found: Identified, *, every_mail: bool) -> Operator:
    """Return the operator who was invited with this mail address; after the first sign-in, the provider's own id
    counts.

    This never creates an operator. Raises ``Refused``.
    """
    mark = operators.openid_mark(unit, provider.issuer, found.sub)
    who = await operators.by_openid(unit, mark)
    if who is None:
        mail = found.claims.get("email")
        sure = isinstance(mail, str) and (every_mail or found.claims.get("email_verified") is True)
        who = await operators.by_mail(unit, str(mail)) if sure else None
        if who is None or who.disabled or not await operators.join_openid(unit, who.id, mark):
            raise Refused("openid-unknown")
    if who.disabled:
        raise Refused("openid-unknown")
    return who


def _provider(request: web.Request) -> Provider:
    provider = request.app[OPENID]
    if provider is None:
        raise NotFound("openid-off")
    return provider


def _origin(request: web.Request) -> str:
    return party_of(request.app[SERVICES].base_url).origin


def _back(request: web.Request) -> str:
    return f"{_origin(request)}{BACK}"
