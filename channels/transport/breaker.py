"""A circuit breaker: decides from a provider's latest answers whether to try it now. Pure except for its clock.

::

    CLOSED ──(many ill answers)──► OPEN ──(it has rested)──► HALF OPEN ──(the trial went well)──► CLOSED
                                    ▲                           │
                                    └─(the trial went ill)──────┘  rests twice as long
"""

import re
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum

from channels.errors import ChannelError, Misconfigured, Transient

_KNOWN_S = 60.0


class BreakerState(IntEnum):
    """As shown in the metrics."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Opens when the share ``ill_share`` of at least ``least`` answers within ``window_s`` seconds failed.

    It rests for ``rest_s``, doubled after each failed probe, up to ``longest_rest_s``. ``clock``: monotonic seconds.
    """

    def __init__(
        self,
        *,
        window_s: float = 30.0,
        least: int = 5,
        ill_share: float = 0.5,
        rest_s: float = 5.0,
        longest_rest_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._window_s, self._least, self._ill_share = window_s, least, ill_share
        self._rest_s, self._longest_rest_s = rest_s, longest_rest_s
        self._clock = clock
        self._answers: deque[tuple[float, bool]] = deque()
        self._ill = 0
        self._round = 0
        self._rests = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def state(self) -> BreakerState:
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until else BreakerState.HALF_OPEN

    @property
    def in_trouble(self) -> bool:
        """Return whether it is open, or was open recently and nothing has been tried since.

        After a long pause, old results say nothing about the provider's state.
        """
        return self._open_until is not None and self._clock() < self._open_until + _KNOWN_S

    @property
    def quiet(self) -> bool:
        """Return whether it holds no more state than a new one."""
        return self._open_until is None and not self._ill

    def wait_s(self) -> float:
        """Return 0 if a message may go now, else the seconds until a retry makes sense."""
        if self._open_until is None:
            return 0.0
        left = self._open_until - self._clock()
        if left > 0:
            return left
        return self._rest_s if self._trying else 0.0

    def enter(self, *, forced: bool = False) -> int | None:
        """Admit a message: return a ticket for ``leave``, or None. Half open, one at a time.

        ``forced``: as a probe, even if it has not rested.
        """
        if self.wait_s() > 0 and not forced:
            return None
        if self._open_until is not None:
            self._trying = True
        return self._round

    def leave(self, ticket: int, *, well: bool | None) -> None:
        """Record the result; None if inconclusive. Results from before the last change of state are ignored."""
        if ticket != self._round:
            return
        if self._open_until is not None:
            self._trying = False
            if well is not None:
                self._judge_trial(well=well)
        elif well is not None:
            self._count(well=well)

    def trip(self) -> None:
        self._round += 1
        self._rests += 1
        self._trying = False
        self._answers.clear()
        self._ill = 0
        rest = min(self._longest_rest_s, self._rest_s * float(1 << min(self._rests - 1, 16)))
        self._open_until = self._clock() + rest

    def _judge_trial(self, *, well: bool) -> None:
        if not well:
            self.trip()
            return
        self._round += 1
        self._rests = 0
        self._open_until = None

    def _count(self, *, well: bool) -> None:
        now = self._clock()
        self._answers.append((now, well))
        self._ill += not well
        while self._answers[0][0] < now - self._window_s:
            self._ill -= not self._answers.popleft()[1]
        enough = len(self._answers) >= self._least
        if not well and enough and self._ill >= self._ill_share * len(self._answers):
            self.trip()


# Deferrals that concern one receiver say nothing about the provider: a full or greylisting mailbox (RFC 3463, X.1, X.2,
# X.7.1), a subscription that WNS throttles.
_OF_ONE = re.compile(r"smtp:4\d\d (?:4\.1\.|4\.2\.|4\.7\.1\b).*|smtp:45[01]|push:throttled|smpp:0x64")


def is_about_receiver(error: ChannelError) -> bool:
    """Return whether an error concerns one receiver and not the provider."""
    return not isinstance(error, Transient | Misconfigured) or _OF_ONE.fullmatch(error.code) is not None
