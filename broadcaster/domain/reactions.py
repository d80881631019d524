"""How people react to a channel's messages: what a station's past alerts show, or defaults without them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from broadcaster.domain.escalation import Until
from broadcaster.domain.people import ChannelName

POINTS = 100
"""Reactions are kept as this many quantiles."""

LEAST_MESSAGES = 20
"""With fewer past messages of a channel, its defaults count."""

_SPREAD = 1.4
"""Exponent of the defaults' log-logistic times: of those who react, nine in ten do within five times the median."""


@dataclass(frozen=True, slots=True)
class Reactions:
    """``accepted``: the share of messages that a provider accepts. ``displayed_s`` and ``confirmed_s``: seconds from
    then until the reaction, as ``POINTS`` ascending quantiles; ``inf`` for those who never react. ``messages``: the
    number of past messages behind them; 0 for defaults.
    """

    accepted: float
    displayed_s: Sequence[float]
    confirmed_s: Sequence[float]
    messages: int = 0

    def seconds(self, until: Until) -> Sequence[float]:
        return self.displayed_s if until is Until.DISPLAYED else self.confirmed_s


def observed(messages: Sequence[tuple[bool, float, float]]) -> Reactions:
    """Return for each past message if it was accepted, and the seconds to display and confirmation (``inf``: never)."""
    taken = [each for each in messages if each[0]]
    displayed = sorted(min(shown, confirmed) for _, shown, confirmed in taken)
    confirmed = sorted(each[2] for each in taken)
    return Reactions(len(taken) / len(messages), _quantiles(displayed), _quantiles(confirmed), len(messages))


def _quantiles(ascending: Sequence[float]) -> tuple[float, ...]:
    if not ascending:
        return (inf,) * POINTS
    return tuple(ascending[int((point + 0.5) / POINTS * len(ascending))] for point in range(POINTS))


def _usual(accepted: float, displayed: tuple[float, float], confirmed: tuple[float, float]) -> Reactions:
    return Reactions(accepted, _log_logistic(*displayed), _log_logistic(*confirmed))


def _log_logistic(share: float, median_s: float) -> tuple[float, ...]:
    """Return quantiles for a share of people who react, half of them within ``median_s`` seconds."""
    ranks = ((point + 0.5) / POINTS / share for point in range(POINTS))
    return tuple(median_s * (rank / (1 - rank)) ** (1 / _SPREAD) if rank < 1 else inf for rank in ranks)


DEFAULTS = {
    #                          accepted  displayed     confirmed: share, median in seconds
    ChannelName.PUSH:  _usual(0.97, (0.70, 20), (0.35, 90)),
    ChannelName.SMS:   _usual(0.97, (0.30, 180), (0.25, 240)),
    ChannelName.VOICE: _usual(0.95, (0.60, 20), (0.45, 40)),
    ChannelName.EMAIL: _usual(0.98, (0.20, 1800), (0.08, 2400)),
}  # fmt: skip
"""Reactions at a station without history; docs/reach.md states them."""
