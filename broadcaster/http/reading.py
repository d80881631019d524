"""Reading what comes in: JSON bodies and queries, into models, with whatever is wrong told field by field."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict
from pydantic import BaseModel, ValidationError

from broadcaster.http.problems import HttpProblem
from broadcaster.http.validation import findings, not_json, parsed

M = TypeVar("M", bound=BaseModel)
_JSON = ("application/json", "application/merge-patch+json")
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 200
_LARGEST_ID = (1 << 63) - 1
_LONGEST_ID = 19
SLOWEST_S = 60.0
"""Seconds that a body may take to come: 1 MiB over the slowest of mobile networks."""


async def body_of(request: web.Request, model: type[M], *, optional: bool = False) -> M | None:
    """Give the body as ``model``; None for no body where that is ``optional``.

    Raises the 400, 413, 415 or 422 that says what is wrong.
    """
    raw = await _raw(request)
    if optional and not raw.strip():
        return None
    if request.content_type not in _JSON and not request.content_type.endswith("+json"):
        raise HttpProblem(
            "media-type",
            f"The body is sent as {request.content_type[:60]}: send JSON, with Content-Type: application/json.",
        )
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise HttpProblem("media-type", "JSON is UTF-8 (RFC 8259): send it so.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        complaint = not_json(error)
        if complaint is not None:
            raise HttpProblem("not-json", f"The body is not JSON: {complaint}.") from None
        raise refusal(findings(error, parsed(raw))) from None


async def _raw(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(SLOWEST_S):
            return await request.read()
    except TimeoutError:
        raise HttpProblem(
            "slow", f"The body was not here within {SLOWEST_S:g} s: send it again.", headers={"Connection": "close"}
        ) from None
    except web.RequestPayloadError:
        raise HttpProblem("malformed", "The body broke off, or is not encoded as its headers say.") from None


async def form_of(request: web.Request) -> MultiDict[str]:
    """Give the fields of a form (application/x-www-form-urlencoded); none for no body.

    Raises the 400, 413 or 415 that says what is wrong.
    """
    raw = await _raw(request)
    if not raw:
        return MultiDict()
    if request.content_type != _FORM:
        raise HttpProblem("media-type", f"The body is sent as {request.content_type[:60]}: send a form, as {_FORM}.")
    try:
        fields = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HttpProblem("malformed", "The body is not a form that can be read.") from None
    return MultiDict(fields)


def query_of(request: web.Request, model: type[M] | None) -> M | None:
    """Give what stands behind the question mark as ``model``. Raises the 422 that says what is wrong."""
    if model is None:
        return None
    given: dict[str, Any] = {}
    for name, value in request.query.items():
        if name in given:
            raise refusal([(name, "This is given twice: once is enough.")])
        given[name] = value
    try:
        return model.model_validate_strings(given)
    except ValidationError as error:
        raise refusal(findings(error, given)) from None


def refusal(found: list[tuple[str, str]]) -> HttpProblem:
    """Give the 422 of these (field, problem)."""
    detail = "; ".join(f"{where}: {what}" if where else what for where, what in found[:3])
    if len(found) > 3:  # noqa: PLR2004  as above: a sentence, not the list
        detail += f" (and {len(found) - 3} more)"
    return HttpProblem("refused", detail, errors=found)


def number_of(text: str) -> int | None:
    """Give the alert id that is written in a path or a query; None if it can't be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST_ID else None
