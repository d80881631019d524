"""A header row is understood in English and in French, and refused where it can't be."""

from __future__ import annotations

import pytest

from broadcaster.register.columns import meaning_of, read_header
from broadcaster.register.refusals import ListRefused


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("external_id", "external_id"),
        ("Identifiant", "external_id"),
        ("N° adhérent", "external_id"),
        ("Nom", "name"),
        ("PRÉNOM", "first_name"),
        ("Langue", "locale"),
        ("Téléphone portable", "mobile"),
        ("SMS", "mobile"),
        ("Tél. fixe", "landline"),
        ("voice", "landline"),
        ("Téléphone", "phone"),
        ("Adresse e-mail", "email"),
        ("E-mail", "email"),
        ("Courriel", "email"),
        ("Longitude", "lon"),
        ("lat2", "lat2"),
        ("Latitude 3", "lat3"),
        ("lon1", "lon"),
        ("lon9", None),
        ("mobile2", None),
        ("Groupes", "groups"),
        ("Cotisation", None),
        ("", None),
    ],
)
def test_a_heading_means_what_people_mean_by_it(heading: str, meaning: str | None):
    assert meaning_of(heading) == meaning


def test_columns_that_mean_nothing_are_named():
    columns = read_header(["Identifiant", "Nom", "Cotisation", ""])
    assert columns.at == {"external_id": 0, "name": 1}
    assert columns.unused == ("Cotisation",)


def test_two_places_need_no_gap_between_their_numbers():
    columns = read_header(["id", "lon", "lat", "lon3", "lat3"])
    assert columns.places == ("", "3")


@pytest.mark.parametrize(
    ("headings", "told"),
    [
        (["Nom", "Portable"], "no column external_id"),
        (["id", "Portable", "Mobile"], "'Portable' and 'Mobile' both stand for mobile"),
        (["id", "lon"], "a column lon and no lat"),
        (["id", "lon", "lat", "lat2"], "a column lat2 and no lon2"),
    ],
)
def test_a_header_that_can_not_be_used_is_refused_whole(headings: list[str], told: str):
    with pytest.raises(ListRefused, match=told):
        read_header(headings)
