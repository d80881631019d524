"""Models of escalation."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from broadcaster.domain.alerts import Severity
from broadcaster.domain.escalation import LONGEST_S, MOST_REPEATS, MOST_STEPS, SHORTEST_REPEAT_S, Budget, Policy, Until
from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.http.schemas.base import FORM, Given, Shown
from broadcaster.pipeline.escalate import Next

_Seconds = Annotated[int, Field(ge=0, le=LONGEST_S)]
_Most = Annotated[int, Field(ge=0, le=10_000_000)]


class StepIn(Given):
    """One step: by these channels, ``after_s`` seconds after the first message, to people not yet ``until``."""

    channels: tuple[ChannelName, ...] = Field(min_length=1, max_length=len(CHANNELS))
    after_s: _Seconds = 0
    until: Until = Until.CONFIRMED
    repeat: int = Field(0, ge=0, le=MOST_REPEATS, description="How many times more.")
    every_s: int = Field(120, ge=SHORTEST_REPEAT_S, le=LONGEST_S)


class PolicyIn(Given):
    steps: tuple[StepIn, ...] = Field(min_length=1, max_length=MOST_STEPS)
    longest_s: _Seconds = Field(1800, description="What is due later is left out.")


class BudgetIn(Given):
    """The most messages that minor and moderate alerts may send, per alert and per month; null: no limit."""

    alert: _Most | None = None
    month: _Most | None = None


class PoliciesIn(Given):
    """The given policies and budgets replace the current ones; null: the shipped policy."""

    largest: ClassVar[int] = FORM
    policies: dict[Severity, PolicyIn | None] = Field({}, max_length=len(Severity))
    budgets: dict[Literal["sms", "voice"], BudgetIn] = Field({}, max_length=2)


class PoliciesOut(Shown):
    """A station's policies, including shipped ones, and its budgets; ``own``: the policies that the station has set."""

    policies: dict[Severity, Policy]
    own: tuple[Severity, ...]
    budgets: dict[str, Budget]


class EscalationOut(Shown):
    """How an alert escalates: its own policy, null when all channels go at once."""

    policy: Policy | None
    next: Next | None
    stopped_at: datetime | None


class EscalationIn(Given):
    """``now``: send the next round at once; ``skip``: skip it; ``stop``: stop escalation."""

    action: Literal["now", "skip", "stop"]
    round: int = Field(ge=0, le=100, description="The round that was next when this was decided.")
