"""Forecast of an alert before it goes out, and its report afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broadcaster.domain.alerts import AlertState, ThreadRole
from broadcaster.domain.answers import HelpFigures
from broadcaster.domain.escalation import Until
from broadcaster.domain.people import ChannelName
from broadcaster.domain.reasons import Why, sentence
from broadcaster.domain.visits import Visited
from broadcaster.domain.warned import Warned, english


@dataclass(frozen=True, slots=True)
class ChannelReach:
    """``units`` and ``cost_minor``: billed units (SMS segments, calls), and minor units of the currency. ``seconds``:
    time for all of these at the channel's configured rate.
    """

    people: int
    contacts: int
    units: int
    cost_minor: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Further:
    """A channel that an alert does not use. ``people``: those it reaches whom none of the alert's channels reaches.

    ``cost_minor``: the cost of using it too, for everyone.
    """

    people: int
    cost_minor: int


@dataclass(frozen=True, slots=True)
class SmsPreview:
    """The SMS in one language: its segments, and the characters that raise its cost."""

    language: str
    text: str
    encoding: str
    segments: int
    culprits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """People by how an update concerns them. ``new``: newly inside: they get the alert. ``still``: told before, and
    still inside: they get the update. ``outside``: told before, and now outside: they get word that it does not apply
    there.
    """

    new: int
    still: int
    outside: int


@dataclass(frozen=True, slots=True)
class Reached:
    """``share``: of the reachable, how many do before the alert ends, 0 to 1. ``seconds_to_95``: null: not expected."""

    share: float
    seconds_to_95: float | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the alert's steps probably come to, at the display and confirmation rates of the station's past alerts.

    ``messages``: by channel, with repetitions. ``reached``: people for whom a provider has a message (accepted), who
    have seen it (displayed), and confirm it.
    """

    messages: Mapping[ChannelName, int]
    cost_minor: int
    reached: Mapping[Until, Reached]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an alert would reach. ``people`` matched; of those told now or later, ``reachable`` have a contact that it
    uses and ``no_channel`` have none. Of the latter, ``opted_out`` unsubscribed, ``paused`` want no messages for a
    time, ``unused`` have a contact that the alert does not use (``further``: by channel), and ``no_contact`` have no
    contact at all.

    ``registered``: people of the station's own register, exact. ``others``: estimate of everybody else, rounded to
    tens; ``others_fewer_than``: there may be some, but fewer than this. The other figures include people like these
    others. ``unconfirmed``: estimate of unconfirmed sign-ups, rounded to tens; no other figure includes them.
    ``woken``: people told now during their quiet hours, as it would be over before these end. ``hearing``: about how
    many of these people hear of it now, later, in a digest or not at all (``timing.Timing``); channels count the
    first two. ``seconds_to_95``: estimated time until a provider has a first message for 95 % of the reachable; None if
    nobody is reachable. ``over_budget``: by channel, how many of the expected messages exceed the station's budgets;
    they are not sent, unless the alert is actual and severe or extreme. ``cost_minor``: of one message to every
    contact; ``expected``: with the policy's steps. ``warned``: what an operator must see; ``warnings``: in
    English.
    """

    people: int
    registered: int
    others: int
    others_fewer_than: int | None
    devices: int
    reachable: int
    no_channel: int
    opted_out: int
    unused: int
    no_contact: int
    channels: Mapping[ChannelName, ChannelReach]
    sms: tuple[SmsPreview, ...]
    cost_minor: int
    currency: str
    seconds_to_95: float | None
    expected: Expected
    area_km2: float | None
    sandbox: tuple[ChannelName, ...] = ()
    warned: tuple[Warned, ...] = ()
    unconfirmed: int = 0
    woken: int = 0
    hearing: Mapping[str, int] = field(default_factory=dict)
    paused: int = 0
    further: Mapping[ChannelName, Further] = field(default_factory=dict)
    delta: Delta | None = None
    over_budget: Mapping[ChannelName, int] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        return english(self.warned)


@dataclass(frozen=True, slots=True)
class Version:
    """One alert of a thread; ``told``: those of its ``matched`` people who were sent it."""

    id: int
    role: ThreadRole
    sent_at: datetime
    matched: int
    told: int


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds from acceptance of the alert; None until the percentile is reached."""

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class StepFigures:
    """A step of the alert's policy, in people: those with a message of it, those whom it told first (each person told
    is in one step), and those who confirmed by a message of it. ``after_s``: seconds after the first step.
    """

    channels: tuple[ChannelName, ...]
    after_s: int
    people: int
    told: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class Report:
    """Who was reached. Each of ``matched`` people is in exactly one state of ``people``.

    ``unaccounted``: people without a final state, plus any missing from the sums; an alert finishes only at 0.
    ``channels``: deliveries by channel and state. ``stopped``: broken channels, with the reason. ``maybe_twice``:
    deliveries whose sender died while possibly sending. ``unconfirmed``: people with an unconfirmed sign-up, by state;
    they are not among ``people``. ``resolved``: all recipients are written. ``waiting``: those of the pending who are
    in their quiet hours. ``digest``, ``unwanted``: people who chose to get it in a digest, or not at all; no other
    figure includes them. ``answers``: people by their answer (``domain.answers.word_of``); ``help``: their requests for
    help; ``visits``: people by what volunteers found (``domain.visits.Finding``). All three count the alert's whole
    thread. ``again``: those of an update's people who were told of an earlier version; ``spared``: those whom it did
    not disturb. ``versions``: the alerts of its thread, oldest first; empty for a single alert.
    ``steps``: read apart (``store.alerts.by_step``); empty for an alert that went by all its channels at once.
    """

    alert_id: int
    state: AlertState
    matched: int
    unaccounted: int
    people: Mapping[str, int]
    channels: Mapping[ChannelName, Mapping[str, int]]
    accepted_s: Percentiles
    delivered_s: Percentiles
    sent_at: datetime
    finished_at: datetime | None
    cancelled_at: datetime | None
    sandbox: tuple[ChannelName, ...] = ()
    stopped: Mapping[ChannelName, str] = field(default_factory=dict)
    warned: tuple[Warned, ...] = ()
    maybe_twice: int = 0
    unconfirmed: Mapping[str, int] = field(default_factory=dict)
    resolved: bool = True
    waiting: int = 0
    digest: int = 0
    unwanted: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)
    help: HelpFigures = field(default_factory=HelpFigures)
    visits: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[StepFigures, ...] = ()
    again: int = 0
    spared: int = 0
    versions: tuple[Version, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return english(self.warned)


@dataclass(frozen=True, slots=True)
class Unreached:
    """A person not reached. ``reasons``: one per failed contact, or the reason that none was tried.

    ``visited``: their last visit by a volunteer.
    """

    subscriber_id: int
    external_id: str | None
    name: str | None
    reasons: Sequence[Why]
    visited: Visited | None = None

    @property
    def why(self) -> str:
        """Return the reasons in English, with the providers' codes."""
        return sentence(self.reasons, codes=True)
