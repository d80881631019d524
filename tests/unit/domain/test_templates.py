"""The shipped templates: whole in each language, within the limits, for each kind of station."""

from __future__ import annotations

import pytest

from broadcaster.domain.stations import TOPICS, StationKind
from broadcaster.domain.templates import BLANK, Template, filled, still_blank
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
