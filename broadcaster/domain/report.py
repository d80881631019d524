"""What is foreseen of an alert before it goes out, and the account of it after."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  a Reach is read back from JSON by its types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from broadcaster.domain.people import ChannelName  # noqa: TC001  as above

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from broadcaster.domain.alerts import AlertState
    from broadcaster.domain.reasons import Why


@dataclass(frozen=True, slots=True)
class ChannelReach:
    """``units`` and ``cost_minor``: what is billed (SMS segments, calls), in minor units of the currency.

    ``seconds``: how long the channel takes for all of these at its configured rate.
    """

    people: int
    contacts: int
    units: int
    cost_minor: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SmsPreview:
    """The SMS in one language: how it is cut, and which letters make it dearer."""

    language: str
    text: str
    encoding: str
    segments: int
    culprits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an alert would reach. ``people`` matched; ``no_channel`` of them have no contact that works,
    ``opted_out`` of these because they asked for no more messages.

    ``registered``: those of them whom the station registered, exactly. ``others``: everybody else, about, in tens;
    ``others_fewer_than``: there may be some, fewer than this. The other figures count people like these others.
    ``unconfirmed``: sign-ups that nothing has confirmed yet, about, in tens; counted nowhere else.
    ``seconds_to_95``: estimated time until 95 % of those who can be reached have a first message with a provider; None
    if nobody can. ``warnings`` are sentences that an operator must see.
    """

    people: int
    registered: int
    others: int
    others_fewer_than: int | None
    devices: int
    no_channel: int
    opted_out: int
    channels: Mapping[ChannelName, ChannelReach]
    sms: tuple[SmsPreview, ...]
    cost_minor: int
    currency: str
    seconds_to_95: float | None
    area_km2: float | None
    sandbox: tuple[ChannelName, ...] = ()
    warnings: tuple[str, ...] = ()
    maybe_twice: int = 0
    unconfirmed: int = 0


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds from the moment the alert was taken; None while nobody is that far."""

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Account:
    """Who was reached. Every one of ``matched`` people is in exactly one state of ``people``.

    ``unaccounted``: people still without a final state, and any the sums miss; the alert is finished only at 0.
    ``channels``: for each channel, deliveries by state. ``stopped``: channels that are broken, with why.
    ``maybe_twice``: deliveries whose sender died while it may have been sending them.
    ``unconfirmed``: by state, people whose sign-up nothing has confirmed yet; they are not among ``people``.
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
    warnings: tuple[str, ...] = ()
    maybe_twice: int = 0
    unconfirmed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unreached:
    """One person whom nothing reached. ``reasons``: of each contact that failed, or why none was tried."""

    subscriber_id: int
    external_id: str | None
    name: str | None
    reasons: Sequence[Why]
