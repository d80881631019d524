"""Proofs of consent, as an operator reads them on a person's page."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from broadcaster.domain.consents import Way
from broadcaster.store.people.consents import Act
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_exact


class Proof(NamedTuple):
    """An act in words. ``who``: the operator or key that acted for the person, or empty."""

    contact: str
    said: str
    at: str
    who: str
    version: str
    text: str


def proofs(
    acts: Sequence[Act], addresses: Mapping[int, str], labels: Mapping[int, str], zone: ZoneInfo, words: Words
) -> list[Proof]:
    """Return acts in words. ``addresses``: the person's contacts by id; ``labels``: names of operators and keys."""
    return [
        Proof(
            addresses.get(act.contact_id) or words("%(channel)s, removed", channel=words.channel(act.channel)),
            _given(act.way, words) if act.given else _withdrawn(act.way, words),
            written_exact(act.at, zone, words),
            labels.get(act.key_id or 0, ""),
            act.version,
            act.text,
        )
        for act in acts
    ]


def _given(way: Way, words: Words) -> str:
    return {
        Way.PAGE: words("agreed on the sign-up page"),
        Way.QR: words("agreed on the sign-up page, opened by a poster’s code"),
        Way.OWN: words("agreed on “My alerts”"),
        Way.VISIT: words("agreed as a visitor"),
        Way.RENEWED: words("the browser replaced a subscription"),
        Way.COUNTER: words("entered by an operator"),
        Way.LIST: words("came with a list"),
        Way.KEY: words("entered by a program with a key"),
        Way.SIGNED: words("signed that they want messages again"),
        Way.SMS: words("answered START by SMS"),
        Way.CALL: words("agreed in a call"),
        Way.LINK: words("agreed by the link in a message"),
    }[way]


def _withdrawn(way: Way, words: Words) -> str:
    return {
        Way.SMS: words("answered STOP by SMS"),
        Way.CALL: words("asked in a call for no more messages"),
        Way.LINK: words("asked for no more messages by the link in a message"),
        Way.COUNTER: words("consent withdrawn by an operator"),
    }.get(way, words("withdrawn on “My alerts”"))
