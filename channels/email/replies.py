"""What a relay's refusal means for message, mailbox and channel (``verdicts`` finds whose fault it is).

A refusal that a recipient can cause never stops the channel, since recipients choose their server's answers. So only
errors before RCPT, and 530 (sign-in required), are ``Misconfigured``.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from channels.email.verdicts import Verdict, plain, verdict_of
from channels.errors import ChannelError, Gone, Misconfigured, Permanent, SenderRefused, Transient, Unexplained

Stage = Literal["connect", "tls", "auth", "mail", "rcpt", "data", "body"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A relay's reply: three-digit code and text."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        """RFC 3463 code of the same class; some servers write it after other words: ``(#5.1.1)``."""
        return next((found for found in _ENHANCED.findall(self.text) if found[0] == str(self.code)[0]), None)

    @property
    def is_about_session(self) -> bool:
        """Whether the reply may apply to the whole connection: too many, too fast, out of space."""
        return self.code in _SESSION or self.enhanced in _SESSION_ENHANCED

    @property
    def name(self) -> str:
        return f"smtp:{self.code} {self.enhanced}" if self.enhanced else f"smtp:{self.code}"


_SESSION = frozenset({421, 452, 503})
_SESSION_ENHANCED = frozenset({"4.3.2", "4.5.3", "4.7.0", "4.7.28"})
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")

# Text for operators: by enhanced code, then by its subject, then by whom it blames
_SENTENCES: Mapping[str, str] = {
    "5.1.1": "there is no such mailbox",
    "5.1.2": "the domain does not exist or takes no mail",
    "5.1.3": "the address is malformed",
    "5.1.6": "the mailbox has moved and left no address",
    "5.2.1": "the mailbox is closed",
    "5.2.3": "the mail is larger than this mailbox takes",
    "5.3.4": "the mail is larger than the server takes",
    "5.4.6": "mail to this address goes in a circle",
    "5.6.7": "an address beyond ASCII can't be written to over there",
    "5.7.26": "refused for lack of SPF or DKIM of the sender's domain",
    "5.7.27": "the sender's domain says that it takes no mail: give it an MX",
    "5.4": "there is no way to the server over there",
    "5.5": "the relay did not understand us",
    "5.6": "the mail's content can't be taken",
}
_ABOUT: Mapping[Verdict, tuple[type[Permanent | Gone], str]] = {
    Verdict.MAILBOX: (Gone, "there is no such mailbox"),
    Verdict.FULL: (Permanent, "the mailbox is full"),
    Verdict.SENDER: (SenderRefused, "refused by a policy: see to the sender's SPF, DKIM, DMARC and reputation"),
    Verdict.UNCLEAR: (Unexplained, "the mail was refused"),
}
# Seconds to wait after 4.x.y
_PATIENCE: Mapping[str, tuple[float, str]] = {
    "4.2.1": (900.0, "the mailbox takes no mail for now"),
    "4.2.2": (3600.0, "the mailbox is full"),
    "4.3.1": (300.0, "the relay is short of room"),
    "4.3.2": (60.0, "the relay takes no mail for now"),
    "4.4.5": (60.0, "the relay is overloaded"),
    "4.7.0": (120.0, "the relay slows us down"),
    "4.7.1": (300.0, "deferred by a policy, such as greylisting"),
    "4.7.28": (600.0, "too much mail at once for the server over there"),
}
_PATIENCE_BASIC: Mapping[int, tuple[float, str]] = {
    421: (30.0, "the relay closes the connection"),
    450: (300.0, "the mailbox is not available for now"),
    451: (300.0, "deferred"),
    452: (60.0, "the relay is short of room"),
    454: (60.0, "the relay can't do TLS or signing in for now"),
}
_GREYLISTED = re.compile(r"gr[ae]y\W?list", re.IGNORECASE)
_WAIT = re.compile(r"(\d{1,5})\s*(s|m)(?:ec|in)?", re.IGNORECASE)
_GREYLIST_S, _SHORTEST_S, _LONGEST_S = 300.0, 60.0, 3600.0

_BEFORE_RCPT: Mapping[str, str] = {
    "connect": "the relay refuses us",
    "tls": "the relay refuses STARTTLS",
    "auth": "the relay refuses the user or the password",
    "mail": "the relay refuses the sender",
}
_TOO_LARGE = frozenset({"5.3.4", "5.2.3"})
_SIGN_IN, _TOO_MUCH, _BAD_SEQUENCE = 530, 552, 503

# Queue id in a 250, by server
_QUEUED = (
    re.compile(r"queued as ([\w.-]{4,80})", re.IGNORECASE),  # Postfix, SendGrid, MailHog
    re.compile(r"\bid=([\w.-]{4,80})"),  # Exim
    re.compile(r"\[InternalId=(\d{4,40})"),  # Exchange
    re.compile(r"^2\.0\.0 (\w{10,40}) Message accepted"),  # sendmail
    re.compile(r"^(?:2\.0\.0 )?Ok ([\w-]{16,100})$", re.IGNORECASE),  # Amazon SES
    re.compile(r"^2\.0\.0 OK\s+\d+ ([\w.-]{8,80})"),  # Google
)


def refusal(stage: Stage, reply: Reply, address: str = "") -> ChannelError:
    """Return the error for a refusal; its text never contains ``address``."""
    said = "" if stage == "auth" else _said(reply, address)  # a server may echo credentials
    if 400 <= reply.code < 500:  # noqa: PLR2004  RFC 5321 section 4.2.1
        after, sentence = _patience(reply)
        return Transient(reply.name, sentence + said, retry_after=after)
    if reply.code == _SIGN_IN:
        return Misconfigured(reply.name, f"the relay asks to sign in: give a user and a password{said}")
    if reply.code == _BAD_SEQUENCE:
        return Transient(reply.name, f"the relay lost track of the conversation{said}")
    if stage in _BEFORE_RCPT and not (stage == "mail" and _is_too_large(reply)):
        return Misconfigured(reply.name, _BEFORE_RCPT[stage] + said)
    return _refused(stage, reply, address, said)


def queue_id(text: str) -> str | None:
    """Return the relay's queue id from its 250, if present."""
    for pattern in _QUEUED:
        if found := pattern.search(text):
            return found[1]
    return None


def _is_too_large(reply: Reply) -> bool:
    return reply.enhanced in _TOO_LARGE or (reply.enhanced is None and reply.code == _TOO_MUCH)


def _refused(stage: Stage, reply: Reply, address: str, said: str) -> ChannelError:
    if not 500 <= reply.code < 600:  # noqa: PLR2004  RFC 5321 section 4.2.1
        return Permanent(reply.name, "the mail was refused" + said)
    verdict = verdict_of(stage, reply.code, reply.enhanced, reply.text, address.rpartition("@")[2])
    kind, sentence = _ABOUT[verdict]
    enhanced = reply.enhanced or ""
    subject = enhanced.rpartition(".")[0]
    sentence = (
        _SENTENCES.get(enhanced) or (_SENTENCES.get(subject) if verdict is not Verdict.MAILBOX else "") or sentence
    )
    if kind is Unexplained:
        return Unexplained(reply.name, sentence + said, answer=f"{reply.name} {_gist(reply.text)}")
    return kind(reply.name, sentence + said)


def _gist(text: str) -> str:
    """Return a fingerprint that is the same for equal answers: no words that identify a message or a host."""
    words = re.findall(r"(?<!\S)[^\W\d_]+(?=[.,;:!?)]*(?:\s|$))", plain(text).lower())
    return hashlib.blake2b(" ".join(words).encode(), digest_size=6).hexdigest()


def _patience(reply: Reply) -> tuple[float, str]:
    if _GREYLISTED.search(reply.text):
        wait = _WAIT.search(reply.text)
        seconds = float(wait[1]) * (60 if wait[2].lower() == "m" else 1) if wait else _GREYLIST_S
        return min(max(seconds, _SHORTEST_S), _LONGEST_S), "greylisted"
    basic = _PATIENCE_BASIC.get(reply.code, (60.0, "the relay defers the mail"))
    return _PATIENCE.get(reply.enhanced or "", basic)


def _said(reply: Reply, address: str) -> str:
    """Return the relay's text without addresses: replies often repeat the recipient's."""
    text = " ".join(reply.text.split())
    if reply.enhanced:
        text = text.replace(reply.enhanced, "", 1)
    local = address.rpartition("@")[0]
    if local:
        text = re.sub(re.escape(address), "…", text, flags=re.IGNORECASE)
        text = re.sub(rf"(?<![\w.]){re.escape(local)}(?![\w.])", "…", text, flags=re.IGNORECASE)
    text = re.sub(r"[^\s<>]*@[^\s<>]*", "…", text)
    text = "".join(char for char in text if char.isprintable()).strip()
    return f" (the relay: {text[:200]})" if text else ""
