"""Translations of pages: Babel's .po files, read once and never compiled.

English sentences are the msgids, so English needs no file. ``locale/fr`` has the French. To add a language, add a
folder, with any number of files.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from broadcaster.domain.people import CHANNEL_WORDS

LOCALE_DIR = Path(__file__).parent / "locale"
_MOST_CHOICES = 20
_ONE_OR_MORE = c2py("n != 1")
_ENGLISH = "en_GB"  # readers of English in France expect 21:59, not 9:59 PM


@dataclass(frozen=True)
class Words:
    """One language's words: calling it translates an English sentence and fills it."""

    language: str
    locale: Locale
    _messages: Mapping[str, Message] = field(default_factory=dict)
    _form: Callable[[int], int] = _ONE_OR_MORE

    def __call__(self, sentence: str, /, **gaps: object) -> str:
        found = self._messages.get(sentence)
        text = found.string if found is not None and isinstance(found.string, str) and found.string else sentence
        return text % gaps if gaps else text

    def channel(self, name: str, *, inside: bool = False) -> str:
        """Return a channel's name; ``inside`` a sentence in lower case, unless it is an abbreviation."""
        word = self(CHANNEL_WORDS[name])
        return word.lower() if inside and not word.isupper() else word

    def many(self, one: str, several: str, n: int, /, **gaps: object) -> str:
        """Return the plural form for ``n``; ``%(n)s`` is filled."""
        text = self.both(one, several)[self._form(n)]
        return text % {"n": format_decimal(n, locale=self.locale), **gaps}

    def both(self, one: str, several: str) -> tuple[str, str]:
        """Return singular and plural, for a script that fills ``%(n)s``."""
        found = self._messages.get(one)
        forms = found.string if found is not None else ()
        return (forms[0] or one, forms[1] or several) if isinstance(forms, tuple) and len(forms) > 1 else (one, several)

    def number(self, value: float) -> str:
        """Format a number with up to ten decimals."""
        return format_decimal(value, "#,##0.##########", locale=self.locale)


class Catalogs:
    """All available languages, by tag."""

    def __init__(self, folder: Path = LOCALE_DIR) -> None:
        """Read each ``folder/{language}/LC_MESSAGES/*.po``."""
        self._words = {"en": Words("en", Locale.parse(_ENGLISH))}
        for parent in sorted(folder.glob("*/LC_MESSAGES")):
            language = parent.parent.name
            messages: dict[str, Message] = {}
            for path in sorted(parent.glob("*.po")):
                with path.open("rb") as file:
                    catalog = read_po(file, locale=language)
                    messages.update((_name(each), each) for each in catalog if each.id)
            self._words[language] = Words(language, Locale.parse(language), messages, c2py(catalog.plural_expr))

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._words)

    def words(self, language: str) -> Words:
        """Return a language's words (``fr``, ``fr-CA``), else the English ones."""
        return self._words.get(language.split("-", maxsplit=1)[0].lower(), self._words["en"])


def _name(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


@cache
def catalogs() -> Catalogs:
    """Return this package's catalogs, read on first use."""
    return Catalogs()


def preferred(accept_language: str, known: Iterable[str], default: str) -> str:
    """Return the reader's most preferred language of ``known`` (RFC 9110 section 12.5.4), else ``default``."""
    return next(iter(ranked(accept_language, known)), default)


def ranked(accept_language: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``known`` that a reader accepts, most preferred first."""
    wanted = _weights(accept_language)
    weights = {
        language: max((quality for tag, quality in wanted.items() if tag.split("-")[0] == language), default=0.0)
        for language in known
    }
    return tuple(sorted((each for each in weights if weights[each] > 0), key=weights.__getitem__, reverse=True))


def _weights(accept_language: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for part in accept_language.split(",")[:_MOST_CHOICES]:
        tag, _, parameter = part.strip().partition(";")
        quality = 1.0
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
        if tag:
            found[tag.strip().lower()] = quality if quality == quality else 0.0  # noqa: PLR0124  NaN is itself no number
    return found
