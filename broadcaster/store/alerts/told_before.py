"""People told of an earlier version of an alert: whether and by which contacts they get the next version."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select

from broadcaster.domain.alerts import Alert, ThreadRole
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.people import PUSH
from broadcaster.domain.timing import Wishes
from broadcaster.store.alerts import threads
from broadcaster.store.alerts.planning import Contacts
from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import wishes
from broadcaster.store.tables import deliveries

_TOLD = Audience(AudienceKind.TOLD)
_WRITTEN = select(deliveries.c.contact_id).where(
    deliveries.c.alert_id == bindparam("alert_id"), among(deliveries.c.contact_id, "ids")
)


async def already_told(
    unit: Unit, alert: Alert, thread: threads.Thread | None, subscriber_ids: Sequence[int]
) -> set[int]:
    """Return which of these people were told of an earlier version of the alert."""
    if alert.audience.kind in (AudienceKind.TOLD, AudienceKind.LEFT):
        return set(subscriber_ids)
    if thread is None or alert.role is not ThreadRole.UPDATE:
        return set()
    before = thread.before(alert)
    earlier = thread._replace(versions=tuple(each for each in thread.versions if each in before))
    return set((await threads.informed(unit, earlier, subscriber_ids)).tolist())


async def timings(
    unit: Unit, alert: Alert, subscriber_ids: Sequence[int], usual: Wishes, now: datetime, *, told: set[int]
) -> dict[int, wishes.How]:
    """Return ``wishes.timings``; people told of an earlier version get this one even if they muted its topic since."""
    before = [each for each in subscriber_ids if each in told]
    heard = await wishes.timings(unit, alert, [each for each in subscriber_ids if each not in told], usual, now)
    if before:
        heard |= await wishes.timings(unit, replace(alert, audience=_TOLD), before, usual, now)
    return heard


async def as_before(
    unit: Unit, alert: Alert, thread: threads.Thread, told: set[int], reachable: Contacts
) -> tuple[Contacts, set[int]]:
    """Return people's contacts; for people told before, only those that reached them, if any of those still works.

    An update with a policy follows its steps instead, which skip people who saw it. Also return the people to whom
    nothing is sent: for a silent update, those without a push; and those outside the area who share all their contacts
    with somebody inside, as these got the update's message already.
    """
    ids = {contact_id for each in told for contact_id, _ in reachable.get(each, ())}
    earlier = await threads.reached(unit, alert, thread, ids) if alert.policy is None else {}
    inside: set[int] = set()
    if alert.role is ThreadRole.LEFT:
        inside = set(await unit.conn.scalars(_WRITTEN, {"alert_id": alert.audience.told, "ids": ids}))
    found, spared = dict(reachable), set()
    for each in told & reachable.keys():
        ways = [way for way in reachable[each] if way[0] in earlier] or reachable[each]
        if alert.silent:
            ways = [way for way in ways if way[1] == PUSH]
        found[each] = [way for way in ways if way[0] not in inside]
        if not found[each]:
            spared.add(each)
            del found[each]
    return found, spared
