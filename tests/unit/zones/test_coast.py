"""On a coast the sea does not count against the margin; other people's land does, a foreign shore too."""

from __future__ import annotations

import pytest

from zones import Area, Circle, Coast, Communes, Jurisdiction, OutsideJurisdiction


@pytest.fixture(scope="module")
def coast():
    return Coast()


@pytest.fixture(scope="module")
def seaside(coast):
    """A station's jurisdiction by its INSEE code and margin, with the sea that was found for it."""

    def made(insee, margin_m):
        boundary = Communes().find(insee).boundary
        return Jurisdiction(boundary, margin_m, coast.sea_near(boundary))

    return made


def allowed(jurisdiction, lon, lat, radius_m):
    try:
        jurisdiction.check(Area((Circle(lon, lat, radius_m),)))
    except OutsideJurisdiction:
        return False
    return True


def test_a_circle_over_the_beach_may_go_out_to_sea(seaside):
    sables = seaside("85194", 1000)
    assert allowed(sables, -1.80, 46.49, 3000)
    assert not allowed(Jurisdiction(sables.boundary, 1000), -1.80, 46.49, 3000)


def test_the_land_of_a_neighbour_counts_as_before(seaside):
    assert not allowed(seaside("85194", 1000), -1.70, 46.60, 3000)


def test_a_circle_in_the_sea_must_touch_the_territory_or_its_margin(seaside):
    assert not allowed(seaside("85194", 1000), -1.90, 46.42, 1500)


def test_a_foreign_shore_is_no_sea(seaside):
    hendaye = seaside("64260", 500)
    assert allowed(hendaye, -1.757, 43.385, 1500)
    assert not allowed(hendaye, -1.795, 43.365, 1500)  # Hondarribia, across the Bidasoa


def test_inland_nothing_is_sea_not_even_a_commune_that_the_data_lacks(coast):
    assert coast.sea_near(Communes().find("61214").boundary).is_empty
    assert coast.sea_near(Communes().find("75056").boundary).is_empty


def test_far_from_france_nothing_is_known_so_all_counts(coast):
    fiji = Jurisdiction.from_geojson(
        {"type": "Polygon", "coordinates": [[[178, -18], [178.2, -18], [178.2, -17.8], [178, -18]]]}
    )
    assert coast.sea_near(fiji.boundary).is_empty
