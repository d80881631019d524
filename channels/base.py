"""What every channel is: compose a message to the last byte, and send it.

A channel knows messages and addresses, nothing of alerts, people or the store. It holds its own connections, opened at
first use and closed by ``close``. Importing a channel opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

M_contra = TypeVar("M_contra", contravariant=True)
A_contra = TypeVar("A_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as it would go on the wire.

    ``to`` is the address in plain; ``readable`` is what the receiver would see or hear; ``wire`` the bytes (a MIME
    message, a form body, a JSON or encrypted body, with its HTTP headers before it where it has some).
    """

    to: str
    readable: str
    wire: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the message (RFC 8030's 201, SMTP's 250, Twilio's queued).

    ``provider_id`` is the provider's name for it, where it gives one; ``units`` what is billed (SMS segments);
    ``composed`` is there only when nothing was sent because the channel is sandboxed; ``provider`` only where a channel
    has two (``channels.transport.failover``): which of them took it.
    """

    provider_id: str | None = None
    units: int = 1
    composed: Composed | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``probe`` found out, with what to do about it where it is not well."""

    level: Literal["ok", "warning", "error"]
    what: str
    hint: str = ""


class Channel(Protocol[M_contra, A_contra]):
    """One way to a person.

    Concurrency: ``send`` is called many times at once on one event loop. Limits of rate and concurrency are the
    caller's, and so are retries longer than a few seconds.
    """

    def compose(self, message: M_contra, address: A_contra) -> Composed:
        """Return the message as it would go on the wire, sending nothing."""
        ...

    def cost(self, message: M_contra) -> float:  # noqa: ARG002  each is one, but where a channel says otherwise
        """Return what a message takes of the channel's rate (SMS: a token a segment)."""
        return 1.0

    async def send(self, message: M_contra, address: A_contra) -> Receipt:
        """Hand the message to the provider.

        Raises ``Transient``, ``Permanent``, ``Gone`` or ``Misconfigured`` (see ``channels.errors``) and nothing else.
        """
        ...

    async def probe(self) -> list[Finding]:
        """Reach the provider without sending anything, and say what was found; never raises."""
        ...

    async def close(self) -> None:
        """Close what is open; may be called twice."""
        ...
