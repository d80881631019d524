"""Issue: validate and authorize an alert, store it and start sending it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.domain.alerts import Alert, Message, MsgType, ThreadRole, content_hash
from broadcaster.domain.approvals import Approval, ApprovalState
from broadcaster.domain.audit import Action, Actor, Param
from broadcaster.domain.policies import channels_for, policy_for
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.domain.stations import Station
from broadcaster.ids import new_id, new_token
from broadcaster.metrics import ISSUED
from broadcaster.pipeline.rules import check_message
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.versions import stop_ended, take_place
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, approvals, threads
from broadcaster.store.operations import audit
from broadcaster.store.stations import stations
from zones import Jurisdiction

LONGEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class IssueAlert:
    """The command to send a message now. ``expires_at`` None: the settings' default.

    A message without ``channels`` follows its own policy, or the station's for its severity. ``alone``: why it was sent
    without a required approval. ``replaces``: the version that an update was written on.
    """

    station: Station
    actor: Actor
    message: Message
    expires_at: datetime | None = None
    onset_at: datetime | None = None
    idempotency_key: str | None = None
    request_hash: bytes | None = None
    alone: str = ""
    msg_type: MsgType = MsgType.ALERT
    references: tuple[int, ...] = ()
    role: ThreadRole = ThreadRole.FIRST
    thread_id: int | None = None
    silent: bool = False
    replaces: Alert | None = None


async def issue(
    services: Services, command: IssueAlert, *, first: Callable[[Unit, Alert], Awaitable[None]] | None = None
) -> tuple[Alert, bool]:
    """Accept an alert: once this returns it is durable, and is sent even if this process dies.

    Return it, and whether the same idempotency key had issued it before. ``first`` runs in the same transaction, before
    a new alert is written. Raises ``Refused``; ``Conflict`` if the key was used for a different request; for an update
    also like ``versions.take_place``.
    """
    now = services.clock.now()

    async def read(unit: Unit) -> tuple[Alert | None, dict[str, int]]:
        return await _repeated(unit, command), await stations.group_ids(unit, command.station.id)

    earlier, known = await services.store.run_read(read)
    if earlier is not None:
        return earlier, True
    alert = await draw_up(services, command, known, now)
    ended: tuple[int, ...] = ()

    async def keep(unit: Unit) -> Alert | None:
        nonlocal ended
        if command.replaces is not None:
            await threads.hold(unit, command.replaces)  # else a repetition that comes meanwhile finds the alert changed
        earlier = await _repeated(unit, command)
        if earlier is None:
            if command.replaces is not None:
                ended = await take_place(unit, command.replaces, alert)
            if first is not None:
                await first(unit, alert)
            await alerts.add(
                unit,
                alert,
                key_id=command.actor.id,
                idempotency_key=command.idempotency_key,
                request_hash=command.request_hash,
            )
            await record(unit, command.actor, sent_as(alert), alert)
            if command.alone:
                author, state = command.actor.key_id, ApprovalState.ALONE
                told = Approval(alert, author, author, state, now, author, now, command.alone)
                await approvals.add(unit, told)
                await record(unit, command.actor, Action.SENT_ALONE, alert, why=command.alone)
        return earlier

    with services.precedence.holding(alert.rank):
        earlier = await services.store.run_write(keep)
    if earlier is not None:
        return earlier, True
    await stop_ended(services, ended)
    announce(services, alert)
    return alert, False


def sent_as(alert: Alert) -> Action:
    return Action.ALERT_UPDATED if alert.role is ThreadRole.UPDATE else Action.ALERT_SENT


def announce(services: Services, alert: Alert) -> None:
    """Tell this process about an alert that was just stored."""
    ISSUED.labels(alert.status, alert.severity).inc()
    services.changed(alert)
    services.expect(alert)


async def record(unit: Unit, actor: Actor, action: Action, alert: Alert, *, why: str = "", **params: Param) -> None:
    """Append an action on an alert to the audit log, with the hash of the alert's content."""
    digest = content_hash(alert).hex()
    await audit.record(
        unit,
        actor,
        action,
        alert.id,
        station_id=alert.station_id,
        why=why,
        severity=str(alert.severity),
        status=str(alert.status),
        content=digest,
        **params,
    )


async def draw_up(services: Services, command: IssueAlert, known_groups: Mapping[str, int], now: datetime) -> Alert:
    """Build a command's alert without storing it. Raises ``Refused``."""
    # In a thread: a boundary may have half a million corners.
    return await asyncio.to_thread(drawn_up, services, command, known_groups, now)


def drawn_up(
    services: Services,
    command: IssueAlert,
    known_groups: Mapping[str, int],
    now: datetime,
    ground: Jurisdiction | None = None,
) -> Alert:
    """Like ``draw_up``, in the caller's thread; ``ground``: the station's, if already parsed."""
    check_message(command.station, command.message, known_groups, ground)
    message = replace(command.message, channels=channels_for(command.station, command.message, command.replaces))
    return Alert(
        **message.content(),
        id=new_id(),
        token=new_token(),
        station_id=command.station.id,
        msg_type=command.msg_type,
        sent_at=now,
        expires_at=_expiry(services, command, now),
        onset_at=command.onset_at,
        references=command.references,
        sandbox=tuple(name for name in message.channels if name in services.sandboxed),
        policy=policy_for(command.station, command.message, command.replaces),
        role=command.role,
        thread_id=command.thread_id,
        silent=command.silent,
    )


async def _repeated(unit: Unit, command: IssueAlert) -> Alert | None:
    """Return the alert issued with the same key. Raises ``Conflict`` if it differs."""
    if command.idempotency_key is None:
        return None
    found = await alerts.by_idempotency_key(unit, command.station.id, command.idempotency_key)
    if found is None:
        return None
    earlier, request_hash = found
    if request_hash != (command.request_hash or b""):
        raise Conflict("key-of-another-alert", alert=str(earlier.id))
    return earlier


def _expiry(services: Services, command: IssueAlert, now: datetime) -> datetime:
    expires_at = command.expires_at or now + timedelta(hours=services.settings.default_expiry_hours)
    if expires_at <= now:
        raise Refused("expires-past", "expires")
    if expires_at > now + LONGEST:
        raise Refused("expires-too-late", "expires", days=LONGEST.days)
    if command.onset_at is not None and command.onset_at >= expires_at:
        raise Refused("onset-not-before-expires", "onset")
    return expires_at
