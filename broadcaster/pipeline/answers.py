"""Answers: people's answers to an alert, from every channel.

All channels end in ``answer``: one transaction records the answer, acknowledges the alert for the person, and opens a
request for help. So an answer is durable once it returns.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.domain.alerts import Alert
from broadcaster.domain.answers import HELP, HELP_AFTER, Taken, Way, takes
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.refusals import Refused
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, help_requests
from broadcaster.store.alerts import answers, guardians, standing, tracking, waiting
from broadcaster.store.help_requests import Position


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer. ``contact_ids``: contacts at which the person was reached, empty if unknown; ``household``: it also
    counts for others whom the alert reached at these. ``delivery_id``: the message that it answers, if known.
    ``age_s``: its age in seconds, if a device could not send it at once.
    """

    subscriber_id: int
    choice: int
    way: Way
    delivery_id: int | None = None
    contact_ids: Sequence[int] = ()
    household: bool = False
    position: Position | None = None
    age_s: float = 0.0


async def answer(services: Services, alert: Alert, given: GivenAnswer) -> Taken:
    """Record an answer to an alert or a later version of it. Raises ``Refused`` for a choice that it does not offer."""
    now = services.clock.now()
    at = now - timedelta(seconds=given.age_s)

    async def keep(unit: Unit) -> tuple[Taken, list[int]]:
        versions = await answers.versions(unit, alert)
        if given.choice != HELP and not any(takes(each, given.choice) for each in versions):
            raise Refused("answer-unknown", "answer")
        ids = [each.id for each in versions]
        people = {given.subscriber_id}
        if given.household:
            people |= await answers.reached_by(unit, ids, given.contact_ids)
            if given.choice != HELP:  # nobody else's answer ends the attention to a person who asked for help
                people -= await answers.asked_for_help(unit, alert.first_id, people, given.subscriber_id)
        await _seen(unit, versions, given, people, now)
        if not still_open(versions, given.choice, now):
            return Taken.OVER, ids
        first = alert.first_id
        by = given.subscriber_id
        # On their own page people answer for all their contacts, so it is unknown whose it was.
        who = {} if given.way is Way.PAGE else await guardians.at(unit, given.contact_ids, people)
        before = await answers.of(unit, first, given.subscriber_id) if given.choice == HELP else None
        newest = await answers.give(unit, first, people, given.choice, way=given.way, by=by, at=at, guardians=who)
        if newest and given.choice == HELP:
            again = before not in (None, HELP)
            await help_requests.ask(
                unit, first, alert.station_id, given.subscriber_id, now, position=given.position, again=again
            )
        return (Taken.RECORDED if newest else Taken.OLDER), ids

    taken, ids = await services.store.run_grouped(keep)
    await tell(services, ids)
    return taken


async def tell(services: Services, alert_ids: Sequence[int]) -> None:
    """Publish that people confirmed: pages show it, and senders leave out what was withdrawn."""
    for each in alert_ids:
        await services.bus.publish(f"alert:{each}")
        await services.bus.publish(f"cancelled:{each}")


async def _seen(
    unit: Unit, versions: Sequence[Alert], given: GivenAnswer, people: Collection[int], now: datetime
) -> None:
    """Record that these people know of the alert. For people who ask for help, escalation goes on."""
    confirms, ids = given.choice != HELP, [each.id for each in versions]
    if given.delivery_id is not None:
        state = DeliveryState.ACKNOWLEDGED if confirms else DeliveryState.OPENED
        await tracking.apply(unit, [Outcome(given.delivery_id, state, now)])
    for each in versions:
        if each.may_wait:
            await waiting.opened(unit, each.id, given.subscriber_id, now)
    if confirms:
        await confirm(unit, ids, people, now)


async def confirm(unit: Unit, alert_ids: Sequence[int], people: Collection[int], now: datetime) -> None:
    """Record that these people know of these alerts: nothing more is sent to them."""
    await standing.acknowledge(unit, alert_ids, people, now)
    await tracking.withdraw_all(unit, alert_ids, people, now)


def still_open(versions: Sequence[Alert], choice: int, now: datetime) -> bool:
    if any(each.active(now) for each in versions):
        return True
    ends = [min(each.expires_at, each.cancelled_at or each.expires_at) for each in versions]
    return choice == HELP and now < max(ends) + HELP_AFTER
