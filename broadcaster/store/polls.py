"""Polls: one vote per person, and nothing that links a ballot to a person.

A vote waits, sealed, until there are enough others to hide among; then voters and ballots are written in one
transaction, the ballots shuffled and under random keys. Ten votes always stay back until the end, so that the last
group has ten too.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select, update

from broadcaster.domain.approvals import OPEN
from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.refusals import Conflict
from broadcaster.store.alerts import approvals as asked
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import as_row, of_row
from broadcaster.store.people import identities
from broadcaster.store.tables import approvals, poll_ballots, poll_pending, poll_voters, polls, recipients

GROUP = 10
"""The fewest ballots written at once, and the fewest for which a result is shown."""
_KEY = 16
_WAITS = exists().where(approvals.c.id == polls.c.alert_id, approvals.c.state.in_(OPEN))
_POLLS = select(polls, _WAITS.label("waits"))


@dataclass(frozen=True, slots=True)
class Poll:
    """``texts``: question and answers by language. ``alert_id``: the message that announces it. ``entitled``: how many
    people could vote, once it is closed. ``identity``: only for who has shown who they are.
    ``waits``: for approval by a second person, and is shown to nobody else.
    """

    id: int
    token: str
    station_id: int
    texts: Mapping[str, tuple[str, tuple[str, ...]]]
    alert_id: int
    closes_at: datetime
    closed_at: datetime | None
    entitled: int | None
    identity: bool = False
    waits: bool = False

    def text_in(self, language: str, default: str) -> tuple[str, tuple[str, ...]]:
        """Return question and answers in a language, else in the default one, else in the first."""
        found = self.texts.get(language) or self.texts.get(default)
        return found or next(iter(self.texts.values()))

    def is_open(self, now: datetime) -> bool:
        """Return whether votes are taken."""
        return self.closed_at is None and now < self.closes_at

    @property
    def size(self) -> int:
        return len(next(iter(self.texts.values()))[1])


async def add(unit: Unit, poll: Poll, key_id: int) -> None:
    texts = {language: [question, *own] for language, (question, own) in poll.texts.items()}
    await unit.conn.execute(polls.insert().values(as_row(poll, polls, texts=texts, key_id=key_id)))


async def withdraw(unit: Unit, alert_id: int) -> None:
    """Delete a poll that was not approved."""
    await unit.conn.execute(delete(polls).where(polls.c.alert_id == alert_id))


async def reword(unit: Unit, alert_id: int, questions: Mapping[str, str]) -> None:
    """Change the questions of a poll that waits for approval, by language; its answers stay."""
    poll = await by_alert(unit, alert_id)
    if poll is not None:
        texts = {language: [questions[language], *own] for language, (_, own) in poll.texts.items()}
        await unit.conn.execute(update(polls).where(polls.c.id == poll.id).values(texts=texts))


async def by_token(unit: Unit, token: str) -> Poll | None:
    row = (await unit.conn.execute(_POLLS.where(polls.c.token == token))).one_or_none()
    return None if row is None else _poll(row)


async def by_alert(unit: Unit, alert_id: int) -> Poll | None:
    row = (await unit.conn.execute(_POLLS.where(polls.c.alert_id == alert_id))).one_or_none()
    return None if row is None else _poll(row)


async def listed(unit: Unit, station_ids: Collection[int], limit: int) -> list[Poll]:
    """Return the polls of these stations, newest first."""
    query = _POLLS.where(polls.c.station_id.in_(station_ids)).order_by(polls.c.id.desc()).limit(limit)
    return [_poll(row) for row in await unit.conn.execute(query)]


async def may_vote(unit: Unit, poll: Poll, subscriber_id: int) -> bool:
    """Return whether a person was asked, and is verified as the poll requires; a device alone proves no person."""
    told = recipients.c.alert_id == poll.alert_id, recipients.c.subscriber_id == subscriber_id
    if await unit.conn.scalar(select(recipients.c.subscriber_id).where(*told)) is None:
        return False
    level = await identities.level_of(unit, subscriber_id, poll.station_id)
    return level.proven if poll.identity else level >= IdentityLevel.CONTACT


async def vote(unit: Unit, poll: Poll, subscriber_id: int, choice: int) -> bool:
    """Record a vote, which is final. Return False if the person has voted. Raises ``Conflict`` if it is closed."""
    await unit.in_turn("poll", poll.id)
    if await unit.conn.scalar(select(polls.c.closed_at).where(polls.c.id == poll.id)) is not None:
        raise Conflict("poll-closed")
    waiting = [marks for marks in await _voters(unit, poll, subscriber_id) if not await _any(unit, poll, marks)]
    if not waiting:
        return False
    mark = waiting[0][0]
    sealed = unit.vault.seal(bytes((choice,)), _context(poll, mark))
    await unit.conn.execute(poll_pending.insert().values(poll_id=poll.id, mark=mark, sealed=sealed))
    pending = await _count(unit, poll_pending, poll.id)
    if pending >= 2 * GROUP:
        await _write(unit, poll, pending - GROUP)
    return True


async def has_voted(unit: Unit, poll: Poll, subscriber_id: int) -> bool:
    """Return whether this person may not vote any more, neither for themselves nor in somebody's place."""
    return all([await _any(unit, poll, marks) for marks in await _voters(unit, poll, subscriber_id)])


async def _any(unit: Unit, poll: Poll, marks: Sequence[bytes]) -> bool:
    for each in (poll_voters, poll_pending):
        there = select(each.c.mark).where(each.c.poll_id == poll.id, each.c.mark.in_(marks))
        if await unit.conn.scalar(there.limit(1)) is not None:
            return True
    return False


async def stay_voted(unit: Unit, subscriber_id: int) -> None:
    """Keep a person who voted from a second vote, once their proof of identity is deleted or they are erased: under
    their own mark, and those of their contacts, by which they might sign up again.
    """
    for each in [_poll(row) for row in await unit.conn.execute(_POLLS.where(polls.c.closed_at.is_(None)))]:
        await unit.in_turn("poll", each.id)
        marks = await _marks(unit, each, subscriber_id)
        if await _any(unit, each, marks):
            known = await identities.contacts_of(unit, subscriber_id)
            stay = [marks[-1], *(_mark_of_contact(unit, each, fingerprint) for fingerprint in known.values())]
            rows = [{"poll_id": each.id, "mark": mark} for mark in stay if not await _any(unit, each, [mark])]
            if rows:
                await unit.conn.execute(poll_voters.insert(), rows)


async def turnout(unit: Unit, poll: Poll) -> int:
    """Return how many people have voted."""
    return await _count(unit, poll_ballots, poll.id) + await _count(unit, poll_pending, poll.id)


async def result(unit: Unit, poll: Poll) -> dict[int, int] | None:
    """Return ballots by choice of a closed poll; None while it is open, and below ten ballots."""
    if poll.closed_at is None or await _count(unit, poll_ballots, poll.id) < GROUP:
        return None
    rows = await unit.conn.execute(
        select(poll_ballots.c.choice, func.count().label("n"))
        .where(poll_ballots.c.poll_id == poll.id)
        .group_by(poll_ballots.c.choice)
    )
    return dict.fromkeys(range(1, poll.size + 1), 0) | {row.choice: row.n for row in rows}


async def due(unit: Unit, now: datetime) -> list[Poll]:
    query = _POLLS.where(polls.c.closes_at <= now, polls.c.closed_at.is_(None))
    return [_poll(row) for row in await unit.conn.execute(query)]


async def close(unit: Unit, poll: Poll, now: datetime) -> None:
    """Close a poll: write its last group, or delete the votes uncounted if there are fewer than ten in all.

    One that nobody has approved by now is deleted, and can't be approved any more.
    """
    await unit.in_turn("poll", poll.id)
    if await asked.miss(unit, poll.alert_id, now):
        await withdraw(unit, poll.alert_id)
        return
    waiting = await _count(unit, poll_pending, poll.id)
    if waiting >= GROUP:
        await _write(unit, poll, waiting)
    entitled = select(func.count()).select_from(recipients).where(recipients.c.alert_id == poll.alert_id)
    values = {"closed_at": now, "entitled": await unit.conn.scalar(entitled) or 0}
    await unit.conn.execute(delete(poll_pending).where(poll_pending.c.poll_id == poll.id))
    await unit.conn.execute(update(polls).where(polls.c.id == poll.id, polls.c.closed_at.is_(None)).values(values))


async def _write(unit: Unit, poll: Poll, n: int) -> None:
    """Write ``n`` of the waiting votes, picked at random and shuffled."""
    rows = list((await unit.conn.execute(select(poll_pending).where(poll_pending.c.poll_id == poll.id))).all())
    chance = secrets.SystemRandom()
    taken = chance.sample(rows, n)
    choices = [unit.vault.open(row.sealed, _context(poll, row.mark))[0] for row in taken]
    chance.shuffle(choices)
    marks = sorted(row.mark for row in taken)
    ballots = sorted((secrets.token_bytes(_KEY), choice) for choice in choices)
    await unit.conn.execute(poll_voters.insert(), [{"poll_id": poll.id, "mark": mark} for mark in marks])
    rows_of = [{"poll_id": poll.id, "key": key, "choice": choice} for key, choice in ballots]
    await unit.conn.execute(poll_ballots.insert(), rows_of)
    gone = poll_pending.c.poll_id == poll.id, poll_pending.c.mark.in_(marks)
    await unit.conn.execute(delete(poll_pending).where(*gone))


async def voted_by(unit: Unit, subscriber_id: int) -> list[Poll]:
    """Return the polls in which a person voted; what they voted is known to nobody."""
    known = [_poll(row) for row in await unit.conn.execute(_POLLS.order_by(polls.c.id.desc()))]
    marks = {mark: each for each in known for mark in await _marks(unit, each, subscriber_id)}
    voted = await unit.conn.scalars(select(poll_voters.c.mark).where(poll_voters.c.mark.in_(list(marks))))
    return [marks[each] for each in voted]


async def _count(unit: Unit, table: Any, poll_id: int) -> int:
    return await unit.conn.scalar(select(func.count()).select_from(table).where(table.c.poll_id == poll_id)) or 0


async def _voters(unit: Unit, poll: Poll, subscriber_id: int) -> list[list[bytes]]:
    """Return for whom a person may vote: for each the marks of an earlier vote, the one to write first.

    People whom the station knows vote for themselves. Somebody else votes in place of the known people who have the
    same number or address; if there are none, all who have it count as one person.
    """
    mine = await identities.contacts_of(unit, subscriber_id)
    alike = sorted({subscriber_id, *await identities.sharing(unit, mine)})
    known = await identities.known_among(unit, alike, poll.station_id)
    if subscriber_id in known:
        return [await _marks(unit, poll, subscriber_id)]
    if known:
        return [await _marks(unit, poll, each) for each in known]
    own = await _marks(unit, poll, subscriber_id)
    others = [mark for each in alike if each != subscriber_id for mark in await _marks(unit, poll, each)]
    return [[*own, *others, *(_mark_of_contact(unit, poll, each) for each in mine.values())]]


async def _marks(unit: Unit, poll: Poll, subscriber_id: int) -> list[bytes]:
    """Return a person's own marks, the one to write first: that of their identity, the same on all of their devices."""
    person = await identities.mark_of(unit, subscriber_id)
    who = [str(subscriber_id)] if person is None else [f"person {person.hex()}", str(subscriber_id)]
    return [_mark(unit, poll, each) for each in who]


def _mark_of_contact(unit: Unit, poll: Poll, fingerprint: bytes) -> bytes:
    return _mark(unit, poll, f"contact {fingerprint.hex()}")


def _mark(unit: Unit, poll: Poll, who: str) -> bytes:
    return unit.vault.fingerprint("voter", f"{poll.id}\0{who}")


def _context(poll: Poll, mark: bytes) -> bytes:
    return b"ballot:%d:" % poll.id + mark


def _poll(row: Any) -> Poll:
    texts = {language: (said[0], tuple(said[1:])) for language, said in row.texts.items()}
    return of_row(Poll, row, texts=texts, identity=bool(row.identity), waits=bool(row.waits))
