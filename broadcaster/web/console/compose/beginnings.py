"""Presets for frequent alerts: one tap fills severity, texts in both languages, and duration.

The texts follow advice of French authorities, to be read and edited before sending. They are GSM-7. Placeholders in
brackets must be filled in before sending.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from broadcaster.domain.alerts import Severity
from broadcaster.web.i18n import Words


@dataclass(frozen=True, slots=True)
class Said:
    """A preset's texts in one language."""

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
    said: Mapping[str, Said]
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
        {
            "fr": Said(
                "Inondation",
                "Inondation : montez à l'étage",
                "L'eau monte dans la zone indiquée sur la carte.",
                "Montez à l'étage. Ne prenez pas la voiture. Laissez les enfants à l'école : ils y sont en sécurité."
                " Coupez l'électricité si vous le pouvez sans danger.",
            ),
            "en": Said(
                "Flood",
                "Flood: go upstairs",
                "Water is rising in the area shown on the map.",
                "Go upstairs. Do not drive. Leave children at school: they are safe there."
                " Switch off the electricity if you can do so safely.",
            ),
        },
    ),
    Beginning(
        "fire",
        "flame",
        Severity.SEVERE,
        "immediate",
        "observed",
        "fire",
        3,
        {
            "fr": Said(
                "Incendie",
                "Incendie : restez à l'intérieur",
                "Un incendie est en cours dans la zone indiquée sur la carte.",
                "Rentrez. Fermez portes et volets, coupez la ventilation. Laissez la route libre pour les pompiers."
                " En danger, appelez le 18 ou le 112.",
            ),
            "en": Said(
                "Fire",
                "Fire: stay indoors",
                "A fire is burning in the area shown on the map.",
                "Go inside. Close doors and shutters, switch off the ventilation. Keep the roads clear for the"
                " fire brigade. In danger, call 18 or 112.",
            ),
        },
    ),
    Beginning(
        "water",
        "drop",
        Severity.SEVERE,
        "immediate",
        "observed",
        "health",
        24,
        {
            "fr": Said(
                "Eau non potable",
                "Ne buvez pas l'eau du robinet",
                "L'eau du robinet n'est pas potable dans la zone indiquée sur la carte.",
                "Prenez de l'eau en bouteille pour boire, cuisiner, vous laver les dents et préparer les biberons."
                " Un nouveau message vous dira quand elle sera de nouveau potable.",
            ),
            "en": Said(
                "Water not safe to drink",
                "Do not drink the tap water",
                "Tap water is not safe to drink in the area shown on the map.",
                "Use bottled water to drink, cook, brush your teeth and prepare baby bottles."
                " Another message will tell you when it is safe again.",
            ),
        },
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
        {
            "fr": Said(
                "Disparition",
                "Disparition inquiétante : avez-vous vu cette personne ?",
                "[Prénom], [00] ans, portait [habits]. Vu pour la dernière fois [lieu, heure].",
                "Si vous l'avez vu, appelez le 17. Regardez dans vos jardins et dépendances.",
            ),
            "en": Said(
                "Missing person",
                "Missing person: have you seen them?",
                "[First name], aged [00], was wearing [clothes]. Last seen [place, time].",
                "If you have seen them, call 17. Please look in your gardens and outbuildings.",
            ),
        },
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
        {
            "fr": Said(
                "Route barrée",
                "Route barrée dans votre secteur",
                "La circulation est coupée dans la zone indiquée sur la carte.",
                "Prenez un autre chemin, et laissez passer les secours.",
            ),
            "en": Said(
                "Road closed",
                "Road closed near you",
                "Traffic is stopped in the area shown on the map.",
                "Take another way, and let the emergency services through.",
            ),
        },
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
        {
            "fr": Said(
                "Vigilance météo",
                "Vigilance météo : restez à l'abri",
                "De fortes intempéries sont attendues sur la commune.",
                "Rentrez ce que le vent peut emporter. Évitez les déplacements. Éloignez-vous des arbres et des cours"
                " d'eau.",
            ),
            "en": Said(
                "Weather warning",
                "Weather warning: stay sheltered",
                "Severe weather is expected here.",
                "Bring in what the wind can carry off. Avoid travelling. Keep away from trees and streams.",
            ),
        },
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
        {
            "fr": Said(
                "Exercice",
                "Exercice d'alerte de la commune",
                "Ceci est un exercice. Il ne se passe rien.",
                "Vous n'avez rien à faire. Merci de l'avoir lu.",
            ),
            "en": Said(
                "Exercise",
                "Alert exercise of the municipality",
                "This is an exercise. Nothing is happening.",
                "You need not do anything. Thank you for reading it.",
            ),
        },
        status="exercise",
        territory=True,
    ),
    Beginning("other", "edit", "", "immediate", "observed", "safety", 3, {}),
)


def shown(words: Words) -> list[dict[str, Any]]:
    """Return the presets for the page and its script; ``title`` in the reader's language."""
    titles = {
        "flood": words("Flood"),
        "fire": words("Fire"),
        "water": words("Water not safe to drink"),
        "missing": words("Missing person"),
        "road": words("Road closed"),
        "weather": words("Weather warning"),
        "drill": words("Exercise"),
        "other": words("Something else"),
    }
    return [{**asdict(each), "title": titles[each.name]} for each in BEGINNINGS]
