"""Models of templates."""

from typing import Annotated, ClassVar

from pydantic import Field

from broadcaster.domain.alerts import MAX_EVENT, Category, Certainty, Severity, Status, Urgency
from broadcaster.domain.escalation import Policy
from broadcaster.domain.people import ChannelName
from broadcaster.http.schemas.alerts import TextIn, TextOut, Topic
from broadcaster.http.schemas.base import SHAPE, Given, Locale, Shown, line
from broadcaster.http.schemas.escalation import PolicyIn

_LONGEST_HOURS = 720

Events = dict[Locale, Annotated[str, line(MAX_EVENT)]]
Texts = dict[Locale, TextIn]


class TemplateIn(Given):
    """A template for alerts. Placeholders in brackets in its texts must be filled in before sending."""

    largest: ClassVar[int] = SHAPE
    events: Events = Field(min_length=1, max_length=10, description="What happens, in a few words, by language.")
    texts: Texts = Field(min_length=1, max_length=10)
    update: Texts = Field(default_factory=dict, max_length=10, description="The texts of its update.")
    all_clear: Texts = Field(default_factory=dict, max_length=10, description="The texts of its all-clear.")
    easy: Texts = Field(default_factory=dict, max_length=10, description="The alert in short plain sentences (FALC).")
    easy_update: Texts = Field(default_factory=dict, max_length=10, description="Its update, in such sentences.")
    easy_all_clear: Texts = Field(default_factory=dict, max_length=10, description="Its all-clear, in such sentences.")
    icon: Annotated[str, line(20)] = "edit"
    severity: Severity
    urgency: Urgency = Urgency.IMMEDIATE
    certainty: Certainty = Certainty.OBSERVED
    category: Category = Category.SAFETY
    status: Status = Status.ACTUAL
    channels: tuple[ChannelName, ...] | None = Field(
        None, min_length=1, max_length=4, description="All at once. Without it, those of the policy."
    )
    policy: PolicyIn | None = Field(
        None, description="Its own escalation policy. Without it and channels, the station's for the severity."
    )
    hours: int = Field(3, ge=1, le=_LONGEST_HOURS, description="How long the alert holds.")
    radius_m: int = Field(1000, ge=300, le=5000)
    territory: bool = Field(False, description="Its area is the station's whole territory.")
    topic: Topic | None = None
    silent: bool = Field(False, description="Pushes make no sound, and nobody is called.")
    ppms: bool = Field(False, description="A school's operators may send it to their staff by one held press.")


class TemplateOut(Shown):
    name: str
    own: bool = Field(description="Written by the station; false: shipped.")
    events: dict[str, str]
    texts: dict[str, TextOut]
    update: dict[str, TextOut]
    all_clear: dict[str, TextOut]
    easy: dict[str, TextOut]
    easy_update: dict[str, TextOut]
    easy_all_clear: dict[str, TextOut]
    icon: str
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    category: Category
    status: Status
    channels: tuple[ChannelName, ...] | None
    policy: Policy | None
    hours: int
    radius_m: int
    territory: bool
    topic: str | None
    silent: bool
    ppms: bool


class TemplatesOut(Shown):
    templates: tuple[TemplateOut, ...]
