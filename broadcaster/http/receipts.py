"""POST /v1/receipts/{token}, /v1/welcomes/{token}: reports from a device's service worker."""

from aiohttp import web

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.http.answers import nothing
from broadcaster.http.route import Call
from broadcaster.http.schemas.reports import ReceiptIn
from broadcaster.store.people import welcomes

USE = "receipt"
WELCOME = "welcome"


async def take(call: Call[ReceiptIn, None]) -> web.Response:
    """Record what a device saw of a push."""
    await call.services.ledger.receipt(call.linked, DeliveryState[call.body.event.upper()])
    return nothing()


async def take_welcome(call: Call[ReceiptIn, None]) -> web.Response:
    """Confirm a push subscription, and its owner: its service worker received the welcome."""
    async with call.services.store.write() as unit:
        await welcomes.confirm(unit, [call.linked])
    return nothing()
