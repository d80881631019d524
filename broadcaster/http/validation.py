"""Converts pydantic's errors to refusals: path as written by the author, code and parameters."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from broadcaster.domain.refusal_sentences import SENTENCES
from broadcaster.domain.refusals import Refused, refused
from broadcaster.domain.signs import LINE, PROSE
from broadcaster.http.schemas.base import INSEE, REGION, SLUG
from broadcaster.languages import TAG
from broadcaster.pydantic_codes import code_of
from zones import ZoneError

MAX_SHOWN = 50
MANY = 200
"""The most findings that are processed one by one."""
_LONGEST_WORD = 40

_PATTERNS: dict[str, str] = {
    LINE: "not-one-line",
    PROSE: "unfit-signs",
    SLUG: "not-a-slug",
    TAG: "not-a-language",
    INSEE: "not-an-insee-code",
    REGION: "not-a-region",
}


def findings(error: ValidationError, document: Any) -> list[Refused]:
    """Return the first ``MAX_SHOWN`` errors; ``document``: the input, or its JSON."""
    if error.error_count() > MANY:
        return [Refused("too-many-faults", n=MANY)]
    if isinstance(document, bytes):
        document = _read(document)
    every = error.errors(include_url=False)
    within = {each["loc"][:depth] for each in every for depth in range(len(each["loc"]))}
    # pydantic also calls a list with only invalid members "too short": the members' errors suffice.
    told = [each for each in every if not (each["type"] == "too_short" and each["loc"] in within)]
    return [_finding(each, document) for each in told[:MAX_SHOWN]]


def not_json(error: ValidationError) -> str | None:
    """Return the parser's message if the input is not JSON."""
    if error.error_count() > 1:
        return None
    (only,) = error.errors(include_url=False, include_input=False)
    return str(only["ctx"]["error"]) if only["type"] == "json_invalid" else None


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _finding(each: ErrorDetails, document: Any) -> Refused:
    kind, context = each["type"], dict(each.get("ctx", {}))
    field = path(_as_written(each["loc"], document))
    cause = context.get("error")
    if isinstance(cause, ZoneError):
        return refused(cause, _joined(field, cause.field.lstrip(".")))
    if kind in SENTENCES:  # from our own validators, which may name a field of the model
        return Refused(kind, _joined(field, context.pop("field", "")), **context)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        field = _joined(field, str(context.get("discriminator", "")).strip("'"))
    if kind == "string_pattern_mismatch" and context.get("pattern") in _PATTERNS:
        return Refused(_PATTERNS[context["pattern"]], field)
    code, params = code_of(each)
    return Refused(code, field, **params)


def _as_written(loc: Sequence[int | str], document: Any) -> list[int | str]:
    """Remove from a location what the author did not write: union members' names, key markers."""
    steps: list[int | str] = []
    here = document
    for at, step in enumerate(loc):
        last = at == len(loc) - 1
        inside = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if inside:
            here = here[step]
            steps.append(step)
        elif last and not str(step).startswith("["):
            steps.append(step)
    return steps


def path(steps: Sequence[int | str]) -> str:
    """Format a path: ``area.circles[0].radius_m``."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step[:_LONGEST_WORD]}" if text else step[:_LONGEST_WORD]
    return text


def _joined(outer: str, inner: str) -> str:
    if not outer or not inner:
        return outer or inner
    return f"{outer}{inner}" if inner.startswith("[") else f"{outer}.{inner}"
