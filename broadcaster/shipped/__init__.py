"""The shipped templates: facts in one file, texts in one file per language, read once."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from broadcaster.domain.stations import StationKind
from broadcaster.domain.templates import TEXTS, Template
from broadcaster.languages import DEFAULT

_FOLDER = Path(__file__).parent
_FACTS = "facts"


@cache
def shipped(kind: StationKind) -> dict[str, Template]:
    """Return the templates for a kind of station by name, in the order of the offer."""
    written = {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.toml"), key=_default_first)}
    facts = written.pop(_FACTS)
    return {name: _template(name, dict(each), written) for name, each in facts.items() if kind in each["kinds"]}


def _template(name: str, facts: dict[str, Any], written: dict[str, dict[str, Any]]) -> Template:
    del facts["kinds"]
    parts: dict[str, dict[str, Any]] = {part: {} for part in ("events", *TEXTS)}
    for language, templates in written.items():
        said = dict(templates[name])
        parts["events"][language] = said.pop("event")
        for part in TEXTS[1:]:
            parts[part][language] = said.pop(part)
        parts["texts"][language] = said
    return Template.from_json(name, facts | parts, own=False)


def _default_first(path: Path) -> tuple[bool, str]:
    return path.stem != DEFAULT, path.stem


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
