"""Rehearses an update before the first: statements are compiled on first use, and prepared by each connection.

Each rehearsal is a transaction that is rolled back: nobody sees its alerts, and nothing of them stays.
"""

from dataclasses import replace

from broadcaster.domain.alerts import Alert, MsgType, ThreadRole
from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.people import CHANNEL_NUMBER
from broadcaster.ids import new_id, new_token
from broadcaster.pipeline.issue import record
from broadcaster.pipeline.render.warming import an_alert
from broadcaster.pipeline.services import ProcessRole, Services
from broadcaster.pipeline.versions import take_place
from broadcaster.store import Unit, duties
from broadcaster.store.alerts import alerts, approvals, batches, counting, dispatching, report, threads, tracking
from broadcaster.store.engine import outbox
from broadcaster.store.engine.connecting import POOLED
from broadcaster.store.people import feed
from broadcaster.store.stations import stations


async def warm_store(services: Services) -> None:
    """Spend at the start the CPU that the first update would wait for. Raises ``StoreUnavailable``."""
    await services.store.run_read(lambda unit: _look(services, unit))
    await services.store.rehearse(lambda unit: _update(services, unit))


async def warm_connections(services: Services) -> None:
    """Let each of PostgreSQL's pooled connections prepare the statements. Raises ``StoreUnavailable``.

    A process that only sends prepares its own: the others take 0.15 s of CPU, maybe beside an alert.
    """
    only_sends = services.roles == {ProcessRole.SENDER}

    async def rehearse(unit: Unit) -> None:
        if only_sends:
            return await _send(services, unit, 0)
        await _look(services, unit)
        return await _update(services, unit)

    if not services.store.sqlite:
        await services.store.rehearse(rehearse, POOLED)


async def _look(services: Services, unit: Unit) -> None:
    """Look up what an update's request, its index and its messages ask for."""
    now = services.clock.now()
    await stations.caller_of(unit, "", now)
    await alerts.by_id(unit, 0)
    await stations.by_id(unit, 0)
    await approvals.rules_of(unit, 0)
    await approvals.approvers(unit, 0)
    await stations.group_ids(unit, 0)
    await alerts.by_ids(unit, [0])
    await alerts.active_ids(unit, now)
    await duties.on_duty(unit, 0, now)
    await feed.changed_after(unit, 0, 1)


async def _update(services: Services, unit: Unit) -> None:
    """Issue, update and dispatch to one person an invented alert of a station, if there is one."""
    now, owner = services.clock.now(), services.owner
    station_id, people = await stations.any_follower(unit)
    if station_id is None:
        return
    first = replace(an_alert(now), id=new_id(), station_id=station_id)
    alert = replace(
        first,
        id=new_id(),
        token=new_token(),
        msg_type=MsgType.UPDATE,
        role=ThreadRole.UPDATE,
        references=(first.id,),
        thread_id=first.id,
    )
    await _issued(unit, first)
    await alerts.resolved(unit, first.id, now)
    await take_place(unit, first, alert)
    await _issued(unit, alert)
    await record(unit, Actor(ActorKind.SERVICE, now), Action.ALERT_UPDATED, alert)
    await stations.use_key(unit, 0, now)
    await outbox.waiting(unit, 1)
    await outbox.relayed(unit, [])
    await alerts.lease(unit, alert.id, owner, now, now)
    await threads.informed_of(unit, alert)
    sizes = dict.fromkeys(CHANNEL_NUMBER.values(), 1)
    await dispatching.write_chunk(unit, alert, people, since=now, now=now, batch_sizes=sizes)
    await threads.reached(unit, alert, await threads.of(unit, alert), [])
    await _send(services, unit, alert.id)


async def _send(services: Services, unit: Unit, alert_id: int) -> None:
    """Ask the store what a sender asks, for a batch that does not exist."""
    now = services.clock.now()
    await batches.lease(unit, 0, services.owner, now, now)
    await batches.to_send(unit, 0, now)
    await alerts.is_cancelled(unit, alert_id)
    await report.stops(unit)
    await counting.any_outcome(unit, alert_id)
    await tracking.finish(unit, alert_id, now)


async def _issued(unit: Unit, alert: Alert) -> None:
    await alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
