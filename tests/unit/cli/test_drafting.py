"""What is typed after ``tocsin send`` becomes the document that the API takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.commands.drafting import draft
from broadcaster.commands.failing import Stop

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
LEAST: dict[str, Any] = {"station": "laigle", "status": "actual", "severity": "severe", "headline": "Crue"}


def body(**given: Any) -> dict[str, Any]:
    return draft({**LEAST, **given}, now=NOW)


def test_only_what_was_typed_is_sent():
    assert body() == LEAST


def test_a_circle_of_its_own_comes_before_the_others():
    made = body(lon=0.6283, lat=48.7631, radius=1500.0, circles=("0.7,48.8,300", "0.6, 48.7, 5000"))
    assert [circle["radius_m"] for circle in made["area"]["circles"]] == [1500, 300, 5000]
    assert made["area"]["circles"][1] == {"lon": 0.7, "lat": 48.8, "radius_m": 300}


def test_polygons_come_from_a_file(tmp_path: Path):
    shape = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps(shape), encoding="utf-8-sig")
    assert body(area_file=path)["area"] == {"polygons": shape}


def test_other_languages_stand_beside_the_stations_own():
    made = body(easy="Montez.", texts=("en:headline=The Risle is in flood", "en:easy=Go up: now.\nQuick."))
    assert (made["headline"], made["easy"]) == ("Crue", "Montez.")
    assert made["texts"] == {"en": {"headline": "The Risle is in flood", "easy": "Go up: now.\nQuick."}}


def test_a_language_that_is_named_takes_the_plain_texts():
    made = body(lang="EN", headline="Flood", description="Leave", texts=("fr:headline=Crue",))
    assert "headline" not in made
    assert made["texts"] == {"en": {"headline": "Flood", "description": "Leave"}, "fr": {"headline": "Crue"}}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("6h", "2026-07-01T18:00:00+00:00"),
        ("90min", "2026-07-01T13:30:00+00:00"),
        ("1.5 h", "2026-07-01T13:30:00+00:00"),
        ("2d", "2026-07-03T12:00:00+00:00"),
        ("2026-07-01T18:30:00+02:00", "2026-07-01T16:30:00+00:00"),
    ],
)
def test_a_moment_is_a_span_or_a_date(text: str, moment: str):
    assert datetime.fromisoformat(body(expires=text)["expires"]) == datetime.fromisoformat(moment)


def test_a_date_without_offset_is_of_this_machine():
    made = datetime.fromisoformat(body(expires="2026-07-01T18:30")["expires"])
    assert made == datetime(2026, 7, 1, 18, 30).astimezone()


def test_naming_a_group_is_enough():
    assert body(groups=("club", "ecole"))["audience"] == {"kind": "groups", "groups": ["club", "ecole"]}


def test_an_own_question_has_its_answers_in_each_language():
    made = body(question="Au sec ?", answers=("Oui", "Non"), texts=("en:headline=x", "en:answers=Yes|No"))
    assert (made["question"], made["answers"], made["texts"]["en"]["answers"]) == (
        "Au sec ?", ["Oui", "Non"], ["Yes", "No"],
    )  # fmt: skip


def test_channels_are_named_once_each():
    assert body(channels="sms, Email,sms")["channels"] == ["sms", "email"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"headline": None}, "--headline is missing"),
        ({"lon": 0.6}, "missing: --lat, --radius"),
        ({"circles": ("0.6;48.7;300",)}, "--circle '0.6;48.7;300' can't be read"),
        ({"texts": ("headline=x",)}, "can't be read"),
        ({"texts": ("en:title=x",)}, "can't be read"),
        ({"texts": ("en:headline=x", "EN:headline=y")}, "given twice"),
        ({"groups": ("club",), "audience": "everyone"}, "--group goes with"),
        ({"channels": "fax"}, "no channel 'fax'"),
        ({"expires": "soon"}, "--expires 'soon' is no moment"),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_sentence(given: dict[str, Any], told: str):
    with pytest.raises(Stop) as stopped:
        body(**given)
    assert told in stopped.value.message
    assert stopped.value.exit_code == 2
