"""HTTP for the channel, with its errors mapped."""

from collections.abc import Mapping

from channels.errors import Permanent, Transient
from channels.transport.courier import BadKeys, Courier, ToSeal
from channels.transport.http import HttpConfig, HttpTrouble, Reply, What
from channels.webpush.answers import KEPT, TAKEN, Answer
from channels.webpush.encryption import encrypt

_MAX_BODY = 8192
_CODES = {
    What.NO_TIME: "timeout",
    What.DNS: "dns",
    What.REFUSED: "connect",
    What.CERTIFICATE: "tls",
    What.TLS: "tls",
    What.CLOSED_HERE: "closed",
    What.TIMEOUT: "timeout",
    What.DISCONNECTED: "disconnected",
    What.RESET: "reset",
    What.HALF: "half-answer",
    What.GARBAGE: "garbage",
    What.OTHER: "client",
}


class Transport:
    """Requests to push services; ``timeout_s``, ``authority`` as in ``HttpConfig``, ``helpers`` as in ``Courier``."""

    def __init__(self, timeout_s: float, authority: bytes | None, helpers: int = 0) -> None:
        self._courier = Courier(HttpConfig(timeout_s, KEPT, _MAX_BODY, authority), helpers, encrypt)

    async def request(
        self, method: str, url: str, host: str, *, headers: Mapping[str, str], body: bytes | ToSeal = b""
    ) -> Answer:
        """Make one request, without following redirects; raises ``Transient``, or ``Permanent`` for invalid keys."""
        try:
            return _answer(await self._courier.request(method, url, headers=headers, body=body))
        except BadKeys as error:
            raise Permanent("push:subscription", "the subscription's keys are none of Web Push") from error
        except HttpTrouble as trouble:
            if trouble.reply is not None and trouble.reply.status in TAKEN:
                # The status says accepted: a retry would duplicate the message.
                return _answer(trouble.reply)
            code = f"push:{_CODES[trouble.what]}"
            raise Transient(code, f"{host} {trouble}", may_have_left=trouble.may_have_left) from trouble

    def make_ready(self) -> None:
        self._courier.make_ready()

    async def close(self) -> None:
        await self._courier.close()


def _answer(reply: Reply) -> Answer:
    return Answer(reply.status, reply.headers, reply.body.decode("utf-8", "replace"))
