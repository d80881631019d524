"""The words for each fact of a person's records: no code of ours is shown to them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from broadcaster.domain.people import ChannelName
from broadcaster.domain.zones import zone_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_exact
from channels.e164 import E164
from channels.sms import written

_ZONE = zone_of("FR")


def moment(at: datetime, words: Words) -> str:
    return written_exact(at, _ZONE, words)


_SAID: Mapping[str, Callable[[Any, Words], str]] = {
    "channel": lambda value, words: words.channel(ChannelName(value)),
    "position": lambda value, _: f"{value[1]:.5f}, {value[0]:.5f}",
    "taken_at": lambda value, words: words("taken: %(time)s", time=_read(value, words)),
    "closed_at": lambda value, words: words("closed: %(time)s", time=_read(value, words)),
    "answered_at": lambda value, words: words("answered: %(time)s", time=_read(value, words)),
    "on": lambda value, words: words("signed on %(day)s", day=_day(value, words)),
    "household": lambda _, words: words("for my household"),
    "code": lambda value, words: words("provider’s code: %(code)s", code=value),
    "version": lambda value, words: words("text %(version)s", version=value),
    "tries": lambda value, words: words("times sent: %(n)s", n=value),
    "given": lambda value, words: words("agreed") if value else words("consent withdrawn"),
}


def fact(kind: str, name: str, value: Any, words: Words) -> str:
    """Return a fact of a record in words; names, addresses and texts stay as they are."""
    if name in _SAID:
        return _SAID[name](value, words)
    return _table(kind, name, words).get(str(value), written_number(str(value)))


def written_number(text: str) -> str:
    """Return a telephone number as people write it; any other text as it is."""
    return written(text) if E164.fullmatch(text) else text


def _read(value: str, words: Words) -> str:
    return moment(datetime.fromisoformat(value), words)


def _day(value: str, words: Words) -> str:
    return words.day(datetime.fromisoformat(value))


def _table(kind: str, name: str, words: Words) -> Mapping[str, str]:
    if name == "state":
        return {"address": _addresses, "code": _codes, "trial": _trials, "correction": corrections}.get(
            kind, _messages
        )(words)
    if name == "way":
        return consent_ways(words) if kind == "consent" else _ways(words)
    tables = {"answer": _answers, "level": _levels, "ground": _grounds, "asker": _askers}
    if kind == "visit" and name == "found":
        return {"safe": words("all is well"), "absent": words("nobody opened"), "help": words("needs help")}
    return tables[name](words) if name in tables else {}


def contact_states(words: Words) -> dict[str, str]:
    return {"active": words("works"), "gone": words("no longer works"), "stopped": words("stopped by me")}


def consent_ways(words: Words) -> dict[str, str]:
    """Return the words for ``domain.consents.Way``."""
    return {
        "page": words("on the sign-up page"),
        "qr": words("by the code of a poster"),
        "own": words("on “My alerts”"),
        "visit": words("on the page for visitors"),
        "renewed": words("renewed by the browser"),
        "counter": words("by an operator, for me"),
        "list": words("by a list of the station"),
        "key": words("by a program of the station"),
        "signed": words("by a signed request"),
        "sms": words("by SMS"),
        "call": words("in a call"),
        "link": words("by the link in a message"),
    }


def _messages(words: Words) -> dict[str, str]:
    """Return the words for ``DeliveryState`` and ``PersonState``."""
    return {
        "pending": words("waiting"),
        "queued": words("waiting"),
        "unwanted": words("not wanted, by my choice"),
        "digest": words("in the daily digest"),
        "spared": words("told before, so not again"),
        "unreached": words("not reached"),
        "accepted": words("sent"),
        "expired": words("too late"),
        "cancelled": words("withdrawn"),
        "failed": words("failed"),
        "gone": words("no longer works"),
        "dead_letter": words("failed"),
        "delivered": words("arrived"),
        "displayed": words("shown"),
        "opened": words("opened"),
        "acknowledged": words("answered"),
    }


def _addresses(words: Words) -> dict[str, str]:
    return {
        "waiting": words("waiting"),
        "placed": words("found"),
        "uncertain": words("not sure where it is"),
        "confirmed": words("already confirmed"),
        "not_found": words("not found"),
        "given": words("place given by the list"),
    }


def _codes(words: Words) -> dict[str, str]:
    return {"open": words("waiting for the code"), "confirmed": words("already confirmed"), "unsent": words("not sent")}


def corrections(words: Words) -> dict[str, str]:
    return {"open": words("waiting for an answer"), "accepted": words("corrected"), "refused": words("refused")}


def _trials(words: Words) -> dict[str, str]:
    return {
        "sending": words("being sent"),
        "sent": words("sent"),
        "proven": words("arrived"),
        "missed": words("did not arrive"),
        "failed": words("failed"),
    }


def _ways(words: Words) -> dict[str, str]:
    channels = {each.value: words.channel(each) for each in ChannelName}
    return channels | {"page": words("on the alert’s page"), "visit": words("to a volunteer")}


def _answers(words: Words) -> dict[str, str]:
    return {"received": words("Received"), "safe": words("I am safe"), "help": words("I need help")}


def _levels(words: Words) -> dict[str, str]:
    return {
        "none": words("not shown"),
        "contact": words("by a contact that is confirmed"),
        "franceconnect": words("by FranceConnect"),
        "counter": words("at the counter"),
    }


def _grounds(words: Words) -> dict[str, str]:
    return {
        "age": words("65 or older"),
        "unfit": words("60 or older and unfit for work"),
        "disabled": words("adult with a disability"),
        "unknown": words("reason not known"),
    }


def _askers(words: Words) -> dict[str, str]:
    return {
        "self": words("asked for by me"),
        "representative": words("asked for by my representative"),
        "relative": words("asked for by a relative"),
        "doctor": words("asked for by a doctor"),
        "services": words("asked for by a service"),
        "list": words("from a list"),
    }
