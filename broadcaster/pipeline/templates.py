"""The templates that a station is offered: its own, then those shipped for its kind."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from broadcaster.domain.stations import Station, StationKind
from broadcaster.domain.templates import Template, filled
from broadcaster.shipped import shipped
from broadcaster.store import Unit
from broadcaster.store.stations import templates

_ITSELF: Mapping[StationKind, tuple[str, ...]] = {
    StationKind.AUTHORITY: ("Commune", "Town"),
    StationKind.SCHOOL: ("École", "School"),
    StationKind.ASSOCIATION: ("Association", "Club"),
}
"""The placeholders that stand for the station's own name."""


async def offered(unit: Unit, station: Station) -> dict[str, Template]:
    """Return a station's templates by name, with its name filled in.

    One of its own replaces the shipped one of the same name.
    """
    own, ready = await templates.own(unit, station.id), shipped(station.kind)
    known = {**{name: each for name, each in own.items() if name not in ready}, **ready, **own}
    itself = dict.fromkeys(_ITSELF[station.kind], station.name)
    return {name: replace(each, **_filled(each, itself)) for name, each in known.items()}


def _filled(template: Template, blanks: Mapping[str, str]) -> dict[str, Any]:
    return {part: filled(texts, blanks) for part, texts in template.prepared.items()}
