"""Two spellings of one thing have one key."""

from __future__ import annotations

import pytest

from broadcaster.domain.spelling import group_slug, key, plain, searched


@pytest.mark.parametrize("written", ["R-1", "r-1", "R\u200b-1", " R-1 ", "Ｒ－１", "\ufeffR-1", "R\u00ad-1"])
def test_what_nobody_can_tell_apart_is_the_same(written: str):
    assert key(written) == "r-1"


def test_case_is_kept_where_it_is_only_read_and_letters_stay_apart():
    assert plain("Zoé\u00a0 Orme\u200b") == "Zoé Orme"
    assert key("Zoé") != key("Zoe")
    assert key("STRASSE") == key("straße")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ægir 3", "aegir-3"),
        ("École Victor-Hugo", "ecole-victor-hugo"),
        ("N° 3", "n-3"),
        ("Straße", "strasse"),
        ("Ørsted", "orsted"),
        ("a&amp;b", "a-amp-b"),
        ("…", ""),
    ],
)
def test_a_groups_slug_is_what_its_name_is_in_ascii(name: str, slug: str):
    assert group_slug(name) == slug


def test_what_is_looked_for_is_found_by_its_words_without_accents():
    assert searched("Saint-Étienne l’Œuf") == "saint etienne l oeuf"


def test_a_groups_slug_does_not_see_what_nobody_sees():
    assert group_slug("Clu\u200bb d’escrime") == group_slug("CLUB D’ESCRIME") == "club-d-escrime"
