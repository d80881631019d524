"""What can go wrong with one message, told as what to do about it.

::

    ChannelError
    ├── Transient       try again later, not before ``retry_after`` seconds where the provider said so
    ├── Permanent       this message to this contact will never arrive; the contact may be fine
    │   ├── SenderRefused   policy, reputation, content or rate: about us, the contact is fine; tell the operators
    │   └── Unexplained     refused for good, and nothing says why; suspect if it comes again at another alert
    ├── Gone            the contact is dead: never write to it again
    │   └── Stopped         its owner told the provider to stop
    └── Misconfigured   the channel itself is broken (credentials, sender, DNS): stop it, tell the operators

Whatever else a channel raises is a bug of ours. A library's exception never leaves a channel: it is mapped at the
boundary, with ``raise … from``.
"""

from __future__ import annotations


class ChannelError(Exception):
    """A message was not taken.

    ``code`` is stable and greppable, ``provider:figure`` (``smtp:5.1.1``, ``twilio:30003``, ``push:410``). ``detail``
    is a sentence for an operator; it never holds an address. ``may_have_left`` is true when the provider may have taken
    the message all the same (a connection that died after the last byte): sending it again may double it. ``provider``
    is whose error it is, where a channel has two (``channels.transport.failover``).
    """

    provider: str | None = None

    def __init__(self, code: str, detail: str, *, may_have_left: bool = False) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.may_have_left = may_have_left

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class Transient(ChannelError):
    """Try again; ``retry_after`` is the provider's own delay in seconds, where it gave one."""

    def __init__(
        self, code: str, detail: str, *, retry_after: float | None = None, may_have_left: bool = False
    ) -> None:
        super().__init__(code, detail, may_have_left=may_have_left)
        self.retry_after = retry_after


class Permanent(ChannelError):
    """This message to this contact will never arrive."""


class SenderRefused(Permanent):
    """The provider refuses the sender or what it says; another contact there would fare alike."""


class Unexplained(Permanent):
    """Refused for good without a reason. ``answer`` is the same for the same answer to another message."""

    def __init__(self, code: str, detail: str, *, answer: str | None = None, may_have_left: bool = False) -> None:
        super().__init__(code, detail, may_have_left=may_have_left)
        self.answer = answer or code


class Gone(ChannelError):
    """The contact is dead (a subscription that ended, a number that is no more, a mailbox that was closed)."""


class Stopped(Gone):
    """The contact's owner told the provider to stop; only they can take that back, at the provider."""


class Misconfigured(ChannelError):
    """The channel is broken whatever the contact: credentials, sender, certificate."""
