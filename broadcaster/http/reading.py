"""Reads request bodies and queries into models, reporting errors by field."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import StreamReader, web
from multidict import MultiDict
from pydantic import BaseModel, ValidationError

from broadcaster.domain.refusals import Refused
from broadcaster.http.keys import ADMIT, BODY, CONNECTIONS, LARGEST, PARSER, SERVICES
from broadcaster.http.problems import HttpProblem, too_large
from broadcaster.http.rates import address_of
from broadcaster.http.validation import findings, not_json

M = TypeVar("M", bound=BaseModel)
_JSON = ("application/json", "application/merge-patch+json")
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 300
_LARGEST_ID = (1 << 63) - 1
_LONGEST_ID = 19
_FARTHEST_LON, _FARTHEST_LAT = 180, 90
_ON_THE_LOOP = 16 << 10
"""The most octets parsed on the event loop: a millisecond's work."""

_AT_ONCE = 64 << 10
"""The most octets awaited without reading: less than aiohttp buffers. Each octet of a slow body would wake its task."""

WINDOW_S, LEAST = 10.0, 4096
"""The fewest octets per interval, unless the body ends; a phone on GPRS manages that."""
SLOWEST_S = 600.0
"""Time limit for a body, in seconds."""
TRUSTED_S = 2.0
"""How long a body may take until its key or session is looked at again, which may have ended meanwhile."""


async def body_of(request: web.Request, model: type[M], *, optional: bool = False) -> M | None:
    """Return the body as ``model``; None if the body is empty and ``optional``.

    Raises the 400, 408, 413, 415 or 422.
    """
    raw = await _raw(request)
    if optional and not raw.strip():
        return None
    if request.content_type not in _JSON and not request.content_type.endswith("+json"):
        raise HttpProblem("media-type", "wrong-media-type", {"sent": request.content_type[:60], "wanted": _JSON[0]})
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise HttpProblem("media-type", "charset")
    return await checked(request, model, raw)


async def checked(request: web.Request, model: type[M], raw: bytes) -> M:
    """Return JSON as ``model``; large ones are parsed off the event loop, one at a time.

    Raises the 400 or 422.
    """
    if len(raw) <= _ON_THE_LOOP:
        return _parsed(model, raw)
    return await asyncio.get_running_loop().run_in_executor(request.app[PARSER], _parsed, model, raw)


def _parsed(model: type[M], raw: bytes) -> M:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        complaint = not_json(error)
        if complaint is not None:
            raise HttpProblem("not-json", "json-syntax", {"why": complaint}) from None
        raise HttpProblem("refused", errors=findings(error, raw)) from None


@asynccontextmanager
async def incoming(request: web.Request) -> AsyncIterator[None]:
    """Read a request's body within the block; it must be within its route's size, uncompressed, and not too slow.

    Meanwhile its connection counts as waiting. Raises the 400, 408, 413 or 415.
    """
    coding, largest = request.headers.get("Content-Encoding", "identity").strip().lower(), request.get(LARGEST, 0)
    if coding != "identity":
        raise HttpProblem("media-type", "compressed", headers=_PLAIN_ONLY)
    if (request.content_length or 0) > largest:
        raise too_large(largest)
    if request.content.is_eof():  # it came with the head: there is nothing to wait for
        yield
        return
    settings = request.app[SERVICES].settings
    address = address_of(request, settings.trusted_proxies) if settings.trusted_proxies else None
    try:
        with request.app[CONNECTIONS].waiting(request.protocol, address):
            async with _at_a_fair_pace(request.content):
                yield
    except TimeoutError:
        pace = {"octets": LEAST, "seconds": WINDOW_S}
        raise HttpProblem("slow", "too-slow", pace, headers={"Connection": "close"}) from None
    except (web.RequestPayloadError, ConnectionError):
        raise HttpProblem("malformed", "broken-off") from None


_PLAIN_ONLY = {"Accept-Encoding": "identity"}  # RFC 9110 section 12.5.3: how a 415 names the accepted encodings


@asynccontextmanager
async def _at_a_fair_pace(content: StreamReader) -> AsyncIterator[None]:
    """Raise ``TimeoutError`` if the body stalls within the block, or takes too long in total."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    timer: asyncio.TimerHandle
    async with asyncio.timeout(None) as limit:

        def look(before: int) -> None:
            nonlocal timer
            if content.total_bytes - before < LEAST or loop.time() - began > SLOWEST_S:
                limit.reschedule(loop.time())
            else:
                timer = loop.call_later(WINDOW_S, look, content.total_bytes)

        timer = loop.call_later(WINDOW_S, look, content.total_bytes)
        try:
            yield
        finally:
            timer.cancel()


async def _raw(request: web.Request) -> bytes:
    """Return the whole body; cached. Raises like ``auth.admit`` if it took long and its caller is no longer let in."""
    kept: bytes | None = request.get(BODY)
    if kept is not None:
        return kept
    body, largest = bytearray(), request.get(LARGEST, 0)
    clock = asyncio.get_running_loop().time
    began = clock()
    async with incoming(request):
        if (request.content_length or largest) <= _AT_ONCE and request.content.exception() is None:
            await request.content.wait_eof()
        while not request.content.at_eof():
            body += await request.content.readany()
            if len(body) > largest:
                raise too_large(largest)
    request[BODY] = whole = bytes(body)
    if clock() - began > TRUSTED_S and ADMIT in request:
        await request[ADMIT](request)
    return whole


async def form_of(request: web.Request) -> MultiDict[str]:
    """Return the fields of a form (application/x-www-form-urlencoded); empty without a body.

    Raises the 400, 408, 413 or 415.
    """
    raw = await _raw(request)
    if not raw:
        return MultiDict()
    if request.content_type != _FORM:
        raise HttpProblem("media-type", "wrong-media-type", {"sent": request.content_type[:60], "wanted": _FORM})
    try:
        fields = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HttpProblem("malformed", "bad-form") from None
    return MultiDict(fields)


def query_of(request: web.Request, model: type[M] | None) -> M | None:
    """Return the query as ``model``. Raises the 422."""
    if model is None:
        return None
    given: dict[str, Any] = {}
    for name, value in request.query.items():
        if name in given:
            raise Refused("given-twice", name)
        given[name] = value
    try:
        return model.model_validate_strings(given)
    except ValidationError as error:
        raise HttpProblem("refused", errors=findings(error, given)) from None


def point_of(lon: str, lat: str) -> tuple[float, float] | None:
    """Parse a point as typed: WGS 84 degrees, with a decimal point or comma. Return None if it is invalid."""
    try:
        at = float(lon.replace(",", ".")), float(lat.replace(",", "."))
    except ValueError:
        return None
    return at if abs(at[0]) <= _FARTHEST_LON and abs(at[1]) <= _FARTHEST_LAT else None


def number_of(text: str) -> int | None:
    """Return the alert id in a path or query; None if malformed."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST_ID else None
