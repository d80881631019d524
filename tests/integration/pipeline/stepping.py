"""One step after the other over a store: a station with people, what was sent to them, and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS
from broadcaster.store.alerts import tracking
from broadcaster.store.stations import stations
from broadcaster.store.tables import deliveries
from tests.contract.stores import add_station, register

if TYPE_CHECKING:
    from broadcaster.domain.people import ChannelName
    from broadcaster.pipeline.services import Services

EVERYONE = Audience(AudienceKind.ALL_FOLLOWERS)


async def station_with(services: Services, *people: Any) -> Any:
    async with services.store.write() as unit:
        station = await add_station(unit, "laigle")
        await register(unit, station.id, *people)
    return station


async def sent_in(services: Services, alert_id: int) -> list[tuple[str, DeliveryState, str | None]]:
    async with services.store.read() as unit:
        rows = await unit.conn.execute(
            select(deliveries).where(deliveries.c.alert_id == alert_id).order_by(deliveries.c.id)
        )
        return [(CHANNELS[row.channel], DeliveryState(row.state), row.reason) for row in rows]


async def receive(services: Services, alert_id: int, channel: ChannelName, state: DeliveryState) -> None:
    """Record a state of every message of a channel."""
    async with services.store.write() as unit:
        theirs = deliveries.c.alert_id == alert_id, deliveries.c.channel == CHANNEL_NUMBER[channel]
        ids = list(await unit.conn.scalars(select(deliveries.c.id).where(*theirs)))
        await tracking.apply(unit, [Outcome(each, state, services.clock.now(), tried=True) for each in ids])


async def station_now(services: Services, station_id: int) -> Any:
    async with services.store.read() as unit:
        return await stations.by_id(unit, station_id)
