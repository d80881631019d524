"""Models of requests from residents' and visitors' devices, and their answers."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.domain.corrections import LONGEST_ADDRESS, LONGEST_TEXT
from broadcaster.http.schemas.alerts import NearbyAlert
from broadcaster.http.schemas.base import MAX_PLACES, Given, Lat, Locale, Lon, Query, Shown, UnixLines, line, prose
from broadcaster.http.schemas.subscribers import VIA, PlaceIn, SubscriberOut, Subscription, Via
from broadcaster.languages import DEFAULT

CONFIRMATION = r"^cf_[A-Za-z0-9_-]{20,60}$"
_CODE = r"^[0-9]{6}$"
_MOST_HOURS = 24


class ContactToConfirm(Given):
    """Either a telephone number, written nationally or with its country code, or a mail address."""

    phone: Annotated[str, line(40)] | None = Field(None, examples=["06 39 98 00 01"])
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] | None = None
    via: Via = Field("page", description=VIA)
    call: bool = Field(False, description="Call the number, and send it no SMS; a landline is always called.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.phone is None) == (self.email is None):
            raise PydanticCustomError("phone-or-mail", "one of two", {"field": "phone"})
        return self


class SignUpIn(ContactToConfirm):
    """A sign-up by phone or mail; only the code is sent there until it is confirmed."""

    locale: Locale = Field(DEFAULT, examples=["fr", "en-GB"])
    places: tuple[PlaceIn, ...] = Field((), max_length=MAX_PLACES, fail_fast=True)


class ListedIn(ContactToConfirm):
    """Who asks what a station's list says about them. ``name``: theirs, as on the list."""

    name: Annotated[str, line(120)] = Field(examples=["Rose Aubépine"])
    locale: Locale = Field(DEFAULT, examples=["fr", "en-GB"])


class ConfirmationMade(Shown):
    """A code is being sent. The answer is the same whether or not the number is known here."""

    confirmation: str = Field(description="Names this confirmation; a secret of the person who began it.")
    channel: Literal["sms", "voice", "email"]
    to: str = Field(description="Where the code goes, as it was understood.")
    expires_at: datetime


class CodeIn(Given):
    """The code; without it, the answer is the confirmation's state."""

    confirmation: Annotated[str, StringConstraints(pattern=CONFIRMATION)]
    code: Annotated[str, StringConstraints(pattern=_CODE)] | None = Field(None, examples=["123456"])


class ConfirmedIn(Given):
    """The confirmation of somebody whom a station's list is about."""

    confirmation: Annotated[str, StringConstraints(pattern=CONFIRMATION)]


class ContactOfList(ContactToConfirm):
    """A new number or address of somebody whom a station's list is about; it joins their request once it is proved."""

    confirmation: Annotated[str, StringConstraints(pattern=CONFIRMATION)]
    locale: Locale = Field(DEFAULT, examples=["fr", "en-GB"])


class CorrectionIn(ConfirmedIn):
    """What a station's list says wrongly. ``text``: what is wrong, and what is right."""

    text: Annotated[str, prose(LONGEST_TEXT), UnixLines] = Field(
        min_length=1, examples=["I moved: my address is 3 rue des Lilas, no longer 12 rue Neuve."]
    )
    name: Annotated[str, line(120)] | None = Field(None, examples=["Rose Aubépine"])
    address: Annotated[str, line(LONGEST_ADDRESS)] | None = Field(None, examples=["3 rue des Lilas, 61300 L’Aigle"])


class CorrectionOut(Shown):
    """A request that the station has, and by when it answers: to the contact that who asked had proved."""

    asked_at: datetime
    answered_by: datetime


class ConfirmationOut(Shown):
    """The state of a confirmation.

    ``state``: open, unsent (no provider accepted the message; try again later), over (too late, or too many tries) or
    confirmed.
    """

    state: Literal["open", "unsent", "over", "confirmed"]
    tries_left: int
    token: str | None = Field(description="The subscriber's secret, once it is confirmed; null when added to one.")


class WayOut(Shown):
    """The address at which to continue."""

    url: str


class PushIn(Given):
    """A browser's push subscription, and the endpoint of the one that it replaces."""

    subscription: Subscription
    replaces: Annotated[str, StringConstraints(max_length=2048)] | None = None


class VisitIn(Given):
    """A visit: alerts for some hours, after which all of this is deleted."""

    subscription: Subscription
    locale: Locale = DEFAULT
    lon: Lon
    lat: Lat
    accuracy_m: float | None = Field(None, ge=0, le=1_000_000)
    hours: float = Field(4, ge=0.5, le=_MOST_HOURS)


class VisitMade(Shown):
    token: str = Field(description="The visitor's secret, shown this once.")
    forget_at: datetime
    stations: tuple[str, ...] = Field(description="The authorities of this place, whose alerts come too.")


class SentOut(Shown):
    alert: str = Field(description="The path of the alert's page.")
    event: str
    channel: str
    state: str
    at: datetime


class RecordOut(Shown):
    """One further fact; ``alert``: the path of its page."""

    kind: str = Field(examples=["answer"])
    at: datetime | None
    station: str | None
    alert: str | None
    facts: dict[str, Any]


class DataOut(Shown):
    """All data stored about a subscriber, for download."""

    subscriber: SubscriberOut
    messages: tuple[SentOut, ...] = Field(description="The last thousand messages to them, newest first.")
    records: tuple[RecordOut, ...] = Field(
        description="All else, by kind: opt-outs, answers, requests for help, tests, texts to the station, addresses of"
        " lists, signed requests, polls in which they voted."
    )


class ErasureOut(Shown):
    """The proof of an erasure. It names nobody."""

    number: str = Field(examples=["2026-000012-3f9a1c07"])
    at: datetime
    kinds: tuple[str, ...] = Field(description="What was erased.", examples=[["profile", "message", "answer"]])
    shared: bool = Field(
        description="A contact of theirs is still kept for somebody else: on a station's list, or for who shares it."
    )


class CellQuery(Query):
    """The south-west corner of a cell: multiples of 0.1° of longitude and 0.05° of latitude, no finer."""

    lon: float = Field(ge=-180, le=179.9, description="WGS 84 degrees, a multiple of 0.1.", examples=[0.6])
    lat: float = Field(ge=-90, le=89.95, description="WGS 84 degrees, a multiple of 0.05.", examples=[48.75])


class CellAlert(NearbyAlert):
    """Like ``NearbyAlert``, with the circles and polygons by which a device checks whether it is inside."""

    id: str
    shape: dict[str, Any] | None = Field(description="Circles (lon, lat, radius_m) and polygons (GeoJSON).")


class CellOut(Shown):
    """The public alerts that reach into a cell, most severe first; ``near``: those that reach within 5 km of it."""

    west: float
    south: float
    east: float
    north: float
    alerts: tuple[CellAlert, ...]
    near: tuple[CellAlert, ...]


class StationAlerts(Shown):
    """The alerts in force at a station, most severe first. ``at``: the service's time."""

    station: str
    name: str
    at: datetime
    alerts: tuple[CellAlert, ...]
