"""GET /v1/stations/{slug}/digest: proof of public alerts: when and where they were sent, and a hash of each content."""

from datetime import datetime

from aiohttp import web
from pydantic import Field

from broadcaster.domain.alerts import content_hash
from broadcaster.domain.audience import AudienceKind
from broadcaster.http.answers import answer
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import AlertId, GeoJson, Query, Shown
from broadcaster.http.stations import station_in_path
from broadcaster.store.alerts import alerts


class DigestQuery(Query):
    before: AlertId | None = Field(None, description="Only alerts older than this one.")
    limit: int = Field(50, ge=1, le=200)


class DigestedOut(Shown):
    """``hash``: as the audit log has it (``docs/audit.md``)."""

    id: AlertId
    sent_at: datetime
    area: GeoJson | None = Field(description="A GeoJSON FeatureCollection; circles drawn as polygons.")
    hash: str = Field(description="SHA-256 of what it said, in hexadecimal figures.")


class DigestPage(Shown):
    alerts: tuple[DigestedOut, ...]
    next: AlertId | None = Field(description="Give it as ?before= for the next page; null at the end.")


async def show(call: Call[None, DigestQuery]) -> web.Response:
    """Return a station's public alerts, newest first; those to groups are left out."""
    station, query = await station_in_path(call.request), call.query
    async with call.services.store.read() as unit:
        before = None if query.before is None else int(query.before)
        found = await alerts.page(unit, stations={station.id}, before=before, limit=query.limit)
    shown = tuple(
        DigestedOut(
            id=str(each.id),
            sent_at=each.sent_at,
            area=None if each.area is None else each.area.geojson(),
            hash=content_hash(each).hex(),
        )
        for each in found
        if each.public and each.audience.kind is not AudienceKind.TOLD
    )
    return answer(DigestPage(alerts=shown, next=str(found[-1].id) if len(found) == query.limit else None))
