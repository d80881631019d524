"""Delivery receipts: the final state of a message, which the carrier reports later in a ``deliver_sm``.

The text format is SMPP 3.4, appendix B, an example that each carrier follows differently; optional parameters with the
same content (5.3.2.12, 5.3.2.31, 5.3.2.35) take precedence.
"""

import re
from dataclasses import dataclass
from typing import Literal

from channels.sms.smpp.pdu import Delivered, Tag
from channels.sms.smpp.text import readable

Fate = Literal["delivered", "failed", "pending"]

_FATES: dict[str, Fate] = {
    "DELIVRD": "delivered",
    "EXPIRED": "failed",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
    "UNKNOWN": "failed",
    "ACCEPTD": "pending",
    "ENROUTE": "pending",
}
# message_state, 5.2.28
_STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_ID = re.compile(r"\bid:\s*(\S+)", re.IGNORECASE)
_STAT = re.compile(r"\bstat:\s*([A-Za-z]+)", re.IGNORECASE)
_ERR = re.compile(r"\berr:\s*([0-9A-Za-z]{1,8})", re.IGNORECASE)
_GSM, _UNKNOWN_SUBSCRIBER = 3, 1  # 5.3.2.31; 3GPP TS 29.002, unknownSubscriber
_ERROR_OCTETS = 3


@dataclass(frozen=True, slots=True)
class Report:
    """State of the message ``provider_id``.

    ``code`` is greppable (``smpp:UNDELIV 001``). ``dead``: the network knows no such subscriber.
    """

    provider_id: str
    fate: Fate
    code: str
    dead: bool = False


def read_receipt(delivered: Delivered) -> Report | None:
    """Parse a receipt; None without a message id or state."""
    # The id precedes the message text, which may contain anything.
    told = readable(delivered.text, delivered.data_coding).partition("text:")[0].partition("Text:")[0]
    name = _text(delivered.tlvs.get(Tag.RECEIPTED_MESSAGE_ID)) or _found(_ID, told)
    state = delivered.tlvs.get(Tag.MESSAGE_STATE, b"")
    word = _STATES.get(state[0]) if state else None
    word = word or _found(_STAT, told).upper()
    if not name or not word:
        return None
    error = _found(_ERR, told)
    network = delivered.tlvs.get(Tag.NETWORK_ERROR_CODE, b"")
    dead = len(network) == _ERROR_OCTETS and network[0] == _GSM and int.from_bytes(network[1:]) == _UNKNOWN_SUBSCRIBER
    code = f"smpp:{word} {error}".strip()
    return Report(name, _FATES.get(word, "pending"), code, dead and _FATES.get(word) == "failed")


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _text(octets: bytes | None) -> str:
    name = (octets or b"").partition(b"\0")[0].decode("latin-1").strip()
    return name if name.isprintable() else ""
