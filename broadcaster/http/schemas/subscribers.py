"""Models of subscribers."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, WithJsonSchema

from broadcaster.domain.people import MOST_GUARDIANS
from broadcaster.domain.signs import LINE
from broadcaster.http.schemas.base import (
    MAX_CONTACTS,
    MAX_EXTERNAL_ID,
    MAX_GROUPS,
    MAX_LABEL,
    MAX_NAME,
    MAX_PLACES,
    SMALL,
    Given,
    Lat,
    Locale,
    Lon,
    Moment,
    Shown,
    line,
)
from broadcaster.languages import DEFAULT

_SUBSCRIPTION = {
    "type": "object",
    "description": "A browser's PushSubscription, as its toJSON() gives it.",
    "required": ["endpoint", "keys"],
    "properties": {
        "endpoint": {"type": "string", "maxLength": 2048},
        "expirationTime": {"type": ["number", "null"]},
        "keys": {
            "type": "object",
            "required": ["p256dh", "auth"],
            "properties": {"p256dh": {"type": "string"}, "auth": {"type": "string"}},
        },
    },
}
Subscription = Annotated[dict[str, Any], WithJsonSchema(_SUBSCRIPTION)]


class _ContactIn(Given):
    guardian: int = Field(
        0,
        ge=0,
        le=MOST_GUARDIANS,
        description="Of a child: the number of the guardian whose it is; 0: the person's own.",
    )


class PushContactIn(_ContactIn):
    channel: Literal["push"]
    subscription: Subscription


class PhoneContactIn(_ContactIn):
    """A telephone number, for SMS or calls, written nationally or with its country code."""

    channel: Literal["sms", "voice"]
    phone: Annotated[str, line(40)] = Field(examples=["06 39 98 00 01"])


class EmailContactIn(_ContactIn):
    channel: Literal["email"]
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] = Field(examples=["someone@example.org"])


ContactIn = Annotated[PushContactIn | PhoneContactIn | EmailContactIn, Field(discriminator="channel")]


class PlaceIn(Given):
    """A point that matters to the subscriber."""

    label: Annotated[str, line(MAX_LABEL)] = "home"
    lon: Lon
    lat: Lat


Via = Literal["page", "qr"]
VIA = "How the person came to sign up, for the proof of their consent: by the page, or by the code of a poster."
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
GroupName = Annotated[str, line(MAX_NAME)]


class SubscriberIn(Given):
    """A new subscriber. Without a key only push contacts are accepted, as a push subscription proves itself."""

    largest: ClassVar[int] = 2 * SMALL
    external_id: Annotated[str, line(MAX_EXTERNAL_ID)] | None = Field(
        None, description="The register's own name for this person; with a key only."
    )
    name: Annotated[str, line(MAX_NAME)] | None = None
    locale: Locale = Field(DEFAULT, examples=["fr", "en-GB"])
    contacts: tuple[ContactIn, ...] = Field((), max_length=MAX_CONTACTS, fail_fast=True)
    places: tuple[PlaceIn, ...] = Field((), max_length=MAX_PLACES, fail_fast=True)
    groups: tuple[GroupName, ...] = Field(
        (),
        max_length=MAX_GROUPS,
        fail_fast=True,
        description="Names or slugs; with a key, those not there yet are made.",
    )
    token: Annotated[str, StringConstraints(pattern=r"^sb_[A-Za-z0-9_-]{32}$")] | None = Field(
        None,
        description="The subscriber's secret to be, 192 bits that a device drew itself: sent again, because the answer"
        " was lost, it makes no second subscriber. Without it, the service draws one. Not with a key.",
    )
    via: Via = Field("page", description=VIA)
    vulnerable: bool | None = Field(
        None,
        description="Enters them in the station's register of vulnerable people: told before others. Only with a key"
        " whose actions name *vulnerable*.",
    )
    guardians: tuple[
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME, pattern=LINE)], ...
    ] = Field(
        (),
        max_length=MOST_GUARDIANS,
        fail_fast=True,
        description="Names of a child's guardians, in the order of their numbers; with a key only. Each is told once,"
        " and what one of them answers is the child's answer.",
    )


class SignedIn(Given):
    """A signed request of somebody who asked to be left out, and wants to be in again."""

    who: Annotated[str, line(254)] = Field(
        description="Their telephone number, mail address, or number in the station's register.",
        examples=["06 39 98 00 01"],
    )
    on: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] = Field(
        description="Day of the signature.", examples=["2027-03-01"]
    )
    kept: Annotated[str, line(120)] = Field(description="Where the paper is kept.", examples=["dossier 12"])


class QuietIn(Given):
    """Quiet hours: wall-clock times in a zone of the tz database. Twice the same time: never quiet."""

    begin: ClockTime = Field(examples=["22:00"])
    end: ClockTime = Field(examples=["07:00"])
    zone: Annotated[str, line(40)] | None = Field(
        None, description="null: where the station is.", examples=["Europe/Paris"]
    )


class WishesIn(Given):
    """The subscriber's choices for one station. Severe and extreme alerts always come."""

    least: Literal["minor", "moderate", "severe"] = "minor"
    mute: tuple[Annotated[str, line(40)], ...] = Field((), max_length=20, description="Topics never to hear of.")
    digest: tuple[Annotated[str, line(40)], ...] = Field((), max_length=20, description="Topics to get once a day.")


class SubscriberPatch(Given):
    """JSON merge patch (RFC 7396): given fields replace, null clears, omitted fields stay."""

    largest: ClassVar[int] = 2 * SMALL
    name: Annotated[str, line(MAX_NAME)] | None = None
    locale: Locale | None = None
    contacts: tuple[ContactIn, ...] | None = Field(None, max_length=MAX_CONTACTS, fail_fast=True)
    places: tuple[PlaceIn, ...] | None = Field(None, max_length=MAX_PLACES, fail_fast=True)
    groups: tuple[GroupName, ...] | None = Field(None, max_length=MAX_GROUPS, fail_fast=True)
    vulnerable: Literal[False] | None = Field(
        None, description="false: leave the register of vulnerable people. Only the station enrols."
    )
    paused_until: Moment | None = Field(
        None, description="Write to me no more until then; alerts meanwhile count me as paused by my own wish."
    )
    quiet_hours: QuietIn | None = Field(None, description="null: the service's own.")


class PositionIn(Given):
    """The device's position, current or earlier."""

    lon: Lon
    lat: Lat
    accuracy_m: float | None = Field(None, ge=0, le=1_000_000)
    at: Moment | None = Field(
        None,
        description="When the device was there; null: now. More than 60 s ahead counts as now. An older one never"
        " replaces a newer one. One that is late brings the alerts of that place only if they had begun, and it was at"
        " most 15 minutes ago.",
    )
    hours: float | None = Field(None, gt=0, le=24, description="After how long it is forgotten; null: when I leave.")


class SubscriberMade(Shown):
    id: str
    token: str | None = Field(
        None, description="The subscriber's secret, shown this once; null to a key, which does not act as the person."
    )


class ContactOut(Shown):
    channel: str
    status: str = Field(description="active, gone (the provider says it is dead) or stopped.")
    subscription: dict[str, Any] | None = None
    phone: str | None = None
    email: str | None = None
    guardian: int = Field(description="The number of the guardian whose it is; 0: the person's own.")


class PlaceOut(Shown):
    label: str
    lon: float
    lat: float


class PositionOut(Shown):
    lon: float
    lat: float
    accuracy_m: float | None
    at: datetime


class TopicOut(Shown):
    slug: str
    name: str = Field(description="Empty: one of the topics that every reader has in their language.")
    choice: Literal["now", "digest", "mute"]


class FollowOut(Shown):
    station: str
    external_id: str | None
    least: str
    topics: tuple[TopicOut, ...]


class QuietOut(Shown):
    """``own``: whether this person chose them."""

    begin: str
    end: str
    zone: str | None
    own: bool


class SubscriberOut(Shown):
    """All data about one subscriber, for themselves."""

    id: str
    locale: str
    name: str | None
    created_at: datetime
    follows: tuple[FollowOut, ...]
    contacts: tuple[ContactOut, ...]
    places: tuple[PlaceOut, ...]
    groups: tuple[str, ...]
    guardians: tuple[str, ...] = Field(description="Names of a child's guardians.")
    position: PositionOut | None
    paused_until: datetime | None
    quiet_hours: QuietOut
    forget_at: datetime | None = Field(description="When all of this is forgotten: a visitor's.")
    identity: Literal["none", "contact", "franceconnect", "counter"] = Field(
        description="How sure it is who this is; it matters to polls only."
    )
    vulnerable: bool | None = Field(
        description="Is told before others: a station's register of vulnerable people names them. Null in an operator's"
        " export for who may not read that register."
    )
