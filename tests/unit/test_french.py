"""Names in French sentences, after de, à and que."""

from __future__ import annotations

import re

import pytest

from broadcaster.french import _ARTICLES, _VOWELS, joined
from broadcaster.languages import LOCALE_DIR, catalogs
from broadcaster.web.console.compose.words import for_script
from broadcaster.web.resident.script_words import script_words


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Le Havre", "du Havre, au Havre, que Le Havre, Le Havre"),
        ("Les Andelys", "des Andelys, aux Andelys, que Les Andelys, Les Andelys"),
        ("La Ferté-Macé", "de La Ferté-Macé, à La Ferté-Macé, que La Ferté-Macé, La Ferté-Macé"),
        ("L'Aigle", "de L'Aigle, à L'Aigle, que L'Aigle, L'Aigle"),
        ("Évreux", "d’Évreux, à Évreux, qu’Évreux, Évreux"),
        ("Yvetot", "d’Yvetot, à Yvetot, qu’Yvetot, Yvetot"),
        ("Œuilly", "d’Œuilly, à Œuilly, qu’Œuilly, Œuilly"),
        ("Hérouville", "de Hérouville, à Hérouville, que Hérouville, Hérouville"),
        ("Dives-sur-Mer", "de Dives-sur-Mer, à Dives-sur-Mer, que Dives-sur-Mer, Dives-sur-Mer"),
        ("École Jean-Macé", "de l’École Jean-Macé, à l’École Jean-Macé, que l’École Jean-Macé, l’École Jean-Macé"),
        ("ECOLE DU CENTRE", "de l’ECOLE DU CENTRE, à l’ECOLE DU CENTRE, que l’ECOLE DU CENTRE, l’ECOLE DU CENTRE"),
        ("collège Hugo", "du collège Hugo, au collège Hugo, que le collège Hugo, le collège Hugo"),
        ("Mairie de Flers", "de la Mairie de Flers, à la Mairie de Flers, que la Mairie de Flers, la Mairie de Flers"),
        ("Institut Curie", "de l’Institut Curie, à l’Institut Curie, que l’Institut Curie, l’Institut Curie"),
        ("École", "d’École, à École, qu’École, École"),  # a commune in Savoie
        ("Leers", "de Leers, à Leers, que Leers, Leers"),
    ],
)
def test_a_name_is_contracted_and_elided(name, forms):
    assert ", ".join(joined(word, name) for word in ("de", "à", "que", "le")) == forms


def test_a_noun_that_begins_with_a_vowel_has_an_article_that_is_elided():
    full = {noun for noun, article in _ARTICLES.items() if article != "l’"}
    assert {noun for noun in full if noun.startswith(_VOWELS)} == set()


def test_an_article_that_begins_a_sentence_has_a_capital():
    names = "École Jean-Macé", "collège Hugo", "Le Havre", "L'Aigle", "Évreux", "les Andelys"
    begun = "L’École Jean-Macé", "Le collège Hugo", "Le Havre", "L'Aigle", "Évreux", "Les Andelys"
    assert tuple(joined("Le", name) for name in names) == begun
    assert catalogs().words("fr")("%(station)s has your request for help.", station="École Hugo") == (
        "L’École Hugo a bien votre demande d’aide."
    )


def test_a_gap_asks_for_its_word_and_an_sms_gets_the_apostrophe_that_costs_nothing():
    french, english = catalogs().words("fr"), catalogs().words("en")
    assert french("Message %(de station)s", station="École Hugo") == "Message de l’École Hugo"
    assert french.typed("Message %(de station)s", station="École Hugo") == "Message de l'École Hugo"
    assert french.many("%(n)s message %(de station)s", "%(n)s messages %(de station)s", 2, station="Évreux") == (
        "2 messages d’Évreux"
    )
    for lacking in ("%(de station)s", "%(station)s"):
        with pytest.raises(KeyError):
            french(lacking, name="Le Havre")
    assert french("A message from %(station)s.", station="Les Andelys") == "Message des Andelys."
    assert english("A message from %(station)s.", station="Les Andelys") == "A message from Les Andelys."


def test_no_preposition_or_verb_of_a_french_sentence_meets_the_bare_name_of_a_station():
    bare = re.compile(r"(?:\b(?:de|à|que|suivez|pour)|d’|qu’) %\(station\)s|%\(station\)s \w")
    files = sorted((LOCALE_DIR / "fr" / "LC_MESSAGES").glob("*.po"))
    assert len(files) > 20
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if line.startswith("msgstr") and bare.search(line)] == []


def test_the_sentences_that_scripts_fill_have_plain_gaps():
    french = catalogs().words("fr")
    said = [*script_words(french).values(), *(for_script(french, authority=True).values())]
    assert [each for each in said if re.search(r"%\(\w+ \w+\)s", str(each))] == []
