"""Presets for frequent alerts: one tap fills severity, texts in each language, and duration.

The texts follow advice of French authorities, to be read and edited before sending. Placeholders in
brackets must be filled in before sending.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from broadcaster.domain.alerts import Severity
from broadcaster.languages import Words, catalogs


@dataclass(frozen=True, slots=True)
class Said:
    """A preset's texts, in English."""

    event: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Beginning:
    """``radius_m``: the tapped circle's; ``territory``: the whole territory. ``hours``: duration."""

    name: str
    icon: str
    severity: Severity | Literal[""]
    urgency: str
    certainty: str
    category: str
    hours: int
    said: Said = Said()
    status: str = "actual"
    radius_m: int = 1000
    territory: bool = False
    topic: str = ""


BEGINNINGS: tuple[Beginning, ...] = (
    Beginning(
        "flood",
        "wave",
        Severity.SEVERE,
        "immediate",
        "observed",
        "met",
        12,
        Said(
            "Flood",
            "Flood: go upstairs",
            "Water is rising in the area shown on the map.",
            "Go upstairs. Do not drive. Leave children at school: they are safe there."
            " Switch off the electricity if you can do so safely.",
        ),
    ),
    Beginning(
        "fire",
        "flame",
        Severity.SEVERE,
        "immediate",
        "observed",
        "fire",
        3,
        Said(
            "Fire",
            "Fire: stay indoors",
            "A fire is burning in the area shown on the map.",
            "Go inside. Close doors and shutters, switch off the ventilation. Keep the roads clear for the"
            " fire brigade. In danger, call 18 or 112.",
        ),
    ),
    Beginning(
        "water",
        "drop",
        Severity.SEVERE,
        "immediate",
        "observed",
        "health",
        24,
        Said(
            "Water not safe to drink",
            "Do not drink the tap water",
            "Tap water is not safe to drink in the area shown on the map.",
            "Use bottled water to drink, cook, brush your teeth and prepare baby bottles."
            " Another message will tell you when it is safe again.",
        ),
        territory=True,
    ),
    Beginning(
        "missing",
        "person",
        Severity.MODERATE,
        "immediate",
        "observed",
        "rescue",
        12,
        Said(
            "Missing person",
            "Missing person: have you seen them?",
            "[First name], aged [00], was wearing [clothes]. Last seen [place, time].",
            "If you have seen them, call 17. Please look in your gardens and outbuildings.",
        ),
        radius_m=1500,
    ),
    Beginning(
        "road",
        "barrier",
        Severity.MINOR,
        "immediate",
        "observed",
        "transport",
        12,
        Said(
            "Road closed",
            "Road closed near you",
            "Traffic is stopped in the area shown on the map.",
            "Take another way, and let the emergency services through.",
        ),
        topic="traffic",
    ),
    Beginning(
        "weather",
        "bolt",
        Severity.MODERATE,
        "expected",
        "likely",
        "met",
        24,
        Said(
            "Weather warning",
            "Weather warning: stay sheltered",
            "Severe weather is expected here.",
            "Bring in what the wind can carry off. Avoid travelling. Keep away from trees and streams.",
        ),
        territory=True,
        topic="weather",
    ),
    Beginning(
        "drill",
        "whistle",
        Severity.SEVERE,
        "immediate",
        "observed",
        "safety",
        1,
        Said(
            "Exercise",
            "Alert exercise of the municipality",
            "This is an exercise. Nothing is happening.",
            "You need not do anything. Thank you for reading it.",
        ),
        status="exercise",
        territory=True,
    ),
    Beginning("other", "edit", "", "immediate", "observed", "safety", 3),
)


def shown(words: Words) -> list[dict[str, Any]]:
    """Return the presets for the page and its script: their texts by language, ``title`` in the reader's."""
    spoken = {each: catalogs().words(each) for each in catalogs().languages}
    return [
        {
            **asdict(each),
            "title": words(each.said.event) if each.said.event else words("Something else"),
            "said": {language: _said(each.said, said) for language, said in spoken.items() if each.said.event},
        }
        for each in BEGINNINGS
    ]


def _said(texts: Said, words: Words) -> dict[str, str]:
    return {name: words.typed(text) for name, text in asdict(texts).items()}
