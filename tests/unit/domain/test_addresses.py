"""Which matches are taken as they are, which are asked about, and when two addresses are one."""

from __future__ import annotations

import pytest

from broadcaster.domain.addresses import Address, AddressState, Match, split_street, state_of


@pytest.mark.parametrize(
    ("score", "kind", "far", "state"),
    [
        (0.98, "housenumber", False, AddressState.PLACED),
        (0.8, "locality", False, AddressState.PLACED),
        (0.79, "housenumber", False, AddressState.UNCERTAIN),
        (0.98, "street", False, AddressState.UNCERTAIN),
        (0.98, "municipality", False, AddressState.UNCERTAIN),
        (0.98, "housenumber", True, AddressState.UNCERTAIN),
        (0.2, "street", False, AddressState.UNCERTAIN),
        (0.19, "housenumber", False, AddressState.NOT_FOUND),
    ],
)
def test_only_a_sure_match_of_a_house_nearby_is_taken_without_asking(score, kind, far, state):
    assert state_of(Match("x", 0.6, 48.7, score, kind), far=far) is state


def test_what_has_no_match_is_not_found():
    assert state_of(None, far=False) is AddressState.NOT_FOUND


def test_capitals_accents_commas_and_blanks_make_no_other_address():
    one = Address("12, rue de l’Église", "61300", "L'Aigle")
    assert one.canonical == Address(" 12 RUE DE L'EGLISE", "61300", "L’AIGLE").canonical
    assert one.canonical != Address("12 bis rue de l'Église", "61300", "L'Aigle").canonical
    assert Address("1", "2", "3").canonical != Address("1 2", "", "3").canonical


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("3 rue des Lilas, 61300 L'Aigle", Address("3 rue des Lilas", "61300", "L'Aigle")),
        ("3 rue du 8 mai 1945  61300\nL'Aigle", Address("3 rue du 8 mai 1945", "61300", "L'Aigle")),
        ("1200 route de Caen", Address("1200 route de Caen")),
        ("12345 Beauvais", Address("12345 Beauvais")),
        ("3 rue des Lilas, L'Aigle", Address("3 rue des Lilas, L'Aigle")),
        ("", Address()),
    ],
)
def test_an_address_in_one_line_is_parted_at_its_postal_code(line, address):
    assert Address.of_line(line) == address
    assert address.is_written(line.upper())
    assert not address.is_written(f"bis {line}")


@pytest.mark.parametrize(
    ("line", "number", "street"),
    [
        ("12 bis rue Saint-Jean", "12 bis", "rue Saint-Jean"),
        (" 12bis, rue Saint-Jean", "12 bis", "rue Saint-Jean"),
        ("7, place de la Halle", "7", "place de la Halle"),
        ("5 terrasse du Lac", "5", "terrasse du Lac"),
        ("5 bisque", "5", "bisque"),
        ("5 a, rue Z", "5 a", "rue Z"),
        ("5 l'Abbaye", "5", "l'Abbaye"),
        ("5 d’Artagnan", "5", "d’Artagnan"),
        ("5 à la Croix", "5", "à la Croix"),
        ("12-14 rue du Pont", "12-14", "rue du Pont"),
        ("5 ter", "5 ter", ""),
        ("Le Bourg", "", "Le Bourg"),
    ],
)
def test_a_house_number_is_told_from_its_street(line, number, street):
    assert split_street(line) == (number, street)
