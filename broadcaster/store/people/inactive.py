"""Residents who gave no sign for a long time: warned, then erased.

A sign is a visit of their own pages, an act about their contacts, an answer, an alert that their device showed, or a
position. People on a station's list, in a register of vulnerable people, and visitors are not concerned: others decide
when they go.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, func, select, type_coerce, update

from broadcaster.domain.deliveries import PersonState
from broadcaster.domain.people import ChannelName
from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import told_first, trials
from broadcaster.store.people.trials import Target
from broadcaster.store.tables import (
    alerts,
    answers,
    consents,
    follows,
    positions,
    raw,
    recipients,
    subscribers,
    to_micros,
    warning_runs,
)

SIGNED_EVERY = timedelta(days=30)
"""How exactly a sign of life is kept."""

_LAST = func.coalesce(raw(subscribers.c.active_at), raw(subscribers.c.created_at))
_SINCE = bindparam("since", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Silent:
    """A person to warn. ``station_id``: one that they follow; ``by``: their contacts that work."""

    id: int
    station_id: int
    locale: str
    by: Sequence[Target]


async def sign(unit: Unit, subscriber_id: int, now: datetime) -> None:
    """Record a sign of life, if the last one is not recent; a warning is over."""
    mine = subscribers.c.id == subscriber_id, to_micros(now - SIGNED_EVERY) > _LAST
    await unit.conn.execute(update(subscribers).where(*mine).values(active_at=now, warned_at=None))


async def silent_since(
    unit: Unit, before: datetime, limit: int, *, warnings: int = 0, warned: datetime | None = None, after: int = 0
) -> list[int]:
    """Return people without a sign since ``before`` who were sent so many ``warnings``, the last before ``warned``.

    By id, beginning after ``after``.
    """
    was: ColumnElement[bool] = subscribers.c.warned_at.is_(None)
    if warnings:
        was = and_(subscribers.c.warned_at <= warned, subscribers.c.warnings == warnings)
    listed = exists().where(follows.c.subscriber_id == subscribers.c.id, follows.c.registered.is_not(None))
    query = select(subscribers.c.id, subscribers.c.token_hash, subscribers.c.vulnerable).where(
        to_micros(before) > _LAST, was, subscribers.c.forget_at.is_(None), subscribers.c.unconfirmed_at.is_(None)
    )
    query = query.where(~listed).order_by(subscribers.c.id).limit(limit)
    found = list[int]()
    while len(found) < limit:
        # The store can't tell vulnerable people from others: so many of them may come first that a page has no others.
        rows = (await unit.conn.execute(query.where(subscribers.c.id > after))).all()
        found += [row.id for row in rows if not told_first.opened(unit.vault, row.token_hash, row.vulnerable)]
        if len(rows) < limit:
            break
        after = rows[-1].id
    return found[:limit]


async def record_signs(unit: Unit, subscriber_ids: Collection[int], before: datetime) -> set[int]:
    """Record signs that these people gave since then elsewhere than on their pages; return who did."""
    last: dict[int, int] = {}
    for signs in _SIGNS:
        for row in await unit.conn.execute(signs, {"ids": subscriber_ids, "since": to_micros(before)}):
            last[row[0]] = max(row[1], last.get(row[0], 0))
    for who, at in last.items():
        values = {subscribers.c.active_at: type_coerce(at, BigInteger), subscribers.c.warned_at: None}
        await unit.conn.execute(update(subscribers).where(subscribers.c.id == who).values(values))
    return set(last)


def _signs(who: ColumnElement[int], at: ColumnElement[int], *where: ColumnElement[bool]) -> Select[int, int]:
    query = select(who, func.max(at)).where(among(who, "ids"), at >= _SINCE, *where)
    return query.group_by(who)


_SIGNS = (
    _signs(consents.c.subscriber_id, raw(consents.c.at), consents.c.key_id.is_(None)),
    _signs(positions.c.subscriber_id, raw(positions.c.at)),
    _signs(answers.c.given_by, raw(answers.c.at)),
    _signs(
        recipients.c.subscriber_id,
        raw(recipients.c.since_at),
        recipients.c.state >= PersonState.DISPLAYED,
        recipients.c.alert_id.in_(select(alerts.c.id).where(raw(alerts.c.sent_at) >= _SINCE)),
    ),
)


async def reached(unit: Unit, warnings: int) -> int:
    """Return the last run's cursor, a person's id, among those who were sent so many warnings."""
    mine = warning_runs.c.warnings == warnings
    return await unit.conn.scalar(select(warning_runs.c.reached).where(mine)) or 0


async def reach(unit: Unit, warnings: int, person: int) -> None:
    there = update(warning_runs).where(warning_runs.c.warnings == warnings).values(reached=person)
    if not (await unit.conn.execute(there)).rowcount:
        await unit.conn.execute(warning_runs.insert().values(warnings=warnings, reached=person))


async def to_warn(unit: Unit, subscriber_ids: Collection[int]) -> list[Silent]:
    """Return those of these people who follow a station, and where to write to them.

    A call is made only to who has no other contact.
    """
    query = (
        select(subscribers.c.id, subscribers.c.locale, func.min(follows.c.station_id).label("station_id"))
        .join(follows, follows.c.subscriber_id == subscribers.c.id)
        .where(subscribers.c.id.in_(list(subscriber_ids)))
        .group_by(subscribers.c.id, subscribers.c.locale)
    )
    found = []
    for row in (await unit.conn.execute(query)).all():
        by = await trials.targets(unit, row.id, row.station_id)
        written = [each for each in by if each.channel is not ChannelName.VOICE]
        found.append(Silent(row.id, row.station_id, row.locale, written or by))
    return found


async def warned(
    unit: Unit, subscriber_ids: Collection[int], warnings: int, now: datetime, *, before: datetime
) -> None:
    """Record that these people got this many warnings, or can't be warned, if they gave no sign since ``before``."""
    mine = subscribers.c.id.in_(list(subscriber_ids)), to_micros(before) > _LAST
    await unit.conn.execute(update(subscribers).where(*mine).values(warned_at=now, warnings=warnings))
