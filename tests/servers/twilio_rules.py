"""What a Twilio-compatible server refuses and answers: the rules and the documents, without any HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Container

Form = tuple[tuple[str, str], ...]

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class Refuse:
    """An answer that is no 2xx; ``body`` replaces Twilio's JSON where it is given."""

    status: int
    code: int | None = None
    message: str = "Refused."
    retry_after: str | None = None
    body: bytes | None = None
    content_type: str = "application/json"

    def document(self) -> dict[str, object]:
        code = self.code or self.status
        return {
            "code": code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": self.status,
        }


@dataclass(frozen=True)
class Recorded:
    """One message or call that the server took."""

    sid: str
    to: str
    form: Form
    at: datetime
    heard: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return next(value for key, value in self.form if key == name)

    def get(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self.form if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.form if key == name]

    @property
    def body(self) -> str:
        return self["Body"]


def record(prefix: str, form: Form) -> Recorded:
    return Recorded(prefix + uuid4().hex, dict(form)["To"], form, datetime.now(UTC))


def refuse_message(form: Form, numbers: Container[str] | None, opted_out: Container[str]) -> Refuse | None:
    """Return Twilio's refusal of a message, or None where it would be taken."""
    said = dict(form)
    checks = (
        ("To" not in said, 21604, "A 'To' phone number is required."),
        ("From" not in said and "MessagingServiceSid" not in said, 21603, "A 'From' phone number is required."),
        (not said.get("Body"), 21619, "A text message body or media urls must be specified."),
        (len(said.get("Body", "")) > 1600, 21617, "The concatenated message body exceeds the 1600 character limit."),
        (_E164.fullmatch(said.get("To", "")) is None, 21211, f"Invalid 'To' Phone Number: {said.get('To')}"),
        (
            "MessagingServiceSid" in said and _SERVICE.fullmatch(said["MessagingServiceSid"]) is None,
            21701,
            "The Messaging Service does not exist.",
        ),
        (
            numbers is not None and "From" in said and said["From"] not in numbers,
            21606,
            "The 'From' phone number provided is not a valid message-capable Twilio phone number.",
        ),
        (said.get("To") == said.get("From"), 21266, "'To' and 'From' number cannot be the same"),
        (not _validity(said.get("ValidityPeriod", "60")), 21624, "Invalid validity period value"),
        (not _url(said.get("StatusCallback", "http://ok")), 21609, "The 'StatusCallback' URL is not a valid URL."),
        (said.get("To") in opted_out, 21610, "Attempt to send to unsubscribed recipient"),
    )
    return _first(checks)


def refuse_call(form: Form, numbers: Container[str] | None) -> Refuse | None:
    """Return Twilio's refusal of a call, or None where it would be placed."""
    said = dict(form)
    checks = (
        ("To" not in said, 21201, "No 'To' number is specified"),
        ("From" not in said, 21213, "No 'From' number is specified"),
        (_E164.fullmatch(said.get("To", "")) is None, 13224, "The phone number you are attempting to call is invalid."),
        (_E164.fullmatch(said.get("From", "")) is None, 21212, "The source phone number provided is invalid."),
        (
            numbers is not None and said.get("From") not in numbers,
            21210,
            "The source phone number provided is not yet verified for your account.",
        ),
        (not {"Twiml", "Url", "ApplicationSid"} & said.keys(), 21205, "Url parameter is required."),
        (len(said.get("Twiml", "")) > 4000, 32018, "Twiml size exceeded maximum allowed value of 4000 characters"),
        (not _xml(said.get("Twiml", "<Response/>")), 12100, "Document parse failure"),
        (not _url(said.get("StatusCallback", "http://ok")), 21609, "The 'StatusCallback' URL is not a valid URL."),
        ("AsyncAmd" in said and "AsyncAmdStatusCallback" not in said, 21262, "No AMD status callback URL provided"),
    )
    return _first(checks)


def message_document(account_sid: str, taken: Recorded) -> dict[str, object]:
    """Return a Message resource as Twilio answers it to its creation."""
    service = taken.get("MessagingServiceSid")
    uri = f"/2010-04-01/Accounts/{account_sid}/Messages/{taken.sid}"
    return {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": taken["Body"],
        "date_created": format_datetime(taken.at),
        "date_sent": None,
        "date_updated": format_datetime(taken.at),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": taken.get("From"),
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": "0" if service else "1",
        "price": None,
        "price_unit": None,
        "sid": taken.sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": taken.to,
        "uri": f"{uri}.json",
    }


_UNKNOWN_YET = (
    "answered_by",
    "caller_name",
    "duration",
    "end_time",
    "forwarded_from",
    "group_sid",
    "parent_call_sid",
    "price",
    "start_time",
)


def call_document(account_sid: str, taken: Recorded) -> dict[str, object]:
    """Return a Call resource as Twilio answers it to its creation."""
    uri = f"/2010-04-01/Accounts/{account_sid}/Calls/{taken.sid}"
    return dict.fromkeys(_UNKNOWN_YET) | {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "date_created": format_datetime(taken.at),
        "date_updated": format_datetime(taken.at),
        "direction": "outbound-api",
        "from": taken["From"],
        "from_formatted": taken["From"],
        "phone_number_sid": "PN" + "0" * 32,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": taken.sid,
        "status": "queued",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
        "to": taken.to,
        "to_formatted": taken.to,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def _first(checks: tuple[tuple[bool, int, str], ...]) -> Refuse | None:
    return next((Refuse(400, code, message) for wrong, code, message in checks if wrong), None)


def _validity(text: str) -> bool:
    return text.isdigit() and 1 <= int(text) <= 36_000


def _url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "")


def _xml(text: str) -> bool:
    try:
        return ET.fromstring(text).tag == "Response"
    except ET.ParseError:
        return False
