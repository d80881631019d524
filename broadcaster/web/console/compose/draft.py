"""The new alert page's request: the API's draft plus the page's own fields.

``territory``: use the station's whole territory instead of an area. ``cheap``: languages for which the author chose the
cheap SMS spelling.
"""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from broadcaster.domain.alerts import Text
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.http.messages import message_of, texts_in
from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import body_of, checked
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import Content
from broadcaster.http.schemas.base import Locale, Slug
from broadcaster.http.stations import station_asked
from broadcaster.http.templates import territory
from broadcaster.pipeline.render import Context, cheap_sms, foreseen
from broadcaster.pipeline.services import Services
from broadcaster.web.console.compose.findings import unreadable

D = TypeVar("D", bound=Content)


class Page(BaseModel):
    """The page's additions to a draft; the rest of the body is the API's."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    station: Slug
    territory: bool = False
    cheap: list[Locale] = Field(default_factory=list, max_length=10)


@dataclass(frozen=True, slots=True)
class Given(Generic[D]):
    """A parsed draft, in the API's types."""

    station: Station
    draft: D
    cheap: tuple[str, ...]


async def read(call: Call[Any, Any], model: type[D], *, updates: bool = False) -> Given[D]:
    """Read a draft for a station of the caller's. Raises like the API, and the 422 by field.

    ``updates``: of an update, as is a draft with a field of that name.
    """
    page = await body_of(call.request, Page)
    if page is None:
        raise Refused("draft-missing")
    station = await station_asked(call, page.station)
    rest = {"station": page.station, **(page.model_extra or {})}
    if page.territory:
        rest["area"] = {"polygons": await asyncio.to_thread(territory, station)}
    draft = await checked(call.request, model, json.dumps(rest).encode())
    updates = updates or getattr(draft, "updates", None) is not None
    spelled = _with_cheap(call.services, station, draft, tuple(page.cheap), updates=updates)
    return Given(station, spelled, tuple(page.cheap))


async def read_finished(call: Call[Any, Any], model: type[D], *, updates: bool = False) -> Given[D]:
    """As ``read``, for a draft to send or to keep: also refuses texts that nobody can read, or with gaps."""
    given = await read(call, model, updates=updates)
    found = unreadable(given.draft.model_dump()["texts"])
    if found:
        raise HttpProblem("refused", errors=found)
    return given


def context_of(
    services: Services, station: Station, draft: Content, texts: dict[str, Text], *, updates: bool = False
) -> Context:
    """Return the context for rendering an alert that does not exist yet."""
    message, now = message_of(draft, station, texts), services.clock.now()
    ends = getattr(draft, "expires", None) or now
    return foreseen(message, station, services.links, sent_at=now, expires_at=ends, updates=updates)


def _with_cheap(services: Services, station: Station, draft: D, cheap: tuple[str, ...], *, updates: bool) -> D:
    """Apply the cheap spelling to texts whose author chose it."""
    chosen = [language for language in cheap if language in draft.texts]
    if not chosen:
        return draft
    texts = texts_in(draft.texts)
    context = context_of(services, station, draft, texts, updates=updates)
    spelled = {language: cheap_sms(context, language, replace(texts[language], sms="")) for language in chosen}
    changed = {
        language: text.model_copy(update={"sms": spelled[language]}) if language in spelled else text
        for language, text in draft.texts.items()
    }
    return draft.model_copy(update={"texts": changed})
