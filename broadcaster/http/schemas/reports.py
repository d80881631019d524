"""Models of forecasts, reports, deliveries and people not reached."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from broadcaster.domain.alerts import ThreadRole
from broadcaster.domain.answers import HelpFigures
from broadcaster.domain.people import ChannelName
from broadcaster.domain.reasons import Reason
from broadcaster.domain.report import ChannelReach, Delta, Expected, Further, Percentiles, SmsPreview, StepFigures
from broadcaster.http.schemas.base import AlertId, Given, Moment, PageQuery, Query, Shown

DeliveryWord = Literal[
    "queued",
    "accepted",
    "expired",
    "cancelled",
    "failed",
    "gone",
    "dead_letter",
    "delivered",
    "displayed",
    "opened",
    "acknowledged",
]


class WarnedOut(Shown):
    code: str
    params: dict[str, int | str | tuple[ChannelName, ...]]


class ReachOut(Shown):
    """The people whom an alert would reach. Only people registered by the station itself are counted exactly."""

    people: int = Field(description="registered and others together.")
    registered: int = Field(description="People whom the station registered itself: exact.")
    others: int = Field(description="Everybody else, estimated in tens: people who signed up by themselves, visitors.")
    others_fewer_than: int | None = Field(description="Where others is 0 and there may be some: fewer than this.")
    unconfirmed: int = Field(
        description="Sign-ups by push that nothing has confirmed yet, estimated in tens: in no other figure, told last."
    )
    hearing: dict[str, int] = Field(
        description="Of people: told now, later (after their quiet hours), in a digest, not at all by their own wish"
        " (unwanted), or because the alert would be over before their quiet hours are (missed). Estimated from what"
        " all followers chose, in tens: nobody's choice can be seen. What is counted by channel is for those told now"
        " and later."
    )
    woken: int = Field(
        description="Of those told now: people whom it wakes, because it says so and would be over before they get up."
    )
    devices: int
    reachable: int = Field(description="Of those told now or later: people with a contact by these channels.")
    no_channel: int = Field(description="The others: people who have no contact by these channels that works.")
    opted_out: int = Field(description="Of these, people who asked for no more messages.")
    paused: int = Field(description="Of these, people who asked for no messages for a time.")
    unused: int = Field(description="Of these, people who have a contact by another channel: see further.")
    no_contact: int = Field(description="Of these, people who have no contact at all.")
    further: dict[ChannelName, Further] = Field(description="What each channel that is not used would add.")
    channels: dict[ChannelName, ChannelReach]
    sms: tuple[SmsPreview, ...]
    cost_minor: int = Field(description="Of one message to every contact of all channels.")
    currency: str
    seconds_to_95: float | None = Field(description="Until 95 % of the reachable have a first message.")
    expected: Expected
    over_budget: dict[ChannelName, int] = Field(
        description="By channel, expected messages over the station's budgets; an actual severe or extreme alert still"
        " sends them."
    )
    area_km2: float | None
    delta: Delta | None = Field(description="As an update: about how many people are where. Null for a new alert.")
    sandbox: tuple[ChannelName, ...]
    warnings: tuple[str, ...] = Field(description="What an operator must see, in English.")
    warned: tuple[WarnedOut, ...] = Field(description="The same as codes with parameters, for other languages.")


class VersionOut(Shown):
    """One alert of a thread, and its people."""

    id: AlertId
    role: ThreadRole
    sent_at: datetime
    matched: int
    told: int


class ReportOut(Shown):
    """Who was reached; each person of ``matched`` is in exactly one state of ``people``."""

    alert_id: AlertId
    state: str
    matched: int
    unaccounted: int
    people: dict[str, int]
    channels: dict[ChannelName, dict[str, int]]
    accepted_s: Percentiles
    delivered_s: Percentiles
    sent_at: datetime
    finished_at: datetime | None
    cancelled_at: datetime | None
    sandbox: tuple[ChannelName, ...]
    stopped: dict[ChannelName, str]
    warnings: tuple[str, ...] = Field(description="What an operator must see, in English.")
    warned: tuple[WarnedOut, ...] = Field(description="The same as codes with parameters, for other languages.")
    unconfirmed: dict[str, int] = Field(
        description="People by state whose sign-up nothing has confirmed yet; not among the people above."
    )
    resolved: bool = Field(description="Everyone concerned is written down.")
    waiting: int = Field(description="Of those pending: for how many it waits until their quiet hours end.")
    digest: int = Field(description="People who chose to get it in a digest; in no other figure.")
    unwanted: int = Field(description="People who chose not to get it; in no other figure.")
    answers: dict[str, int] = Field(description="People by answer: received, safe, help, or the number of an own one.")
    help: HelpFigures
    steps: tuple[StepFigures, ...] = Field(description="By step of its policy; empty where all channels went at once.")
    visits: dict[str, int] = Field(description="People by what volunteers found: safe, absent, help.")
    again: int = Field(description="Of an update's people: those who were told of an earlier version.")
    spared: int = Field(description="People told before whom a silent update did not disturb; in no other figure.")
    versions: tuple[VersionOut, ...] = Field(
        description="The alerts about the same event, oldest first: who was told of which. Empty for a single one."
    )


class DeliveriesQuery(Query):
    state: DeliveryWord | None = None
    channel: ChannelName | None = None
    cursor: int = Field(0, ge=0, le=(1 << 63) - 1, description="What the page before gave as next.")
    limit: int = Field(200, ge=1, le=1000)


class DeliveryOut(Shown):
    """One alert's message to one contact, without its address."""

    id: str
    subscriber_id: str
    external_id: str | None
    channel: ChannelName
    state: DeliveryWord
    attempts: int
    reason: Reason | None = Field(description="Why it failed.")
    code: str | None = Field(description="The provider's own code.")
    maybe_sent: bool = Field(description="An earlier try may have reached its receiver; no answer says so.")
    provider: str | None = Field(description="Which provider may have it, where the channel has two.")
    provider_id: str | None
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    displayed_at: datetime | None
    opened_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    next_attempt_at: datetime | None


class DeliveryPage(Shown):
    deliveries: tuple[DeliveryOut, ...]
    next: str | None = Field(description="Give it as ?cursor= for the next page; null at the end.")


class CursorQuery(Query):
    cursor: int = Field(0, ge=0, le=(1 << 63) - 1, description="What the page before gave as next.")
    limit: int = Field(200, ge=1, le=1000)


class ReasonOut(Shown):
    """``reason`` is a stable code; ``code`` is the provider's own. Without a channel, nothing was tried."""

    reason: Reason
    channel: ChannelName | None
    code: str | None


class VisitedOut(Shown):
    """What a volunteer found: *safe*, *absent* (nobody opened), or *help*, which is a request for help too."""

    found: Literal["safe", "absent", "help"]
    at: datetime
    volunteer_id: str


class UnreachedOut(Shown):
    """``why``: in English, for people; ``reasons``: the same for programs."""

    subscriber_id: str
    external_id: str | None
    name: str | None
    why: str
    reasons: tuple[ReasonOut, ...]
    visited: VisitedOut | None = Field(description="Their last visit by a volunteer.")


class UnreachedPage(Shown):
    unreached: tuple[UnreachedOut, ...]
    next: str | None = Field(description="Give it as ?cursor= for the next page; null at the end.")


class ChildAnswerOut(Shown):
    """What a guardian answered for a child."""

    subscriber_id: str
    external_id: str | None
    child: str = Field(description="Their name; empty if unknown.")
    guardian: str = Field(description="Their name; empty if unknown.")
    number: int = Field(description="Of the child's guardians, which: from 1.")
    answer: str = Field(description="received, safe, help, or the number of an own one.")
    at: datetime


class ChildAnswerPage(Shown):
    answers: tuple[ChildAnswerOut, ...]
    next: str | None = Field(description="Give it as ?cursor= for the next page; null at the end.")


class ReceiptIn(Given):
    """A device's report on a message. ``at``: by its own clock; the alert's report uses the service's clock."""

    event: Literal["displayed", "opened", "acknowledged"]
    at: Moment | None = None


class SandboxQuery(Query):
    alert: AlertId | None = None
    channel: ChannelName | None = None
    cursor: int | None = Field(None, ge=1, le=(1 << 63) - 1, description="What the page before gave as next.")
    limit: int = Field(50, ge=1, le=200)


class SandboxMessageOut(Shown):
    """A message as it would have been sent on the wire; nothing was sent."""

    id: str
    alert_id: AlertId | None = Field(description="null: of no alert, a code that confirms a contact.")
    delivery_id: str | None
    channel: ChannelName
    to: str
    readable: str
    content_type: str
    wire: str = Field(description="The bytes, base64 (RFC 4648).")
    at: datetime


class SandboxPage(Shown):
    messages: tuple[SandboxMessageOut, ...]
    next: str | None = Field(description="Give it as ?cursor= for the next page, of older ones; null at the end.")


class Health(Shown):
    status: str


class FindingOut(Shown):
    """One problem: ``code`` and ``params`` for programs, ``what`` and ``to_do`` for people."""

    code: str
    severity: Literal["error", "warning"]
    params: dict[str, str | int]
    what: str
    to_do: str
    detail: str = Field(description="Why, if that is known; what a provider said is in its own words.")


class Readiness(Shown):
    """``findings``: all problems, errors first. ``degraded``: some of them are errors, but alerts are accepted.

    ``problems`` keep the service from working; those in ``degraded`` do not. Both are the findings' sentences.

    ``sandbox`` and ``stopped`` say which channels send nothing.
    """

    status: Literal["ready", "degraded", "not ready"]
    findings: tuple[FindingOut, ...]
    roles: tuple[str, ...]
    problems: tuple[str, ...]
    degraded: tuple[str, ...]
    sandbox: tuple[str, ...]
    stopped: dict[str, str]


class SandboxPageQuery(PageQuery):
    """Query as a form sends it, including empty fields. ``codes``: messages with confirmation codes."""

    alert: Annotated[str, StringConstraints(pattern=r"^(?:[1-9][0-9]{0,18}|codes)?$")] = ""
    channel: Literal["", "push", "sms", "voice", "email"] = ""
    cursor: int | None = Field(None, ge=1, le=(1 << 63) - 1)
