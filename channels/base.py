"""The channel interface: compose a message to the last byte, and send it.

A channel knows messages and addresses, but not alerts, people or the store. It holds its own connections, opened on
first use and closed by ``close``. Importing a channel opens nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

M_contra = TypeVar("M_contra", contravariant=True)
A_contra = TypeVar("A_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as sent on the wire.

    ``to``: the plain address. ``readable``: what the receiver sees or hears. ``wire``: the bytes (a MIME message, a
    form, a JSON or encrypted body, preceded by its HTTP headers if any).
    """

    to: str
    readable: str
    wire: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider accepted the message (RFC 8030's 201, SMTP's 250, Twilio's queued).

    ``provider_id``: the provider's message id, if any. ``units``: billed units (SMS segments). ``composed``: only from
    a sandboxed channel, which sent nothing. ``provider``: the one that accepted it, if the channel has two
    (``channels.transport.failover``).
    """

    provider_id: str | None = None
    units: int = 1
    composed: Composed | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A result of ``probe``, with advice if something is wrong: English sentences, which ``params`` fill."""

    level: Literal["ok", "warning", "error"]
    sentence: str
    advice: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    detail: str = ""
    """A provider's or library's own words."""
    provider: str = ""
    """Which one, where a channel has two."""

    @property
    def what(self) -> str:
        said = self.sentence % self.params if self.params else self.sentence
        whole = f"{said} ({self.detail})" if self.detail else said
        return f"{self.provider}: {whole}" if self.provider else whole

    @property
    def hint(self) -> str:
        return self.advice % self.params if self.params else self.advice


class Channel(Protocol[M_contra, A_contra]):
    """A way to reach people.

    ``send`` is called many times concurrently on one event loop. The caller limits rate and concurrency, and does
    retries longer than a few seconds.
    """

    def compose(self, message: M_contra, address: A_contra) -> Composed:
        """Return the message as on the wire, sending nothing."""

    def cost(self, message: M_contra) -> float:  # noqa: ARG002  each is one, but where a channel says otherwise
        """Return a message's cost in rate tokens (SMS: one per segment)."""
        return 1.0

    async def send(self, message: M_contra, address: A_contra) -> Receipt:
        """Hand the message to the provider.

        Raises only ``Transient``, ``Permanent``, ``Gone`` or ``Misconfigured`` (see ``channels.errors``).
        """

    def make_ready(self) -> None:
        """Open, without contacting anybody, what the first message would wait for."""

    async def probe(self) -> list[Finding]:
        """Contact the provider without sending anything, and report findings; never raises."""

    async def close(self) -> None:
        """Close all connections; idempotent."""
