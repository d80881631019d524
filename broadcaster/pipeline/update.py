"""Update: issue a new version of an alert, and tell each person what changed for them.

The new version is an alert of its own, which ``resolve`` hands to ``spread``. People newly inside get it as a first
alert, those still inside as an update. Those now outside get a separate alert (``ThreadRole.LEFT``) that says that it
no longer applies to them, so that they are told again if they come back.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from broadcaster.atlas.idset import without
from broadcaster.domain.alerts import Alert, MsgType, Severity, Status, Text, ThreadRole
from broadcaster.domain.audience import Audience, AudienceKind, Pool
from broadcaster.domain.audit import Actor
from broadcaster.domain.policies import sent_like
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.ids import new_id, new_token
from broadcaster.pipeline import approving
from broadcaster.pipeline.dispatch import FIRST_PART, dispatch, dispatch_all
from broadcaster.pipeline.issue import IssueAlert
from broadcaster.pipeline.prepared import left_outside
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, dispatching, report, threads, tracking
from broadcaster.store.stations import stations
from zones import Area, distinct

_HEAD_START_S = 1.0
"""The longest head start of the first messages, until one was taken; meanwhile nothing else uses store and processor.
"""
_SETTLE_S = 0.5
_PATIENCE_S = 5.0
"""A person who was told, and awaits a further message of a slow provider, hears of an ending this late at most."""
_ON_ITS_WAY = 2.5
"""A message may be in flight for this many send timeouts: ``deliver`` ends it after two, then records it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an update changes; None leaves a field unchanged. ``silent``: see ``Alert``."""

    texts: Mapping[str, Text] | None = None
    area: Area | None = None
    expires_at: datetime | None = None
    severity: Severity | None = None
    silent: bool = False


async def update(
    services: Services,
    alert: Alert,
    station: Station,
    change: Change,
    actor: Actor,
    *,
    idempotency_key: str | None = None,
    request_hash: bytes | None = None,
    life_at_stake: str = "",
) -> tuple[Alert, bool]:
    """Replace ``alert``, the version that the caller saw. Returns like ``approving.submit``.

    Approval is needed only for changes that nobody has approved (``goes_beyond``). Raises ``Refused``; ``Conflict`` if
    the alert is over, ``Stale`` if another version is current by now.
    """
    command = replace(
        _command(alert, station, change, actor), idempotency_key=idempotency_key, request_hash=request_hash
    )
    return await approving.submit(services, command, life_at_stake=life_at_stake)


def _command(alert: Alert, station: Station, change: Change, actor: Actor) -> IssueAlert:
    """Return the new version's command. Raises ``Refused`` if nothing changes, or ``alert`` is not a version."""
    if alert.role not in (ThreadRole.FIRST, ThreadRole.UPDATE):
        raise Refused("not-a-version", "id")
    message = replace(
        alert.message,
        severity=change.severity or alert.severity,
        texts=alert.texts if change.texts is None else change.texts,
        area=alert.area if change.area is None else change.area,
    )
    expires_at = change.expires_at or alert.expires_at
    if message == alert.message and expires_at == alert.expires_at:
        raise Refused("update-empty")
    return IssueAlert(
        station=station,
        actor=actor,
        message=sent_like(message, alert),
        expires_at=expires_at,
        onset_at=alert.onset_at,
        msg_type=MsgType.UPDATE,
        references=(*alert.references, alert.id),
        role=ThreadRole.UPDATE,
        thread_id=alert.first_id,
        silent=change.silent,
        replaces=alert,
    )


class Parts(NamedTuple):
    """Ids of people, ascending: newly inside, still inside, now outside."""

    fresh: NDArray[np.int64]
    still: NDArray[np.int64]
    left: NDArray[np.int64]


def parts_of(services: Services, alert: Alert, informed: NDArray[np.int64]) -> Parts:
    """Sort people by what a version means to them; ``informed``: those who know of an earlier one, ascending.

    Informed people in the area count as inside, even if they no longer follow the station; so do
    those of unknown position.
    """
    people = np.sort(services.here.concerned(alert.station_id, alert.area, alert.audience))
    still = informed
    if alert.area is not None and alert.audience.is_local(area=True):
        still = services.here.inside_or_nowhere(informed, alert.area)
    return Parts(without(people, informed), still, without(informed, still))


async def spread(services: Services, alert: Alert, before: Alert | None) -> int:
    """Tell everybody what a new version means to them, people newly inside first. Return how many people are new to it.

    ``before``: the version that it replaced.

    Their first messages leave before it is read who was told of the version before, which takes longest: of each person
    that is looked up when they are written down.
    """
    await services.here.follow()
    first = services.here.most_exposed(alert, FIRST_PART, None if before is None else before.area)
    found = await dispatch(services, alert, first, since=alert.sent_at)
    async with services.watch(alert.id) as sent:
        if found:
            await sent.wait(_HEAD_START_S)
    informed = await services.store.run_read(lambda unit: threads.informed_of(unit, alert))
    parts = parts_of(services, alert, informed)
    for people in (parts.fresh, parts.still):
        found += await dispatch_all(services, alert, services.here.most_exposed_first(people, alert.area))
    return found + await _tell_left(services, alert)


async def _tell_left(services: Services, alert: Alert) -> int:
    """Tell people now outside; those whose message was in flight, after it was sent."""

    async def tell(*, settled: bool) -> int:
        async with services.store.read() as unit:
            informed = await threads.informed_of(unit, alert, settled=settled)
            left = parts_of(services, alert, informed).left
            written = await dispatching.in_alert(unit, alert.id, left.tolist())
        left = without(without(left, np.array(sorted(written), np.int64)), await _covered(services, alert))
        message = await _message_to_left(services, alert) if len(left) else None
        if message is None:
            return 0
        found = await dispatch_all(services, message, left)
        async with services.store.write() as unit:
            await tracking.finish(unit, message.id, services.clock.now())  # it may have gone to nobody
        return found

    return await once_settled(services, alert, tell)


class Tell(Protocol):
    """Sends a message to everyone who lacks it; if ``settled``, only to those with no earlier message in flight."""

    async def __call__(self, *, settled: bool) -> int: ...


async def once_settled(services: Services, alert: Alert, tell: Tell) -> int:
    """Run ``tell`` at once, and again until no message of an earlier version is in flight; return the sum.

    People with a message in flight are told when it has been sent, by every contact that was reached, and after
    ``_PATIENCE_S`` at the latest. Shutdown ends the wait like a cancelled task, since senders stop too: the alert is
    resolved again at the next start.
    """
    async with services.store.read() as unit:
        earlier = (await threads.of(unit, alert)).before(alert)
    clock = asyncio.get_running_loop().time
    began, found = clock(), 0
    deadline = began + services.settings.send_timeout_s * _ON_ITS_WAY
    async with services.watch(earlier[-1] if earlier else alert.id) as signal:
        while True:
            async with services.store.read() as unit:
                under_way = [await report.unsettled(unit, each) for each in earlier]
            last = not any(under_way) or clock() >= deadline
            found += await tell(settled=not last and clock() < began + _PATIENCE_S)
            if last:
                return found
            if services.stopping.is_set():
                raise asyncio.CancelledError
            await signal.wait(_SETTLE_S)


async def _covered(services: Services, alert: Alert) -> NDArray[np.int64]:
    """Return the people whom another active alert concerns, who must not be told that all is well."""
    await services.active.follow()
    others = [
        services.here.concerned(each.station_id, each.area, each.audience)
        for each in services.active.now()
        if each.first_id != alert.first_id
        and each.audience.pool is not Pool.STORED
        and (each.status is Status.ACTUAL or alert.status is not Status.ACTUAL)
    ]
    return distinct(np.concatenate([np.empty(0, np.int64), *others]))


async def _message_to_left(services: Services, alert: Alert) -> Alert | None:
    """Return the message to people now outside, creating it if missing; None once the update is no longer current."""

    async def keep(unit: Unit) -> Alert | None:
        await threads.hold(unit, alert)
        thread = await threads.alerts_of(unit, alert)
        there = next((each for each in thread if each.audience.told == alert.id and each.role is ThreadRole.LEFT), None)
        station = await stations.by_id(unit, alert.station_id)
        if there is not None or station is None or await alerts.is_cancelled(unit, alert.id):
            return there
        made = replace(
            alert,
            id=new_id(),
            token=new_token(),
            texts=left_outside(alert, station),
            area=None,
            audience=Audience(AudienceKind.LEFT, told=alert.id),
            references=(*alert.references, alert.id),
            role=ThreadRole.LEFT,
            policy=None,
            own_policy=None,
            silent=False,
            places=None,
            resolved_at=None,
        )
        await alerts.add_resolved(unit, made, services.clock.now())
        return made

    return await services.store.transact(keep)
