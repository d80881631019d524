"""GET /v1/nearby: active alerts at a point, public."""

from aiohttp import web

from broadcaster.domain.alerts import Alert
from broadcaster.domain.stations import Station
from broadcaster.http.alerts import station_of
from broadcaster.http.answers import answer
from broadcaster.http.messages import show_message
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import Nearby, NearbyAlert, NearbyQuery


async def show(call: Call[None, NearbyQuery]) -> web.Response:
    """Return the alerts at a point, most severe first."""
    services, query = call.services, call.query
    now = services.clock.now()
    found = services.active.alerts(services.active.at(query.lon, query.lat))
    here = [alert for alert in found if alert.active(now) and alert.public]
    here.sort(key=lambda alert: (alert.rank, -alert.id))
    async with services.store.read() as unit:
        stations = {alert.station_id: await station_of(unit, alert) for alert in here}
    return answer(
        Nearby(alerts=tuple(show_one(alert, stations[alert.station_id], services.base_url) for alert in here))
    )


def show_one(alert: Alert, station: Station, base_url: str) -> NearbyAlert:
    shown = show_message(alert) | {"area": None if alert.area is None else alert.area.geojson()}
    return NearbyAlert(
        **{name: value for name, value in shown.items() if name in NearbyAlert.model_fields},
        url=f"{base_url}/a/{alert.token}",
        station=station.slug,
        station_name=station.name,
        sent_at=alert.sent_at,
        onset=alert.onset_at,
        expires=alert.expires_at,
    )
