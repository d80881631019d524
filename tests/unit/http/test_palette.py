"""Colours outside the style sheets: the same as the pages'."""

import re
from pathlib import Path

import pytest

import broadcaster
from broadcaster.palette import PALETTE

ROOT = Path(broadcaster.__file__).parent
LOOK = (ROOT / "web/sources/parts/look.css").read_text()
LIGHT = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", LOOK.partition("@media")[0]))
COLOUR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b")


def test_the_palette_has_the_light_themes_values():
    assert {name: LIGHT.get(name) for name in PALETTE} == PALETTE


def test_the_report_has_the_light_themes_values():
    report = (ROOT / "web/sources/report.css").read_text()
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", report))
    assert tokens == {name: LIGHT[name] for name in tokens}
    assert set(COLOUR.findall(report)) <= set(LIGHT.values())


@pytest.mark.parametrize(
    "path",
    [
        *sorted((ROOT / "pipeline/render/templates").glob("*.html")),
        *sorted((ROOT / "pipeline/render").glob("*.py")),
        ROOT / "web/templates/letter.html",
        ROOT / "web/templates/console/alerts/report_body.html",
        ROOT / "web/console/stations/poster_drawing.py",
        ROOT / "web/files.py",
        ROOT / "web/resident/install.py",
    ],
    ids=lambda path: path.name,
)
def test_what_the_palette_is_for_has_no_colours_of_its_own(path):
    own = set(COLOUR.findall(path.read_text()))
    assert own <= {"#000", "#fff"}, "black and white stand for a QR code and paper only"
