"""Models of alerts."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.domain.alerts import (
    MAX_EVENT,
    MAX_SMS,
    TEXT_LIMITS,
    Category,
    Certainty,
    Severity,
    Status,
    ThreadRole,
    Urgency,
)
from broadcaster.domain.answers import LONGEST_ANSWER, LONGEST_QUESTION, MOST
from broadcaster.domain.escalation import Policy
from broadcaster.domain.people import ChannelName
from broadcaster.http.schemas.base import (
    FORM,
    MAX_GROUPS,
    SHAPE,
    AlertId,
    AreaJson,
    GeoJson,
    Given,
    Locale,
    Moment,
    Query,
    Shown,
    Slug,
    UnixLines,
    line,
    prose,
)
from broadcaster.http.schemas.escalation import PolicyIn

Headline = Annotated[str, line(TEXT_LIMITS["headline"])]
Description = Annotated[str, prose(TEXT_LIMITS["description"]), UnixLines]
Instruction = Annotated[str, prose(TEXT_LIMITS["instruction"]), UnixLines]
SmsText = Annotated[str, prose(MAX_SMS), UnixLines, Field(description="What an SMS says, instead of all the rest.")]


Question = Annotated[
    str,
    prose(LONGEST_QUESTION),
    UnixLines,
    Field(description="The alert's own question, with two to five answers, in place of *received* and *I am safe*."),
]
EasyText = Annotated[
    str,
    prose(TEXT_LIMITS["easy"]),
    UnixLines,
    Field(description="The same in short plain sentences (FALC), one a line, for the alert's page."),
]
OwnAnswers = Annotated[tuple[Annotated[str, line(LONGEST_ANSWER)], ...], Field(max_length=MOST, fail_fast=True)]


class _Said(Given):
    headline: Headline | None = None
    description: Description = ""
    instruction: Instruction = ""
    sms: SmsText = ""
    question: Question = ""
    answers: OwnAnswers = ()
    easy: EasyText = ""


class TextIn(_Said):
    """The text in one language. Plain text."""

    headline: Headline


Topic = Annotated[str, line(40), Field(description="The slug of one of the station's topics.")]
AudienceWord = Literal["followers", "everyone", "all_followers", "groups"]


class AudienceIn(Given):
    """The recipients; ``groups``: slugs of the station's groups, for the kind *groups*."""

    kind: AudienceWord = "followers"
    groups: tuple[Annotated[str, line(60)], ...] = Field((), max_length=MAX_GROUPS, fail_fast=True)


def _form_of(value: Any) -> str:
    return "[word]" if isinstance(value, str) else "[object]"


AnyAudience = Annotated[
    Annotated[AudienceIn, Tag("[object]")] | Annotated[AudienceWord, Tag("[word]")], Discriminator(_form_of)
]


LifeAtStake = Annotated[
    str,
    line(300),
    Field(description="Why it goes out at once where a second person should approve it; all approvers are told."),
]


class Words(_Said):
    """The texts, in one language or several."""

    largest: ClassVar[int] = SHAPE
    headline: Headline | None = Field(None, description="In the station's own language, as the two below.")
    texts: dict[Locale, TextIn] = Field(default_factory=dict, description="The same in others, by tag (BCP 47).")


class Content(Words):
    """The texts and recipients. Omitted fields are taken from the template, if one is named."""

    station: Slug = Field(examples=["laigle"])
    template: Slug | None = Field(None, description="One of the station's templates.", examples=["flood"])
    blanks: dict[Annotated[str, line(60)], Annotated[str, line(TEXT_LIMITS["headline"])]] = Field(
        default_factory=dict,
        max_length=50,
        description="What fills the template's placeholders, by what stands in their brackets.",
        examples=[{"Prénom": "Lina", "First name": "Lina"}],
    )
    status: Status = Status.ACTUAL
    severity: Severity = Field(Severity.MINOR, description="CAP's unknown is taken for minor.")
    urgency: Urgency = Urgency.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    category: Category = Category.SAFETY
    event: Annotated[str, line(MAX_EVENT)] | None = Field(
        None, description="What happens, in a few words; without it, the headline's beginning.", examples=["Inondation"]
    )
    area: AreaJson | None = None
    audience: AnyAudience = Field(default_factory=AudienceIn, description="An object, or only the word of its kind.")
    channels: tuple[ChannelName, ...] | None = Field(
        None, min_length=1, max_length=4, fail_fast=True, description="All at once. Without it, those of the policy."
    )
    policy: PolicyIn | None = Field(
        None, description="Its own escalation policy. Without it and channels, the station's for the severity."
    )
    topic: Topic | None = None
    wakes: bool = Field(
        False,
        description="For people in quiet hours that end after the alert: true tells them at once, false does not tell"
        " them. Of no matter for what is severe or extreme and actual: it never waits.",
    )

    @field_validator("audience", mode="after")
    @classmethod
    def _spelled_out(cls, value: AudienceIn | AudienceWord) -> AudienceIn:
        return AudienceIn(kind=value) if isinstance(value, str) else value


class Draft(Content):
    """The fields common to reach and alerts, so that one request body serves for both."""

    expires: Moment | None = Field(None, description="Until when it holds; nothing is sent after.")
    onset: Moment | None = Field(None, description="When what is told of begins, where that is later.")


class AlertIn(Draft):
    """An alert to send now."""

    severity: Severity = Field(
        Severity.MINOR, examples=["severe"], description="To be given, unless a template is named."
    )
    life_at_stake: LifeAtStake | None = None

    @model_validator(mode="after")
    def _graded(self) -> Self:
        if self.template is None and "severity" not in self.model_fields_set:
            raise PydanticCustomError("needed", "missing", {"field": "severity"})
        return self


class UpdateIn(Words):
    """A new version of an alert; omitted fields stay unchanged."""

    area: AreaJson | None = Field(None, description="The whole new area. An alert that has one keeps one.")
    expires: Moment | None = None
    severity: Severity | None = None
    silent: bool = Field(
        False,
        description="People told before get no SMS, mail or call: pages and pushes are replaced, without a sound.",
    )
    life_at_stake: LifeAtStake | None = None


class CancelIn(Given):
    """The ending of an alert: texts by language; without them, the service's own."""

    largest: ClassVar[int] = FORM
    kind: Literal["all_clear", "mistake"] = Field(
        "all_clear", description="all_clear: it is over. mistake: it should not have been sent, and that is said."
    )
    texts: dict[Locale, TextIn] | None = None


class TextOut(Shown):
    headline: str
    description: str
    instruction: str
    sms: str
    question: str
    answers: tuple[str, ...]
    easy: str


class AudienceOut(Shown):
    kind: str
    groups: tuple[str, ...]
    told: AlertId | None = Field(None, description="An ending goes to everyone who knows of this alert.")


class ContentOut(Shown):
    """The texts and recipients."""

    status: Status
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    category: Category
    event: str
    texts: dict[str, TextOut]
    area: dict[str, Any] | None = Field(description="As it was given: circles and polygons.")
    audience: AudienceOut
    channels: tuple[ChannelName, ...]
    policy: Policy | None = Field(description="Its own escalation policy; null: it has none, or names its channels.")
    topic: str | None
    wakes: bool
    prepared: dict[str, dict[str, TextOut]] = Field(
        description="The texts of its template: of the alert, its update and all-clear, and each easy to read."
    )
    quietly: bool = Field(description="Pushes make no sound: its template is silent.")


class AlertOut(ContentOut):
    """An alert in its current state. ``url``: its public page."""

    id: AlertId
    station: str
    zone: str = Field(description="The station's time zone (tz database).")
    url: str
    msg_type: str
    sent_at: datetime
    onset: datetime | None
    expires: datetime
    state: str = Field(
        description="accepted, sending or finished; finished only when nobody is unaccounted for. awaiting_approval: a"
        " second person decides; then it may also be refused, withdrawn, or overtaken (an update, a poll)."
    )
    finished_at: datetime | None
    cancelled_at: datetime | None
    references: tuple[AlertId, ...] = Field(description="What an ending or an update is about, oldest first.")
    role: ThreadRole = Field(description="What it is among the alerts about the same event.")
    followed_by: AlertId | None = Field(description="The update or the ending that replaced it.")
    silent: bool
    sandbox: tuple[ChannelName, ...] = Field(description="Channels that sent nothing, but kept what they would send.")


class AlertPage(Shown):
    alerts: tuple[AlertOut, ...]
    next: AlertId | None = Field(description="Give it as ?before= for the next page; null at the end.")


class AlertsQuery(Query):
    station: Slug | None = None
    before: AlertId | None = Field(None, description="Only alerts older than this one.")
    digests: bool = Field(False, description="The daily digests, which are not among the alerts.")
    limit: int = Field(50, ge=1, le=200)


class NearbyQuery(Query):
    lon: float = Field(ge=-180, le=180, description="WGS 84 degrees.", examples=[0.6283])
    lat: float = Field(ge=-90, le=90, description="WGS 84 degrees.", examples=[48.7631])


class NearbyAlert(Shown):
    """An alert in force at a point, in its public form."""

    url: str
    station: str
    station_name: str
    status: Status
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    category: Category
    event: str
    texts: dict[str, TextOut]
    area: GeoJson | None = Field(description="A GeoJSON FeatureCollection; circles drawn as polygons.")
    sent_at: datetime
    onset: datetime | None
    expires: datetime


class Nearby(Shown):
    alerts: tuple[NearbyAlert, ...]
