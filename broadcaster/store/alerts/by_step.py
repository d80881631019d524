"""An alert's people by the step of its policy that reached them."""

from collections import Counter

from sqlalchemy import and_, case, func, select, union_all

from broadcaster.domain.alerts import Alert
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNEL_NUMBER
from broadcaster.domain.report import StepFigures
from broadcaster.store.alerts import breakdown
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import deliveries, recipients, shares

_HELD = [state for state in DeliveryState if state.held]


async def figures(unit: Unit, alert: Alert) -> tuple[StepFigures, ...]:
    """Return an alert's people by step; empty without a policy."""
    if alert.policy is None:
        return ()
    kept = await breakdown.kept(unit, alert.id)
    found = await counts(unit, alert) if kept is None else kept["steps"]
    steps = zip(alert.policy.steps, found, strict=True)
    return tuple(StepFigures(step.channels, step.after_s, *numbers) for step, numbers in steps)


async def counts(unit: Unit, alert: Alert) -> list[tuple[int, int, int]]:
    """Count people by step: written to, told first, confirmed by it. It reads all of the alert's messages."""
    if alert.policy is None:
        return []
    steps = range(len(alert.policy.steps))
    numbers = {CHANNEL_NUMBER[name]: at for at, step in enumerate(alert.policy.steps) for name in step.channels}
    ours = deliveries.c.alert_id == alert.id
    sharing = (shares.c.alert_id == deliveries.c.alert_id) & (shares.c.contact_id == deliveries.c.contact_id)
    rest = case(numbers, value=deliveries.c.channel).label("step"), deliveries.c.state
    each = union_all(
        select(deliveries.c.subscriber_id, *rest).where(ours),
        select(shares.c.subscriber_id, *rest).join(deliveries, sharing).where(ours),
    ).subquery()
    tried = each.c.state != DeliveryState.CANCELLED
    person = (
        select(
            each.c.subscriber_id,
            func.min(case((each.c.state.in_(_HELD), each.c.step))).label("told"),
            func.min(case((each.c.state == DeliveryState.ACKNOWLEDGED, each.c.step))).label("confirmed"),
            *(func.max(case((and_(tried, each.c.step == at), 1), else_=0)).label(f"step_{at}") for at in steps),
        )
        .group_by(each.c.subscriber_id)
        .subquery()
    )
    mine = and_(recipients.c.subscriber_id == person.c.subscriber_id, recipients.c.alert_id == alert.id)
    rows = await unit.conn.execute(
        select(
            person.c.told,
            person.c.confirmed,
            func.count().label("n"),
            *(func.sum(person.c[f"step_{at}"]).label(f"step_{at}") for at in steps),
        )
        .join(recipients, mine)
        .where(recipients.c.unconfirmed.is_(False))
        .group_by(person.c.told, person.c.confirmed)
    )
    people, told, confirmed = Counter[int](), Counter[int](), Counter[int]()
    for row in rows.mappings():
        told[row["told"]] += row["n"]
        confirmed[row["confirmed"]] += row["n"]
        people.update({at: int(row[f"step_{at}"]) for at in steps})
    return [(people[at], told[at], confirmed[at]) for at in steps]
