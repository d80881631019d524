"""A part of the report: which guardians answered for children. It names people, so each look is recorded."""

from typing import Any

from broadcaster.domain.alerts import Alert
from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.pipeline.render.replies import counted
from broadcaster.store.alerts import guardians
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_exact

_MOST = 20_000


async def guardians_table(call: Call[Any, Any], alert: Alert, station: Station, words: Words) -> list[tuple[str, ...]]:
    """Return the table of answers for children, header first; empty without any, or if residents may not be seen."""
    if not call.may(Permission.REGISTER, station.id):
        return []

    store = call.services.store
    found = await store.run_read(lambda unit: guardians.answered(unit, alert.first_id, station.id, limit=_MOST))
    if not found:
        return []

    await store.run_grouped(lambda unit: call.record(unit, Action.ANSWERS_SEEN, alert.id, station_id=station.id))
    rows = [
        (
            each.child or "–",
            each.guardian or words("guardian %(n)s", n=each.number),
            counted(alert, station, words, each.choice),
            written_exact(each.at, zone_of(station.region), words),
        )
        for each in sorted(found, key=lambda each: each.child)
    ]
    return [(words("Child"), words("Answered by"), words("Answer"), words("When")), *rows]
