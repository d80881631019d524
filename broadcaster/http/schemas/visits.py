"""Visits and the volunteers who make them, in and out."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from broadcaster.http.schemas.base import FORM, Given, Query, Shown, line
from broadcaster.http.schemas.reports import ReasonOut, VisitedOut
from broadcaster.pipeline.visiting import LONGEST_NAME


class VisitsQuery(Query):
    """``who``: *unreached*, or *unconfirmed*: also those who were told and have not confirmed."""

    who: Literal["unreached", "unconfirmed"] = "unreached"
    street: str = Field("", max_length=400, description="Only this one: its place.")


class VisitOut(Shown):
    """A person to visit, or who was visited."""

    subscriber_id: str
    external_id: str | None
    name: str | None
    number: str
    phones: tuple[str, ...]
    first: bool = Field(description="To be visited before others.")
    told_at: datetime | None = Field(description="Last proof that a message came.")
    reasons: tuple[ReasonOut, ...]
    visited: VisitedOut | None


class StreetOut(Shown):
    """``place`` names a street to programs, and is what a volunteer is given."""

    place: str
    name: str = Field(description="To show; empty for people without an address.")
    listed: int = Field(description="How many people of it are on the list.")
    done: int = Field(description="How many of them were visited.")
    people: tuple[VisitOut, ...]


class VisitsOut(Shown):
    streets: tuple[StreetOut, ...]
    cut: bool = Field(description="Only the first 5,000 people are here; ?street= has those of one.")


class VolunteerIn(Given):
    """Who visits, by their own telephone, and the streets given to them."""

    largest: ClassVar[int] = FORM
    name: Annotated[str, line(LONGEST_NAME)]
    phone: Annotated[str, line(40)]
    streets: tuple[Annotated[str, line(400)], ...] = Field(min_length=1, max_length=500)
    who: Literal["unreached", "unconfirmed"] = "unreached"


class VolunteerOut(Shown):
    id: str
    name: str
    phone: str
    streets: tuple[str, ...]
    url: str = Field(description="Their link; it opens with a code to their telephone, until the alert ends.")
    added_at: datetime
    revoked_at: datetime | None


class VolunteersOut(Shown):
    volunteers: tuple[VolunteerOut, ...]
