"""Versions of an alert: which one holds, and what takes its place."""

from datetime import datetime

from broadcaster.domain.alerts import Alert, MsgType, ThreadRole
from broadcaster.domain.refusals import Conflict, Refused, Stale
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts, approvals, threads, tracking


async def take_place(unit: Unit, alert: Alert, by: Alert) -> tuple[int, ...]:
    """Let ``by`` replace ``alert``, the version that its author looked at; return the ids that ended.

    Raises ``Stale`` if another version holds by now, ``Conflict`` if the alert is over.
    """
    await threads.hold(unit, alert)
    await check_current(unit, alert, by.sent_at)
    return await follow(unit, alert, by)


async def follow(unit: Unit, alert: Alert, by: Alert) -> tuple[int, ...]:
    """Let ``by`` replace the current version ``alert``; return the ids that ended, with their reminders."""
    ended = await threads.follow(unit, alert, by, by.sent_at)
    await approvals.overtake(unit, alert.id, by.sent_at)
    for each in ended:
        await schedules.end_reminders(unit, each, by.sent_at)
        await tracking.finish(unit, each, by.sent_at)  # a message to those outside may have gone to nobody yet
    return ended


async def check_current(unit: Unit, alert: Alert, now: datetime | None) -> None:
    """Raise ``Stale`` with what changed unless a version holds; with ``now``, ``Conflict`` if it is over."""
    holds = await alerts.by_id(unit, alert.id)
    if holds is None or holds.role not in (ThreadRole.FIRST, ThreadRole.UPDATE):
        raise Refused("not-a-version", "id")
    newest = await threads.current(unit, holds)
    if newest.msg_type is MsgType.CANCEL or (now is not None and not newest.active(now)):
        raise Conflict("alert-over")
    if newest.id != alert.id:
        raise Stale("alert-changed", "If-Match", alert=str(newest.id), changed=", ".join(differences(alert, newest)))


def differences(before: Alert, after: Alert) -> list[str]:
    """Return which of an update's fields differ."""
    fields = {"texts": "texts", "area": "area", "expires": "expires_at", "severity": "severity"}
    return [name for name, field in fields.items() if getattr(before, field) != getattr(after, field)]


async def stop_ended(services: Services, ended: tuple[int, ...]) -> None:
    """Stop what this process and the others still send of versions that ended."""
    for each in ended:
        await services.bus.publish(f"cancelled:{each}")
        services.active.remove(each)
        services.forget(each)
