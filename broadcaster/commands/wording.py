"""Translates the commands' texts into the terminal's language: that of LC_ALL, LC_MESSAGES or LANG (POSIX, 8.2), else
English.

::

    say("added %(name)s as %(slug)s", name=station.name, slug=station.slug)
    click.echo(many("%(n)s person", "%(n)s people", n))

French is in ``web/locale/fr/LC_MESSAGES/terminal.po``. Documents for programs (``--json``) are never translated.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from broadcaster.languages import Words

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def reader() -> Words:
    """Return the words of the terminal's language."""
    from broadcaster.languages import catalogs  # noqa: PLC0415  `--version` needs no words

    return catalogs().for_operators(spoken())


def spoken() -> str:
    """Return the terminal's language, as in *fr*; *en* where none is set."""
    locale = next(filter(None, map(os.environ.get, _VARIABLES)), "")
    tag = locale.partition(".")[0].partition("_")[0].lower()
    return "en" if tag in {"", "c", "posix"} else tag


def words(sentence: str, /, **gaps: object) -> str:
    """Translate an English sentence and fill it."""
    return reader()(sentence, **gaps)


def say(sentence: str, /, **gaps: object) -> None:
    """Print an English sentence, translated and filled."""
    click.echo(words(sentence, **gaps))


def note(sentence: str, /, **gaps: object) -> None:
    """Like ``say``, on stderr."""
    click.echo(words(sentence, **gaps), err=True)


def say_many(one: str, several: str, n: int, /, *, to: Callable[[str], object] = click.echo, **gaps: object) -> None:
    """Print the plural form for ``n``, unless that is 0."""
    if n:
        to(many(one, several, n, **gaps))


def many(one: str, several: str, n: int, /, **gaps: object) -> str:
    """Return the plural form for ``n``; ``%(n)s`` is filled."""
    return reader().many(one, several, n, **gaps)
