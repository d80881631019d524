"""What a person agrees to by a request of theirs."""

from typing import Any

from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.stations import Station
from broadcaster.http.route import Call
from broadcaster.languages import Words, catalogs


def agreed(station: Station, words: Words) -> tuple[str, ...]:
    """Return what a person reads where they sign up, by sentence. If it changes, so must ``TEXT_VERSION``."""
    return (
        words(
            "What you give is sealed, used for alerts only, and erased when you leave. %(station)s never sees your"
            " position.",
            station=station.name,
        ),
        words(
            "By signing up you agree that %(station)s sends you alerts there. You can take this back at any time.",
            station=station.name,
        ),
    )


def text_of(station: Station, locale: str) -> str:
    """Return that text in a language, as it is kept."""
    return "\n".join(agreed(station, catalogs().words(locale, *station.languages)))


def consent_of(call: Call[Any, Any], station: Station, locale: str, way: Way) -> Consent:
    """Return the consent of a person who reads that page, and goes on."""
    return Consent(way, call.actor, text_of(station, locale))
