"""Console sessions: a random cookie, and the operator whom the store holds for it.

The cookie is HttpOnly and SameSite=Lax: no script reads it, and no other site's form or script sends it. Changes also
need a CSRF token, ``csrf``, derived from the cookie, in a form field or the header ``X-CSRF``. The cookie is renewed
when the operator proves who they are; the token stays, so that other tabs go on.
"""

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from broadcaster.config import Settings
from broadcaster.http.keys import SERVICES
from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import form_of
from broadcaster.store.operations import sessions
from broadcaster.store.operations.sessions import Session

COOKIE = "tocsin_operator"
PATH = "/console"
FIELD, HEADER = "csrf", "X-CSRF"
TRUSTED = timedelta(days=30)
"""How long a trusted device stays signed in."""
PROOF_HOLDS = timedelta(minutes=15)
"""How long a trusted device needs no passkey again."""
_LONGEST = 80
_IDLE_PART = 3
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))


def lasts(settings: Settings) -> timedelta:
    return timedelta(hours=settings.session_hours)


def idle(settings: Settings) -> timedelta:
    """Return a session's idle timeout."""
    return lasts(settings) / _IDLE_PART


async def session_of(request: web.Request) -> Session | None:
    """Return the session of a request's cookie; None if there is no valid one."""
    name = request.cookies.get(COOKIE, "")
    if not name or len(name) > _LONGEST or not name.isascii():
        return None
    services = request.app[SERVICES]
    now = services.clock.now()
    async with services.store.read() as unit:
        found = await sessions.find(unit, name, now, idle(services.settings))
    if found is not None and now - found.seen_at > sessions.SEEN_EVERY:
        async with services.store.write() as unit:
            await sessions.seen(unit, found.id, now)
    return found


def csrf_of(request: web.Request) -> str:
    return csrf_made_of(request.cookies.get(COOKIE, ""))


def csrf_made_of(name: str) -> str:
    """Return the CSRF token for a cookie, which reveals nothing about the cookie."""
    return hashlib.sha256(b"csrf:" + sessions.lasting(name).encode()).hexdigest()[:40]


def from_our_page(request: web.Request) -> bool:
    """Return whether the browser says that one of our pages, or the user, made this request.

    Browsers before 2023 don't send ``Sec-Fetch-Site``; all send ``Origin`` with a form. A client that sends neither is
    not a browser, so has no session that another site could use.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    public = urlsplit(request.app[SERVICES].base_url)
    # A proxy may end TLS and change the host: accept the public address, or the requested one.
    return origin in (f"{public.scheme}://{public.netloc}", f"{request.scheme}://{request.host}")


async def is_ours(request: web.Request) -> bool:
    """Return whether a changing request came from one of our pages."""
    if not from_our_page(request):
        return False
    sent = request.headers.get(HEADER, "")
    if not sent and request.content_type == "application/x-www-form-urlencoded":
        sent = (await form_of(request)).get(FIELD, "")
    if not sent and request.content_type == "multipart/form-data":
        sent = request.query.get(FIELD, "")  # the token precedes the file, which may be long
    return hmac.compare_digest(sent.encode(), csrf_of(request).encode())


def foreign() -> HttpProblem:
    """Return the 403 of a cross-site request."""
    return HttpProblem("forbidden", "other-session")


def device_of(request: web.Request) -> str:
    """Return a short name of a browser, by which operators recognize their own device in a list."""
    agent = request.headers.get("User-Agent", "")[:400]
    system = next((name for mark, name in _SYSTEMS if mark in agent), "?")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "?")
    return f"{browser}, {system}"


def give_cookie(response: web.StreamResponse, name: str, holds: timedelta, *, secure: bool) -> None:
    """Set a session's new cookie; ``secure``: the service uses https."""
    response.set_cookie(
        COOKIE, name, max_age=int(holds.total_seconds()), path=PATH, httponly=True, samesite="Lax", secure=secure
    )
