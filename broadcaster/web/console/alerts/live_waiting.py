"""A part of the live page: updates of the alert that wait for a second person."""

from typing import Any

from broadcaster.domain.alerts import Alert
from broadcaster.domain.approvals import ApprovalState
from broadcaster.domain.permissions import Permission
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.store.alerts import approvals
from broadcaster.store.operations import audit_reading
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_short


async def part(call: Call[Any, Any], alert: Alert, station: Station, words: Words) -> dict[str, Any]:
    """Return the live page's facts about pending updates."""
    now = call.services.clock.now()
    async with call.services.store.read() as unit:
        found = await approvals.updates_of(unit, alert.id, now)
        names = await audit_reading.names(unit, approvals.ids(found)) if found else {}
    approver, me = call.may(Permission.APPROVE, station.id), 0 if call.caller is None else call.caller.key_id
    return {
        "pending_updates": [
            {
                "id": each.id,
                "author": names.get(each.author, ""),
                "since": written_short(each.asked_at, zone_of(station.region), words),
                "returned": each.state is ApprovalState.RETURNED,
                "opens": approver or me == each.author,
            }
            for each in found
        ]
    }
