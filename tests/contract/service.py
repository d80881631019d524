"""The stages over a fresh SQLite store, sandboxed, with nothing running: a test takes each step itself."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from broadcaster.app import close_services, open_services, open_store
from broadcaster.config import Settings
from broadcaster.domain.alerts import Category, Certainty, Message, Severity, Text, Urgency
from broadcaster.domain.audience import Audience
from broadcaster.domain.people import CHANNELS
from broadcaster.pipeline.issue import IssueAlert
from tests.contract.stores import BY, NOW, SECRET
from tests.servers.shaped import shape
from zones import Area, Circle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services

HERE = Area(circles=(Circle(0.63, 48.76, 1500.0),))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@asynccontextmanager
async def service(folder: Path, **changes: Any) -> AsyncIterator[Services]:
    """Open the services on ``folder``; their ``clock`` is a ``Clock``."""
    alone = {"tiles_url": "off", "geocoder_url": "off"}
    settings = Settings(**{"data_dir": folder, "secret_key": SECRET.hex(), **alone, **changes})
    store = open_store(settings)
    await shape(store, settings.store_url)
    await store.close()
    services = await open_services(settings, clock=Clock())
    try:
        yield services
    finally:
        await close_services(services)


def command(station: Station, **changes: Any) -> IssueAlert:
    """A sound alert, changed: fields of the message, or of the command."""
    rest = {name: changes.pop(name) for name in list(changes) if name not in Message.__slots__}
    fields: dict[str, Any] = {
        "severity": Severity.SEVERE,
        "urgency": Urgency.IMMEDIATE,
        "certainty": Certainty.OBSERVED,
        "category": Category.MET,
        "event": "Flood",
        "texts": {"fr": Text("La Risle déborde", "Le niveau monte.", "Montez à l'étage.")},
        "area": HERE,
        "audience": Audience(),
        "channels": CHANNELS,
    }
    return IssueAlert(station, message=Message(**{**fields, **changes}), **{"actor": BY, **rest})
