"""What a call says, and which keys it offers."""

from __future__ import annotations

import re

import pytest

from broadcaster.domain.alerts import MsgType, Severity, Status, Text
from broadcaster.pipeline.render import voice_message
from tests.unit.pipeline.rendered import ID, VAULT, context


def test_a_call_says_who_calls_what_happens_and_what_to_do_and_asks_for_a_key():
    made = voice_message(context(), "fr", ID)
    assert made.say == "La Risle déborde.\nLe niveau monte vite.\nMontez à l'étage."
    assert made.language == "fr-FR"
    assert "appuyez sur 1" in made.menu
    token = re.search(r"/hooks/twilio/voice\?d=([\w-]+)", made.gather_url)[1]
    assert VAULT.unlink("receipt", token) == ID


@pytest.mark.parametrize(
    ("said", "heard"), [("Crue", "Crue."), ("Crue !", "Crue !"), ("Crue…", "Crue…"), ("Crue. ", "Crue.")]
)
def test_each_part_of_a_call_ends_as_a_sentence(said, heard):
    assert voice_message(context({"fr": Text(said)}), "fr", ID).say == heard


@pytest.mark.parametrize(
    ("severity", "kind", "opening", "stops"),
    [
        (Severity.EXTREME, MsgType.ALERT, ["Ceci est une alerte.", "Danger extrême."], False),
        (Severity.MODERATE, MsgType.UPDATE, ["Mise à jour.", "Ceci est une alerte.", "Danger."], True),
        (Severity.MINOR, MsgType.ALERT, ["Information."], True),
        (Severity.SEVERE, MsgType.CANCEL, ["Fin d'alerte."], False),
    ],
)
def test_a_call_says_first_that_it_is_an_alert_and_how_serious_and_lets_nobody_leave_a_grave_one(
    severity, kind, opening, stops
):
    made = voice_message(context(severity=severity, msg_type=kind), "fr", ID)
    assert made.opening.split("\n") == [*opening, "Message de L'Aigle."]
    assert ("appuyez sur 9" in made.menu) == stops
    assert "appuyez sur 0" in made.menu


def test_a_call_of_an_exercise_never_says_that_it_is_an_alert():
    made = voice_message(context(status=Status.EXERCISE, severity=Severity.EXTREME), "fr", ID)
    assert made.opening.split("\n") == [
        "Exercice, exercice, exercice. Ceci n’est pas une alerte réelle.",
        "Danger extrême.",
        "Message de L'Aigle.",
    ]


def test_an_own_question_is_asked_with_its_keys():
    text = Text("Crue", question="Pouvez-vous aider ?", answers=("Oui", "Non"))
    made = voice_message(context({"fr": text}), "fr", ID)
    assert made.menu.split("\n")[:3] == ["Pouvez-vous aider ?", "Pour Oui, appuyez sur 1.", "Pour Non, appuyez sur 2."]


@pytest.mark.parametrize(("locale", "language"), [("en-GB", "en-GB"), ("de", "en-GB"), ("", "fr-FR")])
def test_everyone_hears_a_language_that_the_alert_has(locale, language):
    assert voice_message(context(), locale, ID).language == language
