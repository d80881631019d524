"""Twilio's callbacks: status of messages and calls, and keys pressed in a call.

Requests must be signed with the account's token over the public URL given to Twilio, whatever a proxy made of it.
"""

from collections.abc import Mapping

from aiohttp import web

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Forbidden, NotFound, Refused
from broadcaster.domain.retirement import Blame
from broadcaster.http.answers import nothing
from broadcaster.http.auth import count
from broadcaster.http.keys import CONNECTIONS
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.pipeline.render import voice_message
from broadcaster.store.alerts import deliveries
from channels.twilio import Policy, StatusReport, parse_status, verify
from channels.voice import VoiceMessage, answer, confirms

_SIGNATURE = "X-Twilio-Signature"


async def status(call: Call[None, None]) -> web.Response:
    """Record the status of a message or call."""
    form = await _believed(call)
    number = call.linked
    try:
        report = parse_status(form)
    except ValueError as error:
        raise Refused("bad-hook", "MessageStatus", why=str(error)) from error
    if report.kind == "call" and report.policy is Policy.RETRY:
        await call.services.ledger.call_again(number, report.sid, report.code or "twilio:call")
        return nothing()
    failover = call.services.senders[ChannelName.SMS].failover
    if failover is not None and report.state in {"delivered", "failed"}:
        failover.reported(report.sid)
    state, blame = outcome_of(report)
    if state is not None:
        await call.services.ledger.receipt(number, state, code=report.code, blame=blame, detail=report.detail)
    return nothing()


_BLAMED = {
    Policy.CONTACT_DEAD: Blame.CONTACT,
    Policy.STOPPED: Blame.STOPPED,
    Policy.SENDER_REFUSED: Blame.SENDER,
    Policy.UNEXPLAINED: Blame.UNEXPLAINED,
}


def outcome_of(report: StatusReport) -> tuple[DeliveryState | None, Blame | None]:
    """Return (the delivery's new state, whom a failure blames); the state is None if nothing changes.

    A call answered by a machine stays *accepted*: nobody may have heard it.
    """
    if report.state == "displayed":
        return DeliveryState.DISPLAYED, None
    if report.state == "delivered":
        return (None if report.answered_by == "machine" else DeliveryState.DELIVERED), None
    if report.state == "failed":
        blame = _BLAMED.get(report.policy) if report.policy else None
        gone = blame in {Blame.CONTACT, Blame.STOPPED}
        return (DeliveryState.GONE if gone else DeliveryState.FAILED), blame
    return None, None


async def voice(call: Call[None, None]) -> web.Response:
    """Handle a pressed key: 1 confirms; return the call's next TwiML."""
    form = await _believed(call)
    number = call.linked
    pressed = form.get("Digits")
    digits = pressed if isinstance(pressed, str) else None
    message = await _said(call, number)
    if confirms(digits):
        await call.services.ledger.receipt(number, DeliveryState.ACKNOWLEDGED)
    return web.Response(body=answer(digits, message).encode(), content_type="text/xml", charset="utf-8")


async def _believed(call: Call[None, None]) -> Mapping[str, object]:
    """Return the form, if signed by Twilio. Raises ``Forbidden``."""
    token = call.services.settings.twilio_auth_token
    url = call.services.base_url + call.request.raw_path
    signature = call.request.headers.get(_SIGNATURE)
    if token is not None and signature is not None:
        call.request.app[CONNECTIONS].know(call.request.protocol)  # it has a link that only Twilio was given
        form = await form_of(call.request)
        if verify(token.get_secret_value(), url, form, signature):
            return form
    await count(call.request)
    raise Forbidden("unsigned-hook")


async def _said(call: Call[None, None], delivery_id: int) -> VoiceMessage:
    """Return the call's message, to repeat it after another key."""
    async with call.services.store.read() as unit:
        found = await deliveries.contact_of(unit, delivery_id)
        again = await deliveries.told_again(unit, delivery_id)
    context = None if found is None else await call.services.context(found[2])
    if context is None:
        raise NotFound("delivery-gone")
    locale = call.request.query.get("lang", context.station.languages[0])
    return voice_message(context.told(again=again), locale, delivery_id)
