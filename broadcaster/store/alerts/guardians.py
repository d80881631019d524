"""Which guardian answered an alert for a child."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from broadcaster.domain.answers import word_of
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import people, seals
from broadcaster.store.tables import answers, follows, links, subscribers


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """``child``, ``guardian``: their names, empty if unknown; ``number``: the guardian's, from 1."""

    subscriber_id: int
    external_id: str | None
    child: str
    guardian: str
    number: int
    choice: int
    at: datetime

    @property
    def answer(self) -> str:
        return word_of(self.choice)


async def at(unit: Unit, contact_ids: Collection[int], subscriber_ids: Collection[int]) -> dict[int, int]:
    """Return whose these contacts are, by child: the guardian's number. Children with contacts of two are left out."""
    rows = await unit.conn.execute(
        select(links.c.subscriber_id, func.min(links.c.guardian).label("guardian"))
        .where(
            links.c.subscriber_id.in_(list(subscriber_ids)),
            links.c.contact_id.in_(list(contact_ids)),
            links.c.guardian.is_not(None),
        )
        .group_by(links.c.subscriber_id)
        .having(func.min(links.c.guardian) == func.max(links.c.guardian))
    )
    return {row.subscriber_id: row.guardian for row in rows}


async def answered(unit: Unit, alert_id: int, station_id: int, *, after: int = 0, limit: int) -> list[ChildAnswer]:
    """Return guardians' answers to a thread, by its first alert, in order of the children's ids from ``after`` on.

    Children who do not follow the station are left out.
    """
    found = await unit.conn.execute(
        select(answers, subscribers.c.token_hash, subscribers.c.guardians)
        .join(subscribers, subscribers.c.id == answers.c.subscriber_id)
        .join(follows, follows.c.subscriber_id == answers.c.subscriber_id)
        .where(answers.c.alert_id == alert_id, answers.c.guardian.is_not(None))
        .where(follows.c.station_id == station_id, answers.c.subscriber_id > after)
        .order_by(answers.c.subscriber_id)
        .limit(limit)
    )
    rows = found.all()
    children = await people.names(unit, station_id, [row.subscriber_id for row in rows])
    answered = []
    for row in rows:
        external_id, child = children[row.subscriber_id]
        guardians = seals.open_guardians(unit.vault, row.token_hash, row.guardians)
        guardian = guardians[row.guardian - 1] if row.guardian <= len(guardians) else ""
        answered.append(
            ChildAnswer(row.subscriber_id, external_id, child or "", guardian, row.guardian, row.choice, row.at)
        )
    return answered
