"""/console/polls: polls of a station, and a form to open one."""

from datetime import datetime
from typing import Any

from aiohttp import web

from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.polls import shown
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.pipeline.polls import open_poll
from broadcaster.store import polls
from broadcaster.store.stations import stations
from broadcaster.web.console.approvals.approvals import APPROVALS
from broadcaster.web.console.frame import show, station_chosen, words_of
from broadcaster.web.pages import to, written_short
from zones import Area

POLLS = "/console/polls"
_MOST = 50


async def page(call: Call[None, None]) -> web.Response:
    """Show the polls, and the form."""
    return await _page(call, await station_chosen(call), {}, "")


async def make(call: Call[None, None]) -> web.Response:
    """Open a poll; errors appear above the form."""
    form, station = await form_of(call.request), await station_chosen(call)
    own = tuple(each.strip() for each in form.get("answers", "").splitlines() if each.strip())
    try:
        try:
            closes_at = datetime.fromisoformat(form.get("closes", "")).replace(tzinfo=zone_of(station.region))
        except ValueError:
            raise Refused("not-a-moment", "closes") from None
        whom = form.get("audience", "all_followers")
        audience, area = Audience(AudienceKind.ALL_FOLLOWERS), None
        if whom == "territory":
            audience, area = Audience(), Area.from_json({"polygons": dict(station.boundary or {})})
        elif whom.startswith("group:"):
            audience = Audience(AudienceKind.GROUPS, (whom.removeprefix("group:"),))
        texts = {station.languages[0]: (" ".join(form.get("question", "").split()), own)}
        channels = (ChannelName.PUSH, ChannelName.EMAIL) + ((ChannelName.SMS,) if "sms" in form else ())
        poll = await open_poll(
            call.services,
            station,
            call.actor,
            texts,
            audience=audience,
            area=area,
            closes_at=closes_at,
            identity=form.get("identity") == "1",
            channels=channels,
        )
    except Refused as refused:
        return await _page(call, station, form, sentence(refused, words_of(call.request)))
    return to(f"{APPROVALS}/{poll.alert_id}" if poll.waits else f"{POLLS}?station={station.slug}")


async def _page(call: Call[Any, Any], station: Station, form: Any, wrong: str) -> web.Response:
    words, zone = words_of(call.request, station.languages[0]), zone_of(station.region)
    async with call.services.store.read() as unit:
        found = await polls.listed(unit, [station.id], _MOST)
        groups = await stations.group_list(unit, station.id)
    facts = {
        "groups": [(slug, name) for slug, name, _ in groups],
        "given": {name: form.get(name, "") for name in ("question", "answers", "closes", "sms", "identity")},
        "wrong": wrong,
        "polls": [
            (await shown(call, each, station, words.language), written_short(each.closes_at, zone, words))
            for each in found
        ],
    }
    return show(call.request, "polls/polls.html", words, facts, tab="alerts", where=station)
