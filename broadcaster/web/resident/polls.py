"""/polls/{token}: a poll; a device that is signed up votes here, and everybody reads the result once it is closed.

The link of an SMS or a mail leads to the same page, with buttons for its person: ``/r/{token}``.
"""

from typing import Any

from aiohttp import web
from babel.numbers import format_percent

from broadcaster.domain.answers import Taken
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http import polls
from broadcaster.http.answering import OpenQuestion
from broadcaster.http.route import Call
from broadcaster.store.polls import Poll
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_time
from broadcaster.web.resident.frame import page, words_of
from broadcaster.web.resident.public import Unknown


async def show(call: Call[None, None]) -> web.Response:
    """Show the question, with buttons for people who may vote; or the result."""
    try:
        poll, station = await polls.poll_of(call)
    except NotFound:
        raise Unknown from None
    return await _page(call, poll, station, words_of(call, station.languages[0]), None)


async def by_link(call: Call[None, Any], poll: Poll, asked: OpenQuestion, words: Words, whose: str) -> web.Response:
    """Show it to who came by a message's link. ``whose``: whose vote it is."""
    async with call.services.store.read() as unit:
        left = await polls.left(unit, poll, asked.who, call.services.clock.now())
    said = {Taken.RECORDED: words("Thank you: you have voted."), Taken.OLDER: words("There was a vote before.")}
    link = {"left": len(left), "whose": whose, "said": said.get(call.query.said, "")}
    return await _page(call, poll, asked.station, words, link)


async def _page(
    call: Call[Any, Any], poll: Poll, station: Station, words: Words, link: dict[str, Any] | None
) -> web.Response:
    shown = await polls.shown(call, poll, station, words.language)
    counts = shown.result or ()
    most = sum(counts) or 1
    facts = {
        "poll": shown,
        "link": link,
        "station": station,
        "closes": written_time(poll.closes_at, zone_of(station.region), words),
        "result": [
            (each, n, format_percent(n / most, locale=words.locale))
            for each, n in zip(shown.answers, counts, strict=False)
        ],
    }
    return page(call, "resident/poll.html", words, facts)
