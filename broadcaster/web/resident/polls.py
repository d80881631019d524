"""/polls/{token}: a poll: signed-up devices vote here, and everybody sees the result once it is closed."""

from aiohttp import web

from broadcaster.domain.refusals import NotFound
from broadcaster.domain.zones import zone_of
from broadcaster.http import polls
from broadcaster.http.route import Call
from broadcaster.web.pages import written_time
from broadcaster.web.resident.frame import page, words_of
from broadcaster.web.resident.public import unknown


async def show(call: Call[None, None]) -> web.Response:
    """Show the question, with buttons for people who may vote; or the result."""
    try:
        poll, station = await polls.poll_of(call)
    except NotFound:
        return unknown(call)
    words = words_of(call, station.languages[0])
    shown = await polls.shown(call, poll, station, words.language)
    counts = shown.result or ()
    most = sum(counts) or 1
    facts = {
        "poll": shown,
        "station": station,
        "closes": written_time(poll.closes_at, zone_of(station.region), words),
        "result": [(each, n, round(100 * n / most)) for each, n in zip(shown.answers, counts, strict=False)],
    }
    return page(call, "resident/poll.html", words, facts)
