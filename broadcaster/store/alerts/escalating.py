"""Takes a due row of an alert's further steps in one transaction: a crash neither repeats nor skips a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from broadcaster.domain.alerts import Alert, ThreadRole
from broadcaster.domain.deliveries import Person, PersonState
from broadcaster.domain.escalation import enough, next_round
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.timing import Wishes
from broadcaster.store.alerts import alerts, budgets, counting, escalations, planning, threads, told_before, tracking
from broadcaster.store.alerts.escalations import Due
from broadcaster.store.alerts.planning import Contacts, Guardians, Plan
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Update
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import wishes
from broadcaster.store.tables import recipients

_LOAD = (
    select(recipients)
    .where(
        recipients.c.alert_id == bindparam("alert_id"),
        recipients.c.next_round == bindparam("round"),
        among(recipients.c.subscriber_id, "ids"),
    )
    .order_by(recipients.c.subscriber_id)
    .with_for_update()
)
_KEY = ("alert_id", "subscriber_id")
_UPDATE = Update(recipients, _KEY, ("state", "pending", "held", "reasons", "next_round", "enough"))
_GO_ON = Update(recipients, _KEY, ("next_round", "enough"))


async def take(
    unit: Unit, due: Due, now: datetime, *, batch_sizes: Mapping[int, int], usual: Wishes | None = None
) -> bool:
    """Send a row's round to those of its people for whom it still applies, and plan their next one.

    If the alert is over, or its escalation was stopped, nothing more follows for them. ``batch_sizes``, ``usual``: as
    for ``dispatching.write_chunk``. Return False if the row was taken before.
    """
    await unit.in_turn("dispatch", due.alert_id)
    row = await escalations.take(unit, due.id)
    alert = await alerts.by_id(unit, due.alert_id)
    if row is None or alert is None:
        return False
    found = await unit.conn.execute(_LOAD, {"alert_id": alert.id, "round": row.round, "ids": row.subscriber_ids})
    rows = {each.subscriber_id: each for each in found}
    over = alert.cancelled_at is not None or now >= alert.escalates_until
    reachable, guardians = ({}, {}) if over else await _reachable(unit, alert, list(rows), usual, now)
    rounds, plan = alert.rounds, Plan()
    if alert.role is ThreadRole.UPDATE:
        thread = await threads.of(unit, alert)
        plan.told = await told_before.already_told(unit, alert, thread, list(rows))
        reachable, _ = await told_before.as_before(unit, alert, thread, plan.told, reachable)
    this, theirs = rounds[row.round], dict[int, Sequence[tuple[int, int]]]()
    for each, known in rows.items():
        person = Person(each, PersonState(known.state), known.pending, known.held, known.reasons)
        plan.people[each] = person
        usable = {channel for _, channel in reachable.get(each, ())}
        first = next_round(rounds, row.round - (not row.skips), usable, person.state)
        person.next_round, person.enough = first, enough(rounds, (first or 0) - 1, usable)
        if first == row.round:
            person.next_round = next_round(rounds, first, usable, person.state)
            person.enough = enough(rounds, first, usable)
            theirs[each] = planning.in_round(reachable[each], this.channels)
        person.settle()
    if guardians and not this.again:
        theirs |= dict(
            await planning.untold(unit, alert, {each: theirs[each] for each in guardians.keys() & theirs.keys()})
        )
    repeated: set[int] = set()
    if this.again:
        repeated = await _repeat(unit, alert, theirs, now)
    else:
        await planning.assign(unit, alert, plan, theirs, now)
        await planning.write(unit, alert, plan, batch_sizes, now)
    await _write_people(unit, alert, plan, repeated)
    deltas: Counter[tuple[int, str, int]] = Counter()
    for each, person in plan.people.items():
        deltas[alert.id, counting.FOLLOWING, 0] += (person.next_round is not None) - 1
        if each not in repeated:
            subject = counting.people(unconfirmed=rows[each].unconfirmed)
            deltas[alert.id, subject, rows[each].state] -= 1
            deltas[alert.id, subject, person.state] += 1
    deltas.update(plan.messages(alert.id))
    await counting.add(unit, deltas)
    failed = plan.failed - repeated
    await escalations.plan(unit, alert, plan.by_next_round(without=failed), row.began_at)
    await escalations.plan_now(unit, alert.id, plan.by_next_round(only=failed), row.began_at, now)
    await tracking.finish(unit, alert.id, now)
    return True


async def _reachable(
    unit: Unit, alert: Alert, subscriber_ids: list[int], usual: Wishes | None, now: datetime
) -> tuple[Contacts, Guardians]:
    """Return the contacts of people who are neither paused nor in their quiet hours now, and which are guardians'."""
    paused, _ = await planning.special(unit, subscriber_ids, now)
    heard = {} if usual is None else await wishes.timings(unit, alert, subscriber_ids, usual, now)
    theirs, _, guardians = await planning.contacts_of(
        unit, alert, [e for e in subscriber_ids if e not in paused and e not in heard]
    )
    return theirs, guardians


async def _repeat(unit: Unit, alert: Alert, theirs: Contacts, now: datetime) -> set[int]:
    """Send again to these contacts, as far as the budgets allow; return the people concerned."""
    channels = {contact_id: channel for each in theirs.values() for contact_id, channel in each}
    allowed = await budgets.allowance(unit, alert, now)
    again: set[int] = set()
    for channel in sorted(set(channels.values())):
        ids = sorted(each for each, its in channels.items() if its == channel)
        repeated = await tracking.repeat(unit, alert.id, ids[: allowed.get(channel, len(ids))], now)
        await counting.add(unit, Counter({(alert.id, counting.repeated(CHANNELS[channel]), 1): len(repeated)}))
        again |= repeated
    return {each for each, contacts in theirs.items() if any(contact_id in again for contact_id, _ in contacts)}


async def _write_people(unit: Unit, alert: Alert, plan: Plan, repeated: set[int]) -> None:
    """Write people's states. For those ``repeated``, whose state is already written, only their next round."""
    going_on, moved = [], []
    for each in plan.people.values():
        next_one = each.next_round, int(each.enough), alert.id, each.subscriber_id
        if each.subscriber_id in repeated:
            going_on.append(next_one)
        else:
            moved.append((int(each.state), each.pending, each.held, each.reasons, *next_one))
    await _GO_ON.run(unit, going_on)
    await _UPDATE.run(unit, moved)
