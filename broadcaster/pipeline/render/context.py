"""Input of every rendering: the alert, its station, and link targets."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from babel.dates import get_timezone_location

from broadcaster.domain.alerts import Alert, Message, MsgType, Status, Text, ThreadRole
from broadcaster.domain.answers import asks
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.languages import Words, catalogs
from broadcaster.store import Vault

_TOKEN = "x" * 11
"""A dummy as long as the token of an alert page, which is made only at sending."""


class Fill(Protocol):
    """Fills one person's message into the rendered template."""

    def __call__(self, delivery_id: int) -> Any: ...


@dataclass(frozen=True, slots=True)
class Links:
    """Link targets: public page, delivery receipt, webhooks, opt-out."""

    base_url: str
    vault: Vault
    sms_sender: str = ""

    def page(self, alert: Alert) -> str:
        return f"{self.base_url}/a/{alert.token}"

    def poll(self, token: str) -> str:
        return f"{self.base_url}/polls/{token}"

    def receipt(self, delivery_id: int) -> str:
        return f"{self.base_url}/v1/receipts/{self.vault.link('receipt', delivery_id)}"

    def welcome(self, contact_id: int) -> str:
        return f"{self.base_url}/v1/welcomes/{self.vault.link('welcome', contact_id)}"

    def trial(self, trial_id: int) -> str:
        return f"{self.base_url}/v1/trials/{self.vault.link('trial', trial_id)}"

    def hook(self, kind: str, delivery_id: int) -> str:
        return f"{self.base_url}/hooks/twilio/{kind}?d={self.vault.link('receipt', delivery_id)}"

    @property
    def host(self) -> str:
        """Return the host name; *localhost* for an IPv6 address, which can't be in a List-Id."""
        name = urlsplit(self.base_url).hostname or "localhost"
        return "localhost" if ":" in name else name

    def confirm(self, confirmation_id: int) -> str:
        return f"{self.base_url}/c/{self.vault.link('confirm', confirmation_id)}"

    def stay(self, subscriber_id: int) -> str:
        """Return the page by which a person says that they want to stay."""
        return f"{self.base_url}/k/{self.vault.link('stay', subscriber_id)}"

    def answer_token(self, delivery_id: int) -> str:
        return self.vault.link("answer", delivery_id)

    def answer(self, delivery_id: int) -> str:
        """Return the alert's or the poll's page for the receiver of this message, with buttons to answer."""
        return f"{self.base_url}/r/{self.answer_token(delivery_id)}"

    def way_out(self, delivery_id: int) -> str:
        return f"{self.base_url}/u/{self.vault.link('optout', delivery_id)}"


@dataclass(frozen=True, slots=True)
class Context:
    """``thread``: token of the alert that this one follows up, or its own. ``helps``: somebody is on duty for requests
    for help. ``poll``: token of the poll that the alert announces.
    """

    alert: Alert
    station: Station
    thread: str
    links: Links
    now: datetime
    helps: bool = False
    poll: str = ""

    @property
    def personal(self) -> bool:
        """Return whether each message leads to a page of its person: to answer, or to vote."""
        return bool(self.poll) or asks(self.alert)

    def told(self, *, again: bool) -> "Context":
        """Return the context for people told before, or for others: to the latter an update is a first alert."""
        if again or self.alert.role is not ThreadRole.UPDATE:
            return self
        return replace(self, alert=replace(self.alert, msg_type=MsgType.ALERT, silent=False))

    def in_language(self, locale: str) -> tuple[str, Text]:
        return self.alert.text_in(locale, self.station.languages[0])

    def words(self, language: str) -> Words:
        """Return the fixed words beside a text: in its language, else in the station's first language that has them."""
        return catalogs().words(language, *self.station.languages)


def foreseen(
    message: Message, station: Station, links: Links, *, sent_at: datetime, expires_at: datetime, updates: bool
) -> Context:
    """Return the context of an alert that does not exist yet, to preview and count its messages.

    ``updates``: as people read it who were told of the alert that it updates.
    """
    msg_type = MsgType.UPDATE if updates else MsgType.ALERT
    alert = Alert(
        **message.content(),
        id=0,
        token=_TOKEN,
        station_id=station.id,
        sent_at=sent_at,
        expires_at=expires_at,
        msg_type=msg_type,
    )
    return Context(alert, station, _TOKEN, links, sent_at)


def kind_of(alert: Alert, words: Words) -> str:
    """Return the kind of message: update, all clear; empty for a first alert, and for people outside the area."""
    match alert.role:
        case ThreadRole.MISTAKE:
            return words.typed("SENT BY MISTAKE")
        case ThreadRole.LEFT:
            return ""
    return {MsgType.UPDATE: words.typed("Update"), MsgType.CANCEL: words.typed("ALL CLEAR")}.get(alert.msg_type, "")


def prefix(alert: Alert, words: Words, headline: str) -> str:
    """Return the headline's prefix: exercise, test, update, all clear; empty for a first real alert.

    Omitted if the headline itself says how it ended, as it would cost a second SMS segment.
    """
    kind = kind_of(alert, words)
    said = words.typed("Sent by mistake") if alert.role is ThreadRole.MISTAKE else words.typed("All clear")
    if alert.msg_type is MsgType.CANCEL and headline.casefold().startswith(said.casefold()):
        kind = ""
    status = {Status.EXERCISE: words.typed("EXERCISE"), Status.TEST: words.typed("TEST")}.get(alert.status, "")
    return " - ".join(part for part in (status, kind) if part)


def titled(alert: Alert, words: Words, text: Text) -> str:
    before = prefix(alert, words, text.headline)
    return f"[{before}] {text.headline}" if before else text.headline


def until(context: Context, words: Words) -> str:
    """Return how long the alert lasts, in the station's time; names the zone, as readers may be elsewhere."""
    zone, locale = zone_of(context.station.region), words.locale
    time = words.moment(context.alert.expires_at.astimezone(zone), "d MMMM y, HH:mm")
    return words("In force until %(time)s", time=f"{time} ({get_timezone_location(zone, locale=locale)})")
