"""/me/identity: FranceConnect, as an optional proof of identity. Only the level and a mark are stored."""

from datetime import datetime

from aiohttp import web

from broadcaster.domain.identity import IdentityLevel, civil
from broadcaster.domain.operators import party_of
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.http.answers import answer, nothing
from broadcaster.http.auth import count
from broadcaster.http.keys import FRANCECONNECT
from broadcaster.http.openid import AWAY, came_back, keep, way_in
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import WayOut
from broadcaster.openid.provider import AuthRequest, Identified, Provider, ProviderFailed
from broadcaster.store import Unit, polls
from broadcaster.store.people import identities, profiles

PATH, BACK = "/me/identity", "/me/identity/back"
_AWAY = "tocsin_identity"
_SCOPE = "openid profile"  # FranceConnect: names, date of birth, sex, name in use
"""Only a keyed mark of names and birth is kept: who has also shown a paper at the counter is one person to a poll."""
_LEVELS = ("eidas1", "eidas2", "eidas3")


async def begin(call: Call[None, None]) -> web.Response:
    """Return the address where a resident proves their identity; their browser keeps their subscriber id, sealed."""
    provider, asked = _provider(call), AuthRequest.fresh()
    there = await way_in(provider, asked, _back(call), _SCOPE, acr_values=_LEVELS[0])
    response = answer(WayOut(url=there))
    facts = {"asked": asked.plain(), "who": call.subscriber_id}
    keep(response, call.request, _AWAY, facts, path=PATH, holds=AWAY)
    return response


async def back(call: Call[None, None]) -> web.Response:
    """Store the level of a resident who returned, and end FranceConnect's session. Raises ``Refused``."""
    provider = _provider(call)
    try:
        found, facts = await came_back(call.request, provider, _AWAY, _back(call))
        now = call.services.clock.now()
        await call.services.store.transact(lambda unit: _prove(unit, facts["who"], found, now))
    except Refused:
        await count(call.request)
        raise
    mine = f"{_origin(call)}/me"
    try:
        there = await provider.way_out(found.id_token, mine)
    except ProviderFailed:
        there = None
    response = web.Response(status=303, headers={"Location": there or mine, "Cache-Control": "no-store"})
    response.del_cookie(_AWAY, path=PATH)
    return response


async def forget(call: Call[None, None]) -> web.Response:
    """Delete a resident's proof of identity; where they voted with it, they still have."""

    async def keep(unit: Unit) -> None:
        await polls.stay_voted(unit, call.subscriber_id)
        await identities.forget(unit, call.subscriber_id)

    await call.services.store.transact(keep)
    return nothing()


async def _prove(unit: Unit, subscriber_id: int, found: Identified, now: datetime) -> None:
    if found.claims.get("acr") not in _LEVELS:
        raise Refused("openid-refused")
    if await profiles.read(unit, subscriber_id) is None:
        raise Refused("openid-late")
    person = civil(*(str(found.claims.get(each, "")) for each in ("family_name", "given_name", "birthdate")))
    await identities.prove(unit, subscriber_id, IdentityLevel.FRANCECONNECT, now, person=person)


def _provider(call: Call[None, None]) -> Provider:
    provider = call.request.app[FRANCECONNECT]
    if provider is None:
        raise NotFound("openid-off")
    return provider


def _origin(call: Call[None, None]) -> str:
    return party_of(call.services.base_url).origin


def _back(call: Call[None, None]) -> str:
    return f"{_origin(call)}{BACK}"
