"""What every rendering needs: the alert, whose it is, and where its links lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from babel.dates import format_datetime, get_timezone_location

from broadcaster.domain.alerts import Alert, MsgType, Status, Text
from broadcaster.domain.zones import zone_of
from broadcaster.pipeline.wording import Wording, wording

if TYPE_CHECKING:
    from datetime import datetime

    from broadcaster.domain.stations import Station
    from broadcaster.store import Vault


class Fill(Protocol):
    """Makes one person's message of what was rendered."""

    def __call__(self, delivery_id: int) -> Any: ...


@dataclass(frozen=True, slots=True)
class Links:
    """Where links lead: the public page, a delivery's receipt, webhooks and way out."""

    base_url: str
    vault: Vault
    sms_sender: str = ""

    def page(self, alert: Alert) -> str:
        return f"{self.base_url}/a/{alert.token}"

    def receipt(self, delivery_id: int) -> str:
        return f"{self.base_url}/v1/receipts/{self.vault.link('receipt', delivery_id)}"

    def welcome(self, contact_id: int) -> str:
        return f"{self.base_url}/v1/welcomes/{self.vault.link('welcome', contact_id)}"

    def hook(self, kind: str, delivery_id: int) -> str:
        return f"{self.base_url}/hooks/twilio/{kind}?d={self.vault.link('receipt', delivery_id)}"

    @property
    def host(self) -> str:
        """Return the host's name alone; an address of IPv6, which can't stand in a List-Id, is *localhost*."""
        name = urlsplit(self.base_url).hostname or "localhost"
        return "localhost" if ":" in name else name

    def confirm(self, confirmation_id: int) -> str:
        return f"{self.base_url}/c/{self.vault.link('confirm', confirmation_id)}"

    def way_out(self, delivery_id: int) -> str:
        return f"{self.base_url}/u/{self.vault.link('optout', delivery_id)}"


@dataclass(frozen=True, slots=True)
class Context:
    """All that a rendering needs. ``thread``: the token of the alert that this one follows up, or its own."""

    alert: Alert
    station: Station
    thread: str
    links: Links
    now: datetime

    def in_language(self, locale: str) -> tuple[str, Text]:
        return self.alert.text_in(locale, self.station.languages[0])


def prefix(alert: Alert, words: Wording, headline: str) -> str:
    """Return what stands before the headline: exercise, test, update, all clear; empty for a first real alert.

    A headline that says itself that all is clear is not told so twice: that would cost a second SMS segment.
    """
    kind = {MsgType.UPDATE: words.update, MsgType.CANCEL: words.cancel}.get(alert.msg_type, "")
    if alert.msg_type is MsgType.CANCEL and headline.casefold().startswith(words.all_clear.casefold()):
        kind = ""
    status = {Status.EXERCISE: words.exercise, Status.TEST: words.test}.get(alert.status, "")
    return " - ".join(part for part in (status, kind) if part)


def titled(alert: Alert, language: str, text: Text) -> str:
    """Return the headline with what stands before it."""
    before = prefix(alert, wording(language), text.headline)
    return f"[{before}] {text.headline}" if before else text.headline


def until(context: Context, language: str) -> str:
    """Return the sentence that says how long the alert holds, in the station's time, which it names.

    Whoever reads it may be elsewhere.
    """
    zone, locale = zone_of(context.station.region), language[:2]
    time = format_datetime(context.alert.expires_at.astimezone(zone), "d MMMM y, HH:mm", locale=locale)
    return wording(language).until.format(time=f"{time} ({get_timezone_location(zone, locale=locale)})")
