"""Runs the statements of an alert's and an update's way once, before the first: they are compiled on first use.

They ask for the alert, station and batch 0, which nothing has, so they find and change nothing.
"""

from broadcaster.pipeline.render.warming import an_alert
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts, answers, approvals, batches, counting, dispatching, report, threads
from broadcaster.store.stations import stations


async def warm_store(services: Services) -> None:
    """Take the statements' 50 ms of CPU (SQLite) at the start. Raises ``StoreUnavailable``."""
    now, owner = services.clock.now(), services.owner
    alert = an_alert(now)
    nobody = threads.Thread(all=(alert.id,), versions=(alert.id,), left=(), open=())

    async def read(unit: Unit) -> None:
        await stations.caller_of(unit, "", now)
        await alerts.by_id(unit, alert.id)
        await stations.by_id(unit, alert.station_id)
        await stations.group_ids(unit, alert.station_id)
        await approvals.rules_of(unit, alert.station_id)
        await approvals.approvers(unit, alert.station_id)
        await batches.to_send(unit, 0, now)
        await alerts.is_cancelled(unit, alert.id)
        await report.stops(unit)
        await counting.any_outcome(unit, alert.id)
        await threads.informed_of(unit, alert)

    async def write(unit: Unit) -> None:
        await threads.hold(unit, alert)
        await alerts.by_id(unit, alert.id)
        await threads.follow(unit, alert, alert, now)
        await approvals.overtake(unit, alert.id, now)
        await schedules.end_reminders(unit, alert.id, now)
        await alerts.lease(unit, alert.id, owner, now, now)
        await dispatching.write_chunk(unit, alert, [], since=now, now=now, batch_sizes={})
        await threads.informed(unit, nobody, [])
        await threads.reached(unit, alert, nobody, [])
        await answers.who_confirmed(unit, alert.first_id, [])
        await batches.lease(unit, 0, owner, now, now)

    await services.store.run_read(read)
    await services.store.run_write(write)
