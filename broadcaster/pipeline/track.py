"""Track: collect outcomes and receipts from all senders and listeners, and commit them in groups."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import structlog

from broadcaster.bus import Bus
from broadcaster.clock import Clock
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.retirement import Blame
from broadcaster.metrics import GROUP_SECONDS, OUTCOMES
from broadcaster.sending.backoff import backoff_s
from broadcaster.store import Store, StoreUnavailable, urgently
from broadcaster.store.alerts import tracking

GROUP = 500
"""Most outcomes in one transaction."""

BACKLOG = 500
"""How many outcomes may wait for the store before senders are held back."""

_FEW = 50
_LINGER_S = 0.05
_RETRY_S = 0.5
_CALL_AGAIN = timedelta(seconds=60)
_log = structlog.get_logger(__name__)


class Ledger:
    """Accepts outcomes at any time; ``run`` writes them. After a crash, unwritten messages may be sent twice."""

    def __init__(self, store: Store, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._waiting: list[tuple[Outcome, asyncio.Future[None] | None]] = []
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._hurry = asyncio.Event()
        self._taken = 0
        self._written = 0
        self._progress = asyncio.Condition()

    async def record(self, outcome: Outcome) -> None:
        """Accept an outcome at once, but return only when there is room for more: not while too many wait or the store
        is unavailable.

        So a process that can't record outcomes stops sending, as another may have taken over.
        """
        self._take(outcome, None)
        await self._room.wait()

    async def written(self, outcome: Outcome) -> None:
        """Accept an outcome, and return when it is durable."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._take(outcome, future)
        self._hurry.set()
        await future

    async def receipt(
        self,
        delivery_id: int,
        state: DeliveryState,
        *,
        code: str | None = None,
        blame: Blame | None = None,
        detail: str = "",
    ) -> None:
        """Accept a delivery's receipt; returns when it is durable. Unknown deliveries are ignored."""
        now = self._clock.now()
        await self.written(Outcome(delivery_id, state, now, code=code, blame=blame, answer=code or "", detail=detail))

    async def call_again(self, delivery_id: int, provider_id: str, code: str) -> None:
        """Requeue a call that reached nobody once, unless another call has been made since."""
        now = self._clock.now()
        wait = _CALL_AGAIN + timedelta(seconds=backoff_s(1))
        await self.written(
            Outcome(delivery_id, None, now, provider_id=provider_id, code=code, next_attempt_at=now + wait, again=True)
        )

    async def settled(self) -> None:
        """Wait until everything accepted before is durable."""
        goal = self._taken
        if len(self._waiting) < _FEW:  # many more are about to arrive, and one group costs less than two
            self._hurry.set()
        async with self._progress:
            await self._progress.wait_for(lambda: self._written >= goal)

    def _take(self, outcome: Outcome, future: asyncio.Future[None] | None) -> None:
        self._waiting.append((outcome, future))
        self._taken += 1
        self._some.set()
        if len(self._waiting) >= GROUP:
            self._hurry.set()
        if len(self._waiting) >= BACKLOG:
            self._room.clear()

    async def run(self) -> None:
        """Write outcomes as they come, until cancelled."""
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(_LINGER_S):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            await self.flush()

    async def flush(self) -> None:
        """Write one group; while the store is unavailable, wait and lose nothing."""
        group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
        self._hurry.clear()
        if not self._waiting:
            self._some.clear()
        if not group:
            return
        with GROUP_SECONDS.time():
            applied = await self._write([outcome for outcome, _ in group])
        for _, future in group:
            if future is not None and not future.done():
                future.set_result(None)
        if len(self._waiting) < BACKLOG:
            self._room.set()
        async with self._progress:
            self._written += len(group)
            self._progress.notify_all()
        for alert_id in applied.touched:
            await self._bus.publish(f"alert:{alert_id}")
        for alert_id in applied.withdrawn:
            await self._bus.publish(f"cancelled:{alert_id}")

    async def _write(self, outcomes: Sequence[Outcome]) -> tracking.Applied:
        while True:
            try:
                # Runs as urgent: groups are short and senders wait for them. Otherwise outcomes would wait until the
                # last part of an alert is written.
                with urgently():
                    applied = await self._store.run_write(lambda unit: tracking.apply(unit, outcomes))
            except StoreUnavailable as error:
                self._room.clear()
                _log.debug("outcomes wait for the store", n=len(outcomes), error=str(error))
                await asyncio.sleep(_RETRY_S)
            except Exception:  # noqa: BLE001  logged; one of them is ours to mend
                # One outcome makes its group fail: the rest must not be lost with it.
                if len(outcomes) == 1:
                    _log.exception("an outcome could not be written", delivery=outcomes[0].delivery_id)
                    return tracking.Applied(set(), set())
                _log.exception("a group of outcomes could not be written; one by one", n=len(outcomes))
                each = [await self._write([outcome]) for outcome in outcomes]
                return tracking.Applied(*(set().union(*parts) for parts in zip(*each, strict=True)))
            else:
                for state, n in Counter(outcome.state for outcome in outcomes).items():
                    OUTCOMES.labels("retry" if state is None else state.word).inc(n)
                return applied
