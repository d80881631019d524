"""Models of schedules."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from broadcaster.domain.alerts import MAX_EVENT, Category, Certainty, Severity, Status, Urgency
from broadcaster.domain.people import ChannelName
from broadcaster.domain.schedules import LONGEST_REASON
from broadcaster.http.schemas.alerts import (
    AudienceIn,
    Content,
    ContentOut,
    Description,
    Draft,
    EasyText,
    Headline,
    Instruction,
    SmsText,
    TextIn,
    Topic,
)
from broadcaster.http.schemas.base import (
    SHAPE,
    AlertId,
    AreaJson,
    Given,
    Locale,
    Moment,
    Query,
    Shown,
    Slug,
    line,
    prose,
)
from broadcaster.http.schemas.escalation import PolicyIn

_MONTH_MINUTES = 30 * 24 * 60

At = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$"),
    Field(
        description="The first time, in the schedule's zone; with an offset, an instant.", examples=["2026-12-07T07:30"]
    ),
]
Repeat = Annotated[
    str,
    line(500),
    Field(description="An RRULE of RFC 5545; once an hour is the most.", examples=["FREQ=WEEKLY;BYDAY=MO"]),
]
Zone = Annotated[str, line(64), Field(description="An IANA time zone; without it, the station's.")]
SchoolZone = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9-]{1,20}$"),
    Field(description="A, B, C, or a zone of the service's own file.", examples=["B"]),
]
Lasts = Annotated[int, Field(ge=1, le=_MONTH_MINUTES, description="How long each alert holds once it is sent.")]
Onset = Annotated[int, Field(ge=0, le=_MONTH_MINUTES, description="How long after that what it tells of begins.")]
Grace = Annotated[
    int, Field(ge=0, le=_MONTH_MINUTES, description="How late it is sent by itself; severe and extreme: never late.")
]
Reason = Annotated[
    str, prose(LONGEST_REASON), Field(description="Needed for a severe or extreme alert that is no exercise.")
]


class ReachIn(Draft):
    """``at``: when it would be sent (default: now), to last ``lasts_minutes``."""

    at: At | None = None
    zone: Zone | None = None
    lasts_minutes: Lasts | None = None
    updates: AlertId | None = Field(None, description="As an update of this alert: see delta.")


class ScheduleIn(Content):
    """An alert to send later, once or repeatedly."""

    at: At
    repeat: Repeat | None = None
    zone: Zone | None = None
    skip_public_holidays: bool = False
    skip_school_holidays: SchoolZone | None = None
    lasts_minutes: Lasts | None = None
    onset_minutes: Onset | None = None
    grace_minutes: Grace | None = None
    reason: Reason = ""
    public: bool = Field(False, description="Its dates are in the station's public calendar.")
    kind: Literal["alert", "drill"] = Field(
        "alert", description="A drill calls operators to send a drill alert, and their time is measured."
    )
    reminds: AlertId | None = Field(
        None, description="Repeats this alert while it holds: to the same people, in its words unless there are others."
    )


class SchedulePatch(Given):
    """The changes (RFC 7396). ``occurrence``: change only that one, or it and all ``following``."""

    largest: ClassVar[int] = SHAPE
    occurrence: Moment | None = None
    following: bool = False
    paused: bool | None = None
    at: At | None = None
    repeat: Repeat | None = None
    zone: Zone | None = None
    skip_public_holidays: bool | None = None
    skip_school_holidays: SchoolZone | None = None
    lasts_minutes: Lasts | None = None
    onset_minutes: Onset | None = None
    grace_minutes: Grace | None = None
    reason: Reason | None = None
    public: bool | None = None
    status: Status | None = None
    severity: Severity | None = None
    urgency: Urgency | None = None
    certainty: Certainty | None = None
    category: Category | None = None
    event: Annotated[str, line(MAX_EVENT)] | None = None
    headline: Headline | None = None
    description: Description | None = None
    instruction: Instruction | None = None
    sms: SmsText | None = None
    easy: EasyText | None = None
    texts: dict[Locale, TextIn] | None = None
    area: AreaJson | None = None
    audience: AudienceIn | None = None
    topic: Topic | None = None
    wakes: bool | None = None
    channels: tuple[ChannelName, ...] | None = Field(None, min_length=1, max_length=4, fail_fast=True)
    policy: PolicyIn | None = Field(None, description="Replaces channels, as channels replace it.")


class ScheduleOut(ContentOut):
    """A schedule in its current state. ``next`` is null while it is paused and after it has ended."""

    id: AlertId
    station: str
    author: str | None = Field(description="The label of the key that wrote it; null once that key is gone.")
    kind: str
    at: str
    zone: str
    repeat: str | None
    except_on: tuple[str, ...] = Field(description="Times that are left out, in the zone.")
    skip_public_holidays: bool
    skip_school_holidays: str | None
    school_holidays_known_until: date | None = Field(description="After this day every day counts as a school day.")
    lasts_minutes: int
    onset_minutes: int | None
    grace_minutes: int
    reason: str
    public: bool
    reminds: AlertId | None
    paused: bool
    awaiting_approval: bool = Field(description="Nothing is sent until a second person approves it in the console.")
    ended_at: datetime | None
    next: datetime | None
    reach: int | None = Field(description="People it reached when it was written.")
    reach_now: int | None = Field(description="The same, shortly before it is sent.")
    reach_changed: bool = Field(description="They differ by more than a quarter.")


class SchedulePage(Shown):
    schedules: tuple[ScheduleOut, ...]
    next: AlertId | None = Field(description="Give it as ?before= for the next page; null at the end.")


class SchedulesQuery(Query):
    station: Slug | None = None
    ended: bool = False
    before: AlertId | None = None
    limit: int = Field(50, ge=1, le=200)


class OccurrencesQuery(Query):
    count: int = Field(10, ge=1, le=100)


class OccurrenceOut(Shown):
    at: datetime
    outcome: str = Field(description="issued, missed, refused (both were not sent) or cancelled.")
    alert: AlertId | None
    code: str | None = Field(description="Why it was refused, for programs.")
    params: Mapping[str, Any] = Field(description="The figures in the sentence.")
    problem: str = Field(description="The sentence, for people.")


class Occurrences(Shown):
    coming: tuple[datetime, ...]
    past: tuple[OccurrenceOut, ...] = Field(description="The latest first.")


class AnswerIn(Given):
    """A person's decision on an occurrence that was not sent."""

    at: Moment
    send: bool = Field(description="true: send it now; false: let it go.")
