"""Escalate: send the next step of an alert's policy to people who have not reacted, most severe alerts first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from broadcaster.domain.alerts import Alert
from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.escalation import Until
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName
from broadcaster.domain.refusals import Conflict
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, counting, escalating, escalations
from broadcaster.store.alerts.escalations import Due
from broadcaster.store.operations import audit

ROWS = 200
"""Most rows in one run; there is a run every second."""


async def escalate(services: Services) -> None:
    """Process the due rows. Between two of them, more urgent work goes first."""
    for _ in range(ROWS):
        now = services.clock.now()
        row = await services.store.run_read(lambda unit: escalations.due(unit, now))  # noqa: B023  awaited here
        if row is None:
            return
        await services.precedence.give_way(row.rank)
        await _take(services, row)
        await services.bus.publish(f"alert:{row.alert_id}")


async def _take(services: Services, row: Due) -> None:
    async with services.store.read() as unit:
        alert = await alerts.by_id(unit, row.alert_id)
    usual = None if alert is None else await services.usual_wishes(alert)
    sizes = {CHANNEL_NUMBER[name]: sender.batch_size for name, sender in services.senders.items()}

    async def take(unit: Unit) -> None:
        await escalating.take(unit, row, services.clock.now(), batch_sizes=sizes, usual=usual)

    with services.precedence.holding(row.rank):
        await services.store.run_write(take)


@dataclass(frozen=True, slots=True)
class Next:
    """An alert's next round: a step, or a repetition of it (``again``). ``people``: how many may still get it."""

    round: int
    step: int
    channels: tuple[ChannelName, ...]
    until: Until
    again: bool
    due_at: datetime
    people: int


async def upcoming(services: Services, alert: Alert) -> Next | None:

    async def read(unit: Unit) -> tuple[escalations.NextRound | None, int]:
        sums = await counting.of(unit, alert.id)
        return await escalations.soonest(unit, alert.id), sums.get(counting.FOLLOWING, {}).get(0, 0)

    found, people = await services.store.run_read(read)
    if found is None or not people:
        return None
    this = alert.rounds[found.number]
    return Next(found.number, this.step, this.channels, this.until, this.again, found.due_at, people)


async def act(
    services: Services, alert: Alert, action: Literal["now", "skip", "stop"], number: int, *, actor: Actor
) -> None:
    """Send a round now, skip it, or stop the escalation.

    Raises ``Conflict`` if that round is no longer the next, or if ``now`` is asked for one that is being sent.
    """
    now = services.clock.now()

    async def change(unit: Unit) -> None:
        await unit.in_turn("dispatch", alert.id)
        following = await escalations.soonest(unit, alert.id)
        if following is None or following.number != number:
            raise Conflict("step-over")
        if action == "stop":
            done = await escalations.stop(unit, alert.id, now)
        else:
            done = await escalations.hasten(unit, alert.id, now, number=number, skip=action == "skip")
        if not done:
            raise Conflict("step-under-way" if action == "now" else "step-over")
        what = Action.ESCALATION_CHANGED
        await audit.record(unit, actor, what, alert.id, station_id=alert.station_id, how=action, round=number)

    await services.store.transact(change)
    services.forget(alert.id)
    await escalate(services)
    await services.bus.publish(f"alert:{alert.id}")
