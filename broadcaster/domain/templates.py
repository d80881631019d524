"""Templates for an alert, its update and its all-clear."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from broadcaster.domain.alerts import TEXT_LIMITS, Category, Certainty, Severity, Status, Text, ThreadRole, Urgency
from broadcaster.domain.escalation import Policy, from_json
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Refused

BLANK = re.compile(r"\[[^\]\n]{1,60}\]")
"""A placeholder in brackets, which must be filled in before sending."""

Texts = Mapping[str, Text]

TEXTS = ("texts", "update", "all_clear", "easy", "easy_update", "easy_all_clear")
"""The texts of a template."""

_EASY = {
    ThreadRole.FIRST: (("texts", "easy"),),
    ThreadRole.UPDATE: (("update", "easy_update"), ("texts", "easy")),
    ThreadRole.ALL_CLEAR: (("all_clear", "easy_all_clear"),),
}
"""By role: which easy text says the same as which text."""


@dataclass(frozen=True, slots=True)
class Template:
    """``name``: its slug. ``texts``, ``update``, ``all_clear``, ``events`` (what the event is called): by language.
    ``easy``, ``easy_update``, ``easy_all_clear``: the same in plain short sentences (FALC), a line each.

    ``policy``: its own; ``channels``: all at once instead; without both, the station's policy for the severity.
    ``hours``: how long the alert is in force. ``territory``: its area is the station's whole territory, else a circle
    of ``radius_m``. ``silent``: pushes make no sound. ``ppms``: offered as a hold-to-send button in a school.
    ``own``: written by the station, else shipped.
    """

    name: str
    events: Mapping[str, str]
    texts: Texts
    severity: Severity
    update: Texts = field(default_factory=dict)
    all_clear: Texts = field(default_factory=dict)
    easy: Texts = field(default_factory=dict)
    easy_update: Texts = field(default_factory=dict)
    easy_all_clear: Texts = field(default_factory=dict)
    icon: str = "edit"
    urgency: Urgency = Urgency.IMMEDIATE
    certainty: Certainty = Certainty.OBSERVED
    category: Category = Category.SAFETY
    status: Status = Status.ACTUAL
    channels: tuple[ChannelName, ...] | None = None
    policy: Policy | None = None
    hours: int = 3
    radius_m: int = 1000
    territory: bool = False
    topic: str | None = None
    silent: bool = False
    ppms: bool = False
    own: bool = False

    @property
    def prepared(self) -> dict[str, Texts]:
        """Return the texts that an alert keeps: for its update and its all-clear, and to know what is easy to read."""
        return {part: getattr(self, part) for part in TEXTS}

    def to_json(self) -> dict[str, Any]:
        """Return all fields except the name, as stored."""
        content = asdict(self)
        del content["name"], content["own"]
        return content

    @classmethod
    def from_json(cls, name: str, content: Mapping[str, Any], *, own: bool) -> "Template":
        """Read what ``to_json`` returned, or a shipped template."""
        read = dict(content)
        for part in TEXTS:
            read[part] = {language: Text.read(text) for language, text in content.get(part, {}).items()}
        kinds = {
            "severity": Severity,
            "urgency": Urgency,
            "certainty": Certainty,
            "category": Category,
            "status": Status,
        }
        read |= {key: kind(content[key]) for key, kind in kinds.items() if key in content}
        if read.get("channels") is not None:
            read["channels"] = tuple(ChannelName(each) for each in read["channels"])
        if read.get("policy") is not None:
            read["policy"] = from_json(read["policy"])
        return cls(**read, name=name, own=own)


def _said(text: Text) -> list[tuple[str, str]]:
    return [(name, getattr(text, name)) for name in (*TEXT_LIMITS, "sms", "question")]


def filled(texts: Texts, blanks: Mapping[str, str]) -> dict[str, Text]:
    """Return texts with their placeholders filled; ``blanks``: values by placeholder."""

    def fill(text: Text) -> Text:
        parts: dict[str, Any] = {
            name: BLANK.sub(lambda found: blanks.get(found[0][1:-1], found[0]), said) for name, said in _said(text)
        }
        return replace(text, **parts)

    return {language: fill(text) for language, text in texts.items()}


def easy_in(prepared: Mapping[str, Texts], role: ThreadRole, texts: Texts) -> dict[str, str]:
    """Return what is easy to read of a message, by language, a sentence a line: the author's text, else the template's.

    The template's easy text is used only while its instruction is unchanged, or its headline where that says it all.
    Placeholders may be filled by hand.
    """
    found = {language: text.easy for language, text in texts.items() if text.easy}
    for part, easy in _EASY.get(role, ()):
        for language, text in texts.items():
            written, said = (prepared.get(each, {}).get(language) for each in (part, easy))
            if written and said and not any(BLANK.search(each) for _, each in _said(said)) and _same(written, text):
                found.setdefault(language, f"{said.headline}\n{said.instruction}".rstrip())
    return found


def _same(written: Text, text: Text) -> bool:
    name = "instruction" if written.instruction else "headline"
    begins, *parts = BLANK.split(getattr(written, name))
    said, at = getattr(text, name), len(begins)
    if not parts:
        return bool(said == begins)
    *between, ends = parts
    for part in between:  # no regular expression: with five placeholders it took minutes
        found = said.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return said.startswith(begins) and said.endswith(ends) and at < len(said) - len(ends)


def still_blank(texts: Texts) -> Iterator[Refused]:
    """Yield a refusal for each text that still has a placeholder."""
    for language, text in texts.items():
        for name, said in _said(text):
            found = BLANK.search(said)
            if found is not None:
                yield Refused("still-blank", f"texts.{language}.{name}", blank=found[0])
