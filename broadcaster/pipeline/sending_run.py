"""One run over a leased batch: sends its messages concurrently through the channel's gate, and records the outcomes.

No database connection is held during a provider call.
"""

import asyncio
import functools
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from broadcaster.bus.base import Signal
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.reasons import Reason
from broadcaster.metrics import DEAD_LETTERS, FIRST_SECONDS, POSTPONED, SEND_SECONDS
from broadcaster.pipeline.provider_answers import ProviderAnswers
from broadcaster.pipeline.render import Context, Fill, render
from broadcaster.pipeline.services import Services
from broadcaster.sending.origins import Flight, Origin
from broadcaster.sending.sender import Sender
from broadcaster.sending.time_limit import Limit
from broadcaster.store.alerts import alerts, batches
from broadcaster.store.alerts.batches import Batch, ToSend
from channels.addresses import origin_of, read_address
from channels.base import Receipt
from channels.errors import ChannelError, Misconfigured, Transient
from channels.transport.breaker import is_about_receiver

_log = structlog.get_logger(__name__)


@dataclass
class Run:
    """One run over a batch. ``begun`` is set when the run only awaits answers.

    Either all messages are being sent, or no place is free because a provider does not answer.
    """

    services: Services
    sender: Sender
    batch: Batch
    context: Context
    fills: dict[str, Fill]
    rows: Iterator[ToSend]
    cancelled: Signal
    begun: asyncio.Event
    over: bool
    stopped: InitVar[bool]
    first: bool = False
    left: set[int] | None = None
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    aside: deque["_Ready"] = field(default_factory=deque)
    bound: dict[int, str] = field(default_factory=dict)
    put_off_until: datetime | None = None
    exhausted: bool = False
    working: int = 0
    flying: int = 0
    waiting: int = 0

    def __post_init__(self, stopped: bool) -> None:
        self.limit = Limit(self.sender.patience_s or self.services.settings.send_timeout_s * 2)
        self.answers = ProviderAnswers(self.services, self.sender, self.batch, self.context.alert.expires_at, stopped)
        self.seconds = SEND_SECONDS.labels(self.batch.channel)

    async def send_all(self, side_by_side: int) -> None:
        self.working = side_by_side
        async with asyncio.TaskGroup() as group:
            for _ in range(side_by_side):
                group.create_task(self._worker())

    @property
    def leased(self) -> bool:
        """Return whether the batch is surely still ours; if it is not, another process may be sending it."""
        return time.monotonic() < self.services.held_batches.get(self.batch.id, 0.0)

    @property
    def all_begun(self) -> bool:
        """Return whether no delivery is left to send."""
        return self.exhausted and not self.aside

    @property
    def going(self) -> bool:
        return self.leased and not self.answers.ended and not self.services.stopping.is_set()

    async def _worker(self) -> None:
        """Send one delivery after another until none are left, or the channel stops."""
        try:
            while self.going:
                await self.services.precedence.stand_back(self.batch.rank)
                row = next(self.rows, None)
                if row is not None:
                    await self._take(row)
                    continue
                self.exhausted = True
                if not self.aside:
                    return
                ready = self.aside.popleft()
                if not ready.origin.has_room(self.batch.rank) and ready.origin.wait_s() <= 0:
                    await ready.origin.room(self.batch.rank, ready.row.id)
                await self._pass(ready)
        finally:
            self.working -= 1
            self._tell_if_begun()

    def _tell_if_begun(self) -> None:
        """Set ``begun`` when all workers only await answers and no delivery is left to send."""
        if self.flying >= self.working and self.all_begun:
            self.begun.set()

    def _wait_for_slow_ones(self, more: int) -> None:
        """Count sends that wait for a provider that does not answer; set ``begun`` when no other work is left."""
        self.waiting += more
        if self.waiting >= self.working > 0:
            self.begun.set()

    async def _take(self, row: ToSend) -> None:
        outcome = self._not_sent(row)
        if outcome is None:
            address, outcome = self._address(row)
            if outcome is None:
                origin = self.sender.origins.of(origin_of(address))
                if origin.wait_s() > 0:  # not worth rendering
                    return self._put_off(origin)
                message, outcome = self._message(row)
                if outcome is None:
                    return await self._pass(_Ready(row, (message, address), origin))
        return await self.services.ledger.record(outcome)

    async def _pass(self, ready: "_Ready") -> None:
        """Send a message, defer it if its provider is failing, or set it aside if its provider has no place free."""
        origin, rank = ready.origin, self.batch.rank
        if not self.going:
            origin.wake()
        elif origin.wait_s() > 0:
            self._put_off(origin)
        elif not origin.has_room(rank):
            self.aside.append(ready)
        else:
            origin.expect(rank)
            try:
                # Ids are in order of exposure, which concurrent batches also keep at a slow rate.
                await self.sender.gate.enter(rank, self.sender.channel.cost(ready.message[0]), turn=ready.row.id)
            except BaseException:
                origin.withdraw(rank)
                raise
            await self._at_the_gate(ready)

    def _put_off(self, origin: Origin) -> None:
        """Leave a delivery unchanged and postpone its batch: its provider can't be used now."""
        POSTPONED.labels(self.batch.channel).inc()
        again = self.services.clock.now() + timedelta(seconds=origin.put_off())
        # The alert's report closes at its end, even while a provider is in trouble.
        again = min(again, self.context.alert.expires_at)
        self.put_off_until = again if self.put_off_until is None else min(self.put_off_until, again)

    async def _at_the_gate(self, ready: "_Ready") -> None:
        """Use the place at the gate, then give it back."""
        row, origin, gate, rank = ready.row, ready.origin, self.sender.gate, self.batch.rank
        try:
            # Check again after the wait: the alert may be over, the channel stopped, the process shutting down, or the
            # lease over, if the process stood still.
            if self.cancelled.is_set or self.looking.locked():
                await self._look_again()
            outcome = self._not_sent(row)
            withdrawn = self.left is not None and row.id not in self.left
        except BaseException:
            gate.leave()
            origin.withdraw(rank)
            raise
        if outcome is None and self.going and not withdrawn:
            flight = origin.start(rank, gate.leave, self._wait_for_slow_ones)
            if flight is None:  # the provider is full or failing by now
                gate.leave()
                self.aside.append(ready)
                return
            self.flying += 1
            self._tell_if_begun()
            try:
                outcome = await self._send(ready, flight)
            finally:
                self.flying -= 1
        else:
            gate.leave()
            origin.withdraw(rank)
        if outcome is not None:
            await self.services.ledger.record(outcome)

    def _not_sent(self, row: ToSend) -> Outcome | None:
        """Return the outcome of a delivery that must not be sent: expired, cancelled, or a retired contact."""
        if self.services.clock.now() >= self.context.alert.expires_at:
            return self._unsent(row, DeliveryState.EXPIRED)
        if self.over:
            return self._unsent(row, DeliveryState.CANCELLED)
        if row.address is None:
            DEAD_LETTERS.labels(self.batch.channel).inc()
            _log.error("an address does not open", delivery=row.id, alert=self.batch.alert_id)
            return self._unsent(row, DeliveryState.DEAD_LETTER, Reason.SEALED)
        if not row.address:
            return self._unsent(row, DeliveryState.GONE, Reason.ERASED)
        if not row.contact_works:
            return self._unsent(row, DeliveryState.GONE, Reason.RETIRED)
        return None

    def _unsent(self, row: ToSend, state: DeliveryState, reason: Reason | None = None) -> Outcome:
        now, maybe_sent = self.services.clock.now(), row.maybe_sent
        return Outcome(row.id, state, now, reason=reason, maybe_sent=maybe_sent, provider=row.provider)

    async def _look_again(self) -> None:
        """Check in the store whether the alert was cancelled or messages withdrawn; the signal is only a hint.

        One task checks; the others wait for it before they send.
        """
        async with self.looking:
            if self.cancelled.is_set:
                await self.cancelled.wait(0)
                async with self.services.store.read() as unit:
                    self.over = await alerts.is_cancelled(unit, self.batch.alert_id)
                    self.left = await batches.queued(unit, self.batch.id)

    def _address(self, row: ToSend) -> tuple[Any, Outcome | None]:
        try:
            return read_address(self.batch.channel, row.address or ""), None
        except Exception as error:  # noqa: BLE001  an error of ours: this one is put aside, and the rest goes on
            return None, self._dead_letter(row, error)

    def _message(self, row: ToSend) -> tuple[Any, Outcome | None]:
        try:
            fill = self.fills.get(row.locale)
            if fill is None:
                fill = self.fills[row.locale] = render(self.batch.channel, self.context, row.locale)
            message = fill(row.id)
            return message if row.answers is None else replace(message, answers=row.answers), None
        except Exception as error:  # noqa: BLE001  as above
            return None, self._dead_letter(row, error)

    def _dead_letter(self, row: ToSend, error: Exception) -> Outcome:
        DEAD_LETTERS.labels(self.batch.channel).inc()
        _log.exception("a delivery is given up for an error of ours", delivery=row.id, alert=self.batch.alert_id)
        now, code = self.services.clock.now(), type(error).__name__
        return Outcome(row.id, DeliveryState.DEAD_LETTER, now, tried=True, code=code)

    async def _send(self, ready: "_Ready", flight: Flight) -> Outcome | None:
        row = ready.row
        began = time.perf_counter()
        if self.first:
            self.first = False
            alert = self.context.alert
            FIRST_SECONDS.labels(alert.lane).observe((self.services.clock.now() - alert.sent_at).total_seconds())
        error: ChannelError
        try:
            with self.limit.block():
                receipt = await self._hand_over(ready)
        except ChannelError as refused:
            error = refused
        except TimeoutError:
            error = Transient("tocsin:timeout", "The provider never answered.", may_have_left=True)
            error.provider = self.bound.get(row.id, self.batch.by)
        except _LeaseOver:
            flight.finish(well=None)
            return None
        except Exception as bug:  # noqa: BLE001  logged, and shown as a dead letter
            flight.finish(well=None)
            return self._dead_letter(row, bug)
        except BaseException:
            flight.finish(well=None)
            raise
        else:
            flight.finish(well=True)
            self.seconds.observe(time.perf_counter() - began)
            return await self.answers.accepted(row, ready.origin, ready.message[1], receipt)
        flight.finish(well=is_about_receiver(error) or isinstance(error, Misconfigured))
        return await self.answers.refused(row, ready.origin, ready.message[1], error)

    async def _hand_over(self, ready: "_Ready") -> Receipt:
        failover, row = self.sender.failover, ready.row
        if failover is None:
            return await self.sender.channel.send(*ready.message)
        if row.provider:
            return await failover.send_by(row.provider, *ready.message)
        return await failover.send(*ready.message, before=functools.partial(self._bind, row))

    async def _bind(self, row: ToSend, provider: str) -> None:
        """Record the provider that is about to get a message, if it is not the one that the batch was leased for.

        If this process dies, the next one uses the same provider. Raises ``_LeaseOver``, as recording it may take long.
        """
        if self.bound.get(row.id, self.batch.by) == provider:
            return
        now = self.services.clock.now()
        await self.services.ledger.written(Outcome(row.id, None, now, maybe_sent=True, provider=provider))
        self.bound[row.id] = provider
        if not self.leased:
            raise _LeaseOver


class _LeaseOver(Exception):
    """The batch may be another process's by now: a message that has not left must stay."""


@dataclass(slots=True)
class _Ready:
    """A delivery with its rendered (message, address) and its provider."""

    row: ToSend
    message: tuple[Any, Any]
    origin: Origin
