"""Stations by the command line: communes, boundaries, the sea, policies."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

BOUNDARY = {
    "type": "Polygon",
    "coordinates": [[[0.60, 48.74], [0.66, 48.74], [0.66, 48.78], [0.60, 48.78], [0.60, 48.74]]],
}


def test_a_commune_becomes_a_station_and_only_once(seeded: Any):
    added = seeded("station", "add", "--insee", "97411")
    assert added.exit_code == 0
    assert json.loads(seeded("station", "show", "saint-denis", "--json").stdout)["region"] == "RE"
    again = seeded("station", "add", "--insee", "97411")
    assert again.exit_code == 2
    assert "another --slug" in again.stderr


def test_a_stations_policies_are_changed_by_a_file_and_what_is_wrong_in_it_is_named(seeded: Any, tmp_path: Path):
    path = tmp_path / "policies.json"
    before = json.loads(seeded("station", "policies", "laigle").stdout)
    assert (before["own"], before["budgets"]["sms"]) == ([], {"alert": None, "month": None})
    steps = [{"channels": ["push"]}, {"channels": ["sms"], "after_s": 30, "until": "displayed"}]
    path.write_text(json.dumps({"policies": {"severe": {"steps": steps}}, "budgets": {"sms": {"month": 900}}}))
    after = json.loads(seeded("station", "policies", "laigle", str(path)).stdout)
    assert (after["own"], after["budgets"]["sms"]["month"]) == (["severe"], 900)
    assert [each["after_s"] for each in after["policies"]["severe"]["steps"]] == [0, 30]
    for wrong, said in (
        ({"policies": {"severe": {"steps": [*steps, {"channels": ["sms"]}]}}}, "Each channel stands in one step"),
        ({"policies": {"severe": {"steps": steps, "loud": True}}}, "loud"),
    ):
        path.write_text(json.dumps(wrong))
        refused = seeded("station", "policies", "laigle", str(path))
        assert refused.exit_code != 0
        assert said in refused.stderr
    assert json.loads(seeded("station", "policies", "laigle").stdout) == after
    path.write_text(json.dumps({"policies": {"severe": None}}))
    assert json.loads(seeded("station", "policies", "laigle", str(path)).stdout)["own"] == []


def test_a_postal_code_is_taken_for_what_it_is(seeded: Any):
    result = seeded("station", "add", "--insee", "61000")
    assert result.exit_code == 2
    assert "61001 (Alençon)" in result.stderr


def test_a_boundary_becomes_a_station(seeded: Any, tmp_path: Path):
    path = tmp_path / "campus.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": BOUNDARY}))
    args = ("--name", "Lycée Napoléon", "--kind", "school", "--languages", "fr,en", "--margin-m", "50")
    added = seeded("station", "add", "--boundary", str(path), *args)
    assert added.exit_code == 0, added.stderr
    shown = json.loads(seeded("station", "show", "lycee-napoleon", "--json").stdout)
    assert (shown["kind"], shown["margin_m"], shown["languages"]) == ("school", 50.0, ["fr", "en"])


def test_a_school_needs_no_boundary_and_an_authority_does(seeded: Any):
    added = seeded("station", "add", "--name", "École Jules-Ferry", "--kind", "school")
    assert added.exit_code == 0, added.stderr
    shown = json.loads(seeded("station", "show", "ecole-jules-ferry", "--json").stdout)
    assert (shown["kind"], shown["boundary"]) == ("school", None)
    for kind in ((), ("--kind", "authority")):
        refused = seeded("station", "add", "--name", "Saint-Martin", *kind)
        assert refused.exit_code == 2
        assert "a school or an association needs none" in refused.stderr


def test_swapped_coordinates_are_refused_and_outlines_mended_only_on_request(seeded: Any, tmp_path: Path):
    path = tmp_path / "campus.geojson"
    ring = [[lat, lon] for lon, lat in BOUNDARY["coordinates"][0]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    add = ("station", "add", "--boundary", str(path), "--name", "Campus")
    asked = seeded(*add)
    assert asked.exit_code == 2
    assert "near Somalia" in asked.stderr
    assert "give --swap, or --no-swap" in asked.stderr
    assert seeded(*add, "--swap").exit_code == 0
    assert json.loads(seeded("station", "show", "campus", "--json").stdout)["lat"] > 48
    crossing = [[0.61, 48.75], [0.64, 48.77], [0.64, 48.75], [0.61, 48.77], [0.61, 48.75]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [crossing]}))
    add = ("station", "add", "--boundary", str(path), "--name", "Papillon")
    asked = seeded(*add)
    assert "(parts: 2): is that right?" in asked.stderr
    assert "--mend" in asked.stderr
    assert seeded(*add, "--mend").exit_code == 0


def test_a_person_at_the_terminal_is_asked_whether_to_swap(seeded: Any, tmp_path: Path, monkeypatch: Any):
    path = tmp_path / "campus.geojson"
    ring = [[lat, lon] for lon, lat in BOUNDARY["coordinates"][0]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    monkeypatch.setattr("broadcaster.commands.new_station._may_ask", lambda: True)
    added = seeded("station", "add", "--boundary", str(path), "--name", "Campus", given="y\n")
    assert added.exit_code == 0, added.stderr
    assert "Latitude and longitude were swapped." in added.stderr


def test_a_french_terminal_has_no_english_words(seeded: Any, tmp_path: Path, monkeypatch: Any):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    head, *lines = seeded("station", "templates", "laigle").stdout.splitlines()
    assert head.split() == ["nom", "événement", "gravité", "fait", "par"]
    flood = next(each for each in lines if each.startswith("flood "))
    assert re.split(" {2,}", flood.strip()) == ["flood", "Inondation", "Grave danger", "Tocsin"]
    path = tmp_path / "campus.geojson"
    swapped = [[lat, lon] for lon, lat in BOUNDARY["coordinates"][0]]
    shapes = [{"type": "Point", "coordinates": [48.76, 0.63]}, {"type": "Polygon", "coordinates": [swapped]}, None]
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    add = "station", "add", "--boundary", str(path), "--name", "Campus"
    refused = seeded(*add).stderr
    assert refused.startswith("erreur\u202f: contour\u202f: ")
    assert "Somalie" in refused or "longitude" in refused
    assert "indiquez --swap" in refused
    known = seeded("station", "topics", "laigle", "--rename", "nothing", "x").stderr
    assert "La station n’a pas de sujet nothing" in known
    added = seeded(*add, "--swap")
    assert added.stderr.splitlines() == [
        "Laissé de côté, sans surface\u202f: 1 × Point.",
        "Laissé de côté, sans géométrie\u202f: 1 × Feature.",
        "Latitude et longitude ont été échangées.",
    ]
    assert seeded("vapid").stderr.startswith("# sa moitié publique")


def test_a_margin_can_be_widened(seeded: Any):
    assert "it was 1000 m" in seeded("station", "margin", "laigle", "2500").stdout
    assert json.loads(seeded("station", "show", "laigle", "--json").stdout)["margin_m"] == 2500


def test_a_station_at_the_coast_has_its_sea(seeded: Any):
    assert seeded("station", "add", "--insee", "29239", "--margin-m", "0").exit_code == 0
    with sqlite3.connect(seeded.data / "tocsin.db") as database:
        sea = database.execute("SELECT sea FROM stations WHERE slug = 'roscoff'").fetchone()[0]
    assert json.loads(sea)["coordinates"]


def test_only_a_commune_is_an_authority_by_default(seeded: Any, tmp_path: Path):
    path = tmp_path / "stade.geojson"
    path.write_text(json.dumps(BOUNDARY))
    assert seeded("station", "add", "--boundary", str(path), "--name", "Stade").exit_code == 0
    kinds = {each["slug"]: each["kind"] for each in json.loads(seeded("station", "list", "--json").stdout)}
    assert kinds == {"laigle": "authority", "stade": "association"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is no GeoJSON"),
        (json.dumps({"type": "Point", "coordinates": [0, 0]}), "boundary"),
        (json.dumps({**BOUNDARY, "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}), "boundary"),
    ],
)
def test_a_boundary_that_can_not_be_used_is_refused(seeded: Any, tmp_path: Path, content: str, told: str):
    path = tmp_path / "campus.geojson"
    path.write_text(content)
    result = seeded("station", "add", "--boundary", str(path), "--name", "Campus")
    assert result.exit_code == 2
    assert told in result.stderr


def test_an_unknown_station_is_refused_and_the_known_ones_are_named(seeded: Any):
    result = seeded("station", "show", "laigel")
    assert result.exit_code == 2
    assert "there are: laigle" in result.stderr
