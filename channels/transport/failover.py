"""Two providers as one channel: the first while it is healthy, else the second.

A message goes to the second only if the first certainly did not accept it. A message that the first may have accepted
never goes to the second, not even on a retry: ``send_by`` binds it to the provider that may have it. For this to
survive a crash, callers store the provider that ``before`` names ahead of each attempt.
"""

import asyncio
import statistics
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from channels.base import Channel, Composed, Finding, Receipt
from channels.errors import ChannelError, Misconfigured, Transient
from channels.transport.breaker import Breaker, BreakerState, is_about_receiver

OnResult = Callable[[str, str], None]

M = TypeVar("M")
A = TypeVar("A")

_FIRST_SHARE = 1 / 8
_EVEN = 1 / 2
_DOUBLE_AFTER = 8
_WATCHED_SHARE = 1 / 16
_LEAST_DELAYS, _MOST_DELAYS = 10, 50
_REMEMBERED = 20_000


@dataclass(slots=True)
class Provider(Generic[M, A]):
    """One of a channel's providers; ``name`` is used in receipts, errors and metrics.

    ``endpoint``: the host and port that accept connections, None if there is no single one.
    """

    name: str
    channel: Channel[M, A]
    breaker: Breaker = field(default_factory=lambda: Breaker(rest_s=2.0, longest_rest_s=30.0))
    endpoint: tuple[str, int] | None = None
    delays: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_DELAYS))
    broken: Misconfigured | None = None

    @property
    def delay_s(self) -> float | None:
        """Return the median time from sending a message to its report; None while too few are known."""
        return statistics.median(self.delays) if len(self.delays) >= _LEAST_DELAYS else None


class Failover(Generic[M, A]):
    """A ``Channel`` over two providers.

    Messages leave the first when its breaker opens, or when its reports take longer than ``late_s`` seconds and the
    second's do not. They return gradually: one probe, then an eighth of the messages, doubled after every eight
    successes. ``attempt_s`` bounds one attempt. ``told(provider, result)`` is called after each.
    """

    def __init__(
        self,
        first: Provider[M, A],
        second: Provider[M, A],
        *,
        attempt_s: float = 60.0,
        late_s: float = 90.0,
        told: OnResult | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first, self._second = first, second
        self._attempt_s, self._late_s = attempt_s, late_s
        self._told = told or (lambda _provider, _result: None)
        self._clock = clock
        self._share = 1.0
        self._credit = 0.0
        self._good = 0
        self._taken: OrderedDict[str, tuple[Provider[M, A], float]] = OrderedDict()

    @property
    def providers(self) -> tuple[Provider[M, A], Provider[M, A]]:
        return self._first, self._second

    @property
    def share(self) -> float:
        """Return the first's share of messages, 0 to 1."""
        if self._first.breaker.state is not BreakerState.CLOSED:
            return 0.0
        return min(self._share, _WATCHED_SHARE) if self._late() else self._share

    def compose(self, message: M, address: A) -> Composed:
        """Return the message as the first would send it."""
        return self._first.channel.compose(message, address)

    def cost(self, message: M) -> float:
        return self._first.channel.cost(message)

    @property
    def favoured(self) -> str:
        """Return the provider that gets most messages at present."""
        return (self._first if self.share >= _EVEN and self._first.breaker.wait_s() <= 0 else self._second).name

    async def send(self, message: M, address: A, *, before: Callable[[str], Awaitable[None]] | None = None) -> Receipt:
        """Send through the healthy provider; through the other if that one certainly did not accept it.

        ``before(provider)`` is awaited before each attempt. Raises ``Misconfigured`` only if both providers are
        misconfigured; every error names its ``provider``.
        """
        one, other = (self._first, self._second) if self._first_is_due() else (self._second, self._first)
        failed: list[ChannelError] = []
        # With both broken the channel is stopped; this attempt finds out whether it is fixed.
        forced = one.broken is not None and other.broken is not None
        for provider in (one, other):
            ticket = provider.breaker.enter(forced=forced)
            if ticket is None:
                continue
            try:
                return await self._try(provider, ticket, message, address, before)
            except (Transient, Misconfigured) as error:
                if error.may_have_left or is_about_receiver(error):
                    raise
                failed.append(error)
        raise self._failure(failed)

    async def send_by(self, name: str, message: M, address: A) -> Receipt:
        """Send through provider ``name`` only: it may have the message already. An unknown name binds nothing."""
        provider = next((each for each in self.providers if each.name == name), None)
        if provider is None:
            return await self.send(message, address)
        ticket = provider.breaker.enter()
        if ticket is None:
            wait_s = provider.breaker.wait_s()
            detail = f"{name} is in trouble, and may have the message."
            raise Transient(f"{name}:resting", detail, retry_after=wait_s, tried=False)
        try:
            return await self._try(provider, ticket, message, address)
        except Misconfigured as error:  # the other may work: do not stop the channel
            raise Transient(error.code, error.detail, retry_after=provider.breaker.wait_s()) from error

    def reported(self, provider_id: str) -> None:
        """Record that a message's report arrived: its delay is part of a provider's health."""
        provider, at = self._taken.pop(provider_id, (None, 0.0))
        if provider is not None:
            provider.delays.append(self._clock() - at)

    def make_ready(self) -> None:
        for provider in self.providers:
            provider.channel.make_ready()

    async def probe(self) -> list[Finding]:
        """Probe both; each finding names its provider."""
        findings: list[Finding] = []
        for provider in self.providers:
            found = await provider.channel.probe()
            findings += [replace(each, provider=provider.name) for each in found]
        return findings

    async def close(self) -> None:
        await asyncio.gather(*(provider.channel.close() for provider in self.providers))

    async def _try(
        self,
        provider: Provider[M, A],
        ticket: int,
        message: M,
        address: A,
        before: Callable[[str], Awaitable[None]] | None = None,
    ) -> Receipt:
        began = self._clock()
        well: bool | None = None
        try:
            if before is not None:
                await before(provider.name)
                began = self._clock()
            async with asyncio.timeout(self._attempt_s):
                receipt = await provider.channel.send(message, address)
            well, provider.broken = True, None
        except TimeoutError as error:
            well = False
            self._told(provider.name, "transient")
            late = Transient(f"{provider.name}:timeout", f"{provider.name} never answered.", may_have_left=True)
            late.provider = provider.name
            raise late from error
        except ChannelError as error:
            error.provider = provider.name
            well = is_about_receiver(error)
            self._told(provider.name, type(error).__name__.lower())
            provider.broken = error if isinstance(error, Misconfigured) else None
            if provider.broken is not None:
                provider.breaker.trip()
            raise
        finally:
            provider.breaker.leave(ticket, well=well)
            if provider is self._first and well is not None:
                self._learn(well=well)
        self._told(provider.name, "accepted")
        if receipt.provider_id is not None:
            self._taken[receipt.provider_id] = (provider, began)
            while len(self._taken) > _REMEMBERED:
                self._taken.popitem(last=False)
        return replace(receipt, provider=provider.name)

    def _first_is_due(self) -> bool:
        """Return whether this message goes to the first; shares are deterministic."""
        if self._first.breaker.wait_s() > 0:
            return False
        if self._first.breaker.state is not BreakerState.CLOSED:
            return True  # the one probe
        self._credit += self.share
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def _learn(self, *, well: bool) -> None:
        """Raise the first's share after enough successes; set it to 0 after its breaker opened."""
        if self._first.breaker.state is not BreakerState.CLOSED:
            self._share, self._good = _FIRST_SHARE, 0
        elif not well:
            self._good = 0
        elif self._share < 1.0:
            self._good += 1
            if self._good >= _DOUBLE_AFTER:
                self._share, self._good = min(1.0, self._share * 2), 0

    def _late(self) -> bool:
        mine, its = self._first.delay_s, self._second.delay_s
        return mine is not None and mine > self._late_s and (its is None or its < mine)

    def _failure(self, failed: list[ChannelError]) -> ChannelError:
        """Return the error of a message that neither accepted; resting providers were not tried."""
        broken = [each.broken for each in self.providers if each.broken is not None]
        if len(broken) == len(self.providers):
            error = Misconfigured("; ".join(each.code for each in broken), "; ".join(each.detail for each in broken))
            error.provider = broken[0].provider
            return error
        for each in failed:
            if isinstance(each, Transient):
                return each
        wait_s = min(each.breaker.wait_s() for each in self.providers)
        for each in failed:  # the other may work: retry later
            return Transient(each.code, each.detail, retry_after=wait_s)
        names = " and ".join(each.name for each in self.providers)
        return Transient("tocsin:resting", f"{names} are in trouble both.", retry_after=wait_s, tried=False)
