from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from broadcaster.domain.zones import zone_of


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("FR", "Europe/Paris"),
        ("GB", "Europe/London"),
        ("MF", "America/Marigot"),
        ("BL", "America/St_Barthelemy"),
        ("WF", "Pacific/Wallis"),
        ("TF", "Indian/Kerguelen"),
        ("RE", "Indian/Reunion"),
        ("PF", "Pacific/Tahiti"),
        ("NC", "Pacific/Noumea"),
        ("ES", "Europe/Madrid"),
        ("ZZ", "Etc/UTC"),
    ],
)
def test_a_region_has_the_time_that_the_tz_database_gives_it(region, zone):
    assert zone_of(region) == ZoneInfo(zone)
