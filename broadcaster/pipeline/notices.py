"""Notices: a test message for a contact's owner, a message at another contact that a push subscription died, a warning
before somebody who gave no sign for long is erased, and the answer to who asked for a correction.

Sent through the channels, gates and rates of alerts, after every urgent alert. The leading scheduler sends again an
answer, or a warning, that no provider took. No other notice is: a person can ask for a lost test again, and that a
subscription died is only a courtesy.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import NamedTuple

import structlog

from broadcaster.domain.corrections import Correction, is_day, next_try
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.metrics import SENT
from broadcaster.pipeline.render.notice import Notice, corrected, fading, render_notice, silent_device, trial
from broadcaster.pipeline.services import Services
from broadcaster.store import StoreUnavailable
from broadcaster.store.people import corrections, profiles, trials
from broadcaster.store.people.inactive import Silent
from broadcaster.store.people.trials import LostTrial, State, Target, Trial
from broadcaster.store.stations import stations
from channels.addresses import read_address
from channels.errors import ChannelError, Gone, Misconfigured, Transient

RANK = 10
"""Rank after urgent alerts, like codes."""
SANDBOX = "sandbox"
"""Code of a test that was composed and not sent."""

_MOST_LOST = 100
_MOST_ANSWERS = 20
_PATIENCE_S = 120.0
_log = structlog.get_logger(__name__)


def try_soon(services: Services, station: Station, language: str, made: Trial, target: Target) -> None:
    """Send a test in the background."""
    notice = trial(station, services.links, language, target.channel, made.id)
    _in_background(services, _try(services, notice, made, target))


async def tell_lost(services: Services) -> None:
    """Tell owners of dead push subscriptions; run by the leading scheduler."""
    now = services.clock.now()
    if not await services.store.run_read(lambda unit: trials.is_lost(unit, now)):
        return
    async with services.store.write() as unit:
        found = await trials.take_lost(unit, now, _MOST_LOST)
        theirs = {each.id: each for each in await stations.by_ids(unit, {each.station_id for each in found})}
    _in_background(services, _tell_all(services, [(each, theirs[each.station_id]) for each in found]))


async def _tell_all(services: Services, found: list[tuple[LostTrial, Station]]) -> None:
    for each, station in found:
        notice = silent_device(station, services.links, each.locale, each.by.channel, each.contact_id)
        await _send(services, notice, each.by)


async def warn(services: Services, who: Silent, station: Station, until: datetime) -> bool:
    """Warn somebody that they are erased at the time ``until`` unless they give a sign.

    Return False if nothing could leave by any of their channels: warn them later.
    """
    ends = []
    for by in who.by:
        warning = fading(station, services.links, who.locale, by.channel, subscriber_id=who.id, until=until)
        ends.append(await _send(services, warning, by))
    return not ends or any(each.left for each in ends)


def answer_soon(services: Services, station: Station, language: str, asked: Correction) -> None:
    """Send the answer to a request for a correction to the contact that its author proved, in the background."""
    told = asked.wanted.told
    notice = corrected(station, services.links, language, told.channel, asked)
    _in_background(services, _answer(services, notice, asked.id, Target(0, told.channel, told.address)))


async def tell_answers(services: Services) -> None:
    """Send again, by day, answers that no provider took; run by the leading scheduler."""
    now = services.clock.now()
    async with services.store.read() as unit:
        found = await corrections.untold(unit, now, _MOST_ANSWERS)
        theirs = {each.id: each for each in await stations.by_ids(unit, {each.station_id for each in found})}
        due = [each for each in found if is_day(now, zone_of(theirs[each.station_id].region))]
        profile_of = {each.id: await profiles.read(unit, each.subscriber_id) for each in due}
    if not due:
        return
    async with services.store.write() as unit:
        for each in due:
            await corrections.tell_later(unit, each.id, next_try(each.decided_at or now, now))
    for each in due:
        station, profile = theirs[each.station_id], profile_of[each.id]
        answer_soon(services, station, station.languages[0] if profile is None else profile.locale, each)


async def _answer(services: Services, notice: Notice, correction_id: int, target: Target) -> None:
    end = await _send(services, notice, target)
    if end.state is not State.SENT and not end.left:
        return  # it is due again
    try:
        async with services.store.write() as unit:
            if end.state is State.SENT:
                await corrections.told(unit, correction_id, services.clock.now())
            else:  # refused for good: the page says that they could not be told
                await corrections.tell_later(unit, correction_id, None)
    except StoreUnavailable as error:
        _log.warning("notice sent but not recorded", error=str(error))


async def _try(services: Services, notice: Notice, made: Trial, target: Target) -> None:
    end = await _send(services, notice, target)
    try:
        async with services.store.write() as unit:
            await trials.settle(unit, made.id, end.state, end.code)
    except StoreUnavailable as error:
        _log.warning("the end of a test was not written down", error=str(error))


class _End(NamedTuple):
    """The result at the provider, and its code. ``left``: False if no message leaves by this channel."""

    state: State
    code: str | None = None
    left: bool = True


async def _send(services: Services, notice: Notice, target: Target) -> _End:
    sender = services.senders[target.channel]
    try:
        message = render_notice(target.channel, notice)
        async with asyncio.timeout(_PATIENCE_S):
            await services.precedence.stand_back(RANK)
            async with sender.gate.passing(RANK, sender.channel.cost(message)):
                await sender.channel.send(message, read_address(target.channel, target.address))
    except (ChannelError, TimeoutError) as error:
        name = "gone" if isinstance(error, Gone) else type(error).__name__.lower()
        SENT.labels(sender.name, name).inc()
        later = Misconfigured | TimeoutError | Transient  # who waits that long waits for alerts
        left = not isinstance(error, later) or getattr(error, "may_have_left", False)
        return _End(State.FAILED, getattr(error, "code", None) or name, left)
    except Exception:  # noqa: BLE001  logged; who waits for it is told
        _log.exception("a notice could not be sent", channel=sender.name)
        return _End(State.FAILED, left=False)
    SENT.labels(sender.name, "accepted").inc()
    return _End(State.SENT, SANDBOX if sender.sandboxed else None)


def _in_background(services: Services, work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)
    services.lingering.add(task)
    task.add_done_callback(services.lingering.discard)
