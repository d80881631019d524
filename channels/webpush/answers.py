"""What a push service's answer means, by two tables: first its words, then its status.

One status can mean two things. A 403 may say that our key, subject or clock is wrong, and then every message will fail;
or that this one subscription was made with another key, and then all others are fine. The text beside the status tells
which (collected from the services' documentation and users' reports):

====================  ==========================================================================================
Apple                 JSON ``reason``: VapidPkHashMismatch, BadJwtToken, ExpiredJwtToken, BadWebPushTopic
FCM                   text: "… do not correspond to the credentials used to create the subscriptions", "invalid JWT"
Mozilla               JSON ``errno``: 102 bad endpoint, 103 expired, 106 unknown, 109 bad VAPID; "public key mismatch"
WNS                   headers X-WNS-Error-Description, X-WNS-NotificationStatus; 406 where others say 429
====================  ==========================================================================================
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from channels.errors import ChannelError, Gone, Misconfigured, Permanent, SenderRefused, Transient
from channels.transport.retry_after import retry_after_s

TAKEN = frozenset({200, 201, 202, 204})
TOO_LARGE = 413
KEPT = ("Location", "Retry-After", "X-WNS-Error-Description", "X-WNS-NotificationStatus")


@dataclass(frozen=True, slots=True)
class Answer:
    """A push service's answer: ``body`` is its beginning, ``headers`` those of ``KEPT`` present."""

    status: int
    headers: Mapping[str, str]
    body: str


class _Verdict(NamedTuple):
    error: type[ChannelError]
    code: str
    means: str


class _Words(NamedTuple):
    """Verdict for an answer with one of these statuses and all of these words, lower case."""

    statuses: tuple[int, ...]
    words: tuple[str, ...]
    verdict: _Verdict


# Not Gone: a mistyped key must not retire every subscription of a town.
_OTHER_KEY = _Verdict(SenderRefused, "push:other-key", "the subscription was made with another VAPID key")
_SIGNATURE = _Verdict(
    Misconfigured,
    "push:vapid",
    "the VAPID signature is refused: look at the subject (a mailto: or https: that can be reached), this machine's "
    "clock, and the key",
)
_REFUSED = (400, 401, 403)
_BY_WORDS: tuple[_Words, ...] = (
    _Words(_REFUSED, ("vapidpkhashmismatch",), _OTHER_KEY),
    _Words(_REFUSED, ("do not correspond to the credentials",), _OTHER_KEY),
    _Words(_REFUSED, ("public key mismatch",), _OTHER_KEY),
    _Words(_REFUSED, ("public key", "channel url"), _OTHER_KEY),
    _Words(_REFUSED, ("mismatchsenderid",), _OTHER_KEY),
    _Words(_REFUSED, ("sender_id_mismatch",), _OTHER_KEY),
    _Words(_REFUSED, ("badjwttoken",), _SIGNATURE),
    _Words(_REFUSED, ("expiredjwttoken",), _SIGNATURE),
    _Words(_REFUSED, ("auth expired",), _SIGNATURE),
    _Words(_REFUSED, ("invalid jwt",), _SIGNATURE),
    _Words(_REFUSED, ("invalid vapid",), _SIGNATURE),
    _Words(_REFUSED, ("jwt authentication failed",), _SIGNATURE),
    _Words(_REFUSED, ("unauthorizedregistration",), _SIGNATURE),
    _Words(_REFUSED, ("unauthorized registration",), _SIGNATURE),
    _Words((400,), ("notregistered",), _Verdict(Gone, "push:400", "the subscription is no more")),
    _Words((400,), ("unregistered",), _Verdict(Gone, "push:400", "the subscription is no more")),
)
_LATER = "it is busy or in trouble"
_BY_STATUS: dict[int, _Verdict] = {
    400: _Verdict(Permanent, "push:400", "it found the request wrong"),
    401: _Verdict(Misconfigured, "push:401", _SIGNATURE.means),
    403: _Verdict(Misconfigured, "push:403", _SIGNATURE.means),
    404: _Verdict(Gone, "push:404", "it knows no such subscription"),
    406: _Verdict(Transient, "push:406", "it throttles us"),
    407: _Verdict(Misconfigured, "push:407", "a proxy on the way wants credentials"),
    408: _Verdict(Transient, "push:408", "it waited too long for the request"),
    410: _Verdict(Gone, "push:410", "the subscription has ended"),
    413: _Verdict(Permanent, "push:413", "the shortest form of the message is still too long for it"),
    421: _Verdict(Transient, "push:421", "the connection led to the wrong server"),
    425: _Verdict(Transient, "push:425", _LATER),
    429: _Verdict(Transient, "push:429", "it throttles us"),
}
_REDIRECT = "it sent us elsewhere, and redirects are never followed"
_BY_HUNDRED: dict[int, tuple[type[ChannelError], str]] = {
    2: (Permanent, "a success that Web Push does not know"),
    3: (Permanent, _REDIRECT),
    4: (Permanent, "it refused the message"),
    5: (Transient, _LATER),
}
# A gateway that got no answer from its server can't know whether the server accepted; an unknown success is no refusal
# either.
_PERHAPS_TAKEN = frozenset({502, 504})
_WNS_DROPPED: dict[str, _Verdict] = {
    "dropped": _Verdict(Permanent, "push:dropped", "it took the message and dropped it"),
    "channelthrottled": _Verdict(Transient, "push:throttled", "it throttles this subscription"),
}
_EXCERPT = 160
# An endpoint's token, or a key: an error page that repeats them must not leak an address into a log.
_SECRET = re.compile(r"[A-Za-z0-9_%:=+-]{20,}")


def judge(answer: Answer, host: str, *, now: float, proven: bool) -> ChannelError | None:
    """Return the error to raise, or None if the message was accepted.

    ``now``: seconds since 1970. ``proven``: the service accepted another message with the same signature, so its
    objections concern this subscription only, and must not stop the channel.
    """
    verdict = _verdict(answer)
    if verdict is None:
        return None
    error, code, means = verdict
    told = excerpt(answer.body) or excerpt(answer.headers.get("X-WNS-Error-Description", ""))
    detail = f"{host} answered {answer.status}: {means}" + (f" ({told})" if told else "")
    if error is Transient:
        return Transient(
            code,
            detail,
            retry_after=retry_after_s(answer.headers.get("Retry-After"), now),
            may_have_left=answer.status in _PERHAPS_TAKEN,
        )
    if error is Misconfigured and proven:
        return Permanent(code, f"{detail}; the service takes other messages under the same signature")
    return error(code, detail, may_have_left=answer.status // 100 == 2)  # noqa: PLR2004 - any other success


def _verdict(answer: Answer) -> _Verdict | None:
    if answer.status in TAKEN:
        return _WNS_DROPPED.get(answer.headers.get("X-WNS-NotificationStatus", "").lower())
    said = f"{answer.body} {answer.headers.get('X-WNS-Error-Description', '')}".lower()
    for statuses, words, verdict in _BY_WORDS:
        if answer.status in statuses and all(word in said for word in words):
            return verdict
    if answer.status in _BY_STATUS:
        return _BY_STATUS[answer.status]
    error, means = _BY_HUNDRED.get(answer.status // 100, (Permanent, "a figure that HTTP does not know"))
    return _Verdict(error, f"push:{answer.status}", means)


def excerpt(text: str) -> str:
    """Return the answer's beginning on one line, without anything like an address or a key."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * _EXCERPT]).split())
    return _SECRET.sub("…", line)[:_EXCERPT]
