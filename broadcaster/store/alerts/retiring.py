"""Permanent refusals: counted per keeper of contacts, and judged when their alert is finished.

The rule is in ``broadcaster.domain.retirement``. A push service's answer and a STOP concern one contact by definition
(RFC 8030, section 7.3) and count at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, exists, func, select, text, update

from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import CHANNELS, PUSH, ChannelName, ContactStatus
from broadcaster.domain.retirement import APART, Blame, is_implausible
from broadcaster.store.alerts.standing import Move
from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import contacts
from broadcaster.store.tables import alerts, contact_refusals, deliveries, keeper_answers, to_micros
from broadcaster.store.tables import contacts as contact_rows

_LONGEST = 60
_CONTEXT = b"keeper:"


class _State(IntEnum):
    """``KEPT``: unexplained, kept until it repeats. ``SPARED``: too many contacts got it for all to be dead."""

    OPEN = 0
    KEPT = 1
    RETIRED = 2
    SPARED = 3


@dataclass(frozen=True, slots=True)
class KeeperRefusal:
    """A keeper of contacts refused ``refused`` of ``asked`` people's messages because of us."""

    channel: ChannelName
    keeper: str
    refused: int
    asked: int
    code: str
    detail: str
    alert_id: int
    at: datetime


_COUNT = text(
    "INSERT INTO keeper_answers (alert_id, keeper, channel, sealed, asked, refused, code, at)"
    " VALUES (:alert_id, :keeper, :channel, :sealed, :asked, :refused, :code, :at)"
    " ON CONFLICT (alert_id, keeper) DO UPDATE SET asked = keeper_answers.asked + excluded.asked,"
    " refused = keeper_answers.refused + excluded.refused,"
    " at = CASE WHEN excluded.refused > 0 THEN excluded.at ELSE keeper_answers.at END,"
    " code = CASE WHEN excluded.refused > 0 THEN excluded.code ELSE keeper_answers.code END,"
    " sealed = CASE WHEN excluded.refused > 0 THEN excluded.sealed ELSE keeper_answers.sealed END"
)
_KEEP = text(
    "INSERT INTO contact_refusals (contact_id, alert_id, keeper, blame, answer, code, state, at)"
    " VALUES (:contact_id, :alert_id, :keeper, :blame, :answer, :code, 0, :at)"
    " ON CONFLICT (contact_id, alert_id) DO NOTHING"
)


async def take(
    unit: Unit, rows: Mapping[int, Mapping[str, Any]], outcomes: Sequence[Outcome], moves: Sequence[Move]
) -> tuple[set[int], set[int]]:
    """Record what ``outcomes`` say about contacts and keepers.

    Return the alerts with refusals to judge, and the contacts retired already.
    """
    asked: Counter[tuple[int, int, str]] = Counter()
    refused: Counter[tuple[int, int, str]] = Counter()
    said: dict[tuple[int, int, str], Outcome] = {}
    for move in moves:
        outcome = move.outcome
        key = move.alert_id, move.channel, outcome.keeper or CHANNELS[move.channel]
        if outcome.keeper and move.channel != PUSH and move.old is DeliveryState.QUEUED:
            asked[key] += 1
        if outcome.blame is Blame.SENDER:
            refused[key] += 1
            said[key] = outcome
    await _count(unit, asked, refused, said)
    return await _keep(unit, rows, [outcome for outcome in outcomes if outcome.blame is not None])


async def _count(
    unit: Unit,
    asked: Counter[tuple[int, int, str]],
    refused: Counter[tuple[int, int, str]],
    said: Mapping[tuple[int, int, str], Outcome],
) -> None:
    counted = []
    for key in asked | refused:
        alert_id, channel, name = key
        mark = _mark(unit, channel, name)
        outcome = said.get(key)
        words = orjson.dumps([name, "" if outcome is None else outcome.detail])
        counted.append(
            {
                "alert_id": alert_id,
                "keeper": mark,
                "channel": channel,
                "sealed": unit.vault.seal(words, _CONTEXT + mark),
                "asked": asked[key] if channel != PUSH else refused[key],
                "refused": refused[key],
                "code": "" if outcome is None else (outcome.code or "")[:_LONGEST],
                "at": 0 if outcome is None else to_micros(outcome.at),
            }
        )
    if counted:  # always in the same order, so that concurrent groups do not deadlock
        await unit.conn.execute(_COUNT, sorted(counted, key=lambda row: (row["alert_id"], row["keeper"])))


def _mark(unit: Unit, channel: int, name: str) -> bytes:
    return unit.vault.fingerprint("keeper", f"{channel}:{name}")


async def _keep(
    unit: Unit, rows: Mapping[int, Mapping[str, Any]], outcomes: Sequence[Outcome]
) -> tuple[set[int], set[int]]:
    kept: dict[tuple[int, int], dict[str, Any]] = {}
    retired: set[int] = set()
    for outcome in outcomes:
        row = rows.get(outcome.delivery_id)
        if row is None or outcome.blame is Blame.SENDER or outcome.blame is None:
            continue
        code = (outcome.code or "")[:_LONGEST]
        contact_id, channel = row["contact_id"], row["channel"]
        if outcome.blame is Blame.STOPPED or (outcome.blame is Blame.CONTACT and channel == PUSH):
            status = ContactStatus.STOPPED if outcome.blame is Blame.STOPPED else ContactStatus.GONE
            await contacts.retire(unit, [contact_id], status, code, outcome.at)
            retired.add(contact_id)
        else:
            kept[contact_id, row["alert_id"]] = {
                "contact_id": contact_id,
                "alert_id": row["alert_id"],
                "keeper": _mark(unit, channel, outcome.keeper or CHANNELS[channel]),
                "blame": int(outcome.blame),
                "answer": outcome.answer[:_LONGEST],
                "code": code,
                "at": to_micros(outcome.at),
            }
    if kept:  # locked: contacts that still exist, and can't be erased before this commits
        there = select(contact_rows.c.id).where(among(contact_rows.c.id, "ids")).order_by(contact_rows.c.id)
        ids = {"ids": sorted({contact_id for contact_id, _ in kept})}
        left = set(await unit.conn.scalars(there.with_for_update(read=True, key_share=True), ids))
        added = [row for (contact_id, _), row in sorted(kept.items()) if contact_id in left]
        if added:
            await unit.conn.execute(_KEEP, added)
    return {alert_id for _, alert_id in kept}, retired


async def judge(unit: Unit, alert_ids: Iterable[int], now: datetime) -> None:
    """Retire contacts that finished alerts showed to be dead; unfinished alerts wait."""
    wanted = sorted(set(alert_ids))
    if not wanted:
        return
    over = select(alerts.c.id).where(alerts.c.id.in_(wanted), alerts.c.finished_at.is_not(None))
    for alert_id in list(await unit.conn.scalars(over.order_by(alerts.c.id))):
        await _judge(unit, alert_id, now)


async def _judge(unit: Unit, alert_id: int, now: datetime) -> None:
    found = list(await unit.conn.execute(select(contact_refusals).where(contact_refusals.c.alert_id == alert_id)))
    if not any(row.state == _State.OPEN for row in found):
        return
    answered = await unit.conn.execute(
        select(keeper_answers.c.keeper, keeper_answers.c.asked).where(keeper_answers.c.alert_id == alert_id)
    )
    asked = {row.keeper: row.asked for row in answered}
    alike = defaultdict(list)
    for row in found:
        alike[row.keeper, row.blame, row.answer if row.blame == Blame.UNEXPLAINED else ""].append(row)
    for (keeper, blame, answer), rows in alike.items():
        if is_implausible(len(rows), asked.get(keeper, 0)):
            # Contacts retired before the last refusal arrived are revived.
            await contacts.revive(unit, [row.contact_id for row in rows if row.state == _State.RETIRED], now)
            await _settle(unit, alert_id, rows, _State.SPARED)
            continue
        new = [row for row in rows if row.state == _State.OPEN]
        dead = new if blame == Blame.CONTACT else await _again(unit, alert_id, new, answer)
        for code in sorted({row.code for row in dead}):
            ids = [row.contact_id for row in dead if row.code == code]
            await contacts.retire(unit, ids, ContactStatus.GONE, code, now)
        await _settle(unit, alert_id, dead, _State.RETIRED)
        gone = {row.contact_id for row in dead}
        await _settle(unit, alert_id, [row for row in new if row.contact_id not in gone], _State.KEPT)


async def _again(unit: Unit, alert_id: int, rows: Sequence[Any], answer: str) -> list[Any]:
    """Return refusals whose contact gave the same answer at least a week earlier, and accepted no message since."""
    earlier = select(contact_refusals.c.contact_id, func.max(contact_refusals.c.at)).where(
        among(contact_refusals.c.contact_id, "ids"),
        contact_refusals.c.alert_id != alert_id,
        contact_refusals.c.answer == answer,
        contact_refusals.c.state == _State.KEPT,
        contact_refusals.c.at <= bindparam("before"),
    )
    ids = {row.contact_id: row for row in rows}
    before = min((row.at for row in rows), default=None)
    if before is None:
        return []
    given = {"ids": list(ids), "before": before - APART}
    found = await unit.conn.execute(earlier.group_by(contact_refusals.c.contact_id), given)
    known = {row[0]: row[1] for row in found}
    if not known:
        return []
    since = min(known.values())
    taken = select(deliveries.c.contact_id).where(
        deliveries.c.alert_id.in_(select(alerts.c.id).where(alerts.c.sent_at > since)),
        among(deliveries.c.contact_id, "ids"),
        deliveries.c.accepted_at.is_not(None),
    )
    worked = set(await unit.conn.scalars(taken, {"ids": list(known)}))
    return [row for number, row in ids.items() if number in known and number not in worked]


async def _settle(unit: Unit, alert_id: int, rows: Sequence[Any], state: _State) -> None:
    if rows:
        await unit.conn.execute(
            update(contact_refusals)
            .where(contact_refusals.c.alert_id == alert_id, among(contact_refusals.c.contact_id, "ids"))
            .values(state=int(state)),
            {"ids": [row.contact_id for row in rows]},
        )


async def refusals_of(unit: Unit, alert_id: int) -> list[KeeperRefusal]:
    """Return the keepers that refused an alert's messages because of the sender, most first."""
    rows = await unit.conn.execute(
        select(keeper_answers).where(keeper_answers.c.alert_id == alert_id, keeper_answers.c.refused > 0)
    )
    return _opened(unit, rows)


async def refusals_now(unit: Unit, since: datetime) -> list[KeeperRefusal]:
    """Return the keepers that refused us in their latest alert, if after ``since``; most first."""
    later = keeper_answers.alias("later")
    rows = await unit.conn.execute(
        select(keeper_answers).where(
            keeper_answers.c.refused > 0,
            keeper_answers.c.at > since,
            ~exists().where(later.c.keeper == keeper_answers.c.keeper, later.c.alert_id > keeper_answers.c.alert_id),
        )
    )
    return _opened(unit, rows)


def _opened(unit: Unit, rows: Iterable[Any]) -> list[KeeperRefusal]:
    found = []
    for row in rows:
        name, detail = orjson.loads(unit.vault.open(row.sealed, _CONTEXT + row.keeper))
        found.append(
            KeeperRefusal(CHANNELS[row.channel], name, row.refused, row.asked, row.code, detail, row.alert_id, row.at)
        )
    return sorted(found, key=lambda each: (-each.refused, each.keeper))


async def trim(unit: Unit, before: datetime) -> int:
    """Delete what is older than that; return how many refusals."""
    old = select(alerts.c.id).where(alerts.c.sent_at < before)
    await unit.conn.execute(delete(keeper_answers).where(keeper_answers.c.alert_id.in_(old)))
    return (await unit.conn.execute(delete(contact_refusals).where(contact_refusals.c.at < before))).rowcount
