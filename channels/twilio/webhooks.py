"""Twilio's webhooks: signature check, and status of a message or call.

https://www.twilio.com/docs/usage/security#validating-requests
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
https://www.twilio.com/docs/voice/api/call-resource#statuscallback
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.twiml.messaging_response import MessagingResponse  # type: ignore[import-untyped]

from channels.twilio.errors import Policy, Rule, rule_for

State = Literal["accepted", "sent", "delivered", "displayed", "failed"]

_MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_FIGURES = re.compile(r"[0-9]{1,6}")

_MESSAGE_STATES: dict[str, State] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "displayed",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# An answered call counts as delivered only once it has ended: then the text has been read out.
_CALL_STATES: dict[str, State] = {
    "queued": "accepted",
    "initiated": "accepted",
    "ringing": "sent",
    "in-progress": "sent",
    "answered": "sent",
    "completed": "delivered",
    "busy": "failed",
    "no-answer": "failed",
    "failed": "failed",
    "canceled": "failed",
}
_FAILED_STATUSES: dict[str, Rule] = {
    "busy": Rule(Policy.RETRY, "The line was busy."),
    "no-answer": Rule(Policy.RETRY, "Nobody picked up."),
    "canceled": Rule(Policy.GIVE_UP, "It was cancelled before it left."),
    "undelivered": Rule(Policy.GIVE_UP, "The carrier did not deliver the message, and gave no reason."),
}
_CALL_FAILED = Rule(Policy.GIVE_UP, "The call could not be connected: the number may be wrong.")
# RFC 3261: a retry may succeed at the callee or network.
_SIP_PASSING = frozenset({408, 480, 486, 487, 500, 502, 503, 504, 600})
_CALL_PASSING = Rule(Policy.RETRY, "The telephone network could not connect the call for the moment.")
_CALL_FAX = Rule(Policy.GIVE_UP, "A fax picked up.")
_ANSWERERS: dict[str, Literal["human", "machine", "fax", "unknown"]] = {
    "human": "human",
    "machine_start": "machine",
    "machine_end_beep": "machine",
    "machine_end_silence": "machine",
    "machine_end_other": "machine",
    "fax": "fax",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Status of one message or call.

    ``sid``: the ``provider_id`` of its receipt. ``state`` goes accepted, sent, delivered (displayed), or failed, with
    ``code``, ``policy`` and ``detail``. Reports may come late, twice and out of order. ``answered_by`` is a call's;
    ``machine`` means voicemail.
    """

    kind: Literal["message", "call"]
    sid: str
    state: State
    code: str | None = None
    policy: Policy | None = None
    detail: str = ""
    answered_by: Literal["human", "machine", "fax", "unknown"] | None = None


def verify(auth_token: str, url: str, params: Mapping[str, object], signature: str | None) -> bool:
    """Return whether Twilio signed this request (``X-Twilio-Signature``) with the account's token.

    ``url``: the whole public URL given to Twilio, with query; behind a proxy it differs from the server's own.
    ``params``: the decoded form, a multidict if names repeat. Never raises.
    """
    if not auth_token or not signature or not signature.isascii():
        return False
    # A multipart file is not a string; Twilio sends none.
    if not all(isinstance(value, str) for value in _values(params)):
        return False
    try:
        return bool(RequestValidator(auth_token).validate(url, params, signature))
    except ValueError:  # malformed URL, lone surrogate
        return False


def message_reply(text: str) -> str:
    """Return the TwiML that answers an incoming SMS with a text; with none if it is empty."""
    response = MessagingResponse()
    if text:
        response.message(text)
    return str(response)


def parse_status(params: Mapping[str, object]) -> StatusReport:
    """Parse a status callback of a message or call; verify its signature first.

    Raises only ``ValueError``, with a sentence, for any other input.
    """
    if _text(params, "CallSid") is not None:
        return _call(params)
    sid = _text(params, "MessageSid") or _text(params, "SmsSid")
    if sid is None or not _MESSAGE_SID.fullmatch(sid):
        raise ValueError("The callback names no message and no call.")
    status = (_text(params, "MessageStatus") or _text(params, "SmsStatus") or "").lower()
    state = _MESSAGE_STATES.get(status)
    if state is None:
        raise ValueError("The callback's message status is missing or unknown.")
    if state != "failed":
        return StatusReport("message", sid, state, detail=f"Twilio says: {status}.")
    figure = _figure(params, "ErrorCode")
    if figure:
        rule, code = rule_for(code=figure), f"twilio:{figure}"
    else:
        rule, code = _FAILED_STATUSES.get(status, rule_for()), f"twilio:{status}"
    return StatusReport("message", sid, state, code, rule.policy, rule.sentence)


def _call(params: Mapping[str, object]) -> StatusReport:
    sid = _text(params, "CallSid")
    if sid is None or not _CALL_SID.fullmatch(sid):
        raise ValueError("The callback's CallSid is not one of Twilio's.")
    answerer = _text(params, "AnsweredBy")
    answered_by = _ANSWERERS.get(answerer.lower(), "unknown") if answerer else None
    status = (_text(params, "CallStatus") or "").lower()
    if not status and answered_by is not None:
        status = "in-progress"  # asynchronous detection reports who answered, not the call's state
    state = _CALL_STATES.get(status)
    if state is None:
        raise ValueError("The callback's call status is missing or unknown.")
    if state == "delivered" and answered_by == "fax":
        return StatusReport("call", sid, "failed", "twilio:fax", _CALL_FAX.policy, _CALL_FAX.sentence, "fax")
    if state != "failed":
        return StatusReport("call", sid, state, detail=f"Twilio says: {status}.", answered_by=answered_by)
    rule, code = _FAILED_STATUSES.get(status, _CALL_FAILED), f"twilio:{status}"
    figure, sip = _figure(params, "ErrorCode"), _figure(params, "SipResponseCode")
    if figure:
        rule, code = rule_for(code=figure), f"twilio:{figure}"
    elif status == "failed" and sip:
        rule, code = (_CALL_PASSING if sip in _SIP_PASSING else _CALL_FAILED), f"twilio:sip{sip}"
    return StatusReport("call", sid, state, code, rule.policy, rule.sentence, answered_by)


def _values(params: Mapping[str, object]) -> Iterable[object]:
    # A multidict's values() has each value of a repeated name.
    return [*params.keys(), *params.values()]


def _text(params: Mapping[str, object], name: str) -> str | None:
    value = params.get(name)
    return value if isinstance(value, str) and value else None


def _figure(params: Mapping[str, object], name: str) -> int | None:
    text = _text(params, name)
    return int(text) if text is not None and _FIGURES.fullmatch(text) else None
