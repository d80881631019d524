"""Errors of sending a message, by what to do about them.

::

    ChannelError
    ├── Transient       try again later, not before ``retry_after`` seconds where the provider said so
    ├── Permanent       this message to this contact will never arrive; the contact may be fine
    │   ├── SenderRefused   policy, reputation, content or rate: about us, the contact is fine; tell the operators
    │   └── Unexplained     refused for good, and nothing says why; suspect if it comes again at another alert
    ├── Gone            the contact is dead: never write to it again
    │   └── Stopped         its owner told the provider to stop
    └── Misconfigured   the channel itself is broken (credentials, sender, DNS): stop it, tell the operators

Anything else is a bug of ours. A library's exception never leaves a channel: it is mapped at the boundary, with
``raise … from``.
"""


class ChannelError(Exception):
    """The provider did not accept a message.

    ``code`` is stable and greppable, ``provider:number`` (``smtp:5.1.1``, ``twilio:30003``, ``push:410``). ``detail``:
    a sentence for operators, never with an address. ``may_have_left``: the provider may have accepted the message
    anyway (a connection that died after the last byte), so a retry may duplicate it. ``provider``: the one that failed,
    if the channel has two (``channels.transport.failover``).
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
    """Retry; ``retry_after``: the provider's own delay in seconds, if any. ``tried``: a provider was asked."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retry_after: float | None = None,
        may_have_left: bool = False,
        tried: bool = True,
    ) -> None:
        super().__init__(code, detail, may_have_left=may_have_left)
        self.retry_after = retry_after
        self.tried = tried


class Permanent(ChannelError):
    """This message will never reach this contact."""


class SenderRefused(Permanent):
    """The provider refuses the sender or the content; it would refuse its other contacts too."""


class Unexplained(Permanent):
    """Refused permanently without a reason. ``answer`` identifies equal answers to different messages."""

    def __init__(self, code: str, detail: str, *, answer: str | None = None, may_have_left: bool = False) -> None:
        super().__init__(code, detail, may_have_left=may_have_left)
        self.answer = answer or code


class Gone(ChannelError):
    """The contact is dead (subscription ended, number unassigned, mailbox closed)."""


class Stopped(Gone):
    """The contact's owner opted out at the provider; only they can undo that, there."""


class Misconfigured(ChannelError):
    """The channel is broken for every contact: credentials, sender, certificate."""
