"""Fixed words of messages, by language. To add a language, add an entry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Fixed words of one language, with names in braces as placeholders. All are GSM-7: they never add SMS segments."""

    colon: str
    exercise: str
    exercise_spoken: str
    test: str
    test_spoken: str
    update: str
    cancel: str
    from_station: str
    what_to_do: str
    see_map: str
    until: str
    more: str
    why_you: str
    unsubscribe: str
    stop: str
    confirm_prompt: str
    thanks: str
    # The lifted alert may be an order: it is quoted, not repeated.
    all_clear: str
    all_clear_headline: str
    all_clear_description: str
    digest: str


WORDINGS: dict[str, Wording] = {
    "fr": Wording(
        colon=" :",
        exercise="EXERCICE",
        exercise_spoken="Exercice, exercice, exercice. Ceci n'est pas une alerte réelle.",
        test="ESSAI",
        test_spoken="Essai technique. Ceci n'est pas une alerte réelle.",
        update="Mise à jour",
        cancel="FIN D'ALERTE",
        from_station="Message de {station}.",
        what_to_do="Que faire",
        see_map="Voir la zone sur la carte",
        until="Valable jusqu'au {time}",
        more="Détails et suite",
        why_you="Vous recevez ce message parce que vous suivez {station}, ou que vous vous trouvez dans la zone.",
        unsubscribe="Ne plus recevoir de mails de {station}",
        stop="Stop : {url}",
        confirm_prompt="Pour confirmer que vous avez entendu ce message, appuyez sur 1.",
        thanks="Merci. Votre réponse est enregistrée. Au revoir.",
        all_clear="Fin de l'alerte",
        all_clear_headline='Fin de l\'alerte : "{headline}"',
        all_clear_description="L'alerte est levée. Ce qu'elle demandait ne vaut plus.",
        digest="Résumé du jour",
    ),
    "en": Wording(
        colon=":",
        exercise="EXERCISE",
        exercise_spoken="Exercise, exercise, exercise. This is not a real alert.",
        test="TEST",
        test_spoken="Technical test. This is not a real alert.",
        update="Update",
        cancel="ALL CLEAR",
        from_station="A message from {station}.",
        what_to_do="What to do",
        see_map="See the area on the map",
        until="In force until {time}",
        more="Details and updates",
        why_you="You get this message because you follow {station}, or because you are in the area.",
        unsubscribe="No more mail from {station}",
        stop="Stop: {url}",
        confirm_prompt="To confirm that you have heard this message, press 1.",
        thanks="Thank you. Your answer is recorded. Goodbye.",
        all_clear="All clear",
        all_clear_headline='All clear: "{headline}"',
        all_clear_description="The alert is over. What it told you to do no longer holds.",
        digest="Today's digest",
    ),
}

LANGUAGES: tuple[str, ...] = tuple(WORDINGS)


def wording(language: str) -> Wording:
    """Return a language's words, else the English ones."""
    return WORDINGS.get(language.split("-", maxsplit=1)[0], WORDINGS["en"])
