"""Polls: open a poll, show it, vote."""

from datetime import datetime
from typing import Any

from aiohttp import web

from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.refusals import Conflict, Forbidden, NotFound, Refused
from broadcaster.domain.stations import Station
from broadcaster.http.answering import Who
from broadcaster.http.answers import answer as respond
from broadcaster.http.answers import nothing
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import AudienceIn
from broadcaster.http.schemas.polls import MyPollOut, PollIn, PollOut, VoteIn
from broadcaster.http.stations import station_asked
from broadcaster.pipeline.polls import open_poll
from broadcaster.store import Unit, polls
from broadcaster.store.alerts import answers
from broadcaster.store.people import identities
from broadcaster.store.polls import Poll
from broadcaster.store.stations import stations


async def create(call: Call[PollIn, None]) -> web.Response:
    """Open a poll, and announce it once it is approved, if it must be."""
    given = call.body
    station = await station_asked(call, given.station)
    texts = {station.languages[0]: (given.question, given.answers)}
    texts |= {language: (each.question, each.answers) for language, each in given.texts.items()}
    audience = given.audience if isinstance(given.audience, AudienceIn) else AudienceIn(kind=given.audience)
    poll = await open_poll(
        call.services,
        station,
        call.actor,
        texts,
        audience=Audience(AudienceKind(audience.kind), audience.groups),
        area=given.area,
        closes_at=given.closes,
        identity=given.identity,
        channels=given.channels,
    )
    return respond(await shown(call, poll, station, station.languages[0]), 202 if poll.waits else 201)


async def show(call: Call[None, None]) -> web.Response:
    """Return a poll, with its result once it is closed."""
    poll, station = await poll_of(call)
    return respond(await shown(call, poll, station, station.languages[0]))


async def mine(call: Call[None, None]) -> web.Response:
    """Return whether a subscriber may vote, and whether they have."""
    poll, _ = await poll_of(call)

    async def read(unit: Unit) -> MyPollOut:
        voted = await polls.has_voted(unit, poll, call.subscriber_id)
        may = poll.closed_at is None and not voted and await polls.may_vote(unit, poll, call.subscriber_id)
        shown = poll.identity and not (await identities.level_of(unit, call.subscriber_id)).proven
        return MyPollOut(may_vote=may, voted=voted, identity_missing=shown)

    return respond(await call.services.store.run_read(read))


async def vote(call: Call[VoteIn, None]) -> web.Response:
    """Record a subscriber's vote, which can't be changed."""
    poll, _ = await poll_of(call)
    if not poll.is_open(call.services.clock.now()):
        raise Conflict("poll-closed")
    if call.body.answer > poll.size:
        raise Refused("answer-unknown", "answer")

    async def keep(unit: Unit) -> bool:
        if not await polls.may_vote(unit, poll, call.subscriber_id):
            raise Forbidden("poll-not-yours")
        return await polls.vote(unit, poll, call.subscriber_id, call.body.answer)

    if not await call.services.store.transact(keep):
        raise Conflict("poll-voted")
    return nothing()


async def left(unit: Unit, poll: Poll, who: Who, now: datetime) -> list[int]:
    """Return who may still vote by a message's link: those whom the message reached, and their household."""
    if not poll.is_open(now):
        return []
    people = sorted({who.subscriber_id} | await answers.reached_by(unit, [poll.alert_id], who.contact_ids))
    return [
        each
        for each in people
        if await polls.may_vote(unit, poll, each) and not await polls.has_voted(unit, poll, each)
    ]


async def vote_by_link(call: Call[Any, Any], poll: Poll, who: Who, choice: int) -> bool:
    """Take a vote; False if all who may vote by this link have. Nothing else is recorded of it. Raises ``Refused``."""
    if not 1 <= choice <= poll.size:
        raise Refused("answer-unknown", "answer")

    async def keep(unit: Unit) -> bool:
        waiting = await left(unit, poll, who, call.services.clock.now())
        return bool(waiting) and await polls.vote(unit, poll, waiting[0], choice)

    return await call.services.store.transact(keep)


async def poll_of(call: Call[Any, Any]) -> tuple[Poll, Station]:
    """Return the path's poll and its station. Raises ``NotFound``."""
    token = call.request.match_info["token"][:40]

    async def read(unit: Unit) -> tuple[Poll, Station] | None:
        poll = await polls.by_token(unit, token)
        station = None if poll is None else await stations.by_id(unit, poll.station_id)
        return None if poll is None or station is None else (poll, station)

    found = await call.services.store.run_read(read)
    if found is None or found[0].waits:
        raise NotFound("poll-missing")
    return found


async def shown(call: Call[Any, Any], poll: Poll, station: Station, language: str) -> PollOut:
    """Return a poll as anybody may see it."""

    async def read(unit: Unit) -> tuple[dict[int, int] | None, int]:
        return await polls.result(unit, poll), await polls.turnout(unit, poll)

    result, turnout = await call.services.store.run_read(read)
    question, own = poll.text_in(language, station.languages[0])
    return PollOut.of(
        poll,
        alert=str(poll.alert_id),
        awaiting_approval=poll.waits,
        url=call.services.links.poll(poll.token),
        question=question,
        answers=own,
        closed=poll.closed_at is not None,
        turnout=None if poll.closed_at is None or result is None else turnout,
        result=None if result is None else tuple(n for _, n in sorted(result.items())),
    )
