"""A small town with a real ``tocsin serve``, for people who look at it in a browser."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shapely.geometry import shape
from sqlalchemy import update

from broadcaster.seed import INSEE
from broadcaster.store.tables import stations
from broadcaster.territory import of_commune
from tests.servers.signed_in import add_operator, session_of
from tests.servers.town import Town
from tests.servers.town_facts import STATION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.servers.autopush import Autopush
    from tests.servers.town_api import Api

_SANDBOXED = {
    "sms": ("TOCSIN_TWILIO_ACCOUNT_SID", "TOCSIN_TWILIO_AUTH_TOKEN", "TOCSIN_TWILIO_FROM", "TOCSIN_TWILIO_BASE_URL"),
    "email": ("TOCSIN_SMTP_URL",),
}
_SANDBOXED["voice"] = _SANDBOXED["sms"]


@dataclass
class Village:
    """``url`` has no slash at its end; ``key`` is an administrator's; ``town`` has the register and the peers.

    ``middle`` (lon, lat) is what the map of the station's territory shows in its middle.
    """

    url: str
    key: str
    api: Api
    town: Town
    push: Autopush
    middle: tuple[float, float]
    station: str = STATION
    operator: int | None = None

    async def session(self) -> str:
        """Begin a session of the village's administrator; return its cookie's value."""
        store, now = self.town.store, self.town.clock.now()
        if self.operator is None:
            self.operator = await add_operator(store, now, admin=True)
        return await session_of(store, now, self.operator)


async def _as_it_is(town: Town) -> tuple[float, float]:
    """Set the station's boundary, town hall and contact to the real commune's; return its middle."""
    fields = of_commune(INSEE)
    async with town.store.write() as unit:
        await unit.conn.execute(update(stations).where(stations.c.slug == STATION).values(fields))
    west, south, east, north = shape(fields["boundary"]).bounds
    return (west + east) / 2, (south + north) / 2


@asynccontextmanager
async def village(
    folder: Path, push: Autopush, *, residents: int = 40, sandboxed: tuple[str, ...] = (), **settings: Any
) -> AsyncIterator[Village]:
    """Found it, settle residents in it and serve it, with pushes to ``push`` and to the residents' own devices.

    ``sandboxed`` channels have no provider, so that their messages are in the sandbox; ``settings`` are further ones,
    by their names in lower case.
    """
    async with Town(folder, **settings) as town:
        town.environment["TOCSIN_PUSH_ORIGINS"] += f",{push.origin}"
        for channel in sandboxed:
            for name in _SANDBOXED[channel]:
                town.environment.pop(name, None)
        middle = await _as_it_is(town)
        town.resident("push", "sms", "email", groups=("pompiers",))
        town.draw(residents)
        await town.settle(*town.residents)
        async with town.process() as process:
            yield Village(process.api.url, town.key, process.api, town, push, middle)
            await process.terminate()
