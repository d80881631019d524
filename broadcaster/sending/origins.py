"""Concurrency limit and breaker of each provider or push service.

A push service that hangs must not occupy all of the channel's places. Each service starts with a quarter of them and
earns one more per answer. A message unanswered after ``PATIENCE_S`` gives its place back; while such messages would
fill a quarter of the places, their service gets no more.
"""

import asyncio
import functools
import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from broadcaster.metrics import BREAKER, BY_PROVIDER
from channels.transport.breaker import Breaker, BreakerState

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
    """A message under way, from its place to its answer."""

    origin: "Origin"
    ticket: int
    give_place: Callable[[], None]
    slow: Callable[[int], None]
    patience_until: float = math.inf
    done: bool = False
    lingers: bool = False

    def finish(self, *, well: bool | None) -> None:
        """Record the provider's result (None: inconclusive) and give the place back."""
        self.done = True
        if self.lingers:
            self.slow(-1)
        else:
            self.give_place()
        self.origin.finished(self, well=well)


class Origin:
    """One provider. ``places``: the channel's total; 0 if no other provider shares them."""

    def __init__(
        self, places: int, breaker: Breaker, show: Callable[[], None] = lambda: None, named: tuple[str, str] = ("", "")
    ) -> None:
        """``named``: channel and provider, as labelled in the metrics."""
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
        self._expected: dict[int, int] = {}
        self._all_expected = 0
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def idle(self) -> bool:
        """Return whether it holds no state worth keeping."""
        return not (self.sending or self._waiting or self._all_expected) and self.breaker.quiet

    def count(self, result: str) -> None:
        self._said(result).inc()

    def wait_s(self) -> float:
        """Return 0 if messages may go, else the seconds to defer them."""
        left = self.breaker.wait_s()
        if left <= 0 and self._places and self.lingering >= self._least:
            return _BUSY_S
        return left

    def put_off(self) -> float:
        """Return the seconds to defer one more message; deferred messages are spread wider the more there are."""
        self._put_off += 1
        spread = min(_MOST_SPREAD_S, self._put_off / _BACK_A_SECOND)
        return self.wait_s() + random.random() * spread  # noqa: S311  spreads load, hides nothing

    def has_room(self, rank: int) -> bool:
        """Return whether one more may enter. Less urgent messages waiting for a place do not count."""
        if not self._places:
            return True
        free = self._limit - self.sending
        if free <= 0 or self._all_expected < free:
            return free > 0
        return sum(n for other, n in self._expected.items() if other <= rank) < free

    async def room(self, rank: int, turn: int = 0) -> None:
        """Wait until there may be room, or waiting is pointless. Smallest rank first, then smallest ``turn``."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, turn, next(self._order), future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.wake()
            raise

    def expect(self, rank: int) -> None:
        """Count a message that waits at the gate."""
        self._expected[rank] = self._expected.get(rank, 0) + 1
        self._all_expected += 1

    def withdraw(self, rank: int) -> None:
        """Uncount a message that is not sent."""
        self._forget(rank)
        self.wake()

    def start(self, rank: int, give_place: Callable[[], None], slow: Callable[[int], None]) -> Flight | None:
        """Start a message that holds a place. Return None if it may no longer go; it then keeps its place.

        ``give_place`` is called once, at the answer or when patience ends. ``slow`` is called when patience ends, and
        with -1 at the answer after that.
        """
        self._forget(rank)
        full = self._places and self.sending >= self._limit
        ticket = None if full else self.breaker.enter()
        self._show()
        if ticket is None:
            self.wake()
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

    def finished(self, flight: Flight, *, well: bool | None) -> None:
        """Update the state at a flight's end."""
        self.sending -= 1
        self._put_off = 0
        self.lingering -= flight.lingers
        if well is not None:
            self._limit = min(self._places, self._limit + 1) if well else self._least
        self.breaker.leave(flight.ticket, well=well)
        self._show()
        self.wake()

    def _look(self) -> None:
        """Find flights past their patience, oldest first: the limit is the same for all."""
        loop, self._timer = asyncio.get_running_loop(), None
        while self._flights:
            if self._flights[0].done:
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
        self.wake()

    def _forget(self, rank: int) -> None:
        self._expected[rank] -= 1
        self._all_expected -= 1

    def wake(self) -> None:
        """Wake as many waiters as there is room for, or all of them when waiting is pointless."""
        if not self._waiting:
            return
        room = len(self._waiting) if self.wait_s() > 0 else self._limit - self.sending - self._all_expected
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
    """Make the breaker of a provider without a fallback: probed often, since many wait for it."""
    return Breaker(rest_s=1.0, longest_rest_s=10.0)


class Origins:
    """The providers of one channel, created on first use.

    ``places``: concurrent messages of the channel, shared by its providers (fewer than 16 are not worth dividing).
    ``label`` maps a name to its metrics label: strangers choose the names, so labels must be few. Providers with one
    label show the worst state among them.
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
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _MOST_ORIGINS:  # names invented under a suffix must not fill our memory
                for other in [other for other, origin in self._known.items() if origin.idle]:
                    del self._known[other]
            label = self._label(name)
            show = functools.partial(self._show, label)
            known = self._known[name] = Origin(self._places, self._breaker(), show, (self._channel, label))
        return known

    def in_trouble(self) -> list[str]:
        """Return the labels of failing providers."""
        return sorted({self._label(name) for name, each in self._known.items() if each.breaker.in_trouble})

    def _show(self, label: str) -> None:
        worst = max(origin.breaker.state for name, origin in self._known.items() if self._label(name) == label)
        BREAKER.labels(self._channel, label).set(worst)
