"""Whatever goes wrong, told as RFC 9457 says: application/problem+json, with each field that is wrong.

Pages tell the same in words (``web/error_pages``). Nothing of our insides is ever shown: an error that nobody foresaw
answers with a number that the log has too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from broadcaster.bus import BusUnavailable, NoAnswer
from broadcaster.domain.health import Code, Trouble
from broadcaster.errors import Conflict, Forbidden, NotFound, Refused
from broadcaster.http.schemas.problems import FieldProblem, Problem
from broadcaster.store import StoreUnavailable
from zones import BoundaryDoubtful, CrossingOutline, SwappedCoordinates, ZoneError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_RETRY_STORE_S = 5
_URN = "urn:tocsin:problem:"

KINDS: dict[str, tuple[int, str]] = {
    "not-json": (400, "This is not JSON"),
    "malformed": (400, "This is not a request that can be read"),
    "unauthenticated": (401, "Say who you are"),
    "forbidden": (403, "This is not allowed"),
    "not-found": (404, "There is nothing here"),
    "method-not-allowed": (405, "This can't be done with this method"),
    "slow": (408, "This comes too slowly"),
    "conflict": (409, "This stands for something else already"),
    "too-large": (413, "This is too large"),
    "media-type": (415, "This is not sent as JSON"),
    "refused": (422, "This can't be accepted as it is"),
    "too-many": (429, "Too many requests"),
    "internal": (500, "Something went wrong here"),
    "unavailable": (503, "This is not available for the moment"),
}
_BY_STATUS = {status: kind for kind, (status, _) in KINDS.items() if kind != "not-json"}


_HINTS = {
    SwappedCoordinates.code: "Send swap: true to swap each pair, or swap: false if the boundary is right as it is.",
    CrossingOutline.code: "Send mend: true to take the boundary as it was mended, or redraw it.",
}
"""What to do about a problem that has a code."""


@dataclass(eq=False)
class HttpProblem(Exception):
    """A problem of HTTP itself, raised by the guards."""

    kind: str
    detail: str
    errors: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    instance: str | None = None
    trouble: Trouble | None = None
    code: str | None = None

    @property
    def status(self) -> int:
        return KINDS[self.kind][0]


def unauthenticated(detail: str, *, bad_token: bool = False) -> HttpProblem:
    """Return the 401, with how to sign in (RFC 6750 section 3)."""
    challenge = 'Bearer realm="tocsin"' + (', error="invalid_token"' if bad_token else "")
    return HttpProblem("unauthenticated", detail, headers={"WWW-Authenticate": challenge})


def too_many(retry_after_s: int, whose: str = "from this address") -> HttpProblem:
    """Return the 429, with the whole seconds to wait."""
    return HttpProblem(
        "too-many",
        f"Too many requests {whose}: try again in {retry_after_s} s.",
        headers={"Retry-After": str(retry_after_s)},
    )


def too_large(largest: int) -> HttpProblem:
    """Return the 413 of a body over ``largest`` octets."""
    return HttpProblem("too-large", f"The body is over the limit of {largest >> 10} KiB here: send less at once.")


def problem_of(error: Exception, request: web.Request) -> HttpProblem:
    """Return what to answer to any exception; log those that nobody foresaw."""
    for known, kind in ((Conflict, "conflict"), (Forbidden, "forbidden"), (NotFound, "not-found")):
        if isinstance(error, known):
            return HttpProblem(kind, str(error) or KINDS[kind][1])
    if isinstance(error, HttpProblem):
        return error
    if isinstance(error, (Refused, ZoneError)):
        code = error.code if isinstance(error, BoundaryDoubtful) else None
        return HttpProblem("refused", str(error), errors=[(error.field, error.problem)], code=code)
    for away, words in _AWAY.items():
        if isinstance(error, away):
            log.debug("something that is needed is away", path=request.path, kind=away.__name__, problem=str(error))
            again = {"Retry-After": str(_RETRY_STORE_S)}
            return HttpProblem("unavailable", words, headers=again, trouble=_TROUBLES.get(away))
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(error, request)
    return _unforeseen(error, request)


_AWAY: dict[type[Exception], str] = {
    StoreUnavailable: "The store does not answer: try again shortly.",
    NoAnswer: "Nobody who knows the map answers now: try again shortly. Alerts can be sent all the same.",
    BusUnavailable: "The bus does not answer: try again shortly. Alerts can be sent all the same.",
}


_TROUBLES: dict[type[Exception], Trouble] = {
    StoreUnavailable: Trouble(Code.STORE_AWAY),
    BusUnavailable: Trouble(Code.BUS_AWAY),
}


def _of_aiohttp(error: web.HTTPException, request: web.Request) -> HttpProblem:
    kind = _BY_STATUS.get(error.status)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return HttpProblem(
            "method-not-allowed",
            f"{request.method} does nothing here: use {allowed}.",
            headers={"Allow": allowed},
        )
    if kind == "not-found":
        return HttpProblem(kind, f"There is nothing at {request.path[:200]}.")
    if kind is None or kind == "internal":
        return _unforeseen(error, request)
    return HttpProblem(kind, error.reason)


def _unforeseen(error: Exception, request: web.Request) -> HttpProblem:
    number = secrets.token_hex(6)
    log.error("a request failed", id=number, method=request.method, path=request.path, exc_info=error)
    return HttpProblem(
        "internal",
        f"This is our mistake, not yours. Its number is {number}: the service's log has it too.",
        instance=f"urn:tocsin:error:{number}",
    )


def respond(problem: HttpProblem) -> web.Response:
    """Return the answer that tells a problem."""
    status, title = KINDS[problem.kind]
    told = Problem(
        type=_URN + problem.kind,
        title=title,
        status=status,
        detail=_sayable(problem.detail),
        instance=problem.instance,
        code=problem.code,
        hint=None if problem.code is None else _HINTS[problem.code],
        errors=tuple(FieldProblem(field=_sayable(where), problem=_sayable(what)) for where, what in problem.errors)
        or None,
    )
    return web.Response(
        status=status,
        body=told.model_dump_json(exclude_none=True).encode(),
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def _sayable(text: str) -> str:
    """Return a text as UTF-8 can say it: a header or a path may hold bytes that are none."""
    return text.encode("utf-8", "backslashreplace").decode()
