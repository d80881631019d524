"""Twilio's callbacks: status of messages and calls, and keys pressed in a call.

Requests must be signed with the account's token over the public URL given to Twilio, even if a proxy changed it.
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
from broadcaster.pipeline import calls, inbound
from channels.twilio import Policy, StatusReport, message_reply, parse_status, verify

_SIGNATURE = "X-Twilio-Signature"


async def status(call: Call[None, None]) -> web.Response:
    """Record what Twilio says became of a message or a call."""
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
    """Return (the delivery's new state, whom a failure blames); the state is None if it stays the same.

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
    """Handle a key pressed in one of our calls; return the call's next TwiML."""
    form, query = await _believed(call), call.request.query
    lang = query.get("lang", "")[:12]
    said = await calls.pressed(call.services, call.linked, _text(form, "Digits"), lang, stopping="stop" in query)
    if said is None:
        raise NotFound("delivery-gone")
    return _xml(said)


async def incoming(call: Call[None, None]) -> web.Response:
    """Answer a call to our number, and the keys pressed in it."""
    form, query = await _believed(call), call.request.query
    return _xml(
        await calls.answer_incoming(call.services, _text(form, "From"), _text(form, "Digits"), stopping="stop" in query)
    )


async def texted(call: Call[None, None]) -> web.Response:
    """Handle an SMS to our number, and answer it. Twilio answers STOP, START and HELP itself if configured to."""
    form = await _believed(call)
    said = await inbound.handle_text(call.services, _text(form, "From"), _text(form, "Body"))
    return _xml(message_reply("" if _text(form, "OptOutType") else said))


def _text(form: Mapping[str, object], name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _xml(said: str) -> web.Response:
    return web.Response(body=said.encode(), content_type="text/xml", charset="utf-8")


async def _believed(call: Call[None, None]) -> Mapping[str, object]:
    """Return the form, if signed by Twilio. Raises ``Forbidden``."""
    token = call.services.settings.twilio_auth_token
    url = call.services.base_url + call.request.raw_path
    signature = call.request.headers.get(_SIGNATURE)
    if token is not None and signature is not None:
        if call.linked:
            call.request.app[CONNECTIONS].know(call.request.protocol)  # it has a link that was given only to Twilio
        form = await form_of(call.request)
        if verify(token.get_secret_value(), url, form, signature):
            call.request.app[CONNECTIONS].know(call.request.protocol)
            return form
    await count(call.request)
    raise Forbidden("unsigned-hook")
