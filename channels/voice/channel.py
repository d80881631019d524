"""The voice channel: Twilio's Calls resource, with TwiML in the request."""

import re

from channels.base import Receipt
from channels.errors import Permanent
from channels.sms.phone import service_problem
from channels.twilio.account import InvalidAccount, TwilioAccount
from channels.twilio.channel import TwilioChannel
from channels.voice.message import VoiceMessage
from channels.voice.twiml import opening, spoken

_EVENTS = ("initiated", "ringing", "answered", "completed")
# Bounds the bill if a person keeps pressing keys.
_LONGEST_CALL_S = 300


class Voice(TwilioChannel[VoiceMessage]):
    """Calls to E.164 numbers, fixed or mobile.

    Raises ``InvalidAccount`` if the sender is not a phone number: names and Messaging Services can't call.
    """

    use = "voice"
    resource = "Calls"
    sid = re.compile(r"CA[0-9a-fA-F]{32}")

    def __init__(self, account: TwilioAccount) -> None:
        if account.sender_kind != "number":
            raise InvalidAccount("twilio-caller", "sender")
        super().__init__(account)

    def readable(self, message: VoiceMessage) -> str:
        return "\n".join(filter(None, (message.opening, spoken(message), message.menu)))

    async def send(self, message: VoiceMessage, address: str) -> Receipt:
        """Request a call; acceptance does not mean that anybody answers."""
        sid, _ = await self._post(message, address)
        return Receipt(provider_id=sid)

    def form(self, message: VoiceMessage, address: str) -> list[tuple[str, str]]:
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
        return form
