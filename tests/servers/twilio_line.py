"""A telephone line for the Twilio-compatible server: it rings, someone picks up, listens and presses keys."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal, Protocol
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from tests.servers.twilio_rules import Recorded

_LONGEST_LISTENING = 20  # documents; a person hangs up some day


@dataclass(frozen=True)
class Line:
    """How a number answers.

    ``press`` are the keys pressed, one at each Gather; ``sip`` is the network's code of a failure.
    """

    result: Literal["completed", "no-answer", "busy", "failed", "canceled"] = "completed"
    press: str = ""
    answered_by: Literal["human", "machine_start", "fax", "unknown"] = "human"
    sip: int | None = None
    telling: Literal["usual", "forged"] = "usual"


class Teller(Protocol):
    """Who calls the webhooks, signed."""

    account_sid: str

    async def tell(self, url: str, params: dict[str, str], *, forged: bool = False) -> str: ...


async def place_call(twilio: Teller, call: Recorded, line: Line) -> None:
    """Ring, and where it is answered execute the TwiML; tells the status callback of each step that was asked for."""
    events = call.all("StatusCallbackEvent") or ["completed"]
    url = call.get("StatusCallback")
    forged = line.telling == "forged"
    told = 0

    async def progress(event: str, status: str, **more: str) -> None:
        nonlocal told
        if url is None or event not in events:
            return
        params = _params(twilio, call, status) | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(told),
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        told += 1
        await twilio.tell(url, params | more, forged=forged)

    await progress("initiated", "initiated")
    await progress("ringing", "ringing")
    if line.result != "completed":
        more = {"CallDuration": "0"} | ({"SipResponseCode": str(line.sip)} if line.sip else {})
        await progress("completed", line.result, **more)
        return
    await progress("answered", "in-progress")
    detection = {"AnsweredBy": line.answered_by} if "MachineDetection" in dict(call.form) else {}
    amd = call.get("AsyncAmdStatusCallback")
    if detection and amd:
        ids = {"AccountSid": twilio.account_sid, "CallSid": call.sid, "MachineDetectionDuration": "2300"}
        await twilio.tell(amd, ids | detection, forged=forged)
    await _listen(twilio, call, line, forged=forged)
    await progress("completed", "completed", CallDuration="21", Duration="1", **detection)


async def _listen(twilio: Teller, call: Recorded, line: Line, *, forged: bool) -> None:
    keys = deque(line.press)
    document: str | None = call["Twiml"]
    for _ in range(_LONGEST_LISTENING):
        if document is None:
            return
        document = await _execute(twilio, call, document, keys, forged=forged)


async def _execute(twilio: Teller, call: Recorded, document: str, keys: deque[str], *, forged: bool) -> str | None:
    """Execute one document; gives the next, where a key fetched one."""
    for verb in ET.fromstring(document):
        if verb.tag == "Say":
            call.heard.append(verb.text or "")
        elif verb.tag == "Gather":
            call.heard.extend(say.text or "" for say in verb.iter("Say"))
            if keys:
                params = _params(twilio, call, "in-progress") | {"Digits": keys.popleft(), "msg": "Gather End"}
                return await twilio.tell(verb.attrib["action"], params, forged=forged) or None
        elif verb.tag == "Hangup":
            return None
    return None


def _params(twilio: Teller, call: Recorded, status: str) -> dict[str, str]:
    return {
        "AccountSid": twilio.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": call.sid,
        "CallStatus": status,
        "Called": call.to,
        "Caller": call["From"],
        "Direction": "outbound-api",
        "From": call["From"],
        "To": call.to,
    }
