"""Names of a station's topics."""

from collections.abc import Mapping

from broadcaster.domain.stations import Station
from broadcaster.web.i18n import Words


def topic_words(words: Words) -> Mapping[str, str]:
    return {
        "traffic": words("Traffic"),
        "school": words("School"),
        "works": words("Works"),
        "events": words("Events"),
        "weather": words("Weather"),
        "waste": words("Waste collection"),
    }


def topics_of(station: Station, words: Words) -> list[tuple[str, str]]:
    """Return a station's topics: slug and name."""
    known = topic_words(words)
    return [(slug, name or known[slug]) for slug, name in station.topics.items()]
