"""What is wrong is told by its path as it was written, and in a sentence; whatever was sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from broadcaster.domain.refusals import sentence
from broadcaster.http.alerts import request_hash
from broadcaster.http.schemas.alerts import AlertIn, Draft
from broadcaster.http.schemas.stations import StationIn
from broadcaster.http.schemas.subscribers import SubscriberIn, SubscriberPatch
from broadcaster.http.validation import findings, not_json, path

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["laigle", "fr", "push", "sms", "groups", "severe", "2026-07-01T18:30:00Z", "Polygon"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["circles", "polygons", "lon", "lat", "radius_m", "kind", "groups", "channel", "phone", "type", "fr"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
MODELS = [AlertIn, Draft, StationIn, SubscriberIn, SubscriberPatch]


@pytest.mark.parametrize("model", MODELS)
@given(data=st.data())
@settings(max_examples=150)
def test_whatever_is_sent_is_read_or_told_where_it_is_wrong(model, data):
    fields = dict.fromkeys(model.model_fields, JSON)
    document = data.draw(st.fixed_dictionaries({}, optional=fields) | JSON)
    raw = json.dumps(document)
    try:
        model.model_validate_json(raw)
    except ValidationError as error:
        if not_json(error) is None:
            found = findings(error, document)
            assert found
            assert all(sentence(each) for each in found)
            assert "invalid" not in {each.code for each in found}


def test_a_path_is_written_as_its_author_would():
    assert path(["area", "circles", 0, "radius_m"]) == "area.circles[0].radius_m"
    assert path([0, "lon"]) == "[0].lon"
    assert path([]) == ""


def test_the_hash_of_a_request_tells_what_was_asked_and_not_how_it_was_written():
    one = {"station": "a", "severity": "severe", "headline": "x", "expires": "2026-07-01T18:30:00+02:00"}
    other = {"expires": "2026-07-01T16:30:00Z", "headline": "x ", "audience": "followers", **one}
    other["expires"] = "2026-07-01T16:30:00Z"
    first, second, third = (
        AlertIn.model_validate_json(json.dumps(each)) for each in (one, other, {**one, "headline": "y"})
    )
    assert request_hash(first) == request_hash(second)
    assert request_hash(first) != request_hash(third)
    assert len(request_hash(first)) == 32
