"""Refusals are codes: each has its sentence in every language, and product code raises none without one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import broadcaster
from broadcaster.domain.refusal_sentences import SENTENCES
from broadcaster.domain.refusals import ENGLISH, Conflict, Refused, located, sentence
from broadcaster.domain.setup_sentences import SETUP_SENTENCES
from broadcaster.http.problems import STATUS
from broadcaster.languages import CONSOLE
from broadcaster.web.i18n import catalogs

ROOT = Path(broadcaster.__file__).parents[1]
REFUSALS = {"Refused", "Conflict", "Forbidden", "NotFound", "ListRefused", "unauthenticated"}
LEAVES = {
    "InvalidArea", "InvalidPoint", "OutsideJurisdiction", "UnknownCommune", "CommunesMissing",
    "InvalidPhone", "InvalidMailAddress", "InvalidSubscription", "BadSchedule",
}  # fmt: skip
ALL = {**SENTENCES, **SETUP_SENTENCES}
GAP = re.compile(r"%\((\w+)\)s")


@cache
def calls():
    """Each place of product code that makes a refusal: where, the nodes of its code, its keywords (None: unknown)."""
    return list(_calls())


def _calls():
    for package in ("broadcaster", "channels", "schedules", "zones"):
        known = LEAVES | (REFUSALS if package == "broadcaster" else set())
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id in known:
                    yield where, None, None
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", "")
                given = [each.arg for each in node.keywords]
                keywords = None if None in given else set(given)
                if name in known or name == "PydanticCustomError":
                    yield where, node.args[0] if node.args else None, keywords if name in known else None
                elif name == "HttpProblem" and len(node.args) > 1:
                    yield where, node.args[1], None


def codes(node):
    """The codes that an argument can be; nothing for one that is passed on from elsewhere."""
    if isinstance(node, ast.IfExp):
        return codes(node.body) + codes(node.orelse)
    if isinstance(node, ast.Constant):
        return [node.value]
    return []


def test_no_refusal_is_raised_without_a_code():
    for where, node, _ in calls():
        assert node is not None, where
        passed_on = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))
        assert passed_on or (codes(node) and set(codes(node)) <= set(ALL)), where


def test_a_refusal_brings_each_figure_of_its_sentence():
    for where, node, keywords in calls():
        if keywords is not None:
            for code in codes(node):
                said = ALL[code]
                gaps = set(GAP.findall("".join(said) if isinstance(said, tuple) else said))
                assert gaps <= keywords, f"{where}: {code}"


def test_every_code_is_raised_somewhere():
    text = "".join(
        path.read_text(encoding="utf-8")
        for package in ("broadcaster", "channels", "schedules", "zones")
        for path in (ROOT / package).rglob("*.py")
        if not path.name.endswith("_sentences.py")
    )
    assert [code for code in ALL if f'"{code}"' not in text] == []


def test_the_documents_list_every_code_with_its_sentence():
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8").partition("\n## Refusals\n")[2]
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", page, re.MULTILINE)
    assert listed == [(code, said if isinstance(said, str) else said[1]) for code, said in SENTENCES.items()]


def test_codes_are_written_alike_and_every_kind_of_problem_is_one():
    assert [code for code in SENTENCES if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", code)] == []
    assert set(STATUS) <= set(SENTENCES)


@pytest.mark.parametrize("language", [each for each in CONSOLE if each != "en"])
def test_every_code_has_its_sentence_in_every_language(language):
    words = catalogs().words(language)
    for code, said in SENTENCES.items():
        figures = dict.fromkeys(GAP.findall("".join(said) if isinstance(said, tuple) else said), 2)
        assert sentence(Refused(code, "", **figures), words) != sentence(Refused(code, "", **figures)), code


def test_figures_are_written_as_the_reader_writes_them():
    french = catalogs().words("fr")
    outside = Refused("area-outside", "area", beyond_m=1250, margin_m=500.0, share=12.5)
    assert sentence(outside) == (
        "This goes 1.2 km beyond the station's territory and its margin of 500 m (12.5% of it)."
        " Move it, make it smaller, or have the margin widened."
    )
    assert "dépasse de 1,2 km" in sentence(outside, french)
    assert "(12,5 % de la zone)" in sentence(outside, french)
    assert sentence(Refused("too-many-rings", most=20_000)).startswith("More than 20,000 rings")
    assert sentence(Refused("too-many-rings", most=10**60)).count(",000") == 20
    assert sentence(Refused("too-many-rings", most=20_000), french).startswith("Il y a plus de 20\u202f000 anneaux")


def test_one_and_several_differ():
    assert sentence(Refused("text-too-long", n=1, most=160)) == "Too long by 1 character: 160 at most."
    assert sentence(Refused("text-too-long", n=2, most=160)) == "Too long by 2 characters: 160 at most."


def test_it_says_which_of_several_values_is_meant():
    second = Refused("phone-too-short", "mobile", at=2, many=3)
    assert located(second) == "mobile: No. 2 of 3: This number is too short: write all its digits."
    assert "sur 3" in located(second, catalogs().words("fr"))


def test_a_code_that_is_not_known_stands_for_itself():
    assert sentence(Refused("it is too short"), ENGLISH) == "it is too short"


def test_a_refusal_reads_as_its_sentence():
    assert str(Conflict("slug-taken", "slug", slug="laigle")).startswith("slug: There is a station “laigle”")
