"""/v1/subscribers/me/trials: a test message to one of my contacts, and whether it came."""

from aiohttp import web

from broadcaster.domain.escalation import PAID
from broadcaster.domain.quotas import exceeds_quota
from broadcaster.domain.refusals import Conflict, NotFound
from broadcaster.http.answers import answer, nothing
from broadcaster.http.people.subscribers import profile_of
from broadcaster.http.problems import HttpProblem
from broadcaster.http.route import Call
from broadcaster.http.schemas.reports import ReceiptIn
from broadcaster.http.schemas.trials import TrialAnswer, TrialIn, TrialOut, TrialsOut
from broadcaster.http.stations import station_named
from broadcaster.pipeline.notices import SANDBOX, try_soon
from broadcaster.store import Unit
from broadcaster.store.people import profiles, trials
from broadcaster.store.people.contacts import kept
from broadcaster.store.people.trials import Target, Trial, TrialCounts

USE = "trial"
PERSON_DAY, PERSON_PAID_DAY = 20, 4
"""Most tests by one person in a day, and most of those that cost money. TOCSIN_CODES_PER_HOUR limits a station's paid
tests.
"""
_AGAIN_S = 3600


async def begin(call: Call[TrialIn, None]) -> web.Response:
    """Send a test to one of the caller's contacts."""
    services, given, now = call.services, call.body, call.services.clock.now()

    async def keep(unit: Unit) -> tuple[Trial, Target, str, str]:
        profile = await profile_of(unit, call.subscriber_id)
        if not profile.follows:
            raise Conflict("follows-nothing")
        slug = profile.follows[0][0]
        station = await station_named(unit, slug)
        mine = await trials.targets(unit, call.subscriber_id, station.id)
        target = next((each for each in mine if each.channel == given.channel and _to(each) == given.to), None)
        if target is None:
            raise NotFound("contact-not-yours")
        so_far = await trials.counted(unit, call.subscriber_id, target.contact_id, station.id, now)
        _check(so_far, services.settings.codes_per_hour, paid=target.channel in PAID)
        return await trials.begin(unit, call.subscriber_id, station.id, target, now), target, slug, profile.locale

    made, target, slug, locale = await services.store.transact(keep)
    async with services.store.read() as unit:
        station = await station_named(unit, slug)
    try_soon(services, station, locale, made, target)
    return answer(_shown(made, target), 202)


async def listing(call: Call[None, None]) -> web.Response:
    """Return the last test of each contact."""
    async with call.services.store.read() as unit:
        profile = await profiles.read(unit, call.subscriber_id)
        if profile is None or not profile.follows:
            return answer(TrialsOut(trials=()))
        station = await station_named(unit, profile.follows[0][0])
        mine = {each.contact_id: each for each in await trials.targets(unit, call.subscriber_id, station.id)}
        found = await trials.latest(unit, call.subscriber_id)
    return answer(
        TrialsOut(trials=tuple(_shown(each, mine[each.contact_id]) for each in found if each.contact_id in mine))
    )


async def tell(call: Call[TrialAnswer, None]) -> web.Response:
    """Record whether a test came."""
    number, now = call.number(), call.services.clock.now()
    async with call.services.store.write() as unit:
        if await trials.answer(unit, number, now, came=call.body.came, subscriber_id=call.subscriber_id) is None:
            raise NotFound("trial-missing")
    return nothing()


async def take(call: Call[ReceiptIn, None]) -> web.Response:
    """Record that a device showed the test push."""
    async with call.services.store.write() as unit:
        await trials.answer(unit, call.linked, call.services.clock.now(), came=True)
    return nothing()


def _to(target: Target) -> str:
    """Return a contact in the form that its owner knows; for a push subscription, its endpoint."""
    return kept(target.channel, target.address).canonical if target.channel == "push" else target.address


def _check(so_far: TrialCounts, station_most: int, *, paid: bool) -> None:
    mine = so_far.person_paid_day
    too_dear = mine >= PERSON_PAID_DAY or exceeds_quota(
        mine, so_far.station_paid_hour, most_mine=PERSON_PAID_DAY, most_everyone=station_most
    )
    if so_far.contact or so_far.person_day >= PERSON_DAY or (paid and too_dear):
        raise HttpProblem(
            "too-many", "too-many-trials", headers={"Retry-After": str(120 if so_far.contact else _AGAIN_S)}
        )


def _shown(made: Trial, target: Target) -> TrialOut:
    state = "sandbox" if made.code == SANDBOX else made.state.name.lower()
    return TrialOut(id=str(made.id), channel=made.channel, to=_to(target), state=state, at=made.at)
