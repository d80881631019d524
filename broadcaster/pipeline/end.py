"""End an alert: send the all-clear, or the notice that it was a mistake, to everyone told of any version."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from broadcaster.domain.alerts import ENDINGS, Alert, AlertState, MsgType, Text, ThreadRole
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.domain.stations import Station
from broadcaster.ids import new_id, new_token
from broadcaster.pipeline.issue import record
from broadcaster.pipeline.prepared import ending
from broadcaster.pipeline.rules import check_texts
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.versions import check_current, follow, stop_ended
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, threads

_HOLDS = timedelta(hours=12)
_ENDED_AS = {ThreadRole.ALL_CLEAR: "ended-as-over", ThreadRole.MISTAKE: "ended-as-mistake"}


async def end(
    services: Services,
    alert: Alert,
    station: Station,
    actor: Actor,
    texts: Mapping[str, Text] | None = None,
    *,
    role: ThreadRole = ThreadRole.ALL_CLEAR,
    as_seen: bool = False,
) -> Alert:
    """Stop a thread's unsent messages, and tell everyone informed of it that it ended. Return the ending.

    Ending any version ends the whole thread. ``as_seen``: raise ``Stale`` unless that version is still current. Without
    ``texts``, the prepared ones are used. Idempotent: returns the first ending again. Raises
    ``Conflict`` if that is of the other kind, as people were told something else.
    """
    if alert.role in ENDINGS:
        raise Refused("all-clear-of-all-clear", "id")
    ended: tuple[int, ...] = ()

    async def keep(unit: Unit) -> tuple[Alert, bool]:
        nonlocal ended
        await threads.hold(unit, alert)
        known = await alerts.by_id(unit, alert.id) or alert
        version = await threads.current(unit, known)
        if version.role in ENDINGS:
            if version.role is not role:
                raise Conflict(_ENDED_AS[version.role], "kind", alert=str(version.id))
            return version, False
        if as_seen:
            await check_current(unit, alert, None)
        made = _ending(services, version, role, texts or ending(version, station, role))
        check_texts(station, made.texts)
        ended = await follow(unit, version, made)
        await alerts.add(unit, made, key_id=actor.id, idempotency_key=None, request_hash=None)
        await record(unit, actor, Action.ALERT_CANCELLED, made, of=version.id, how=role.value)
        return made, True

    with services.precedence.holding(alert.rank):
        made, fresh = await services.store.transact(keep)
    if fresh:
        await stop_ended(services, ended)
        services.expect(made)
    return made


def _ending(services: Services, alert: Alert, role: ThreadRole, texts: Mapping[str, Text]) -> Alert:
    now = services.clock.now()
    return replace(
        alert,
        id=new_id(),
        token=new_token(),
        msg_type=MsgType.CANCEL,
        texts=texts,
        audience=Audience(AudienceKind.TOLD, told=alert.id),
        sent_at=now,
        onset_at=None,
        expires_at=now + _HOLDS,
        references=(*alert.references, alert.id),
        sandbox=tuple(name for name in alert.channels if name in services.sandboxed),
        places=None,
        role=role,
        thread_id=alert.first_id,
        followed_by=None,
        silent=False,
        policy=None,
        own_policy=None,
        stopped_at=None,
        state=AlertState.ACCEPTED,
        resolved_at=None,
        finished_at=None,
        cancelled_at=None,
    )
