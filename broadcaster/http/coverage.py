"""GET /v1/stations/{slug}/coverage: about how many households of each cell no message would reach."""

from aiohttp import web

from broadcaster.atlas.homes import box_of
from broadcaster.domain.coverage import by_month
from broadcaster.domain.zones import zone_of
from broadcaster.http.answers import answer
from broadcaster.http.route import Call
from broadcaster.http.schemas.coverage import CoverageOut, CoveredOut
from broadcaster.http.stations import station_in
from broadcaster.pipeline.coverage import estimate
from broadcaster.store.people import coverage


async def show(call: Call[None, None]) -> web.Response:
    """Return about how many households of each cell no message would reach, and enrolment by month."""
    services = call.services
    async with services.store.read() as unit:
        station = await station_in(unit, call)
        days = await coverage.enrolled_by_day(unit, station.id)
    found, is_open = await estimate(services, station)
    made = CoverageOut.of(
        found,
        households_from="open-figures" if is_open else "register",
        cells=[CoveredOut.of(each, cell="{}.{}".format(*each.cell), box=box_of(each.cell)) for each in found.cells],
        months=by_month(days, services.clock.now(), zone_of(station.region)),
    )
    return answer(made)
