"""/v1/stations/{slug}/templates, and requests that name a template."""

import asyncio
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any, TypeVar

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.domain.stations import Station
from broadcaster.domain.templates import TEXTS, Template, filled, still_blank
from broadcaster.http.answers import answer
from broadcaster.http.messages import audience_of, policy_in, texts_in
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import Content, Draft, TextIn
from broadcaster.http.schemas.base import SLUG
from broadcaster.http.schemas.escalation import PolicyIn
from broadcaster.http.schemas.templates import TemplateIn, TemplateOut, TemplatesOut
from broadcaster.http.stations import own_station, station_in
from broadcaster.pipeline.rules import check_texts
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.templates import offered
from broadcaster.store.stations import templates
from zones import Area, ZoneError, simplified

C = TypeVar("C", bound=Content)

_TAKEN = ("status", "severity", "urgency", "certainty", "category")


async def listing(call: Call[None, None]) -> web.Response:
    """Return the station's own templates and those shipped for its kind."""
    async with call.services.store.read() as unit:
        station = await station_in(unit, call)
        known = await offered(unit, station)
    return answer(TemplatesOut(templates=tuple(map(_shown, known.values()))))


async def put(call: Call[TemplateIn, None]) -> web.Response:
    """Add a template, or replace the one of this name; a replaced shipped template becomes the station's own."""
    name = call.request.match_info["name"]
    if not re.fullmatch(SLUG, name):
        raise Refused("not-a-slug", "name")
    station = await own_station(call)
    template = template_of(station, name, call.body)
    await keep(call, station, template)
    return answer(_shown(template))


async def delete(call: Call[None, None]) -> web.Response:
    """Delete one of the station's own templates; a shipped one of this name is offered again."""
    await remove(call, await own_station(call), call.request.match_info["name"])
    return web.Response(status=204)


async def keep(call: Call[Any, Any], station: Station, template: Template) -> None:
    """Save a template. Raises ``Refused`` if there are too many."""
    async with call.services.store.write() as unit:
        await templates.put(unit, station.id, template, call.services.clock.now())
        await call.record(unit, Action.TEMPLATE_SAVED, station.id, station_id=station.id)


async def remove(call: Call[Any, Any], station: Station, name: str) -> None:
    """Delete one of the station's own templates. Raises ``NotFound``."""
    async with call.services.store.write() as unit:
        if not await templates.remove(unit, station.id, name):
            raise NotFound("template-missing", name=name[:60])
        await call.record(unit, Action.TEMPLATE_DELETED, station.id, station_id=station.id)


def template_of(station: Station, name: str, given: TemplateIn) -> Template:
    """Return a station's template from a request. Raises ``Refused``."""
    for part in TEXTS:
        texts = texts_in(getattr(given, part))
        if texts:
            check_texts(station, texts, part)
    if given.ppms:  # one press sends it as it stands
        for blank in still_blank(texts_in(given.texts)):
            raise blank
    if given.topic is not None and given.topic not in station.topics:
        raise Refused("topic-unknown", "topic", name=given.topic, known=", ".join(station.topics))
    policy = policy_in(given)
    used = given.channels if policy is None else policy.channels
    if given.silent and (not used or ChannelName.VOICE in used):
        raise Refused("silent-calls", "channels")
    return Template.from_json(name, given.model_dump(), own=True)


def _shown(template: Template) -> TemplateOut:
    return TemplateOut(**{name: getattr(template, name) for name in TemplateOut.model_fields})


async def named(services: Services, given: Content, station: Station) -> Template | None:
    """Return the template that a request names. Raises ``Refused`` for an unknown one."""
    if given.template is None:
        return None
    async with services.store.read() as unit:
        known = await offered(unit, station)
    template = known.get(given.template)
    if template is None:
        raise Refused("template-unknown", "template", name=given.template, known=", ".join(known))
    return template


async def written_from(services: Services, given: C, station: Station, template: Template | None) -> C:
    """Return a request with its omitted fields taken from its template.

    Given texts replace all of the template's. Raises ``Refused`` for a placeholder that is not filled in; in a language
    that is not the station's, such a text is left out instead.
    """
    if template is None:
        return given
    said, change = given.model_fields_set, _ways(given, template)
    change |= {name: getattr(template, name) for name in _TAKEN if name not in said}
    if "topic" not in said and template.topic in station.topics:
        change["topic"] = template.topic
    if "event" not in said:
        change["event"] = template.events.get(station.languages[0])
    if said.isdisjoint({"texts", "headline"}):
        texts = {
            language: text
            for language, text in filled(template.texts, given.blanks).items()
            if language in station.languages or not any(still_blank({language: text}))
        }
        for blank in still_blank(texts):
            raise blank
        change["texts"] = {language: TextIn(**asdict(text)) for language, text in texts.items()}
    if "area" not in said and template.territory and station.boundary is not None and audience_of(given).needs_area:
        change["area"] = Area.from_json({"polygons": await asyncio.to_thread(territory, station)})
    lasts = timedelta(hours=template.hours)
    if isinstance(given, Draft) and given.expires is None:
        change["expires"] = services.clock.now() + lasts
    elif "lasts_minutes" in type(given).model_fields and "lasts_minutes" not in said:
        change["lasts_minutes"] = lasts // timedelta(minutes=1)
    return given.model_copy(update=change)


def _ways(given: Content, template: Template) -> dict[str, Any]:
    """Return the template's policy or channels for a request, unless it says its own."""
    said = given.model_fields_set
    if template.policy is None:
        return {} if given.policy is not None or "channels" in said else {"channels": template.channels}
    if given.channels or "policy" in said:
        return {}
    return {"policy": PolicyIn.model_validate(template.policy.to_json(), strict=False)}


def kept_of(given: Content, template: Template | None) -> dict[str, Any]:
    """Return what a message keeps from its template: its texts, and whether it is silent."""
    if template is None:
        return {}
    prepared = {part: filled(texts, given.blanks) for part, texts in template.prepared.items() if texts}
    return {"prepared": prepared, "quietly": template.silent}


def territory(station: Station) -> dict[str, Any]:
    """Return a station's boundary as an area, simplified only if it has more vertices than allowed.

    Raises ``Refused`` for a station without one.
    """
    if station.boundary is None:
        raise Refused("no-territory", "area")
    boundary = dict(station.boundary)
    try:
        Area.from_json({"polygons": boundary})
    except ZoneError:
        return simplified(boundary)
    return boundary
