"""Texts that the API accepts but that are unreadable, or have unfilled placeholders."""

from collections.abc import Mapping
from typing import Any

from broadcaster.domain.refusals import Refused
from broadcaster.domain.templates import BLANK


def unreadable(texts: Mapping[str, Mapping[str, Any]]) -> list[Refused]:
    """Return the problems of each language's texts."""
    found: list[Refused] = []
    for language, text in texts.items():
        for name in ("headline", "description", "instruction"):
            said = text.get(name)
            if not isinstance(said, str) or not said.strip():
                continue
            where = f"texts.{language}.{name}"
            if not any(sign.isalnum() for sign in said):
                found.append(Refused("signs-alone", where))
            blank = BLANK.search(said)
            if blank is not None:
                found.append(Refused("still-blank", where, blank=blank[0]))
    return found
