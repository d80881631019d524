"""What each provider, or each push service, is sent at once, and whether it is worth asking now.

A push service that hangs must not take the places of the others. So each begins with a quarter of the channel's places
and earns one more with each answer; a message that has no answer after ``PATIENCE_S`` gives its place back, and while a
quarter of the places' worth of such messages is out, that service gets no more of them.
"""

from __future__ import annotations

import asyncio
import functools
import heapq
import itertools
import math
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadcaster.metrics import BREAKER, BY_PROVIDER
from channels.transport.breaker import Breaker, BreakerState

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 2.0
_BUSY_S = 2.0
_TICK_S = 0.001
_MOST_SPREAD_S = 30.0
_BACK_A_SECOND = 200
_SHARE = 4
_FEWEST_TO_SHARE = 16
_MOST_ORIGINS = 512


@dataclass(slots=True, eq=False)
class Flight:
    """A message on its way, from the place that it was given until its answer."""

    origin: Origin
    ticket: int
    give_place: Callable[[], None]
    slow: Callable[[int], None]
    patience_until: float = math.inf
    landed: bool = False
    lingers: bool = False

    def land(self, *, well: bool | None) -> None:
        """Say what the answer says of the provider; None where it says nothing. Gives the place back."""
        self.landed = True
        if self.lingers:
            self.slow(-1)
        else:
            self.give_place()
        self.origin.landed(self, well=well)


class Origin:
    """One provider. ``places`` are those of the whole channel; 0 where it need not share them."""

    def __init__(
        self, places: int, breaker: Breaker, show: Callable[[], None] = lambda: None, named: tuple[str, str] = ("", "")
    ) -> None:
        """``named``: the channel and the provider, as the metrics have them."""
        self.breaker = breaker
        self._said = functools.cache(functools.partial(BY_PROVIDER.labels, *named))
        self._tell_state = show
        self._shown = BreakerState.CLOSED
        self._places = places
        self._least = max(1, places // _SHARE)
        self._limit = self._least
        self.sending = 0
        self.lingering = 0
        self._put_off = 0
        self._flights: deque[Flight] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._coming: dict[int, int] = {}
        self._all_coming = 0
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def idle(self) -> bool:
        """Return whether nothing would be lost by forgetting it."""
        return not (self.sending or self._waiting or self._all_coming) and self.breaker.quiet

    def count(self, result: str) -> None:
        """Count what it said of a message."""
        self._said(result).inc()

    def wait_s(self) -> float:
        """Return 0 where messages may go, else for how many seconds they are better put off."""
        left = self.breaker.wait_s()
        if left <= 0 and self._places and self.lingering >= self._least:
            return _BUSY_S
        return left

    def put_off(self) -> float:
        """Return for how many seconds one more is put off: the more wait already, the further apart they come back."""
        self._put_off += 1
        spread = min(_MOST_SPREAD_S, self._put_off / _BACK_A_SECOND)
        return self.wait_s() + random.random() * spread  # noqa: S311  spreads load, hides nothing

    def has_room(self, rank: int) -> bool:
        """Return whether one more may come. Less urgent messages that wait for a place do not count."""
        if not self._places:
            return True
        free = self._limit - self.sending
        if free <= 0 or self._all_coming < free:
            return free > 0
        return sum(n for other, n in self._coming.items() if other <= rank) < free

    async def room(self, rank: int, turn: int = 0) -> None:
        """Wait until there may be room, or a reason not to wait.

        The most urgent is told first, and of those of a rank whose ``turn`` is the smallest.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, turn, next(self._order), future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.tell()
            raise

    def come(self, rank: int) -> None:
        """Count a message that waits for a place at the gate."""
        self._coming[rank] = self._coming.get(rank, 0) + 1
        self._all_coming += 1

    def turn_away(self, rank: int) -> None:
        """Count it no more: it does not go."""
        self._came(rank)
        self.tell()

    def depart(self, rank: int, give_place: Callable[[], None], slow: Callable[[int], None]) -> Flight | None:
        """Let a message that has its place go; None where it must not any more: it still has its place then.

        ``give_place`` is called once, at the landing or when patience ends; ``slow`` then, and with -1 at the landing.
        """
        self._came(rank)
        full = self._places and self.sending >= self._limit
        ticket = None if full else self.breaker.enter()
        self._show()
        if ticket is None:
            self.tell()
            return None
        self.sending += 1
        flight = Flight(self, ticket, give_place, slow)
        if self._places:
            loop = asyncio.get_running_loop()
            flight.patience_until = loop.time() + PATIENCE_S
            self._flights.append(flight)
            if self._timer is None:
                self._timer = loop.call_at(flight.patience_until, self._look)
        return flight

    def landed(self, flight: Flight, *, well: bool | None) -> None:
        """Take over what a flight's end says."""
        self.sending -= 1
        self._put_off = 0
        self.lingering -= flight.lingers
        if well is not None:
            self._limit = min(self._places, self._limit + 1) if well else self._least
        self.breaker.leave(flight.ticket, well=well)
        self._show()
        self.tell()

    def _look(self) -> None:
        """Find those whose patience is over: all have the same, so the first that left is the first of them."""
        loop, self._timer = asyncio.get_running_loop(), None
        while self._flights:
            if self._flights[0].landed:
                self._flights.popleft()
            elif self._flights[0].patience_until <= loop.time() + _TICK_S:
                self._linger(self._flights.popleft())
            else:
                self._timer = loop.call_at(self._flights[0].patience_until, self._look)
                return

    def _linger(self, flight: Flight) -> None:
        flight.lingers = True
        self.lingering += 1
        flight.give_place()
        flight.slow(1)
        self.tell()

    def _came(self, rank: int) -> None:
        self._coming[rank] -= 1
        self._all_coming -= 1

    def tell(self) -> None:
        """Tell as many of those who wait as there is room for; all of them when there is no use in waiting."""
        if not self._waiting:
            return
        room = len(self._waiting) if self.wait_s() > 0 else self._limit - self.sending - self._all_coming
        while room > 0 and self._waiting:
            future = heapq.heappop(self._waiting)[3]
            if not future.done():
                future.set_result(None)
                room -= 1

    def _show(self) -> None:
        state = self.breaker.state
        if state is not self._shown:
            self._shown = state
            self._tell_state()


def patient() -> Breaker:
    """Make the breaker of a provider that has no second: tried often, since many wait for it."""
    return Breaker(rest_s=1.0, longest_rest_s=10.0)


class Origins:
    """The providers of one channel, each made when it is first met.

    ``places`` is how many messages of the channel may be under way at once where its providers share them (fewer than
    16 are not worth parting); ``label`` gives the word of a name in the metrics: strangers choose the names, so the
    words must be few. Of those that share a word, the one in the worst state is shown.
    """

    def __init__(
        self,
        channel: str = "",
        places: int = 0,
        label: Callable[[str], str] = str,
        breaker: Callable[[], Breaker] = patient,
    ) -> None:
        self._channel, self._label, self._breaker = channel, label, breaker
        self._places = places if places >= _FEWEST_TO_SHARE else 0
        self._known: dict[str, Origin] = {}

    def of(self, name: str) -> Origin:
        """Return the provider of that name."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _MOST_ORIGINS:  # whoever invents names under a suffix must not fill our memory
                for other in [other for other, origin in self._known.items() if origin.idle]:
                    del self._known[other]
            label = self._label(name)
            show = functools.partial(self._show, label)
            known = self._known[name] = Origin(self._places, self._breaker(), show, (self._channel, label))
        return known

    def in_trouble(self) -> list[str]:
        """Return the words of those that are not worth asking now."""
        return sorted({self._label(name) for name, each in self._known.items() if each.breaker.in_trouble})

    def _show(self, label: str) -> None:
        worst = max(origin.breaker.state for name, origin in self._known.items() if self._label(name) == label)
        BREAKER.labels(self._channel, label).set(worst)
