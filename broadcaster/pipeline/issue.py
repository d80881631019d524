"""Issue: validate and authorize an alert, make it durable and send it off. Cancel is here too."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.domain.alerts import MAX_HEADLINE, Alert, Message, MsgType, Text, content_hash, policy_of
from broadcaster.domain.approvals import Approval, ApprovalState
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.audit import Action, Actor, Param
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.domain.stations import Station
from broadcaster.ids import new_id, new_token
from broadcaster.languages import catalogs
from broadcaster.metrics import ISSUED
from broadcaster.pipeline.rules import check_message, check_texts
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts, approvals, batches, escalations, waiting
from broadcaster.store.operations import audit
from broadcaster.store.stations import stations
from zones import Jurisdiction

LONGEST = timedelta(days=30)
_ALL_CLEAR_HOLDS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class IssueAlert:
    """The command to send a message now. ``expires_at`` None: the settings' default.

    A message without ``channels`` goes as the station's policy for its severity says. ``alone``: why nobody approved
    it, where somebody should have.
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


async def issue(services: Services, command: IssueAlert) -> tuple[Alert, bool]:
    """Accept an alert: once this returns it is durable, and is sent even if this process dies.

    Return it, and whether the same idempotency key had issued it before. Raises ``Refused``, or ``Conflict`` when that
    key was used for a different request.
    """
    now = services.clock.now()
    if command.idempotency_key is not None:
        async with services.store.read() as unit:
            earlier = await _repeated(unit, command)
        if earlier is not None:
            return earlier, True
    async with services.store.read() as unit:
        known = await stations.group_ids(unit, command.station.id)
    alert = await draw_up(services, command, known, now)

    async def keep(unit: Unit) -> Alert | None:
        earlier = await _repeated(unit, command)
        if earlier is None:
            await alerts.add(
                unit,
                alert,
                key_id=command.actor.id,
                idempotency_key=command.idempotency_key,
                request_hash=command.request_hash,
            )
            await record(unit, command.actor, Action.ALERT_SENT, alert)
            if command.alone:
                author, state = command.actor.key_id, ApprovalState.ALONE
                told = Approval(alert, author, author, state, now, author, now, command.alone)
                await approvals.add(unit, told)
                await record(unit, command.actor, Action.SENT_ALONE, alert, why=command.alone)
        return earlier

    with services.precedence.holding(alert.rank):
        earlier = await services.store.at_once(keep)
    if earlier is not None:
        return earlier, True
    announce(services, alert)
    return alert, False


def announce(services: Services, alert: Alert) -> None:
    """Let this process know of an alert that was just stored."""
    ISSUED.labels(alert.status, alert.severity).inc()
    services.changed(alert)
    services.expect(alert)


async def record(unit: Unit, actor: Actor, action: Action, alert: Alert, *, why: str = "", **params: Param) -> None:
    """Append what was done to an alert to the audit log, with the hash of what it says."""
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
    """Build the alert of a command without storing it. Raises ``Refused``."""
    # In a thread: a boundary may have half a million corners.
    return await asyncio.to_thread(drawn_up, services, command, known_groups, now)


def drawn_up(
    services: Services,
    command: IssueAlert,
    known_groups: Mapping[str, int],
    now: datetime,
    ground: Jurisdiction | None = None,
) -> Alert:
    """Do the same in the caller's thread; ``ground``: the station's, if it was parsed already."""
    check_message(command.station, command.message, known_groups, ground)
    policy = None if command.message.channels else policy_of(command.station, command.message.severity)
    message = command.message if policy is None else replace(command.message, channels=policy.channels)
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
        policy=policy,
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


async def cancel(
    services: Services, alert: Alert, station: Station, actor: Actor, texts: Mapping[str, Text] | None
) -> Alert:
    """Stop an alert's unsent messages, and send the all-clear to everyone who was told; return the all-clear.

    Without ``texts``, the prepared ones are used. Idempotent: returns the first all-clear again.
    """
    if alert.msg_type is MsgType.CANCEL:
        raise Refused("all-clear-of-all-clear", "id")
    said = texts or prepared_all_clear(alert, station)
    check_texts(station, said)
    now = services.clock.now()
    message = replace(alert.message, texts=said, audience=Audience(AudienceKind.TOLD, told=alert.id))
    all_clear = Alert(
        **message.content(),
        id=new_id(),
        token=new_token(),
        station_id=alert.station_id,
        msg_type=MsgType.CANCEL,
        sent_at=now,
        expires_at=now + _ALL_CLEAR_HOLDS,
        references=(alert.id,),
        sandbox=tuple(name for name in alert.channels if name in services.sandboxed),
    )

    async def keep(unit: Unit) -> Alert | None:
        await unit.in_turn("cancel", alert.id)
        earlier = await alerts.all_clear_of(unit, alert.id, alert.station_id)
        if earlier is None:
            await alerts.cancelled(unit, alert.id, now)
            await batches.hasten(unit, alert.id, now)
            await escalations.hasten(unit, alert.id, now)
            await schedules.end_reminders(unit, alert.id, now)
            await waiting.hasten(unit, alert.id, now)
            await alerts.add(unit, all_clear, key_id=actor.id, idempotency_key=None, request_hash=None)
            await record(unit, actor, Action.ALERT_CANCELLED, all_clear, of=alert.id)
        return earlier

    with services.precedence.holding(all_clear.rank):
        earlier = await services.store.transact(keep)
    if earlier is not None:
        return earlier
    await services.bus.publish(f"cancelled:{alert.id}")
    services.active.remove(alert.id)
    services.forget(alert.id)
    services.expect(all_clear)
    return all_clear


def prepared_all_clear(alert: Alert, station: Station) -> dict[str, Text]:
    """Return the prepared all-clear texts for each language of the alert."""
    ready = {}
    for language, text in alert.texts.items():
        words = catalogs().words(language, *station.languages)
        around = words.typed('All clear: "%(headline)s"', headline="%s")
        headline = around % _within(text.headline, MAX_HEADLINE - len(around) + len("%s"))
        ended = words.typed("The alert is over. What it told you to do no longer holds.")
        ready[language] = Text(headline=headline, description=ended)
    return ready


def _within(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
