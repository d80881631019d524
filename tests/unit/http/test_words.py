"""The words of pages: complete in every language, and in the one that the reader wants."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po
from click.testing import CliRunner

from broadcaster import languages
from broadcaster.cli import main
from broadcaster.commands import examine
from broadcaster.commands.help_texts import paragraphs
from broadcaster.commands.stops import STOPS
from broadcaster.domain import health, reasons
from broadcaster.domain.alerts import SEVERITY_WORDS
from broadcaster.domain.operators import KEY_OF_COMMAND, KEY_OF_MACHINE
from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.domain.refusal_sentences import HINTS, SENTENCES
from broadcaster.domain.refusals import ONE_OF_SEVERAL
from broadcaster.domain.setup_sentences import SETUP_SENTENCES
from broadcaster.domain.warned import WARNINGS
from broadcaster.languages import CONSOLE, LANGUAGES, catalogs, unbroken
from broadcaster.register.columns import HEADINGS, OF_PLACE
from broadcaster.web.i18n import preferred
from channels.webpush.vapid import subject_warning
from tests.unit.http.findings import findings

CODE = Path(languages.__file__).parent
FILES = [*CODE.glob("**/templates/**/*.*"), *CODE.glob("**/*.py")]
FOR_OPERATORS = re.compile(
    "commands/|territory.py|domain/|register/|web/(?:templates/)?console/(?!stations/poster_drawing|schedules/drills|compose/ppms.py)"
    "|pipeline/(?:approving|auditing|corrections|helping|inviting|visiting).py|web/(?:templates/)?resident/visits"
)
"""Files whose sentences are only for operators and volunteers. Those of all others are residents' too."""
RESIDENTS = [each for each in FILES if not FOR_OPERATORS.match(str(each.relative_to(CODE)))]
FOREIGN = [each for each in LANGUAGES if each not in CONSOLE]
SENTENCE = re.compile(r"""(?:\b_|\b(?:say|note)|words)(?:\.typed)?\(\s*((?:"[^"]+"\s*)+|'[^']+')""")
"""A sentence in code or template; in code, one of several lines."""


COUNTED = re.compile(r"""\b(?:say_many|many|forms)\(\s*(?:"([^"]+)",\s*"([^"]+)"|'([^']+)',\s*'([^']+)')""")


def counted():
    """Sentences that have a form for one and a form for several."""
    return {said for said in (*SENTENCES.values(), *WARNINGS.values()) if isinstance(said, tuple)} | {
        tuple(filter(None, each)) for path in FILES for each in COUNTED.findall(path.read_text(encoding="utf-8"))
    }


def said_in(files):
    for path in files:
        for said in SENTENCE.findall(path.read_text(encoding="utf-8")):
            yield "".join(re.findall(r'"([^"]+)"', said)) if said.startswith('"') else said[1:-1]


def for_residents():
    """Sentences of messages and of residents' pages."""
    return {*CHANNEL_WORDS.values(), *SEVERITY_WORDS.values(), *said_in(RESIDENTS)}


def helps(command=main):
    """Return the paragraphs of a command's help, and of those below it; examples stay as they are."""
    texts = [
        command.help,
        command.epilog,
        command.short_help,
        *(getattr(each, "help", None) for each in command.params),
    ]
    found = {said for text in texts if text for _, said in paragraphs(text) if not said.startswith("tocsin ")}
    below = command.list_commands(None) if isinstance(command, click.Group) else ()
    return found.union(*(helps(command.get_command(None, name)) for name in below))


def used():
    found = {ONE_OF_SEVERAL, *SETUP_SENTENCES.values(), *HINTS.values()}
    found |= {said for said in (*SENTENCES.values(), *WARNINGS.values()) if isinstance(said, str)}
    found |= {
        *reasons.SENTENCES.values(),
        *CHANNEL_WORDS.values(),
        KEY_OF_MACHINE,
        KEY_OF_COMMAND,
        *SEVERITY_WORDS.values(),
        "; ",
        *HEADINGS,
        *OF_PLACE,
    }
    found |= {said for each in health.SENTENCES.values() for said in (each.said, each.to_do)}
    found |= {said for each in STOPS.values() for said in each if said}
    found |= {*examine._LOCAL, *examine._ASKED, subject_warning("mailto:a@b.test"), *findings(), *helps()}
    return found | set(said_in(FILES))


@cache
def messages(language):
    """Every message of a language's files."""
    found = []
    for path in sorted((languages.LOCALE_DIR / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            found += [message for message in read_po(file, locale=language) if message.id]
    return found


@pytest.mark.parametrize("language", [each for each in CONSOLE if each != "en"])
def test_every_sentence_of_a_page_is_there_and_none_is_left_over(language):
    there = [message.id for message in messages(language) if isinstance(message.id, str)]
    assert set(there) == used()
    names = [languages._name(message) for message in messages(language)]
    assert len(names) == len(set(names)), "a sentence stands in two files: one of them hides the other"
    assert {message.id for message in messages(language) if isinstance(message.id, tuple)} == counted()


@pytest.mark.parametrize("language", FOREIGN)
def test_every_sentence_for_residents_is_there_in_the_other_languages_and_none_is_left_over(language):
    """A new sentence of a message or of a resident's page goes into each ``residents.po``."""
    there = [message.id for message in messages(language)]
    assert set(there) - for_residents() == set()
    assert for_residents() - set(there) == set()
    assert len(there) == len(set(there))
    form = languages.catalogs().words(language)._form
    cldr = languages.cldr(language)
    forms = {cldr.plural_form(n): form(n) for n in range(200)}
    assert {n: form(n) for n in range(200)} == {n: forms[cldr.plural_form(n)] for n in range(200)}, "the plural rule"


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_translation_is_written_and_has_the_gaps_of_its_sentence(language):
    for message in messages(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for sentence, translated in zip(ids, strings, strict=True):
            assert translated
            gaps = re.compile(r"%\((?:(?:de|à|que|[lL]e) )?(\w+)\)s")
            assert sorted(gaps.findall(sentence)) == sorted(gaps.findall(translated))


def test_french_says_zero_as_one_and_english_as_many():
    french, english = catalogs().words("fr-CA"), catalogs().words("en")
    assert [french.many("%(n)s byte", "%(n)s bytes", n) for n in (0, 1, 2)] == ["0 octet", "1 octet", "2 octets"]
    assert [english.many("%(n)s byte", "%(n)s bytes", n) for n in (0, 1, 2)] == ["0 bytes", "1 byte", "2 bytes"]


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_no_sentence_counts_something_in_a_single_form(language):
    """What is counted has two forms, for one and for several, unless it is always many."""
    always = re.compile(r"metres$|^in |about |fewer than |^It will take |^The SMS in |^There are %\(n\)s characters")
    plural = re.compile(r"(?:^|\s)%\((?:n|total|people|count)\)s (?:[a-zé]+s|people)\b")
    one_form = [message.id for message in messages(language) if isinstance(message.id, str)]
    one_form = [each for each in one_form if each not in SENTENCES.values()]  # limits, which are more than one
    assert [each for each in one_form if plural.search(each) and not always.search(each)] == []


def test_help_is_in_the_terminals_language_click_s_own_words_too(monkeypatch):
    for language, heads in {"fr_FR.UTF-8": ("Utilisation", "Affiche ce message"), "C": ("Usage", "Show this")}.items():
        monkeypatch.setenv("LC_ALL", language)
        for path in ([], ["alert"], ["send"], ["station", "add"]):
            said = CliRunner().invoke(main, [*path, "--help"]).output
            assert said.startswith(heads[0])
            assert heads[1] in said
    assert "Exit codes:" in CliRunner().invoke(main, ["send", "-h"]).output


def test_a_language_without_words_is_answered_in_english():
    assert catalogs().words("ja")("What to do") == "What to do"
    assert catalogs().words("pt-BR")("What to do") == "O que fazer"
    assert catalogs().for_operators("de", "fr-CA").language == "fr"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "fr"),
        ("en", "en"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("fr;q=0.2,en;q=0.7", "en"),
        ("de,es", "en"),
        ("br", "fr"),
        ("de, en;q=0.1", "en"),
        ("en;q=0", "fr"),
        ("en;q=nan", "fr"),
        ("en;q=x, fr;q=0.1", "fr"),
        (";;;,,,=" * 100, "fr"),
    ],
)
def test_the_reader_gets_the_language_they_want_most(header, language):
    assert preferred(header, ("en", "fr"), "fr") == language


def test_french_signs_never_stand_at_the_beginning_of_a_line():
    """Before : ; ! ? » and after « is a narrow blank, which does not break."""
    forms = [each.string if isinstance(each.string, tuple) else (each.string,) for each in messages("fr")]
    assert [text for each in forms for text in each if re.search("[ \u00a0][:;!?»]|«[ \u00a0]", text)] == []


def test_the_first_of_a_month_is_the_1er_in_french_alone():
    french, english = catalogs().words("fr"), catalogs().words("en")
    first, eleventh = (datetime(2026, 12, n, 11, 1, tzinfo=UTC) for n in (1, 11))
    assert [french.day(first, form) for form in ("full", "long", "medium")] == [
        "mardi 1er décembre 2026",
        "1er décembre 2026",
        "1er déc. 2026",
    ]
    assert french.moment(first, "d MMMM y, HH:mm") == "1er décembre 2026, 11:01"
    assert french.moment(eleventh, "medium") == "11 déc. 2026, 11:01:00"
    assert english.day(first) == "1 December 2026"


def test_a_punctuation_mark_that_is_typed_after_a_space_stays_on_its_line():
    assert unbroken("Crue : montez ! « Vite »\n: 1") == "Crue\u00a0: montez\u00a0! «\u00a0Vite\u00a0»\n: 1"
