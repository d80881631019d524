"""Stations and their topics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from broadcaster.domain.escalation import Budgets, Policy
from broadcaster.domain.refusals import Refused
from broadcaster.domain.spelling import group_slug

TOPICS = ("traffic", "school", "works", "events", "weather", "waste")
"""Default topics of a station; pages translate their names."""

MOST_TOPICS, LONGEST_TOPIC = 20, 40


def read_topics(given: Iterable[str], had: Mapping[str, str]) -> dict[str, str]:
    """Validate topics, each a slug of ``TOPICS`` or ``had``, or a name. Return names by slug; "" for those of
    ``TOPICS``.

    A name in ``had`` keeps its slug. Raises ``Refused``.
    """
    slugs = {name: slug for slug, name in had.items() if name}
    ready = dict.fromkeys(TOPICS, "") | dict(had)
    found: dict[str, str] = {}
    for each in given:
        name = " ".join(each.split())
        topic = slugs.get(name) or (name if name in ready else _slug(name))
        named = ready[name] if topic == name in ready else name
        if found.setdefault(topic, named) != named:
            raise Refused("topic-there", "topics", name=name)
    if not 1 <= len(found) <= MOST_TOPICS:
        raise Refused("topics-number", "topics", most=MOST_TOPICS)
    return found


def renamed(topics: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the topics with new names, by slug. Slugs stay, so followers keep their choices. Raises ``Refused``."""
    found = dict(topics)
    for topic, each in names.items():
        if topic not in found:
            raise Refused("topic-unknown", "names", name=topic[:LONGEST_TOPIC], known=", ".join(found))
        name = " ".join(each.split())
        _slug(name)
        found[topic] = "" if topic == name in TOPICS else name
    return found


def _slug(name: str) -> str:
    slug = group_slug(name)[:LONGEST_TOPIC].strip("-")
    if not slug or len(name) > LONGEST_TOPIC or not name.isprintable():
        raise Refused("topic-unreadable", "topics", most=LONGEST_TOPIC)
    return slug


class StationKind(StrEnum):
    """Only a public authority may address everyone in an area."""

    AUTHORITY = "authority"
    SCHOOL = "school"
    ASSOCIATION = "association"


@dataclass(frozen=True, slots=True)
class Station:
    """A commune, a school or an association. ``languages``: its main language first.

    ``boundary``: GeoJSON or None. ``sea``: GeoJSON of the sea nearby, which does not count against the margin; None if
    not determined yet. ``topics``: names by slug, from ``read_topics``. ``policies``: by severity, those that the
    station has set (``policies.policy_of``).
    """

    id: int
    slug: str
    name: str
    kind: StationKind
    languages: tuple[str, ...]
    boundary: Mapping[str, Any] | None
    margin_m: float
    region: str = "FR"
    insee: str | None = None
    lon: float | None = None
    lat: float | None = None
    email: str | None = None
    phone: str | None = None
    sea: Mapping[str, Any] | None = None
    topics: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(TOPICS, ""))
    policies: Mapping[str, Policy] = field(default_factory=dict)
    budgets: Budgets = field(default_factory=Budgets)

    @property
    def plain_name(self) -> str:
        """Return the name on one line: that of an old register may have a line break, illegal in a mail's header."""
        return " ".join(self.name.split())
