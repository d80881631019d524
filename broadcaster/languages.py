"""The languages of Tocsin, and their words from .po files, read once by Babel and never compiled.

English sentences are the msgids, so English needs no file. To add a language, add a folder in ``web/locale`` with any
number of files, and an entry here; a missing sentence is shown in English. Messages and residents' pages are in all
languages, console and terminal in those of ``CONSOLE``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import localcontext
from functools import cache
from gettext import c2py
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.french import Gaps, TypedGaps


@dataclass(frozen=True, slots=True)
class Language:
    """``locale``: of CLDR, for its name, direction, dates and numbers; ``first``: how the first of a month is written,
    which CLDR's patterns cannot; ``capital_nouns``: nouns keep their capital inside a sentence.
    """

    locale: str
    first: str = "1"
    capital_nouns: bool = False


LANGUAGES = {
    "fr": Language("fr_FR", first="1er"),
    "en": Language("en_GB"),  # readers of English in France expect 21:59, not 9:59 PM
    "de": Language("de_DE", capital_nouns=True),
    "nl": Language("nl_NL"),
    "es": Language("es_ES"),
    "it": Language("it_IT"),
    "pt": Language("pt_PT"),
    "ar": Language("ar_MA"),  # European digits and 24 hours, as used by its readers in France
}

CONSOLE = ("fr", "en")
"""The languages of console and terminal."""

DEFAULT = next(iter(LANGUAGES))

TAG = r"^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}$"
"""A language tag (BCP 47): language, script, region; at most ``LONGEST_TAG`` characters, the store's column."""
LONGEST_TAG = 12
LOCALE_DIR = Path(__file__).parent / "web" / "locale"
_ENGLISH = "en"
_TYPED = str.maketrans({"\u00a0": " ", "\u202f": " ", "’": "'"})
_ONE_OR_MORE = c2py("n != 1")
_FIRST = re.compile(r"\b1 (?=[^\W\d])")
_BREAKS = re.compile(r"(?<=\S) (?=[:;?!»])|(?<=«) ")
_DIGITS = 5000
"""More than a number of a request can have: Python reads 4,300."""


def is_tag(text: str) -> bool:
    """Return whether a text has the form of a language tag."""
    return len(text) <= LONGEST_TAG and re.fullmatch(TAG, text) is not None


def typed(text: str) -> str:
    """Return a text with plain blanks and apostrophes, which do not raise the cost of an SMS."""
    return text.translate(_TYPED)


def unbroken(text: str) -> str:
    """Return a text of an author whose lines do not begin with a punctuation mark: these are typed after a space."""
    return _BREAKS.sub("\u00a0", text)


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
        return text % Gaps(gaps) if gaps else text

    def typed(self, sentence: str, /, **gaps: object) -> str:
        """Translate with plain blanks and apostrophes, which do not raise the cost of an SMS."""
        text = typed(self(sentence))
        return text % TypedGaps(gaps) if gaps else text

    def channel(self, name: str, *, inside: bool = False) -> str:
        """Return a channel's name; ``inside`` a sentence in lower case, unless capitals belong to it."""
        word = self(CHANNEL_WORDS[name])
        lower = inside and not word.isupper() and not LANGUAGES[self.language].capital_nouns
        return word.lower() if lower else word

    def many(self, one: str, several: str, n: int, /, **gaps: object) -> str:
        """Return the plural form for ``n``; ``%(n)s`` is filled."""
        return self._plural(one, several, n) % Gaps({"n": format_decimal(n, locale=self.locale), **gaps})

    def forms(self, one: str, several: str) -> dict[str, str]:
        """Return each plural form by CLDR's name (*one*, *few*, *other*), for a script that fills ``%(n)s``."""
        return {name: self._plural(one, several, n) for name, n in _counts(self.locale).items()}

    def _plural(self, one: str, several: str, n: int) -> str:
        found = self._messages.get(one)
        forms = found.string if found is not None and isinstance(found.string, tuple) else ()
        form = self._form(n)
        translated = forms[form] if form < len(forms) else ""
        return translated or (one if _ONE_OR_MORE(n) == 0 else several)

    def day(self, day: date, form: str = "long") -> str:
        """Format a day: « 31 août 2028 ». ``form``: CLDR's full, long or medium, or a pattern."""
        return self._first(format_date(day, form, locale=self.locale))

    def moment(self, at: datetime, form: str) -> str:
        """Format a time in its own zone. ``form``: as of a day."""
        return self._first(format_datetime(at, form, locale=self.locale))

    def _first(self, written: str) -> str:
        """Write the first of a month as the language does: 1er décembre."""
        return _FIRST.sub(f"{LANGUAGES[self.language].first} ", written)

    @property
    def percent_sign(self) -> str:
        """Return the sign, with the space before it if the language has one."""
        return str(self.locale.percent_formats[None].suffix[0])

    def number(self, value: float) -> str:
        """Format a number with up to ten decimals."""
        with localcontext(prec=_DIGITS):
            return format_decimal(value, "#,##0.##########", locale=self.locale)


@cache
def _counts(locale: Locale) -> dict[str, int]:
    """Return the smallest whole number for each of CLDR's plural forms."""
    found: dict[str, int] = {}
    for n in (*range(200), 1_000_000):
        found.setdefault(locale.plural_form(n), n)
    return found


class Catalogs:
    """All available languages, by tag."""

    def __init__(self) -> None:
        """Read each ``LOCALE_DIR/{language}/LC_MESSAGES/*.po``."""
        self._words: dict[str, Words] = {}
        for language, facts in LANGUAGES.items():
            messages: dict[str, Message] = {}
            form = _ONE_OR_MORE
            for path in sorted((LOCALE_DIR / language / "LC_MESSAGES").glob("*.po")):
                with path.open("rb") as file:
                    catalog = read_po(file, locale=language)
                messages.update((_name(each), each) for each in catalog if each.id)
                form = c2py(catalog.plural_expr)
            self._words[language] = Words(language, Locale.parse(facts.locale), messages, form)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._words)

    def words(self, *languages: str) -> Words:
        """Return the words of the first language that we have (``fr``, ``fr-CA``), else the English ones."""
        known = (self._words.get(each.split("-", maxsplit=1)[0].lower()) for each in languages)
        return next(filter(None, known), self._words[_ENGLISH])

    def for_operators(self, *languages: str) -> Words:
        """Return the words of the first language of ``CONSOLE``, else the English ones."""
        return self.words(*(each for each in languages if each.split("-", maxsplit=1)[0].lower() in CONSOLE))


def _name(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


@cache
def catalogs() -> Catalogs:
    """Return the catalogs, read on first use."""
    return Catalogs()


def cldr(language: str) -> Locale | None:
    """Return CLDR's locale of a language tag (BCP 47), or of its first part."""
    own = LANGUAGES[language].locale if language in LANGUAGES else language
    for tag in (own, language.partition("-")[0]):
        try:
            return Locale.parse(tag.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    return None


def own_name(language: str) -> str:
    """Return a language's name in itself: Français, العربية; its tag if CLDR has none."""
    locale = cldr(language)
    name = None if locale is None else locale.languages.get(locale.language)
    return language if name is None else f"{name[:1].upper()}{name[1:]}"


def direction(language: str) -> str:
    """Return ``rtl`` for a language that is written from right to left, else ``ltr`` (HTML's ``dir``)."""
    locale = cldr(language)
    return "ltr" if locale is None else str(locale.text_direction)
