"""Alerts waiting for a second person's approval, and each station's rules for it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from broadcaster.domain.alerts import Alert, Message, MsgType, Severity, ThreadRole
from broadcaster.domain.approvals import OPEN, Approval, ApprovalRules, ApprovalState
from broadcaster.domain.audit import Actor
from broadcaster.domain.operators import Operator
from broadcaster.domain.permissions import Permission
from broadcaster.store.alerts.messages import read_message
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import as_row
from broadcaster.store.operators import operators
from broadcaster.store.stations.labels import open_audience, sealed_audience
from broadcaster.store.tables import approval_rules, approvals


async def rules_of(unit: Unit, station_id: int) -> ApprovalRules:
    query = select(approval_rules).where(approval_rules.c.station_id == station_id)
    row = (await unit.conn.execute(query)).one_or_none()
    if row is None:
        return ApprovalRules()
    severity = None if row.severity is None else Severity(row.severity)
    return ApprovalRules(severity, row.reach, row.radius_m, bool(row.training))


async def set_rules(unit: Unit, station_id: int, rules: ApprovalRules) -> None:
    await unit.conn.execute(delete(approval_rules).where(approval_rules.c.station_id == station_id))
    await unit.conn.execute(approval_rules.insert().values(as_row(rules, approval_rules, station_id=station_id)))


async def training_stations(unit: Unit) -> set[int]:
    """Return the ids of the stations whose authors may approve their own alerts."""
    return set(await unit.conn.scalars(select(approval_rules.c.station_id).where(approval_rules.c.training)))


async def approvers(unit: Unit, station_id: int) -> list[Operator]:
    """Return the operators who may approve a station's alerts and can sign in."""
    known = await operators.listed(unit, [station_id], administrators=True)
    return [each for each in known if each.comes_in and each.caller.may(Permission.APPROVE, station_id)]


async def add(
    unit: Unit, approval: Approval, *, idempotency_key: str | None = None, request_hash: bytes | None = None
) -> None:
    """Store an alert that approvers are asked or told about."""
    alert = approval.alert
    await unit.conn.execute(
        approvals.insert().values(
            id=alert.id,
            station_id=alert.station_id,
            token=alert.token,
            author=approval.author,
            msg_type=alert.msg_type,
            references=list(alert.references),
            replaces=approval.replaces,
            silent=alert.silent,
            expires_at=alert.expires_at,
            onset_at=alert.onset_at,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            asked_at=approval.asked_at,
            decided_by=approval.decided_by,
            decided_at=approval.decided_at,
            state=approval.state,
            why=_sealed(unit, approval.id, approval.why),
            **_written(unit, alert, approval.editor),
        )
    )


def _written(unit: Unit, alert: Alert, editor: int) -> dict[str, Any]:
    audience = sealed_audience(unit.vault, alert.id, alert.audience)
    return {"message": alert.message.to_json(), "audience": audience, "editor": editor}


async def by_id(unit: Unit, number: int) -> Approval | None:
    row = (await unit.conn.execute(select(approvals).where(approvals.c.id == number))).one_or_none()
    return None if row is None else _approval(unit, row)


async def by_idempotency_key(unit: Unit, station_id: int, key: str) -> tuple[Approval, bytes] | None:
    """Return the approval requested with this idempotency key, and the hash of its request."""
    mine = approvals.c.station_id == station_id, approvals.c.idempotency_key == key
    row = (await unit.conn.execute(select(approvals).where(*mine))).one_or_none()
    return None if row is None else (_approval(unit, row), row.request_hash or b"")


async def waiting(unit: Unit, stations: Collection[int] | None, now: datetime) -> list[Approval]:
    """Return pending approvals that have not expired, oldest first."""
    query = select(approvals).where(approvals.c.state.in_(OPEN), approvals.c.expires_at > now)
    if stations is not None:
        query = query.where(approvals.c.station_id.in_(stations))
    return [_approval(unit, row) for row in await unit.conn.execute(query.order_by(approvals.c.id))]


async def updates_of(unit: Unit, alert_id: int, now: datetime) -> list[Approval]:
    """Return the pending updates of an alert that have not expired, oldest first."""
    waits = approvals.c.replaces == alert_id, approvals.c.state.in_(OPEN), approvals.c.expires_at > now
    query = select(approvals).where(*waits).order_by(approvals.c.id)
    return [_approval(unit, row) for row in await unit.conn.execute(query)]


async def edit(unit: Unit, approval: Approval, message: Message, editor: int, why: str) -> bool:
    """Store an approver's changes for the author to see. Return False if it was decided or edited meanwhile."""
    alert = replace(approval.alert, **message.content())
    changed = {"state": ApprovalState.RETURNED, "why": _sealed(unit, approval.id, why), "told_at": None}
    return approval.state in OPEN and await _move(unit, approval, _written(unit, alert, editor) | changed)


async def decide(unit: Unit, approval: Approval, state: ApprovalState, actor: Actor, why: str = "") -> bool:
    """Record the decision, once. Return False if it was decided or edited meanwhile."""
    decided: dict[str, Any] = {"state": state, "decided_by": actor.id, "decided_at": actor.at, "told_at": None}
    if why:
        decided["why"] = _sealed(unit, approval.id, why)
    return approval.state in OPEN and await _move(unit, approval, decided)


async def overtake(unit: Unit, alert_id: int, now: datetime) -> None:
    """Close the pending updates of an alert that another version or its ending replaced."""
    await _close(unit, approvals.c.replaces == alert_id, now)


async def miss(unit: Unit, number: int, now: datetime) -> bool:
    """Close what waits although its time is over. Return False if it was decided."""
    return await _close(unit, approvals.c.id == number, now) == 1


async def _close(unit: Unit, which: ColumnElement[bool], now: datetime) -> int:
    closed = update(approvals).where(which, approvals.c.state.in_(OPEN))
    values = {"state": ApprovalState.OVERTAKEN, "decided_at": now}
    return (await unit.conn.execute(closed.values(values))).rowcount


async def _move(unit: Unit, approval: Approval, values: dict[str, Any]) -> bool:
    as_read = (
        approvals.c.id == approval.id,
        approvals.c.state == approval.state,
        approvals.c.editor == approval.editor,
    )
    return (await unit.conn.execute(update(approvals).where(*as_read).values(values))).rowcount == 1


async def unannounced(unit: Unit, limit: int) -> list[Approval]:
    """Return the approvals whose state has not been announced yet to the people it concerns."""
    query = select(approvals).where(approvals.c.told_at.is_(None)).order_by(approvals.c.id).limit(limit)
    return [_approval(unit, row) for row in await unit.conn.execute(query)]


async def mark_announced(unit: Unit, approval: Approval, now: datetime) -> None:
    """Record that this state was announced."""
    await _move(unit, approval, {"told_at": now})


def _sealed(unit: Unit, number: int, why: str) -> bytes | None:
    return unit.vault.seal(why.encode(), b"approval:%d" % number) if why else None


def _approval(unit: Unit, row: Any) -> Approval:
    message = read_message(row.message, open_audience(unit.vault, row.id, row.audience))
    alert = Alert(
        **message.content(),
        id=row.id,
        token=row.token,
        station_id=row.station_id,
        msg_type=MsgType(row.msg_type),
        sent_at=row.asked_at,
        expires_at=row.expires_at,
        onset_at=row.onset_at,
        references=tuple(row.references),
        role=ThreadRole.FIRST if row.replaces is None else ThreadRole.UPDATE,
        thread_id=None if row.replaces is None else row.references[0],
        silent=row.silent,
    )
    why = "" if row.why is None else unit.vault.open(row.why, b"approval:%d" % row.id).decode()
    state = ApprovalState(row.state)
    return Approval(alert, row.author, row.editor, state, row.asked_at, row.decided_by, row.decided_at, why)


def ids(found: Sequence[Approval]) -> set[int]:
    """Return the operators' and keys' ids in approvals, to name them."""
    people = {each.author for each in found} | {each.editor for each in found}
    return people | {each.decided_by for each in found if each.decided_by is not None}
