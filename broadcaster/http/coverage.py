"""GET /v1/stations/{slug}/coverage: about how many households of each cell no message would reach."""

from aiohttp import web

from broadcaster.atlas.homes import box_of
from broadcaster.domain.coverage import by_month
from broadcaster.domain.zones import zone_of
from broadcaster.http.answers import answer
from broadcaster.http.route import Call
from broadcaster.http.schemas.coverage import CoverageOut, CoveredOut, MonthOut
from broadcaster.http.stations import station_named
from broadcaster.pipeline.coverage import estimate
from broadcaster.store.people import coverage


async def show(call: Call[None, None]) -> web.Response:
    """Return about how many households of each cell no message would reach, and enrolment by month."""
    services = call.services
    async with services.store.read() as unit:
        station = await station_named(unit, call.request.match_info["slug"])
        call.need(station.id)
        days = await coverage.enrolled_by_day(unit, station.id)
    found, is_open = await estimate(services, station)
    cells = [
        CoveredOut(
            cell="{}.{}".format(*each.cell),
            box=box_of(each.cell),
            households=each.households,
            missing=each.missing,
            quarter=each.quarter,
            streets=each.streets,
        )
        for each in found.cells
    ]
    months = by_month(days, services.clock.now(), zone_of(station.region))
    made = CoverageOut(
        households_from="open-figures" if is_open else "register",
        households=found.households,
        enrolled=found.enrolled,
        small=found.small,
        cells=tuple(cells),
        months=tuple(MonthOut.model_validate(each) for each in months),
    )
    return answer(made)
