"""People's answers to alerts: the newest of each person."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, union

from broadcaster.domain.alerts import ENDINGS, Alert, ThreadRole
from broadcaster.domain.answers import HELP, Way
from broadcaster.store.alerts import counting, threads
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Insert, Update
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import answers, deliveries, links, raw, shares, to_micros

_KNOWN = Fetch(
    select(answers.c.subscriber_id, answers.c.choice, raw(answers.c.at))
    .where(answers.c.alert_id == bindparam("alert_id"), among(answers.c.subscriber_id, "ids"))
    .order_by(answers.c.subscriber_id)
    .with_for_update()
)
_WHO = Fetch(
    select(answers.c.subscriber_id, raw(answers.c.at)).where(
        answers.c.alert_id == bindparam("alert_id"), answers.c.choice != HELP, among(answers.c.subscriber_id, "ids")
    )
)
_GIVEN = ("choice", "way", "given_by", "at", "guardian")
_ADD = Insert(answers, "alert_id", "subscriber_id", *_GIVEN)
_CHANGE = Update(answers, ("alert_id", "subscriber_id"), _GIVEN)


async def give(
    unit: Unit,
    alert_id: int,
    subscriber_ids: Collection[int],
    choice: int,
    *,
    way: Way,
    by: int,
    at: datetime,
    guardians: Mapping[int, int] | None = None,
) -> bool:
    """Record that ``by`` answered at ``at`` for these people. Return whether this is now the answer of ``by``.

    A late, older answer does not replace a newer one. ``guardians``: by child, the guardian who answered.
    """
    rows = await _KNOWN.rows(unit, {"alert_id": alert_id, "ids": sorted(subscriber_ids)})
    known = {subscriber_id: (old, then) for subscriber_id, old, then in rows}
    moment = to_micros(at)
    taken = [each for each in sorted(subscriber_ids) if each not in known or known[each][1] <= moment]
    said = {each: (choice, int(way), by, moment, (guardians or {}).get(each)) for each in taken}
    await _CHANGE.run(unit, [(*said[each], alert_id, each) for each in taken if each in known])
    await _ADD.run(unit, [(alert_id, each, *said[each]) for each in taken if each not in known])
    deltas: Counter[tuple[int, str, int]] = Counter()
    for each in taken:
        deltas[alert_id, counting.ANSWERS, choice] += 1
        if each in known:
            deltas[alert_id, counting.ANSWERS, known[each][0]] -= 1
    await counting.add(unit, deltas)
    return by in taken


async def asked_for_help(unit: Unit, alert_id: int, subscriber_ids: Collection[int], by: int) -> set[int]:
    """Return which of these people have asked for help: not ``by``, and not through them."""
    own = answers.c.choice == HELP, answers.c.subscriber_id != by, answers.c.given_by != by
    of_these = answers.c.alert_id == alert_id, answers.c.subscriber_id.in_(list(subscriber_ids))
    return set(await unit.conn.scalars(select(answers.c.subscriber_id).where(*of_these, *own)))


async def of(unit: Unit, alert_id: int, subscriber_id: int) -> int | None:
    """Return a person's choice; None if they have not answered."""
    mine = answers.c.alert_id == alert_id, answers.c.subscriber_id == subscriber_id
    return await unit.conn.scalar(select(answers.c.choice).where(*mine))


async def who_confirmed(unit: Unit, alert_id: int, subscriber_ids: Sequence[int]) -> list[int]:
    """Return which of these people have answered and need no help."""
    return [row[0] for row in await _WHO.rows(unit, {"alert_id": alert_id, "ids": subscriber_ids})]


async def sums(unit: Unit, alert_id: int) -> dict[int, int]:
    """Return how many people gave each choice."""
    found = (await counting.of(unit, alert_id)).get(counting.ANSWERS, {})
    return {choice: n for choice, n in sorted(found.items()) if n}


async def versions(unit: Unit, alert: Alert) -> list[Alert]:
    """Return the alert's thread, oldest first, without the all-clear and messages to people outside the area."""
    other = {*ENDINGS, ThreadRole.LEFT}
    return [each for each in await threads.alerts_of(unit, alert) if each.role not in other]


async def contacts_of(unit: Unit, subscriber_id: int) -> list[int]:
    return list(await unit.conn.scalars(select(links.c.contact_id).where(links.c.subscriber_id == subscriber_id)))


async def reached_by(unit: Unit, alert_ids: Sequence[int], contact_ids: Sequence[int]) -> set[int]:
    """Return the people whom these alerts reached at one of these contacts: several may share a telephone."""
    own = select(deliveries.c.subscriber_id).where(
        deliveries.c.alert_id.in_(alert_ids), deliveries.c.contact_id.in_(contact_ids)
    )
    sharing = select(shares.c.subscriber_id).where(
        shares.c.alert_id.in_(alert_ids), shares.c.contact_id.in_(contact_ids)
    )
    return set(await unit.conn.scalars(union(own, sharing)))
