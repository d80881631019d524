"""Refusals of the service: a code, a field and parameters. Pages, API and commands make the sentence in the reader's
language.

::

    TocsinError
    └── Refusal             ``code`` says what is wrong, ``field`` where, ``params`` fill the sentence's gaps
        ├── Refused         the input is wrong
        ├── Conflict        the same name or key stands for something else already
        ├── Stale           it was changed since the caller looked at it
        ├── Forbidden       the key is good, and not enough
        └── NotFound        there is no such thing, or not for this caller

``zones`` and ``channels`` do not import this: their errors have the same three attributes (``Coded``).

To add a refusal: its line in ``SENTENCES``, its French in ``web/locale``, and the place that raises it. Codes are part
of the API: they do not change. Those that only the terminal shows are in ``SETUP_SENTENCES``.
"""

from collections.abc import Mapping
from typing import Protocol

from broadcaster.domain.refusal_sentences import SENTENCES
from broadcaster.domain.setup_sentences import SETUP_SENTENCES
from broadcaster.errors import TocsinError

ONE_OF_SEVERAL = "No. %(at)s of %(many)s: %(problem)s"
_KM = 1000


class Coded(Protocol):
    """``field``: a path in the input (``area.circles[0].radius_m``), or empty."""

    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def params(self) -> Mapping[str, object]: ...


class Reader(Protocol):
    """A reader's language: calling it translates an English sentence and fills it (``web.i18n.Words``)."""

    def __call__(self, sentence: str, /, **gaps: object) -> str: ...
    def many(self, one: str, several: str, n: int, /, **gaps: object) -> str: ...
    def number(self, value: float) -> str: ...


class Refusal(TocsinError):
    """See the module. ``kind``: the HTTP problem type."""

    kind = "refused"

    def __init__(self, code: str, field: str = "", **params: object) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field
        self.params: Mapping[str, object] = params

    def __str__(self) -> str:
        return located(self)


class Refused(Refusal):
    """The input is wrong."""


class Conflict(Refusal):
    """The same name or key is already used for something else."""

    kind = "conflict"


class Stale(Refusal):
    """It was changed since the caller looked at it."""

    kind = "stale"


class Forbidden(Refusal):
    """The caller is known but lacks the permission."""

    kind = "forbidden"


class NotFound(Refusal):
    """The thing does not exist, or this caller may not see it."""

    kind = "not-found"


class _English:
    def __call__(self, sentence: str, /, **gaps: object) -> str:
        return sentence % gaps if gaps else sentence

    def many(self, one: str, several: str, n: int, /, **gaps: object) -> str:
        return self(one if n == 1 else several, **gaps)

    def number(self, value: float) -> str:
        return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


ENGLISH: Reader = _English()


def refused(error: Coded, field: str | None = None) -> Refused:
    """Return a leaf's error as a refusal; ``field`` replaces a partial path."""
    found = Refused(error.code, error.field if field is None else field)
    found.params = dict(error.params)
    return found


def sentence(refusal: Coded, words: Reader = ENGLISH) -> str:
    """Return the refusal's sentence in a reader's language.

    Numbers are formatted for the language; names ending in ``_m`` are metres. ``at`` and ``many`` identify one of
    several values. An unknown code is returned unchanged.
    """
    said = SENTENCES.get(refusal.code) or SETUP_SENTENCES.get(refusal.code, refusal.code)
    return filled(said, refusal.params, words)


def filled(said: str | tuple[str, str], params: Mapping[str, object], words: Reader) -> str:
    """Return a sentence, or the plural form of a pair for ``n``, translated and with its gaps filled as above."""
    gaps = {name: _shown(name, value, words) for name, value in params.items()}
    if isinstance(said, tuple):
        n = params.get("n")
        told = words.many(*said, n if isinstance(n, int) else 0, **gaps)
    else:
        told = words(said, **gaps)
    return words(ONE_OF_SEVERAL, problem=told, **gaps) if "many" in gaps else told


def located(refusal: Coded, words: Reader = ENGLISH) -> str:
    """Return the sentence, prefixed with its field."""
    told = sentence(refusal, words)
    return f"{refusal.field}{words(': ')}{told}" if refusal.field else told


def _shown(name: str, value: object, words: Reader) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not name.endswith("_m"):
        return words.number(value)
    return f"{words.number(round(value))} m" if value < _KM else f"{words.number(round(value / _KM, 1))} km"
