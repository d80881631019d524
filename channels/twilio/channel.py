"""Shared by SMS and voice at Twilio: a POST of a form, answered by an id.

Twilio has no idempotency key: a request without an answer may have been accepted, so it raises
``Transient(may_have_left=True)``.
"""

import re
from typing import Any, TypeVar

from channels.base import Channel, Composed, Finding
from channels.e164 import E164
from channels.errors import Permanent, Transient
from channels.twilio.account import TwilioAccount
from channels.twilio.probe import Use, probe_account
from channels.twilio.rest import FORM, Request, TwilioRest

M_contra = TypeVar("M_contra", contravariant=True)


class TwilioChannel(Channel[M_contra, str]):
    """A ``Channel`` to E.164 numbers (+33612345678)."""

    use: Use
    resource: str
    sid: re.Pattern[str]

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._rest = TwilioRest(account)

    def form(self, message: M_contra, address: str) -> list[tuple[str, str]]:
        """Return the request's form; raises ``Permanent`` for an address that gets no messages of this kind."""
        raise NotImplementedError

    def readable(self, message: M_contra) -> str:
        """Return what the receiver reads or hears."""
        raise NotImplementedError

    def compose(self, message: M_contra, address: str) -> Composed:
        """Return the request; raises ``Permanent`` if the address is not an E.164 number."""
        wire = self._request(message, address).wire(self._account.origin())
        return Composed(to=address, readable=self.readable(message), wire=wire, content_type=FORM)

    def make_ready(self) -> None:
        self._rest.make_ready()

    async def probe(self) -> list[Finding]:
        return await probe_account(self._account, self._rest, self.use)

    async def close(self) -> None:
        await self._rest.close()

    async def _post(self, message: M_contra, address: str) -> tuple[str, dict[str, Any]]:
        """Send a message; return its id and Twilio's answer."""
        document = (await self._rest.post(self._request(message, address))).document
        sid = document.get("sid")
        if not isinstance(sid, str) or not self.sid.fullmatch(sid):
            raise Transient("twilio:unreadable", "Twilio took it, and its answer can't be read.", may_have_left=True)
        return sid, document

    def _request(self, message: M_contra, address: str) -> Request:
        if not E164.fullmatch(address):
            raise Permanent("twilio:address", "The address is not a telephone number in E.164 form.")
        path = f"/2010-04-01/Accounts/{self._account.account_sid}/{self.resource}.json"
        return Request(path, tuple(self.form(message, address)))
