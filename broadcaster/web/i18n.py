"""Chooses the language for a page's reader."""

import re
from collections.abc import Mapping
from functools import lru_cache

from broadcaster.domain.alerts import LOCAL
from broadcaster.languages import Words, catalogs

__all__ = ["Words", "catalogs", "preferred", "ranked"]

_MOST_CHOICES = 20
_remembered = lru_cache(256)
"""Browsers send few different lists, and a whole town opens an alert's page."""


@_remembered
def preferred(accept_language: str, known: tuple[str, ...], default: str) -> str:
    """Return the language of ``known`` that a reader prefers (RFC 9110 section 12.5.4), else English or ``default``."""
    other = "en" if "en" in known and _foreign(accept_language) else default
    return next(iter(ranked(accept_language, known)), other)


def _foreign(accept_language: str) -> bool:
    """Return whether the reader names languages, but none whose readers know the station's better than English."""
    named = [tag.split("-")[0] for tag, quality in _weights(accept_language).items() if quality > 0]
    return any(re.fullmatch(r"[a-z]{2,3}", each) for each in named) and LOCAL.isdisjoint(named)


@_remembered
def ranked(accept_language: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of ``known`` that a reader accepts, most preferred first."""
    wanted = _weights(accept_language)
    weights = {
        language: max((quality for tag, quality in wanted.items() if tag.split("-")[0] == language), default=0.0)
        for language in known
    }
    return tuple(sorted((each for each in weights if weights[each] > 0), key=weights.__getitem__, reverse=True))


def _weights(accept_language: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for part in accept_language.split(",")[:_MOST_CHOICES]:
        tag, _, parameter = part.strip().partition(";")
        quality = 1.0
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
        if tag:
            found[tag.strip().lower()] = quality if quality == quality else 0.0  # noqa: PLR0124  NaN is itself no number
    return found
