"""A channel without credentials: composes to the last byte and sends nothing."""

from typing import Generic, TypeVar

from channels.base import Channel, Composed, Finding, Receipt

M = TypeVar("M")
A = TypeVar("A")


class Sandbox(Generic[M, A]):
    """Wraps a real channel; receipts carry the composed message."""

    def __init__(self, inner: Channel[M, A], hint: str) -> None:
        """``hint``: which settings would make it real."""
        self._inner = inner
        self._hint = hint

    def compose(self, message: M, address: A) -> Composed:
        return self._inner.compose(message, address)

    def cost(self, message: M) -> float:
        return self._inner.cost(message)

    async def send(self, message: M, address: A) -> Receipt:
        return Receipt(composed=self._inner.compose(message, address))

    def make_ready(self) -> None:
        """Do nothing: it has no connections."""

    async def probe(self) -> list[Finding]:
        return [Finding("warning", "sandboxed: messages are composed and kept, nothing is sent", self._hint)]

    async def close(self) -> None:
        await self._inner.close()
