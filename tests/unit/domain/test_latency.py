"""A histogram of fixed buckets, judged by numpy's exact percentiles."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.domain.latency import bucket, middle_s, percentile_s

SHARES = (0.50, 0.95, 0.99)
LONGEST_S = 30 * 86_400.0


def exact(times: np.ndarray, share: float) -> float:
    return float(np.quantile(times, share, method="inverted_cdf"))


@pytest.mark.parametrize(
    "drawn",
    [
        lambda random: random.exponential(3.0, 5000),
        lambda random: random.lognormal(0.0, 3.0, 5000),
        lambda random: random.uniform(0.0, 0.5, 999),
        lambda random: random.pareto(1.2, 4321) + 0.01,
        lambda random: np.full(100, 7.25),
        lambda random: np.array([0.2] * 94 + [3600.0] * 6),
    ],
)
def test_a_percentile_is_at_most_one_percent_off_numpys(drawn):
    times = np.clip(drawn(np.random.default_rng(7)), 0.002, LONGEST_S)
    counts = Counter(bucket(float(each)) for each in times)
    for share in SHARES:
        assert percentile_s(counts, share) == pytest.approx(exact(times, share), rel=0.01)


@given(st.lists(st.floats(0.0011, LONGEST_S), min_size=1, max_size=60), st.sampled_from(SHARES))
def test_a_percentile_of_any_times_is_at_most_one_percent_off(times, share):
    counts = Counter(bucket(each) for each in times)
    assert percentile_s(counts, share) == pytest.approx(exact(np.array(times), share), rel=0.01)


@given(st.floats(-1e6, 1e12), st.floats(-1e6, 1e12))
def test_a_longer_time_is_never_in_an_earlier_bucket(one, other):
    assert (bucket(min(one, other))) <= bucket(max(one, other))


def test_what_is_below_a_millisecond_counts_as_one():
    assert bucket(0.0) == bucket(-3.0) == bucket(0.001) == 0
    assert middle_s(0) == 0.001


def test_nobody_has_no_percentile():
    assert percentile_s({}, 0.5) is None
    assert percentile_s({3: 0}, 0.5) is None


def test_a_number_of_a_bucket_fits_what_the_store_keeps():
    assert 0 <= bucket(1e30) < 2**15
