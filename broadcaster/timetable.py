"""All recurring jobs, in one table. Only the leading scheduler runs it; the one-second sweep and leases are loops."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from broadcaster.backup import BackupRefused, erasures
from broadcaster.bus import BusUnavailable
from broadcaster.figures import Figures
from broadcaster.pipeline import approving, auditing, notices, schedule, welcome
from broadcaster.pipeline.corrections import tell_of_corrections
from broadcaster.pipeline.digest import send_digests
from broadcaster.pipeline.escalate import escalate
from broadcaster.pipeline.helping import call_on_duty, tell_untaken
from broadcaster.pipeline.polls import close_polls
from broadcaster.pipeline.retention import keep_periods
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.wake import wake
from broadcaster.store import StoreUnavailable, Unit, schedules
from broadcaster.store.operations import sessions, upkeep
from broadcaster.store.people import confirmations, residents, wishes
from broadcaster.store.register import uploads
from schedules import Job, Timetable

FIGURES_EVERY = timedelta(seconds=5)
_log = structlog.get_logger(__name__)


def timetable(services: Services, figures: Figures) -> Timetable:
    """Return the timetable. A new job is a line here, and a step that tests can call."""

    def job(work: Callable[[Services], Awaitable[None]], **every: float) -> Job:
        return Job(work.__name__, timedelta(**every), lambda: work(services))

    async def issue_due() -> None:
        """Issue what is due, and schedule a wake-up for the next due time."""
        await schedule.issue_due(services)
        soonest = await services.store.run_read(schedules.soonest)
        if soonest is not None:
            table.wake("issue_due", soonest - services.clock.now())

    table = Timetable(
        [
            Job("issue_due", timedelta(seconds=2), issue_due),
            job(schedule.measure, seconds=30),
            Job("figures", FIGURES_EVERY, figures.renew),
            job(wake, seconds=1),
            job(approving.tell_of_approvals, seconds=1),
            job(auditing.chain_entries, seconds=1),
            job(auditing.send_head, minutes=10),
            job(auditing.drop_old, hours=6),
            job(escalate, seconds=1),
            job(send_digests, seconds=2),
            job(close_polls, seconds=5),
            job(call_on_duty, seconds=1),
            job(tell_untaken, seconds=2),
            job(mind_residents, seconds=10),
            job(welcome.send_due, seconds=10),
            job(notices.tell_lost, minutes=1),
            job(notices.tell_answers, minutes=1),
            job(tell_of_corrections, minutes=1),
            job(forget_old, minutes=5),
            job(keep_periods, minutes=5),
            job(keep_erasures, minutes=1),
            job(keep_shares, hours=1),
        ],
        _failed,
    )
    return table


def _failed(name: str, error: Exception) -> None:
    if isinstance(error, (StoreUnavailable, BusUnavailable)):
        # Store and bus log their unavailability themselves, once instead of per job.
        _log.debug("a job waits for the store or the bus", job=name, error=str(error))
    else:
        _log.error("a job failed, and is tried again at its next turn", job=name, exc_info=error)


async def mind_residents(services: Services) -> None:
    """End expired pauses and visits, and delete sign-ups that were not confirmed in time."""
    now = services.clock.now()
    async with services.store.read() as unit:
        due = await residents.is_due(unit, now) or await confirmations.is_due(unit, now)
    if due:
        async with services.store.write() as unit:
            await residents.end_due(unit, now)
            await confirmations.trim(unit, now)


async def keep_shares(services: Services) -> None:
    """Record the share of followers who mute each topic."""
    async with services.store.write() as unit:
        await wishes.keep_shares(unit, services.clock.now())


async def keep_erasures(services: Services) -> None:
    """Write the list of erasures beside the database: after a restore they are done again.

    If the file has some that the database lacks (which is new, or was put back by other means than ours), they are done
    here first: nothing in the file is lost. A removed station that is here again stays.
    """
    path = services.settings.data_dir / erasures.FILE
    try:
        kept = await asyncio.to_thread(erasures.load, path) if path.exists() else erasures.Erasures()
        lists = await services.store.run_read(erasures.read)
        if lists.lacks(kept):

            async def do_again(unit: Unit) -> erasures.Erasures:
                people, _ = await erasures.do_again(unit, kept, keep_stations=True)
                _log.warning("erasures that the database lacked are done again", people=people)
                return await erasures.read(unit)

            lists = await services.store.transact(do_again)
        if lists != erasures.Erasures([], [], []):
            services.settings.make_folder()
            await asyncio.to_thread(erasures.write, path, lists)
    except BackupRefused:
        _log.warning("the list of erasures can't be read, and is left as it is", path=str(path))
    except OSError as error:
        _log.warning("the list of erasures can't be written", reason=error.strerror)


async def forget_old(services: Services) -> None:
    """Delete what served its purpose; ``keep_periods`` deletes what is too old."""
    now = services.clock.now()
    async with services.store.write() as unit:
        await upkeep.trim_changes(unit)
        await uploads.forget_expired(unit, now)
        await sessions.forget_ended(unit, now)
