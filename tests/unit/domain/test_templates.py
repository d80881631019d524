"""The shipped templates: whole in each language, within the limits, for each kind of station."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.domain.stations import TOPICS, StationKind
from broadcaster.domain.templates import BLANK, Template, easy_for, filled, still_blank
from broadcaster.http.schemas.templates import TemplateIn
from broadcaster.shipped import shipped

DICRIM = {"flood", "storm", "industrial", "wildfire", "water", "missing", "heat", "road", "school-closed", "shelter"}
SCHOOL = {"absence", "outing", "strike", "canteen", "back", "ppms-shelter", "ppms-intruder"}


def test_the_risks_of_a_town_and_the_days_of_a_school_are_there():
    assert set(shipped(StationKind.AUTHORITY)) >= DICRIM
    assert set(shipped(StationKind.SCHOOL)) >= SCHOOL
    assert set(shipped(StationKind.ASSOCIATION)) >= {"outing", "closure", "cancelled", "back"}


@pytest.mark.parametrize("kind", StationKind)
def test_each_template_is_whole_in_each_language_and_can_be_stored(kind):
    for name, each in shipped(kind).items():
        for texts in (each.texts, each.update, each.all_clear):
            assert set(texts) == set(each.events) == {"fr", "en"}, name
            assert all(text.headline for text in texts.values()), name
        assert len({len(BLANK.findall(" ".join(text.headline + text.description + text.instruction for text in [said])))
                    for said in each.texts.values()}) == 1, name  # fmt: skip
        assert not list(still_blank(each.all_clear)), f"{name}: an all-clear is ready to be sent"
        assert each.topic is None or each.topic in TOPICS
        TemplateIn.model_validate(each.to_json(), strict=False)
        assert Template.from_json(name, each.to_json(), own=False) == each


def test_a_placeholder_is_filled_by_what_stands_in_its_brackets():
    missing = shipped(StationKind.AUTHORITY)["missing"]
    texts = filled(missing.texts, {"Prénom": "Lina", "00": "7"})
    assert texts["fr"].description.startswith("Lina, 7 ans, portait [habits].")
    assert {each.field for each in still_blank(texts)} == {"texts.fr.description", "texts.en.description"}


def test_the_intruder_is_not_warned_by_a_sound():
    intruder = shipped(StationKind.SCHOOL)["ppms-intruder"]
    assert intruder.silent
    assert "voice" not in intruder.by
    assert "sms" not in intruder.by


@pytest.mark.parametrize("kind", StationKind)
def test_each_template_has_an_easy_text_of_short_lines(kind):
    for name, each in shipped(kind).items():
        assert set(each.easy) == set(each.texts), name
        for text in each.easy.values():
            lines = [text.headline, *text.instruction.splitlines()]
            assert not BLANK.search("".join(lines)), name
            sentences = [said for line in lines for said in line.replace("?", ".").split(".") if said.strip()]
            assert all(len(said.split()) <= 14 for said in sentences), (name, sentences)


def test_an_easy_text_goes_only_with_the_instruction_that_it_says():
    flood, evacuation = (shipped(StationKind.AUTHORITY)[name] for name in ("flood", "evacuation"))
    assert set(easy_for(flood, flood.texts, {})) == {"fr", "en"}
    own = {language: replace(text, headline="Crue de la Risle") for language, text in flood.texts.items()}
    assert set(easy_for(flood, own, {})) == {"fr", "en"}, "another headline says nothing else to do"
    assert easy_for(flood, {"fr": replace(flood.texts["fr"], instruction="Descendez.")}, {}) == {}
    by_hand = evacuation.texts["fr"].instruction.replace("[lieu d'accueil]", "la salle").replace("[numéro]", "112")
    assert set(easy_for(evacuation, {"fr": replace(evacuation.texts["fr"], instruction=by_hand)}, {})) == {"fr"}
