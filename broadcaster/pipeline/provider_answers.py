"""What a provider's answer makes of a delivery, and whether it stops the channel or starts it again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter

from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.retirement import Blame
from broadcaster.metrics import SENT, STOPPED
from broadcaster.pipeline.services import Services
from broadcaster.sending.backoff import CAP_S, IN_TROUBLE_S, MOST_ATTEMPTS, STOP_S, backoff_s
from broadcaster.sending.origins import Origin
from broadcaster.sending.sender import Sender
from broadcaster.store import StoreUnavailable
from broadcaster.store.alerts import report as reports
from broadcaster.store.alerts.batches import Batch, ToSend
from channels.addresses import keeper_of
from channels.base import Receipt
from channels.errors import ChannelError, Gone, Misconfigured, SenderRefused, Stopped, Transient, Unexplained
from channels.transport.breaker import BreakerState, is_about_receiver

_log = structlog.get_logger(__name__)
_BLAMES = (  # the subclass first
    (Stopped, Blame.STOPPED),
    (Gone, Blame.CONTACT),
    (SenderRefused, Blame.SENDER),
    (Unexplained, Blame.UNEXPLAINED),
)


@dataclass(slots=True)
class ProviderAnswers:
    """The answers to one batch. ``stopped``: the store has the channel as stopped. ``ended``: it must send no more."""

    services: Services
    sender: Sender
    batch: Batch
    expires_at: datetime
    stopped: bool
    ended: bool = False
    _accepted: Counter = field(init=False)

    def __post_init__(self) -> None:
        self._accepted = SENT.labels(self.batch.channel, "accepted")

    async def accepted(self, row: ToSend, origin: Origin, address: Any, receipt: Receipt) -> Outcome:
        """Return the outcome of a message that the provider took."""
        self._accepted.inc()
        if self.sender.failover is None:  # the failover counts results itself
            origin.count("accepted")
        if self.stopped or self.sender.stopped_until is not None:
            await self._start()
        return Outcome(
            row.id,
            DeliveryState.ACCEPTED,
            self.services.clock.now(),
            tried=True,
            provider_id=_named(receipt),
            composed=receipt.composed,
            keeper=keeper_of(self.batch.channel, address),
        )

    async def refused(self, row: ToSend, origin: Origin, address: Any, error: ChannelError) -> Outcome:
        """Return the outcome of a message that the provider did not take."""
        result = type(error).__name__.lower()
        SENT.labels(self.batch.channel, result).inc()
        if self.sender.failover is None:
            origin.count(result)
        match error:
            case Transient():
                return self._later(row, error, origin)
            case Misconfigured():
                return await self._stop(row, error)
        return Outcome(
            row.id,
            DeliveryState.GONE if isinstance(error, Gone) else DeliveryState.FAILED,
            self.services.clock.now(),
            tried=True,
            code=error.code,
            keeper=keeper_of(self.batch.channel, address),
            blame=next((blame for kind, blame in _BLAMES if isinstance(error, kind)), None),
            answer=error.answer if isinstance(error, Unexplained) else error.code,
            detail=error.detail,
        )

    def _later(self, row: ToSend, error: Transient, origin: Origin) -> Outcome:
        now = self.services.clock.now()
        attempts = row.attempts + error.tried
        outcome = Outcome(
            row.id,
            None,
            now,
            tried=error.tried,
            code=error.code,
            maybe_sent=error.may_have_left or row.maybe_sent,
            provider=row.provider or (error.provider if error.may_have_left else None),
        )
        # This was the breaker's probe: count no attempt, and retry about when the deliveries behind it are due.
        in_trouble = origin.breaker.state is not BreakerState.CLOSED and not is_about_receiver(error)
        if attempts >= MOST_ATTEMPTS and not in_trouble:
            outcome.state, outcome.tried = DeliveryState.FAILED, True
            return outcome
        wait_s = backoff_s(max(1, attempts), error.retry_after, cap_s=IN_TROUBLE_S if in_trouble else CAP_S)
        # Due at the alert's end at the latest, so that its report closes then.
        outcome.next_attempt_at = min(now + timedelta(seconds=wait_s), self.expires_at)
        return outcome

    async def _stop(self, row: ToSend, error: Misconfigured) -> Outcome:
        """Stop a channel that is broken for every contact. Deliveries wait; one of them is the next probe."""
        now = self.services.clock.now()
        again = now + timedelta(seconds=STOP_S)
        self.ended = True
        if not self.sender.resting(now):
            self.sender.stopped_until = again
            STOPPED.labels(self.batch.channel).set(1)
            _log.error("channel stopped", channel=self.batch.channel, code=error.code, detail=error.detail)
            try:
                async with self.services.store.write() as unit:
                    await reports.stop_channel(unit, self.batch.channel, error.code, error.detail, now)
            except StoreUnavailable as away:  # messages on the wire must not be cut off for this
                _log.warning("a stop could not be written down", channel=self.batch.channel, error=str(away))
        return Outcome(
            row.id,
            None,
            now,
            tried=True,
            code=error.code,
            maybe_sent=row.maybe_sent,
            provider=row.provider,
            next_attempt_at=again,
        )

    async def _start(self) -> None:
        self.stopped = False
        self.sender.stopped_until = None
        STOPPED.labels(self.batch.channel).set(0)
        _log.info("channel works again", channel=self.batch.channel)
        try:
            async with self.services.store.write() as unit:
                await reports.start_channel(unit, self.batch.channel)
        except StoreUnavailable as away:  # the next accepted message clears it again
            self.stopped = True
            _log.warning("the end of a stop could not be written down", channel=self.batch.channel, error=str(away))


def _named(receipt: Receipt) -> str | None:
    """Return the provider's message id, prefixed with the provider where a channel has two."""
    name = receipt.provider_id
    if receipt.provider is None or (name or "").startswith(f"{receipt.provider}:"):
        return name
    return f"{receipt.provider}:{name or ''}"
