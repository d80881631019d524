"""Escalation: the channels by which a person is told, in order, until they react."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from broadcaster.domain.deliveries import PersonState
from broadcaster.domain.people import CHANNELS, PHONES, ChannelName
from broadcaster.domain.refusals import Refused

MOST_STEPS, MOST_REPEATS, SHORTEST_REPEAT_S, LONGEST_S = 6, 5, 30, 86_400


class Until(StrEnum):
    """The reaction that ends a step: it is taken for people who have not shown it yet."""

    ACCEPTED = "accepted"
    DISPLAYED = "displayed"
    CONFIRMED = "confirmed"

    @property
    def state(self) -> PersonState:
        return _STATES[self]


_STATES = {
    Until.ACCEPTED: PersonState.ACCEPTED,
    Until.DISPLAYED: PersonState.DISPLAYED,
    Until.CONFIRMED: PersonState.ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True)
class Step:
    """Send by these channels, ``after_s`` seconds after the person's first message, to those not yet ``until``.

    ``repeat``: how many times more, every ``every_s`` seconds, to those still not ``until``.
    """

    channels: tuple[ChannelName, ...]
    after_s: int = 0
    until: Until = Until.CONFIRMED
    repeat: int = 0
    every_s: int = 120


@dataclass(frozen=True, slots=True)
class Round:
    """One sending of a step, the first or a repetition (``again``). ``step``: its number, from 0."""

    step: int
    channels: tuple[ChannelName, ...]
    after_s: int
    until: Until
    again: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps in order, each with different channels. Rounds due later than ``longest_s`` after the first are skipped."""

    steps: tuple[Step, ...]
    longest_s: int = 1800

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """Return the channels of all steps, in the order of ``CHANNELS``."""
        used = {name for step in self.steps for name in step.channels}
        return tuple(name for name in CHANNELS if name in used)

    @property
    def rounds(self) -> tuple[Round, ...]:
        """Return all rounds in order of time, beginning with the first step."""
        every = (
            Round(number, step.channels, step.after_s + turn * step.every_s, step.until, again=turn > 0)
            for number, step in enumerate(self.steps)
            for turn in range(step.repeat + 1)
            if step.after_s + turn * step.every_s <= self.longest_s
        )
        return tuple(sorted(every, key=lambda each: each.after_s))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def at_once(channels: Sequence[ChannelName]) -> Policy:
    """Return the policy for channels that the author named: all at once, and nothing later."""
    return Policy((Step(tuple(channels)),))


def from_json(stored: Mapping[str, Any]) -> Policy:
    return Policy(tuple(_step(each) for each in stored["steps"]), stored["longest_s"])


def read_policy(given: Mapping[str, Any]) -> Policy:
    """Validate a policy given by a user; fields as in ``Policy`` and ``Step``. Raises ``Refused``."""
    try:
        found = from_json({"longest_s": Policy(()).longest_s, **given})
        numbers = [found.longest_s, *(n for step in found.steps for n in (step.after_s, step.repeat, step.every_s))]
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("policy-unreadable", "policy") from error
    if any(type(each) is not int for each in numbers):
        raise Refused("policy-unreadable", "policy")
    steps, delays = found.steps, [step.after_s for step in found.steps]
    if not 1 <= len(steps) <= MOST_STEPS or not all(step.channels for step in steps):
        raise Refused("policy-steps", "policy", most=MOST_STEPS)
    named = [name for step in steps for name in step.channels]
    if len(named) > len(set(named)):
        raise Refused("policy-twice", "policy")
    if delays[0] != 0 or delays != sorted(delays):
        raise Refused("policy-order", "policy")
    if not all(0 <= step.repeat <= MOST_REPEATS and step.every_s >= SHORTEST_REPEAT_S for step in steps):
        raise Refused("policy-repeats", "policy", most=MOST_REPEATS, least=SHORTEST_REPEAT_S)
    if not max(delays) <= found.longest_s <= LONGEST_S:
        raise Refused("policy-longest", "policy", hours=LONGEST_S // 3600)
    return found


def _step(stored: Mapping[str, Any]) -> Step:
    channels = dict.fromkeys(ChannelName(name) for name in stored["channels"])
    rest = {name: stored[name] for name in ("after_s", "repeat", "every_s") if name in stored}
    return Step(tuple(channels), until=Until(stored.get("until", Until.CONFIRMED)), **rest)


def next_round(rounds: Sequence[Round], after: int, usable: Iterable[int], state: PersonState) -> int | None:
    """Return the first round after number ``after`` that applies to a person in this state, or None.

    ``usable``: numbers of the channels by which the person can be told.
    """
    names = {CHANNELS[each] for each in usable}
    left = range(after + 1, len(rounds))
    return next((n for n in left if state < rounds[n].until.state and names & {*rounds[n].channels}), None)


def enough(rounds: Sequence[Round], after: int, usable: Iterable[int]) -> PersonState:
    """Return the lowest state in which no round after number ``after`` applies to a person with these channels."""
    names = {CHANNELS[each] for each in usable}
    left = (each.until.state for each in rounds[after + 1 :] if names & {*each.channels})
    return max(left, default=PersonState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most messages of one channel that minor and moderate alerts may send; None: no limit."""

    alert: int | None = None
    month: int | None = None

    def to_json(self) -> dict[str, int | None]:
        return asdict(self)

    def left(self, alert_used: int, month_used: int) -> int | None:
        """Return how many messages may still be sent; None: no limit."""
        limits = ((self.alert, alert_used), (self.month, month_used))
        left = [max(0, most - used) for most, used in limits if most is not None]
        return min(left, default=None)


@dataclass(frozen=True, slots=True)
class Budgets:
    """Budgets of the channels that cost money."""

    sms: Budget = field(default_factory=Budget)
    voice: Budget = field(default_factory=Budget)

    def of(self, channel: ChannelName) -> Budget:
        return {ChannelName.SMS: self.sms, ChannelName.VOICE: self.voice}.get(channel, _NO_LIMIT)


_NO_LIMIT = Budget()
PAID = PHONES
"""The channels that have budgets."""


def read_budgets(stored: Mapping[str, Any] | None) -> Budgets:
    return Budgets(**{name: Budget(**each) for name, each in (stored or {}).items()})
