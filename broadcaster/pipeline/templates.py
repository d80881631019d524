"""The templates that a station is offered: its own, then those shipped for its kind."""

from broadcaster.domain.stations import Station
from broadcaster.domain.templates import Template
from broadcaster.shipped import shipped
from broadcaster.store import Unit
from broadcaster.store.stations import templates


async def offered(unit: Unit, station: Station) -> dict[str, Template]:
    """Return a station's templates by name; one of its own replaces the shipped one of the same name."""
    own, ready = await templates.own(unit, station.id), shipped(station.kind)
    return {**{name: each for name, each in own.items() if name not in ready}, **ready, **own}
