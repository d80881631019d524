"""Alerts, in the terms of OASIS CAP 1.2 (section 3.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from broadcaster.domain.audience import Audience, AudienceKind, Pool
from broadcaster.domain.escalation import Policy, Round, Step, Until, at_once
from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import StationKind

if TYPE_CHECKING:  # imported on use: the commands that ask a service need neither geometry nor a database
    from zones import Area


class MsgType(StrEnum):
    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


class Status(StrEnum):
    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class Severity(StrEnum):
    """Most severe first. CAP's *unknown* counts as minor, shown as *Information*."""

    EXTREME = "extreme"
    SEVERE = "severe"
    MODERATE = "moderate"
    MINOR = "minor"

    def below(self, other: Severity) -> bool:
        """Return whether this is less severe than ``other``."""
        return _PLACE[self] > _PLACE[other]

    @classmethod
    def _missing_(cls, value: object) -> Severity | None:
        return cls.MINOR if value == "unknown" else None


SEVERITY_WORDS: Mapping[Severity, str] = {
    Severity.EXTREME: "Extreme danger",
    Severity.SEVERE: "Serious danger",
    Severity.MODERATE: "Danger",
    Severity.MINOR: "Information",
}
"""English names of severities; pages translate them."""


class Urgency(StrEnum):
    IMMEDIATE = "immediate"
    EXPECTED = "expected"
    FUTURE = "future"
    PAST = "past"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    OBSERVED = "observed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    UNKNOWN = "unknown"


class Category(StrEnum):
    GEO = "geo"
    MET = "met"
    SAFETY = "safety"
    SECURITY = "security"
    RESCUE = "rescue"
    FIRE = "fire"
    HEALTH = "health"
    ENV = "env"
    TRANSPORT = "transport"
    INFRA = "infra"
    CBRNE = "cbrne"
    OTHER = "other"


class ThreadRole(StrEnum):
    """An alert's role in its thread, the alerts about one event.

    ``first`` begins it. ``update`` replaces the version before; ``reminder`` repeats the current version. ``left``
    tells people outside the new area that the alert no longer applies to them. ``all_clear`` (it is over) and
    ``mistake`` (it should not have been sent) end it.
    """

    FIRST = "first"
    UPDATE = "update"
    REMINDER = "reminder"
    LEFT = "left"
    ALL_CLEAR = "all_clear"
    MISTAKE = "mistake"


ENDINGS = frozenset({ThreadRole.ALL_CLEAR, ThreadRole.MISTAKE})


class Lane(StrEnum):
    """Urgent work always goes first."""

    URGENT = "urgent"
    ROUTINE = "routine"


class AlertState(StrEnum):
    """An alert's progress; ``finished`` only when every person is accounted for."""

    ACCEPTED = "accepted"
    SENDING = "sending"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that a severity implies.

    ``lane``: the lane of an actual alert; exercises and tests are routine. ``quiet``: residents' settings apply (quiet
    hours, topics, least severity, digest). ``grace``: how late a scheduled alert is still sent without confirmation;
    None: never. ``answers``: people are asked to confirm. ``policy``: the default escalation policy of a station.
    """

    lane: Lane
    quiet: bool
    grace: timedelta | None
    answers: bool
    policy: Policy


_P, _S, _V, _E = ChannelName.PUSH, ChannelName.SMS, ChannelName.VOICE, ChannelName.EMAIL
_CALLS = Step((_V,), 120, Until.CONFIRMED, repeat=2, every_s=180)
_EXTREME = Policy((Step((_P, _S, _E)), _CALLS))
# Mail costs nothing, and some people have nothing else.
_SEVERE = Policy((Step((_P,)), Step((_S, _E), 60, Until.DISPLAYED), Step((_V,), 300, Until.CONFIRMED)))
_MODERATE = Policy((Step((_P,)), Step((_E,), 600, Until.DISPLAYED)))
_MINOR = Policy((Step((_P,)), Step((_E,), 600, Until.ACCEPTED)))
_2H = timedelta(hours=2)
RULES = {
    #                         lane          quiet  grace  answers  policy
    Severity.EXTREME:  Rules(Lane.URGENT,  False, None,  True,    _EXTREME),
    Severity.SEVERE:   Rules(Lane.URGENT,  False, None,  True,    _SEVERE),
    Severity.MODERATE: Rules(Lane.ROUTINE, True,  _2H,   True,    _MODERATE),
    Severity.MINOR:    Rules(Lane.ROUTINE, True,  _2H,   False,   _MINOR),
}  # fmt: skip
"""Every rule that depends on severity reads this table."""

GRAVE = frozenset(severity for severity, rules in RULES.items() if rules.lane is Lane.URGENT)

LEAST_RANK = {Lane.URGENT: 0, Lane.ROUTINE: 10}
LOCAL = frozenset({"br", "co", "eu", "oc", "gsw", "gcf", "rcf"})
"""Regional languages of France: their readers know French better than English."""
_PLACE = {severity: place for place, severity in enumerate(RULES)}


TEXT_LIMITS = {"headline": 160, "description": 4000, "instruction": 2000, "easy": 2000}
"""The parts of a text that pages show, each with its most characters."""
MAX_SMS, MAX_EVENT = 800, 100


@dataclass(frozen=True, slots=True)
class Text:
    """A message's plain text in one language. ``sms``: the author's own SMS text, if any.

    ``question`` and ``answers``: its own question with two to five answers, the same number in each language.
    ``easy``: the same in plain short sentences (FALC), a line each, the first as headline; for the alert's page.
    """

    headline: str
    description: str = ""
    instruction: str = ""
    sms: str = ""
    question: str = ""
    answers: tuple[str, ...] = ()
    easy: str = ""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Text:
        """Return a text from its stored form."""
        return cls(**{**stored, "answers": tuple(stored.get("answers", ()))})


def lane_of(severity: Severity, status: Status) -> Lane:
    """Return the lane. Exercises are routine, so that they never delay a real alert."""
    return RULES[severity].lane if status is Status.ACTUAL else Lane.ROUTINE


def usual_audience(kind: StationKind, severity: Severity) -> AudienceKind:
    """Return the audience that console and terminal propose for an alert with an area."""
    grave = kind is StationKind.AUTHORITY and severity in GRAVE
    return AudienceKind.EVERYONE if grave else AudienceKind.FOLLOWERS


def rank_of(severity: Severity, status: Status) -> int:
    """Return the processing order, smallest first: urgent lane first, then by severity."""
    return LEAST_RANK[lane_of(severity, status)] + _PLACE[severity]


def lane_of_rank(rank: int) -> Lane:
    return Lane.URGENT if rank < LEAST_RANK[Lane.ROUTINE] else Lane.ROUTINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What an author says and to whom, without times. An ``Alert`` is a message that was sent.

    ``texts``: by language; ``prepared``: texts of its update and its all-clear, if written in advance. ``quietly``:
    pushes make no sound. ``topic``: slug of one of its station's topics. ``wakes``: send at once even to people whose
    quiet hours outlast it, who would otherwise miss it. ``own_policy``: in place of its station's, by updates too.
    """

    status: Status = Status.ACTUAL
    severity: Severity = Severity.MINOR
    urgency: Urgency = Urgency.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    category: Category = Category.OTHER
    event: str = ""
    texts: Mapping[str, Text]
    area: Area | None = None
    audience: Audience
    channels: tuple[ChannelName, ...] = ()
    topic: str | None = None
    wakes: bool = False
    prepared: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)
    quietly: bool = False
    own_policy: Policy | None = None

    @property
    def message(self) -> Message:
        return Message(**self.content())

    def content(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(Message)}

    def to_json(self) -> dict[str, Any]:
        """Return all fields except the audience, as stored; ``store.alerts.messages`` reads them."""
        said = self.content()
        del said["audience"]
        area = None if self.area is None else self.area.to_json()
        prepared = {part: _written(texts) for part, texts in self.prepared.items()}
        return said | {
            "texts": _written(self.texts),
            "area": area,
            "channels": list(self.channels),
            "prepared": prepared or None,
            "own_policy": None if self.own_policy is None else self.own_policy.to_json(),
        }

    @property
    def lane(self) -> Lane:
        return lane_of(self.severity, self.status)

    @property
    def rank(self) -> int:
        return rank_of(self.severity, self.status)

    @property
    def may_wait(self) -> bool:
        """Return whether it respects quiet hours: all alerts do except actual severe or extreme ones."""
        return RULES[self.severity].quiet or self.status is not Status.ACTUAL

    @property
    def by_choice(self) -> bool:
        """Return whether followers' topics, least severity and digests apply."""
        return RULES[self.severity].quiet and self.audience.pool is not Pool.STORED

    @property
    def own_answers(self) -> int:
        """Return how many answers its own question has; 0 without one."""
        return max((len(text.answers) for text in self.texts.values()), default=0)

    def question_in(self, language: str, default: str) -> tuple[str, tuple[str, ...]]:
        """Return its own question and answers in the language of its text, or else in any other that has them."""
        _, text = self.text_in(language, default)
        having = (each for each in (text, *self.texts.values()) if each.answers)
        found = next(having, text)
        return found.question, found.answers

    @property
    def public(self) -> bool:
        """Return whether the alert is listed publicly; other alerts are reachable only by link."""
        return self.audience.kind not in (AudienceKind.GROUPS, AudienceKind.DIGEST, AudienceKind.LEFT)

    def text_in(self, language: str, default: str) -> tuple[str, Text]:
        """Return (language, text): in ``language`` if present, else English, else ``default``, else the first.

        A part missing from the text is taken from ``default`` and marked with its language: "(FR) Montez à l'étage".
        """
        tags = {each.lower(): each for each in self.texts}
        base = language.split("-", maxsplit=1)[0].lower()
        english = ("en",) if base and base not in LOCAL else ()
        candidates = (language, base, *english, default, next(iter(self.texts)))
        tag = next(tags[each.lower()] for each in candidates if each.lower() in tags)
        own = self.texts.get(default)
        return tag, self.texts[tag] if own is None or tag == default else _completed(self.texts[tag], own, default)


def _completed(text: Text, own: Text, language: str) -> Text:
    mark = f"({language.upper()}) "
    description = text.description or (own.description and mark + own.description)
    instruction = text.instruction or (own.instruction and mark + own.instruction)
    return replace(text, description=description, instruction=instruction)


def _written(texts: Mapping[str, Text]) -> dict[str, dict[str, Any]]:
    """Return texts as stored and hashed. Without an easy text as before there were any: published hashes stay true."""
    return {
        language: {name: said for name, said in asdict(text).items() if said or name != "easy"}
        for language, text in texts.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Message):
    """A stored alert. ``id`` orders alerts by time; ``token`` identifies its public page.

    ``references``: alerts that an all-clear or an update is about. ``places``: addresses at its circles' centres, "" if
    none is near; None before they are looked up. ``policy``: its escalation policy when it was issued; None: all
    channels at once. ``stopped_at``: when its escalation was stopped. ``thread_id``: the first alert of its thread;
    None for the first one itself. ``followed_by``: the update or the ending that replaced it. ``silent``: people told
    of the previous version get no SMS, mail or call for this one.
    """

    id: int
    token: str
    station_id: int
    msg_type: MsgType = MsgType.ALERT
    sent_at: datetime
    expires_at: datetime
    onset_at: datetime | None = None
    references: tuple[int, ...] = ()
    sandbox: tuple[ChannelName, ...] = ()
    places: tuple[str, ...] | None = None
    role: ThreadRole = ThreadRole.FIRST
    thread_id: int | None = None
    followed_by: int | None = None
    silent: bool = False
    state: AlertState = AlertState.ACCEPTED
    resolved_at: datetime | None = None
    finished_at: datetime | None = None
    cancelled_at: datetime | None = None
    policy: Policy | None = None
    stopped_at: datetime | None = None

    @property
    def rounds(self) -> tuple[Round, ...]:
        return (self.policy or at_once(self.channels)).rounds

    @property
    def escalates_until(self) -> datetime:
        """Return the time after which no further step is taken."""
        return self.expires_at if self.stopped_at is None else min(self.expires_at, self.stopped_at)

    @property
    def first_id(self) -> int:
        """Return the id of the first alert of its thread, or its own."""
        return self.thread_id or self.id

    def active(self, now: datetime) -> bool:
        """Return whether the alert is in force at ``now``: not cancelled, not expired, and not an all-clear."""
        return self.cancelled_at is None and now < self.expires_at and self.msg_type is not MsgType.CANCEL


def content_hash(alert: Alert) -> bytes:
    """Return the SHA-256 of an alert's texts, audience, area and end."""
    said = [
        str(alert.id),
        alert.msg_type,
        alert.status,
        alert.severity,
        alert.event,
        _written(alert.texts),
        None if alert.area is None else alert.area.to_json(),
        alert.sent_at.isoformat(),
        alert.expires_at.isoformat(),
        [str(each) for each in alert.references],
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).digest()
