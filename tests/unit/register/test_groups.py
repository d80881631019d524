"""A group has the same short name from a list as from the API."""

from __future__ import annotations

import pytest

from broadcaster.http.contacts import group_slugs
from broadcaster.register.groups import group_slug


@pytest.mark.parametrize("name", ["École Victor-Hugo", "Club d’escrime", "L'Aigle", "Œuvre Saint-Éloi 3", "x" * 80])
def test_the_list_and_the_api_agree(name: str):
    assert list(group_slugs([name])) == [group_slug(name)]
