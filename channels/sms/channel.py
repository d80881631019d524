"""The SMS channel: Twilio's Messages resource."""

import re
from dataclasses import dataclass
from typing import Any

from channels.base import Receipt
from channels.sms.segments import count
from channels.twilio.account import is_url
from channels.twilio.channel import TwilioChannel
from channels.twilio.errors import error_for

LONGEST_TEXT = 1600  # characters; Twilio's error 21617
LONGEST_VALIDITY_S = 36_000  # ten hours; Twilio's error 30045
_REFUSED = 400


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """A text, sent unchanged.

    ``status_callback``: public URL for Twilio's status reports. ``validity_s``: how many seconds it may wait at Twilio
    (1 to 36,000). Raises ``ValueError``.
    """

    text: str
    status_callback: str | None = None
    validity_s: int | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("an SMS needs a text")
        if len(self.text) > LONGEST_TEXT:
            raise ValueError(f"an SMS has at most {LONGEST_TEXT} characters, and this has {len(self.text)}")
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise ValueError("the text holds half a character (a lone surrogate)") from error
        if self.validity_s is not None and not 1 <= self.validity_s <= LONGEST_VALIDITY_S:
            raise ValueError(f"validity_s is between 1 and {LONGEST_VALIDITY_S} seconds")
        if self.status_callback is not None and not is_url(self.status_callback):
            raise ValueError("status_callback is an http or https URL, percent-encoded")


class Sms(TwilioChannel[SmsMessage]):
    """Texts to E.164 numbers."""

    use = "sms"
    resource = "Messages"
    sid = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")

    def readable(self, message: SmsMessage) -> str:
        return message.text

    def cost(self, message: SmsMessage) -> float:
        return float(count(message.text).segments)

    async def send(self, message: SmsMessage, address: str) -> Receipt:
        """Hand the text to Twilio; the receipt's ``units`` are the billed segments."""
        sid, document = await self._post(message, address)
        failed = document.get("error_code")
        if isinstance(failed, int) and document.get("status") in ("failed", "undelivered"):
            raise error_for(_REFUSED, failed)
        return Receipt(provider_id=sid, units=_units(document, message.text))

    def form(self, message: SmsMessage, address: str) -> list[tuple[str, str]]:
        service = self._account.sender_kind == "messaging service"
        form = [
            ("To", address),
            ("MessagingServiceSid" if service else "From", self._account.sender),
            ("Body", message.text),
            # Otherwise a Messaging Service replaces characters, and the segments differ from those shown to the author.
            ("SmartEncoded", "false"),
        ]
        if message.status_callback is not None:
            form.append(("StatusCallback", message.status_callback))
        if message.validity_s is not None:
            form.append(("ValidityPeriod", str(message.validity_s)))
        return form


def _units(document: dict[str, Any], text: str) -> int:
    # A Messaging Service answers 0 before it has chosen the sender.
    said = document.get("num_segments")
    if isinstance(said, str) and said.isascii() and said.isdigit() and int(said[:4]) > 0:
        return int(said[:4])
    return count(text).segments
