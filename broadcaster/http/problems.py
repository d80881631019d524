"""Errors as RFC 9457 application/problem+json, listing each wrong field.

Pages show the same as text (``web/error_pages``). Internals are never exposed: the answer to an unexpected error has a
number that is also in the log.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from broadcaster.bus import BusUnavailable, NoAnswer
from broadcaster.domain.health import Code, Trouble
from broadcaster.domain.refusal_sentences import HINTS
from broadcaster.domain.refusals import ENGLISH, Coded, Reader, Refusal, Refused, located, sentence
from broadcaster.http.schemas.problems import FieldProblem, Problem
from broadcaster.store import StoreUnavailable
from zones import ZoneError

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_TOLD = 3
_RETRY_STORE_S = 5
_URN = "urn:tocsin:problem:"

STATUS = {
    "not-json": 400,
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "slow": 408,
    "conflict": 409,
    "stale": 412,
    "too-large": 413,
    "media-type": 415,
    "refused": 422,
    "too-many": 429,
    "internal": 500,
    "unavailable": 503,
}
"""Problem types; each is also a code, whose sentence is its title."""
_BY_STATUS = {status: kind for kind, status in STATUS.items() if kind != "not-json"}


@dataclass(eq=False)
class HttpProblem(Exception):
    """An error response: one refusal, or one per wrong field."""

    kind: str
    code: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    errors: Sequence[Coded] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    instance: str | None = None
    trouble: Trouble | None = None

    def __post_init__(self) -> None:
        self.code = self.code or (self.errors[0].code if len(self.errors) == 1 else self.kind)

    @property
    def status(self) -> int:
        return STATUS[self.kind]

    def detail(self, words: Reader = ENGLISH) -> str:
        """Return the first three errors as one sentence; without field errors, the problem's own."""
        if not self.errors:
            return sentence(Refused(self.code, "", **self.params), words)
        more = len(self.errors) - _TOLD
        return words("; ").join(located(each, words) for each in self.errors[:_TOLD]) + (
            f" (+ {more})" if more > 0 else ""
        )


def unauthenticated(code: str, *, bad_token: bool = False, **params: object) -> HttpProblem:
    """Return the 401, with a challenge (RFC 6750 section 3)."""
    challenge = 'Bearer realm="tocsin"' + (', error="invalid_token"' if bad_token else "")
    return HttpProblem("unauthenticated", code, params, headers={"WWW-Authenticate": challenge})


def too_many_requests(retry_after_s: int, code: str = "too-many-from-address") -> HttpProblem:
    return HttpProblem("too-many", code, {"seconds": retry_after_s}, headers={"Retry-After": str(retry_after_s)})


def too_large(largest: int) -> HttpProblem:
    """Return the 413 for a body over ``largest`` octets."""
    return HttpProblem("too-large", "body-too-large", {"kib": largest >> 10})


def problem_of(error: Exception, request: web.Request) -> HttpProblem:
    """Return the response for any exception; log unexpected ones."""
    if isinstance(error, HttpProblem):
        return error
    if isinstance(error, Refusal) and error.kind != "refused":
        return HttpProblem(error.kind, error.code, error.params, errors=[error] if error.field else ())
    if isinstance(error, (Refusal, ZoneError)):
        return HttpProblem("refused", errors=[error])
    for away, code in _AWAY.items():
        if isinstance(error, away):
            log.debug("something that is needed is away", path=request.path, kind=away.__name__, problem=str(error))
            again = {"Retry-After": str(_RETRY_STORE_S)}
            return HttpProblem("unavailable", code, headers=again, trouble=_TROUBLES.get(away))
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(error, request)
    return _unforeseen(error, request)


_AWAY: dict[type[Exception], str] = {StoreUnavailable: "store-away", NoAnswer: "map-away", BusUnavailable: "bus-away"}


_TROUBLES: dict[type[Exception], Trouble] = {
    StoreUnavailable: Trouble(Code.STORE_AWAY),
    BusUnavailable: Trouble(Code.BUS_AWAY),
}


def _of_aiohttp(error: web.HTTPException, request: web.Request) -> HttpProblem:
    kind = _BY_STATUS.get(error.status)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        params = {"method": request.method, "allowed": allowed}
        return HttpProblem("method-not-allowed", "wrong-method", params, headers={"Allow": allowed})
    if kind == "not-found":
        return HttpProblem(kind, "no-page", {"path": request.path[:200]})
    if kind is None or kind == "internal":
        return _unforeseen(error, request)
    return HttpProblem(kind)


def _unforeseen(error: Exception, request: web.Request) -> HttpProblem:
    number = secrets.token_hex(6)
    log.error("a request failed", id=number, method=request.method, path=request.path, exc_info=error)
    return HttpProblem("internal", "mistake", {"number": number}, instance=f"urn:tocsin:error:{number}")


def title(kind: str, words: Reader = ENGLISH) -> str:
    return sentence(Refused(kind), words).removesuffix(".")


def respond(problem: HttpProblem, words: Reader = ENGLISH) -> web.Response:
    hint = HINTS.get(problem.code)
    told = Problem(
        type=_URN + problem.kind,
        title=title(problem.kind, words),
        status=problem.status,
        detail=_sayable(problem.detail(words)),
        instance=problem.instance,
        code=problem.code,
        hint=None if hint is None else words(hint),
        errors=tuple(_field_problem(each, words) for each in problem.errors) or None,
    )
    return web.Response(
        status=problem.status,
        body=told.model_dump_json(exclude_none=True).encode(),
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def _field_problem(error: Coded, words: Reader) -> FieldProblem:
    params = {name: _sayable(each) if isinstance(each, str) else each for name, each in error.params.items()}
    return FieldProblem(
        field=_sayable(error.field), code=error.code, params=params, problem=_sayable(sentence(error, words))
    )


def _sayable(text: str) -> str:
    """Return a text as valid UTF-8: headers and paths may hold other bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
