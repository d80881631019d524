"""Numbers that grow with time, and names that nobody guesses."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from broadcaster.ids import new_id, new_token


def test_ids_are_positive_63_bit_numbers_and_each_is_greater_than_the_last_however_fast_they_are_made():
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    assert all(0 < each < 2**63 for each in ids)


def test_a_clock_that_is_set_back_makes_no_id_twice(monkeypatch):
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert new_id() > first


def test_an_id_made_a_millisecond_later_is_greater():
    for _ in range(50):
        before = new_id()
        began = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 == began:
            pass
        assert new_id() > before


def test_an_id_says_when_it_was_made():
    assert abs((new_id() >> 22) - time.time_ns() // 1_000_000) < 1000


def test_processes_started_together_number_differently():
    code = "from broadcaster.ids import new_id; print(*(new_id() for _ in range(500)))"
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    ids = [each for run in runs for each in run.communicate(timeout=30)[0].split()]
    assert len(ids) == len(set(ids)) == 1500


def test_a_token_is_random_and_safe_in_a_url():
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{11}", each) for each in tokens)
    assert len(new_token(24)) == 32
