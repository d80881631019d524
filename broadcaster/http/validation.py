"""From what pydantic found wrong to what a person reads: the path as they wrote it, and a sentence with what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from broadcaster.domain.signs import LINE, PROSE
from broadcaster.http.schemas.base import INSEE, LOCALE, REGION, SLUG
from zones import ZoneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

MAX_SHOWN = 50
MANY = 200
"""More findings than this are not looked at one by one."""
_LONGEST_WORD = 40

_SENTENCES: dict[str, str] = {
    "missing": "This is missing, and needed.",
    "extra_forbidden": "There is no such field here: mend its spelling, or leave it out.",
    "string_type": "This must be text, in quotes.",
    "float_type": "This must be a number, without quotes.",
    "int_type": "This must be a whole number, without quotes.",
    "int_parsing": "This must be a whole number.",
    "float_parsing": "This must be a number.",
    "finite_number": "This is not a finite number: NaN and infinity say nothing here.",
    "dict_type": "This must be an object, in braces.",
    "model_type": "This must be an object, in braces.",
    "model_attributes_type": "This must be an object, in braces.",
    "tuple_type": "This must be a list, in brackets.",
    "datetime_type": "This must be a date and time with its offset, as in 2026-07-01T18:30:00+02:00.",
    "datetime_parsing": "This is no date and time: write one with its offset, as in 2026-07-01T18:30:00+02:00.",
    "datetime_from_date_parsing": "This is no date and time: write one with its offset: 2026-07-01T18:30:00+02:00.",
    "datetime_object_invalid": "This is no date and time: write one with its offset, as in 2026-07-01T18:30:00+02:00.",
    "timezone_aware": "The offset from UTC is missing: write it behind the time, as in 2026-07-01T18:30:00+02:00.",
    "union_tag_not_found": "This is missing, and needed: it says which kind this is.",
}
_WITH_FACTS: dict[str, str] = {
    "greater_than_equal": "This is too small: {ge:.12g} is the least.",
    "less_than_equal": "This is too large: {le:.12g} is the most.",
    "string_too_long": "This has {length} characters: {max_length} are the most.",
    "string_too_short": "This is empty, or too short: write at least {min_length} characters.",
    "too_long": "These are too many: {max_length} are the most.",
    "too_short": "These are too few: {min_length} at least, or leave the field out.",
    "enum": "This is not known here: write one of {expected}.",
    "literal_error": "This is not known here: write one of {expected}.",
    "union_tag_invalid": "This is not known here: write one of {expected_tags}.",
}
_PATTERNS: dict[str, str] = {
    LINE: "This must be one line, without control characters or signs that turn the direction of writing.",
    PROSE: "This holds control characters, or signs that turn the direction of writing: leave them out.",
    SLUG: "This must be lower case letters, digits and hyphens, 60 at most, as in l-aigle.",
    LOCALE: "This must be a language as browsers write it: fr, en-GB.",
    INSEE: "This must be the five signs of a commune's INSEE code, as in 61214.",
    REGION: "This must be the two letters of a country or territory, as in FR or RE.",
}


def findings(error: ValidationError, document: Any) -> list[tuple[str, str]]:
    """Return (field, problem) of what is wrong, its first ``MAX_SHOWN``; ``document``: what was sent, or its JSON."""
    if error.error_count() > MANY:
        return [("", f"More than {MANY} things are wrong here: compare it with /openapi.json.")]
    if isinstance(document, bytes):
        document = _read(document)
    every = error.errors(include_url=False)
    within = {each["loc"][:depth] for each in every for depth in range(len(each["loc"]))}
    # A list all of whose members are wrong is also "too short" to pydantic: the members say enough.
    told = [each for each in every if not (each["type"] == "too_short" and each["loc"] in within)]
    return [_finding(each, document) for each in told[:MAX_SHOWN]]


def not_json(error: ValidationError) -> str | None:
    """Return the parser's complaint, if what was sent is no JSON at all."""
    if error.error_count() > 1:
        return None
    (only,) = error.errors(include_url=False, include_input=False)
    return str(only["ctx"]["error"]) if only["type"] == "json_invalid" else None


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _finding(each: ErrorDetails, document: Any) -> tuple[str, str]:
    context: dict[str, Any] = each.get("ctx", {})
    field = path(_as_written(each["loc"], document))
    cause = context.get("error")
    if isinstance(cause, ZoneError):
        return _joined(field, cause.field.lstrip(".")), cause.problem
    if each["type"] == "value_error":
        return _own(field, str(cause))
    if each["type"] in ("union_tag_invalid", "union_tag_not_found"):
        field = _joined(field, str(context.get("discriminator", "")).strip("'"))
    return field, _sentence(each, context)


def _own(field: str, message: str) -> tuple[str, str]:
    """Read a sentence of our own validators, which may name a field of the model first: ``name|Say who.``"""
    named, bar, sentence = message.partition("|")
    return (_joined(field, named), sentence) if bar else (field, message)


def _sentence(each: ErrorDetails, context: dict[str, Any]) -> str:
    if each["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(str(context.get("pattern")), "This is not written as it must be.")
    if each["type"] in _SENTENCES:
        return _SENTENCES[each["type"]]
    if each["type"] in _WITH_FACTS:
        given = each["input"]
        length = len(given) if isinstance(given, str) else 0
        return _WITH_FACTS[each["type"]].format(**{**context, "length": length})
    return each["msg"] + "."


def _as_written(loc: Sequence[int | str], document: Any) -> list[int | str]:
    """Leave out of a location what the author never wrote: the names of a union's members, a key's mark."""
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
    """Write a path as its author would: ``area.circles[0].radius_m``."""
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
