"""The shipped templates: whole in each language, within the limits, for each kind of station."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.domain.alerts import Text, ThreadRole
from broadcaster.domain.stations import TOPICS, StationKind
from broadcaster.domain.templates import BLANK, Template, easy_in, filled, still_blank
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
    assert intruder.policy.channels == ("push", "email")


@pytest.mark.parametrize("kind", StationKind)
def test_each_template_has_an_easy_text_of_short_lines(kind):
    for name, each in shipped(kind).items():
        for easy in (each.easy, each.easy_update, each.easy_all_clear):
            assert set(easy) == set(each.texts), name
            for text in easy.values():
                lines = [text.headline, *text.instruction.splitlines()]
                assert not BLANK.search("".join(lines)), name
                sentences = [said for line in lines for said in line.replace("?", ".").split(".") if said.strip()]
                assert all(len(said.split()) <= 14 for said in sentences), (name, sentences)


def test_an_easy_text_goes_only_with_what_it_says():
    known = shipped(StationKind.AUTHORITY)
    flood, evacuation, road = (known[name] for name in ("flood", "evacuation", "road"))

    def easy(template, texts, role=ThreadRole.FIRST):
        return easy_in(template.prepared, role, texts)

    def lines(texts):
        return {language: f"{text.headline}\n{text.instruction}" for language, text in texts.items()}

    assert easy(flood, flood.texts) == lines(flood.easy)
    own = {language: replace(text, headline="Crue de la Risle") for language, text in flood.texts.items()}
    assert easy(flood, own) == lines(flood.easy), "another headline says nothing else to do"
    changed = replace(flood.texts["fr"], instruction="Descendez.")
    assert easy(flood, {"fr": changed}) == {}
    assert easy(flood, {"fr": replace(changed, easy="Descendez vite.")}) == {"fr": "Descendez vite."}, (
        "the author's own"
    )
    by_hand = evacuation.texts["fr"].instruction.replace("[lieu d'accueil]", "la salle").replace("[numéro]", "112")
    assert set(easy(evacuation, {"fr": replace(evacuation.texts["fr"], instruction=by_hand)})) == {"fr"}
    route = {"texts": {"fr": Text("Allez", instruction="[rue], puis " * 60 + "à droite")}, "easy": {"fr": Text("Va")}}
    for ends, said in (("à droite", {"fr": "Va"}), ("à gauche", {})):
        texts = {"fr": Text("Allez", instruction="Grand-Rue, puis " * 60 + ends)}
        assert easy_in(route, ThreadRole.FIRST, texts) == said, "however many placeholders, and at once"
    assert easy(flood, flood.update, ThreadRole.UPDATE) == lines(flood.easy_update)
    assert easy(flood, flood.texts, ThreadRole.UPDATE) == lines(flood.easy), "an update of the area alone"
    assert easy(flood, flood.all_clear, ThreadRole.ALL_CLEAR) == lines(flood.easy_all_clear)
    assert easy(flood, flood.texts, ThreadRole.ALL_CLEAR) == easy(flood, flood.texts, ThreadRole.MISTAKE) == {}
    assert easy(road, road.all_clear, ThreadRole.ALL_CLEAR) == lines(road.easy_all_clear)
    one_lane = {"fr": replace(road.all_clear["fr"], headline="Une voie est rouverte")}
    assert easy(road, one_lane, ThreadRole.ALL_CLEAR) == {}, "without an instruction the headline says it"
