"""The voice channel: Twilio's Calls resource, with TwiML in the request."""

import re

from channels.base import Channel, Composed, Finding, Receipt
from channels.errors import Permanent, Transient
from channels.sms.phone import service_problem
from channels.twilio.account import E164, InvalidAccount, TwilioAccount
from channels.twilio.probe import probe_account
from channels.twilio.rest import FORM, Request, TwilioRest
from channels.voice.message import VoiceMessage
from channels.voice.twiml import opening, spoken

_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_EVENTS = ("initiated", "ringing", "answered", "completed")
# Bounds the bill if a person keeps pressing keys.
_LONGEST_CALL_S = 300


class Voice(Channel["VoiceMessage", str]):
    """Implements ``channels.base.Channel[VoiceMessage, str]``; addresses are E.164 numbers, fixed or mobile.

    Raises ``InvalidAccount`` if the sender is not a phone number: names and Messaging Services can't call.
    """

    def __init__(self, account: TwilioAccount) -> None:
        if account.sender_kind != "number":
            raise InvalidAccount("sender", f"is a {account.sender_kind}, and a call needs a telephone number (+33…)")
        self._account = account
        self._rest = TwilioRest(account)

    def compose(self, message: VoiceMessage, address: str) -> Composed:
        """Return the request; raises ``Permanent`` if the address is not an E.164 number."""
        request = self._request(message, address)
        return Composed(
            to=address, readable=spoken(message), wire=request.wire(self._account.origin()), content_type=FORM
        )

    async def send(self, message: VoiceMessage, address: str) -> Receipt:
        """Request a call; acceptance does not mean that anybody answers."""
        answer = await self._rest.post(self._request(message, address))
        sid = answer.document.get("sid")
        if not isinstance(sid, str) or not _SID.fullmatch(sid):
            raise Transient(
                "twilio:unreadable", "Twilio took the call, and its answer can't be read.", may_have_left=True
            )
        return Receipt(provider_id=sid)

    async def probe(self) -> list[Finding]:
        return await probe_account(self._account, self._rest, "voice")

    async def close(self) -> None:
        await self._rest.close()

    def _request(self, message: VoiceMessage, address: str) -> Request:
        if not E164.fullmatch(address):
            raise Permanent("twilio:address", "The address is not a telephone number in E.164 form.")
        if problem := service_problem(address):
            raise Permanent("voice:service-number", f"The number is not called ({problem}).")
        form = [
            ("To", address),
            ("From", self._account.sender),
            ("Twiml", opening(message)),
            ("Timeout", str(message.timeout_s)),
            ("TimeLimit", str(_LONGEST_CALL_S)),
        ]
        if message.status_callback is not None:
            form.append(("StatusCallback", message.status_callback))
            form.append(("StatusCallbackMethod", "POST"))
            form.extend(("StatusCallbackEvent", event) for event in _EVENTS)
            if message.detect_machine:
                form.append(("MachineDetection", "Enable"))
                # Asynchronous: a person who says hello hears no silence while Twilio listens.
                form.append(("AsyncAmd", "true"))
                form.append(("AsyncAmdStatusCallback", message.status_callback))
                form.append(("AsyncAmdStatusCallbackMethod", "POST"))
        return Request(f"/2010-04-01/Accounts/{self._account.account_sid}/Calls.json", tuple(form))
