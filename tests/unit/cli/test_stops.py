"""Why a command stops: each code has a sentence, and a mistyped one is a bug rather than a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from broadcaster.commands import stops
from broadcaster.commands.failing import Stop, Told

SOURCES = "\n".join(each.read_text() for each in Path(stops.__file__).parent.glob("*.py") if each.name != "stops.py")


def test_each_code_that_stops_a_command_has_a_sentence():
    raised = set(re.findall(r'\bStop\(\s*"([^"]*)"', SOURCES))
    assert raised
    assert raised - stops.STOPS.keys() == set()


def test_no_stop_makes_a_sentence_of_its_own():
    assert re.findall(r'\bStop\(\s*(?:words\(|sentence\(|str\(|f").*', SOURCES) == []


def test_a_mistyped_code_is_no_sentence():
    with pytest.raises(KeyError):
        Stop("nothing-sen")
    assert Told("The service's own words.").message == "The service's own words."
