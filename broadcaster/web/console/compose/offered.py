"""The first step's choices: a station's templates, and a blank alert."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from broadcaster.domain.templates import Template
from broadcaster.web.i18n import Words

OTHER = "other"


def shown(templates: Iterable[Template], words: Words) -> list[dict[str, Any]]:
    """Return the templates for the page and its script: texts by language, ``title`` in the reader's."""
    other = {
        "name": OTHER,
        "urgency": "immediate",
        "certainty": "observed",
        "category": "safety",
        "hours": 3,
        "radius_m": 1000,
        "territory": False,
        "topic": "",
        "channels": None,
        "policy": None,
        "icon": "edit",
        "severity": "",
        "said": {},
        "status": "actual",
        "title": words("Something else"),
    }
    return [*(_shown(each, words) for each in templates), other]


def _shown(each: Template, words: Words) -> dict[str, Any]:
    facts = ("name", "icon", "severity", "urgency", "certainty", "category", "hours", "status", "radius_m", "territory")
    return {
        **{name: getattr(each, name) for name in facts},
        "topic": each.topic or "",
        "channels": each.channels,
        "policy": None if each.policy is None else each.policy.to_json(),
        "title": title_of(each, words),
        "said": {
            language: {"event": each.events.get(language, ""), **asdict(text)} for language, text in each.texts.items()
        },
    }


def title_of(each: Template, words: Words) -> str:
    """Return a template's title, in the reader's language if it has that."""
    return each.events.get(words.language) or next(iter(each.events.values()), each.name)
