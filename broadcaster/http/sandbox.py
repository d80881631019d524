"""GET /v1/sandbox: messages that sandboxed channels composed but did not send."""

import base64

from aiohttp import web

from broadcaster.http.answers import answer
from broadcaster.http.reading import number_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.reports import SandboxMessageOut, SandboxPage, SandboxQuery
from broadcaster.store import Unit, sandbox
from broadcaster.store.alerts import alerts


async def listing(call: Call[None, SandboxQuery]) -> web.Response:
    """Return what the sandboxed channels composed and did not send, newest first, with the addresses."""
    query = call.query
    async with call.services.store.read() as unit:
        found = await sandbox.page(
            unit,
            alert_id=await _readable(unit, call, query.alert),
            channel=query.channel,
            before=query.cursor,
            limit=query.limit,
            stations=call.stations(),
        )
    messages = tuple(
        SandboxMessageOut.of(
            each,
            alert_id=each.alert_id or None,
            delivery_id=each.delivery_id if each.alert_id else None,
            wire=base64.b64encode(each.wire).decode(),
        )
        for each in found
    )
    return answer(SandboxPage(messages=messages, next=str(found[-1].id) if len(found) == query.limit else None))


async def _readable(unit: Unit, call: Call[None, SandboxQuery], given: str | None) -> int | None:
    """Return the requested alert's id; None for all. Raises ``Forbidden`` for another station's alert."""
    if given is None:
        return None
    number = number_of(given) or 0
    alert = await alerts.by_id(unit, number)
    if alert is not None:
        call.need(alert.station_id)
    return number
