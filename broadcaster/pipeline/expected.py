"""Expected: simulates a policy's steps for a sample of people: what is sent to them, and how they react."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broadcaster.domain.escalation import Round, Until
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName
from broadcaster.domain.reactions import POINTS, Reactions
from broadcaster.domain.report import Reached

_SHARE = 0.95
_LEAST, _MOST = 500, 1000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """``sent``: messages by channel, as a multiple of the people's contacts; repetitions make it greater than 1.
    ``seconds_to_95``: until 95 % of the reachable have a first message with a provider.
    """

    sent: Mapping[ChannelName, float]
    seconds_to_95: float | None
    reached: Mapping[Until, Reached]


def simulate(
    rounds: Sequence[Round],
    contacts: NDArray[np.int64],
    units: NDArray[np.int64],
    *,
    reactions: Mapping[ChannelName, Reactions],
    rates: Mapping[ChannelName, float],
    ends_s: float,
) -> Course:
    """Return what an alert probably comes to.

    ``contacts``: people × ``CHANNELS``; ``units``: what a message to each person's contacts counts for at a provider,
    the same shape; ``rates``: units a second; ``ends_s``: seconds until the alert ends.

    Reactions of one person to several messages are taken as independent. Messages of a channel queue at its rate.
    """
    size = len(contacts)
    which = _sample(size)
    scaled = units[which].astype(np.float64) * (size / max(1, len(which)))
    run = _Run(contacts[which], scaled, reactions, rates, ends_s)
    for each in rounds:
        run.take(each)
    there = run.first_s < np.inf
    return Course(
        sent={name: n / max(1, int(run.contacts[:, CHANNEL_NUMBER[name]].sum())) for name, n in run.sent.items()},
        seconds_to_95=_quantile(run.first_s[there], np.inf),
        reached={until: _reached(at[there], ends_s) for until, at in run.at_s.items()},
    )


def _sample(size: int) -> NDArray[np.int64]:
    """Return people's places, in order: some of many, and each of few several times."""
    if size > _MOST:
        return np.arange(_MOST) * size // _MOST
    return np.repeat(np.arange(size), -(-_LEAST // max(1, size)))


class _Run:
    def __init__(
        self,
        contacts: NDArray[np.int64],
        units: Floats,
        reactions: Mapping[ChannelName, Reactions],
        rates: Mapping[ChannelName, float],
        ends_s: float,
    ) -> None:
        self.contacts, self._units, self._ends_s = contacts, units, ends_s
        self._reactions, self._rates = reactions, rates
        size = len(contacts)
        self.first_s = np.full(size, np.inf)
        self.at_s = {until: np.full(size, np.inf) for until in Until}
        self.sent: dict[ChannelName, float] = {}
        self._failed_s = np.zeros(size)
        self._free_s = dict.fromkeys(CHANNELS, 0.0)
        self._chance = np.random.default_rng(0)  # the same question has the same answer

    def take(self, this: Round) -> None:
        """Send a round to those who have not reacted when it is due.

        A person's first round is due at once, and the next one as soon as all messages so far have failed.
        """
        numbers = [CHANNEL_NUMBER[name] for name in this.channels]
        usable, fresh = self.contacts[:, numbers].any(axis=1), ~np.isfinite(self.first_s)
        due = np.where(np.isfinite(self.at_s[Until.ACCEPTED]), this.after_s, np.minimum(this.after_s, self._failed_s))
        due = np.where(fresh, 0.0, due)
        goes = usable & (fresh | (self.at_s[this.until] > due)) & (due < self._ends_s)
        for name in this.channels:
            self._send(name, np.flatnonzero(goes & (self.contacts[:, CHANNEL_NUMBER[name]] > 0)), due)

    def _send(self, name: ChannelName, people: NDArray[np.int64], due: Floats) -> None:
        number, theirs = CHANNEL_NUMBER[name], self._reactions[name]
        self.sent[name] = self.sent.get(name, 0.0) + float(self.contacts[people, number].sum())
        if not len(people):
            return
        people = people[np.argsort(due[people], kind="stable")]
        takes = self._units[people, number] / self._rates[name]
        spent = np.cumsum(takes)
        begins = np.maximum(due[people], self._free_s[name])
        handed = spent + np.maximum.accumulate(begins - spent + takes)
        self._free_s[name] = float(handed[-1])
        self.first_s[people] = np.minimum(self.first_s[people], handed)
        taken = self._draw(len(people)) < theirs.accepted
        self._failed_s[people] = np.maximum(self._failed_s[people], handed)
        point = (self._draw(len(people)) * POINTS).astype(np.int64)
        for until, seconds in (
            (Until.ACCEPTED, 0.0),
            (Until.DISPLAYED, np.asarray(theirs.displayed_s)[point]),
            (Until.CONFIRMED, np.asarray(theirs.confirmed_s)[point]),
        ):
            at = np.where(taken, handed + seconds, np.inf)
            self.at_s[until][people] = np.minimum(self.at_s[until][people], at)

    def _draw(self, size: int) -> Floats:
        """Return evenly spaced numbers between 0 and 1, in random order: few people have about the expected share."""
        return (self._chance.permutation(size) + 0.5) / size


def _reached(at_s: Floats, ends_s: float) -> Reached:
    share = float((at_s < ends_s).mean()) if len(at_s) else 0.0
    return Reached(round(share, 3), _quantile(at_s, ends_s))


def _quantile(at_s: Floats, ends_s: float) -> float | None:
    """Return by when 95 % of all are reached; None if that is not before the end."""
    if not len(at_s):
        return None
    found = float(np.quantile(at_s, _SHARE, method="inverted_cdf"))
    return round(found, 1) if found < ends_s else None
