"""Stations and their topics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from broadcaster.domain.refusals import Refused
from broadcaster.domain.spelling import group_slug

TOPICS = ("traffic", "school", "works", "events", "weather", "waste")
"""Default topics of a station; pages translate their names."""

MOST_TOPICS, LONGEST_TOPIC = 20, 40


def read_topics(given: Iterable[str]) -> dict[str, str]:
    """Read topics, each one of ``TOPICS`` or a name; return slug to name, empty for the former. Raises ``Refused``."""
    found: dict[str, str] = {}
    for each in given:
        name = " ".join(each.split())
        topic = name if name in TOPICS else group_slug(name)[:LONGEST_TOPIC].strip("-")
        if not topic or len(name) > LONGEST_TOPIC or not name.isprintable():
            raise Refused("topic-unreadable", "topics", most=LONGEST_TOPIC)
        found[topic] = "" if name in TOPICS else name
    if not 1 <= len(found) <= MOST_TOPICS:
        raise Refused("topics-number", "topics", most=MOST_TOPICS)
    return found


class StationKind(StrEnum):
    """Only a public authority may address everyone in an area."""

    AUTHORITY = "authority"
    SCHOOL = "school"
    ASSOCIATION = "association"


@dataclass(frozen=True, slots=True)
class Station:
    """A commune, a school or an association. ``languages``: the first is its own.

    ``boundary``: GeoJSON or None. ``sea``: GeoJSON of the sea nearby, which does not count against the margin; None if
    not determined yet. ``topics``: slug to name, from ``read_topics``.
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
