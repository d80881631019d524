"""French words before a name: du Havre, des Andelys, d’Évreux, de l’École Jean-Macé.

A sentence of a French ``.po`` asks for them in its gap: ``%(de station)s``, ``%(à station)s``, ``%(que station)s``, and
``%(le station)s`` for the article alone, which is ``%(Le station)s`` where a sentence begins. They are for names of
places and institutions: a person's *Le Goff* has no article. Scripts fill plain gaps only, so a sentence of theirs has
none of these.
"""

import re
import unicodedata

_WITH_ARTICLE = {"de": {"le": "du", "les": "des"}, "à": {"le": "au", "les": "aux"}}
_NOUNS = {
    "le": "cabinet centre club collège comité conseil département foyer groupe lycée pays service syndicat",
    "la": "commune communauté compagnie crèche fédération fondation ligue mairie maison maternelle métropole mission"
    " paroisse préfecture région réserve société sous-préfecture ville",
    "l’": "accueil agglomération amicale association atelier école ehpad entente ensemble établissement hôpital"
    " institut institution internat office union université",
}
"""Nouns with which names begin that have no article of their own, by their article."""

_VOWELS = tuple("aeiouyæœ")
"""INSEE writes *d’* before every commune that begins so. Of those that begin with H it is about half; we write *de*."""

_MARKS = re.compile(r"[\u0300-\u036f]")


def _plain(text: str) -> str:
    """Return lower case without accents, which capitals often lack: Ecole."""
    return _MARKS.sub("", unicodedata.normalize("NFD", text)).lower()


_ARTICLES = {_plain(noun): article for article, nouns in _NOUNS.items() for noun in nouns.split()}


def joined(word: str, name: str, apostrophe: str = "’") -> str:
    """Return a name after *de*, *à*, *que* or its article, contracted and elided."""
    first, _, rest = name.partition(" ")
    first = _plain(first)
    article = _ARTICLES.get(first, "") if rest else ""
    if rest and first in ("le", "les"):
        article, name = name.split(" ", 1)
    given = f"{article} {name}".strip().replace("’ ", apostrophe)
    if word == "le":
        return given
    if word == "Le":
        return given[:1].upper() + given[1:]
    if contracted := _WITH_ARTICLE.get(word, {}).get(article.lower()):
        return f"{contracted} {name}"
    if word != "à" and not article and first.startswith(_VOWELS):
        return f"{word[:-1]}{apostrophe}{name}"
    return f"{word} {given}"


class Gaps(dict[str, object]):
    """What fills a sentence's gaps."""

    apostrophe = "’"

    def __missing__(self, gap: str) -> str:
        word, _, name = gap.partition(" ")
        if name not in self:
            raise KeyError(gap)
        return joined(word, str(self[name]), self.apostrophe)


class TypedGaps(Gaps):
    """The same with a keyboard's apostrophe, for SMS."""

    apostrophe = "'"
