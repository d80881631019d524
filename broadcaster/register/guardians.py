"""Columns of a class list that are a guardian's: « Mobile responsable 2 », « Courriel (mère) », « Nom resp. 1 »."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from broadcaster.domain.people import MOST_GUARDIANS
from broadcaster.languages import Words, catalogs

_ROLES = {"responsable", "resp", "representant", "parent", "tuteur", "tutrice", "rl", "guardian"}
_PARENTS = {"pere": 1, "father": 1, "mere": 2, "mother": 2}
_LEGAL = {"legal", "n", "no", "numero"}
_NAME = {"nom", "name", "family", "last", "famille", "usage", "usuel", "complet", "full", "civilite"}
_FIRST = {"prenom", "first"}
_OF = {"de", "du", "d", "la", "le", "l", "et", "s"}
HEADING = "guardian %(n)s"
KINDS = ("mobile", "landline", "email")
"""Kinds of contacts that an export writes in a column for each guardian."""


def guardian_of(words: Sequence[str]) -> int:
    """Return the number of the guardian whose a column is, by its heading's words; 0: nobody's.

    A heading without a number is the first one's. Father and mother are the first and the second.
    """
    for at, word in enumerate(words):
        if word in _PARENTS:
            return _PARENTS[word]
        if word in _ROLES:
            after = next((each for each in words[at + 1 :] if each not in _LEGAL), "1")
            number = int(after[:3]) if after.isdigit() else 1
            return number if number <= MOST_GUARDIANS else 0
    return 0


def names_guardian(words: Sequence[str]) -> bool:
    said = {each for each in words if not each.isdigit()} - _ROLES - _PARENTS.keys() - _LEGAL
    return guardian_of(words) > 0 and said <= _NAME | _FIRST | _OF


def in_order(columns: Iterable[tuple[int, Sequence[str]]]) -> tuple[int, ...]:
    """Return the numbers of a guardian's name columns, first names first; one with the whole name alone."""
    said = [(number, set(words)) for number, words in columns]
    first = [number for number, words in said if words & _FIRST and not words & _NAME]
    family = [number for number, words in said if words & _NAME and not words & _FIRST]
    return (*first[:1], *family[:1]) if first or family else tuple(number for number, _ in said[:1])


def headings(words: Words, most: int) -> list[str]:
    """Return the headings of an export: each guardian's name and contacts."""
    whose = [words(HEADING, n=number) for number in range(1, most + 1)]
    return [each for who in whose for each in (who, *(f"{words(kind)} {who}" for kind in KINDS))]


@cache
def written() -> Mapping[str, tuple[str, int]]:
    """Return, by heading of our own exports, the kind of contact ("" for the name) and the guardian's number."""
    found: dict[str, tuple[str, int]] = {}
    for words in map(catalogs().words, catalogs().languages):
        for number in range(1, MOST_GUARDIANS + 1):
            who = words(HEADING, n=number)
            found |= {f"{words(kind)} {who}": (kind, number) for kind in KINDS} | {who: ("", number)}
    return found
