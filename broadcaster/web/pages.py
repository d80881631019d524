"""Renders pages: templates, the reader's language, and headers that exclude third parties.

A public page has its style inline, allowed by hash. Scripts and the console's style come from ``/static``; nothing
comes from other sites.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from string import punctuation
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import aiohttp_jinja2
import jinja2
from aiohttp import web
from babel.dates import format_time
from markupsafe import Markup

from broadcaster.http.keys import SERVICES
from broadcaster.http.sessions import from_our_page
from broadcaster.languages import LANGUAGES, direction, own_name, unbroken
from broadcaster.palette import PALETTE
from broadcaster.web.assets import ASSETS, Assets, reads_gzip
from broadcaster.web.ground import map_address, tiled
from broadcaster.web.i18n import Words, catalogs, preferred
from broadcaster.web.names import CHANNEL_ICONS
from channels.sms import written

TEMPLATES = Path(__file__).parent / "templates"
_NOT_KEPT = "no-store"
_MOST_NOISE = 64


@cache
def style() -> Markup:
    """Return the style of public pages, which is inline to save a request."""
    return Markup(Assets().text("public.css"))  # noqa: S704  a file of ours


@cache
def policy() -> str:
    """Return pages' Content-Security-Policy: only our origin, no inline script, one inline style by its hash."""
    digest = base64.b64encode(hashlib.sha256(str(style()).encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{digest}'; img-src 'self' data: blob:;"
        " connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def set_up(app: web.Application) -> None:
    """Set up templates, scripts and styles. Raises ``BadSettings`` if they were not bundled."""
    app[ASSETS] = Assets()
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "asset": app[ASSETS].url,
        "imports": app[ASSETS].imports,
        "direction": direction,
        "own_name": own_name,
        "channel_icons": CHANNEL_ICONS,
        "written_phone": written,
        "palette": PALETTE,
    }
    environment.filters |= {"unbroken": unbroken, "mail": _mail}
    settings = app[SERVICES].settings
    environment.globals["map_tiles"] = map_address(settings)
    environment.globals["map_by"] = settings.tiles_by if tiled(settings) else ""


def _mail(address: str) -> Markup:
    """Return a mail address that is broken before its @ rather than within its domain."""
    return Markup("<wbr>@").join(address.split("@"))


def language_of(request: web.Request, default: str, known: Iterable[str] | None = None) -> str:
    """Return a page's language: ``?lang=``, else the browser's, else ``default``."""
    choices = tuple(catalogs().languages if known is None else known)
    asked = request.query.get("lang", "").split("-")[0].lower()
    if asked in choices:
        return asked
    return preferred(request.headers.get("Accept-Language", ""), choices, default)


def written_time(moment: datetime, zone: ZoneInfo, words: Words) -> str:
    """Format a time in a zone: « mardi 3 juin 2026, 18:05 »."""
    local = moment.astimezone(zone)
    return f"{words.day(local, 'full')}, {format_time(local, 'short', tzinfo=zone, locale=words.locale)}"


def written_region(region: str, words: Words) -> str:
    """Return the name of a region (ISO 3166) that stands for its time zone: « France », « La Réunion »."""
    return str(words.locale.territories.get(region, region))


def written_short(moment: datetime, zone: ZoneInfo, words: Words) -> str:
    """Format a time for a list: « 3 juin 2026, 18:05 »."""
    local = moment.astimezone(zone)
    return f"{words.day(local, 'medium')}, {format_time(local, 'short', tzinfo=zone, locale=words.locale)}"


def written_exact(moment: datetime, zone: ZoneInfo, words: Words) -> str:
    """Format a time to the second, for evidence: « 3 juin 2026, 18:05:09 »."""
    return words.moment(moment.astimezone(zone), "medium")


def render(
    request: web.Request,
    template: str,
    words: Words,
    facts: Mapping[str, Any],
    *,
    status: int = 200,
    cache_control: str = _NOT_KEPT,
) -> web.Response:
    """Return a template's page, compressed if accepted. ``_`` in the template translates for the reader.

    Not if another site leads an operator's browser here, with a query that the page repeats (BREACH).
    """
    body = rendered(request, template, words, facts)
    if cache_control == _NOT_KEPT:
        body += _noise()
    made = page_of(body, words.language, status=status, cache_control=cache_control)
    if reads_gzip(request) and (cache_control != _NOT_KEPT or from_our_page(request)):
        made.enable_compression(web.ContentCoding.gzip)
    return made


def _noise() -> bytes:
    """Return a comment of random length, so that a compressed page's size does not tell what is in it (BREACH)."""
    return f"<!-- {secrets.token_hex(secrets.randbelow(_MOST_NOISE))} -->".encode()


def rendered(request: web.Request, template: str, words: Words, facts: Mapping[str, Any]) -> bytes:
    """Return the body of the page that ``render`` returns."""
    context = {
        "_": words,
        "language": words.language,
        "languages": catalogs().languages,
        "locales": " ".join(each.locale for each in LANGUAGES.values()).replace("_", "-"),
        "firsts": " ".join(f"{tag}:{each.first}" for tag, each in LANGUAGES.items() if each.first != "1"),
        "style": style(),
        "here": request.path,
        **facts,
    }
    return aiohttp_jinja2.render_string(template, request, context).encode()


def page_of(body: bytes, language: str, *, status: int = 200, cache_control: str = _NOT_KEPT) -> web.Response:
    """Return a rendered page, with its headers."""
    return web.Response(
        status=status,
        body=body,
        content_type="text/html",
        charset="utf-8",
        headers=headers_of(language, cache_control=cache_control),
    )


def headers_of(language: str, *, cache_control: str) -> dict[str, str]:
    return {
        "Cache-Control": cache_control,
        "Content-Language": language,
        "Content-Security-Policy": policy(),
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
        "Vary": "Accept-Language, Accept-Encoding",
    }


def tag_of(body: bytes) -> str:
    """Return a page's ETag, by content."""
    return hashlib.sha256(body).hexdigest()[:24]


def is_known(request: web.Request, tag: str) -> bool:
    """Return whether the client already has this version of a page (RFC 9110 section 13.1.2)."""
    return any(etag.value in (tag, "*") for etag in request.if_none_match or ())


def with_etag(request: web.Request, response: web.Response) -> web.StreamResponse:
    """Set an ETag by content, and answer 304 if the client has it (RFC 9110 section 13.1.2)."""
    body = response.body if isinstance(response.body, bytes) else b""
    tag = tag_of(body)
    if is_known(request, tag):
        unchanged = web.Response(status=304)
        for name in ("Cache-Control", "Content-Language", "Vary"):
            unchanged.headers[name] = response.headers[name]
        unchanged.etag = tag
        return unchanged
    response.etag = tag
    return response


def to(path: str) -> web.Response:
    """Redirect to another page; signs that a header can't hold are encoded."""
    return web.Response(status=303, headers={"Location": quote(path, safe=punctuation), "Cache-Control": "no-store"})
