"""The easy text that goes with a draft: of the template that a new alert names, or of the alert that it updates."""

from typing import Any

from broadcaster.domain.alerts import ThreadRole
from broadcaster.domain.stations import Station
from broadcaster.domain.templates import Texts, easy_in
from broadcaster.http.reading import number_of
from broadcaster.http.route import Call
from broadcaster.pipeline.templates import offered
from broadcaster.store.alerts import alerts
from broadcaster.web.console.compose.draft import Page


async def easy_of(call: Call[Any, Any], page: Page, station: Station, texts: Texts) -> dict[str, str]:
    """Return the easy texts that would be shown with these texts, by language."""
    given = page.model_extra or {}
    template, updates = given.get("template"), number_of(str(given.get("updates", "")))
    async with call.services.store.read() as unit:
        if updates is not None:
            alert = await alerts.by_id(unit, updates)
            if alert is None or alert.station_id != station.id:
                return {}
            return easy_in(alert.prepared, ThreadRole.UPDATE, texts)
        found = (await offered(unit, station)).get(template) if isinstance(template, str) else None
    return easy_in({} if found is None else found.prepared, ThreadRole.FIRST, texts)
