"""POST /v1/receipts/{token}: what a device's service worker saw of a push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.errors import NotFound
from broadcaster.http.answers import nothing
from broadcaster.http.auth import count

if TYPE_CHECKING:
    from aiohttp import web

    from broadcaster.http.route import Call
    from broadcaster.http.schemas.accounts import ReceiptIn

USE = "receipt"


async def take(call: Call[ReceiptIn, None]) -> web.Response:
    """Write down a receipt. The token proves itself, so a town behind one address is not held up by the limit."""
    number = call.services.store.vault.unlink(USE, call.request.match_info["token"])
    if number is None:
        count(call.request)
        message = "This receipt's token is unknown."
        raise NotFound(message)
    await call.services.ledger.receipt(number, DeliveryState[call.body.event.upper()])
    return nothing()
