"""The state that a browser keeps while it is at an OpenID Connect provider: sealed, for one use within ten minutes."""

import base64
from datetime import timedelta
from typing import Any

import orjson
import structlog
from aiohttp import web

from broadcaster.config import Settings
from broadcaster.domain.refusals import Refused
from broadcaster.http.keys import SERVICES
from broadcaster.http.problems import HttpProblem
from broadcaster.openid.provider import AuthRequest, Identified, Provider, ProviderFailed, ProviderUnavailable
from broadcaster.store.engine.sealing import SealBroken

log = structlog.get_logger(__name__)

AWAY = timedelta(minutes=10)
LARGEST_COOKIE = 3800
"""Octets: browsers drop longer ones."""


def provider_of(settings: Settings, which: str) -> Provider | None:
    """Return the configured provider *openid* or *franceconnect*; None if it is not set up."""
    issuer, client, secret = (getattr(settings, f"{which}_{each}") for each in ("issuer", "client_id", "client_secret"))
    plain = which == "franceconnect" or settings.openid_requests == "plain"
    return Provider(issuer, client, secret.get_secret_value(), plain=plain) if issuer else None


def keep(
    response: web.StreamResponse, request: web.Request, name: str, facts: dict[str, Any], *, path: str, holds: timedelta
) -> None:
    """Seal facts into a cookie that only requests below ``path`` send; too many of them are not kept."""
    services = request.app[SERVICES]
    until = int((services.clock.now() + holds).timestamp())
    sealed = services.store.vault.seal(orjson.dumps({**facts, "until": until}), b"cookie:" + name.encode())
    value = base64.urlsafe_b64encode(sealed).decode()
    if len(value) <= LARGEST_COOKIE:
        secure = services.base_url.startswith("https://")
        age = int(holds.total_seconds())
        response.set_cookie(name, value, max_age=age, path=path, httponly=True, samesite="Lax", secure=secure)


def kept(request: web.Request, name: str) -> dict[str, Any] | None:
    """Return the facts that ``keep`` sealed; None if they are missing, expired or not ours."""
    value, services = request.cookies.get(name, ""), request.app[SERVICES]
    if not value or len(value) > LARGEST_COOKIE:
        return None
    try:
        sealed = base64.urlsafe_b64decode(value.encode("ascii"))
        facts = orjson.loads(services.store.vault.open(sealed, b"cookie:" + name.encode()))
    except (ValueError, SealBroken):
        return None
    return facts if isinstance(facts, dict) and facts["until"] > services.clock.now().timestamp() else None


async def way_in(
    provider: Provider, asked: AuthRequest, redirect_uri: str, scope: str, *, anew: bool = False, **more: str
) -> str:
    """Return where to send a browser. Raises a 503 while the provider is away."""
    try:
        return await provider.way_in(asked, redirect_uri, scope, anew=anew, **more)
    except ProviderFailed as error:
        log.warning("a provider of identities failed", issuer=provider.issuer, problem=str(error))
        raise HttpProblem("unavailable", "openid-away") from error


async def came_back(
    request: web.Request, provider: Provider, cookie: str, redirect_uri: str, max_age_s: int | None = None
) -> tuple[Identified, dict[str, Any]]:
    """Return the identified person, and the state the browser kept. Raises ``Refused``, and a 503 like ``way_in``."""
    facts, query = kept(request, cookie), request.query
    if facts is None or query.get("state") != facts["asked"]["state"]:
        raise Refused("openid-late")
    if "code" not in query or query.get("iss", provider.issuer) != provider.issuer:
        raise Refused("openid-stopped")
    asked, age = AuthRequest(**facts["asked"]), max_age_s if facts.get("again") else None
    try:
        return await provider.identify(asked, query["code"], redirect_uri, age), facts
    except ProviderUnavailable as error:
        log.warning("a provider of identities failed", issuer=provider.issuer, problem=str(error))
        raise HttpProblem("unavailable", "openid-away") from error
    except ProviderFailed as error:
        log.warning("an answer of a provider was refused", issuer=provider.issuer, problem=str(error))
        raise Refused("openid-refused") from error
