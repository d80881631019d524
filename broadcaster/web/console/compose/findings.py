"""What is wrong with texts, beyond what the API refuses: unreadable ones, unfilled placeholders."""

import re
from collections.abc import Mapping
from typing import Any

from broadcaster.domain.refusals import Refused
from broadcaster.domain.templates import BLANK


def unreadable(texts: Mapping[str, Mapping[str, Any]]) -> list[Refused]:
    """Return the problems of each language's texts."""
    found: list[Refused] = []
    for language, text in texts.items():
        for name in ("headline", "description", "instruction", "question", "easy"):
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


def field_of(problem: Refused) -> str:
    """Return the page's field of a problem: all answers to a question are written in one."""
    return re.sub(r"(\.answers)\[\d+\]$", r"\1", problem.field)
