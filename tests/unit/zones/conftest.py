"""A judge of distances that shares no code with us, and France in memory."""

from __future__ import annotations

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic

from tests.servers.france import unpack_once


def judged_m(lon, lat, lons, lats):
    """Distances by geographiclib, one after the other."""
    ask = Geodesic.DISTANCE
    pairs = zip(np.ravel(lons), np.ravel(lats), strict=True)
    return np.array([Geodesic.WGS84.Inverse(lat, lon, float(y), float(x), ask)["s12"] for x, y in pairs])


@pytest.fixture(scope="session")
def judge():
    return judged_m


@pytest.fixture(autouse=True)
def france(monkeypatch):
    unpack_once(monkeypatch)
