"""The glossary's words are those of pages, messages and terminal, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.http.test_words import messages

GLOSSARY = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text()


def rows(heading):
    """Return the cells of the table below a heading, row by row."""
    part = GLOSSARY.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def sentences():
    """Return (English, French) of each sentence that is translated."""
    for message in messages("fr"):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        yield from zip(ids, strings, strict=True)


def has(word, text):
    return re.search(rf"(?<![\w-]){word}", text.replace("\u00a0", " "), re.IGNORECASE) is not None


@pytest.mark.parametrize(("english", "french"), rows("Always the same"))
def test_a_thing_has_one_word_in_each_language(english, french):
    said = [(one, other) for one, other in sentences() if has(english, one)]
    assert said, "a rule about no sentence holds nothing"
    assert [each for each in said if not any(has(word.strip(), each[1]) for word in french.split(","))] == []


@pytest.mark.parametrize(("language", "unused", "used"), rows("Not used"))
def test_a_word_that_has_a_better_one_is_not_used(language, unused, used):
    assert used
    place = {"English": 0, "French": 1}[language]
    assert [each[place] for each in sentences() if has(re.escape(unused), each[place])] == []
