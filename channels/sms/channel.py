"""The SMS channel: Twilio's Messages resource.

Twilio has no idempotency key: a request without an answer may have been accepted, so it raises
``Transient(may_have_left=True)``.
"""

import re
from dataclasses import dataclass
from typing import Any

from channels.base import Composed, Finding, Receipt
from channels.errors import Permanent, Transient
from channels.sms.segments import count
from channels.twilio.account import E164, TwilioAccount, is_url
from channels.twilio.errors import error_for
from channels.twilio.probe import probe_account
from channels.twilio.rest import FORM, Request, TwilioRest

LONGEST_TEXT = 1600  # characters; Twilio's error 21617
LONGEST_VALIDITY_S = 36_000  # ten hours; Twilio's error 30045
_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
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


class Sms:
    """Implements ``channels.base.Channel[SmsMessage, str]``; addresses are E.164 numbers (+33612345678)."""

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._rest = TwilioRest(account)

    def compose(self, message: SmsMessage, address: str) -> Composed:
        """Return the request; raises ``Permanent`` if the address is not an E.164 number."""
        request = self._request(message, address)
        return Composed(to=address, readable=message.text, wire=request.wire(self._account.origin()), content_type=FORM)

    def cost(self, message: SmsMessage) -> float:
        return float(count(message.text).segments)

    async def send(self, message: SmsMessage, address: str) -> Receipt:
        """Hand the text to Twilio; the receipt's ``units`` are the billed segments."""
        answer = await self._rest.post(self._request(message, address))
        sid = answer.document.get("sid")
        if not isinstance(sid, str) or not _SID.fullmatch(sid):
            raise Transient(
                "twilio:unreadable", "Twilio took the message, and its answer can't be read.", may_have_left=True
            )
        failed = answer.document.get("error_code")
        if isinstance(failed, int) and answer.document.get("status") in ("failed", "undelivered"):
            raise error_for(_REFUSED, failed)
        return Receipt(provider_id=sid, units=_units(answer.document, message.text))

    async def probe(self) -> list[Finding]:
        return await probe_account(self._account, self._rest, "sms")

    async def close(self) -> None:
        await self._rest.close()

    def _request(self, message: SmsMessage, address: str) -> Request:
        if not E164.fullmatch(address):
            raise Permanent("twilio:address", "The address is not a telephone number in E.164 form.")
        service = self._account.sender_kind == "messaging service"
        form = [
            ("To", address),
            ("MessagingServiceSid" if service else "From", self._account.sender),
            ("Body", message.text),
            # Otherwise a Messaging Service replaces characters, and segments differ from those shown.
            ("SmartEncoded", "false"),
        ]
        if message.status_callback is not None:
            form.append(("StatusCallback", message.status_callback))
        if message.validity_s is not None:
            form.append(("ValidityPeriod", str(message.validity_s)))
        return Request(f"/2010-04-01/Accounts/{self._account.account_sid}/Messages.json", tuple(form))


def _units(document: dict[str, Any], text: str) -> int:
    # A Messaging Service answers 0 before it has chosen the sender.
    said = document.get("num_segments")
    if isinstance(said, str) and said.isascii() and said.isdigit() and int(said[:4]) > 0:
        return int(said[:4])
    return count(text).segments
