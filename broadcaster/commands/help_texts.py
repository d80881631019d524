"""``--help`` in the terminal's language. French is in ``web/locale/fr/LC_MESSAGES/help.po``."""

import copy
from collections.abc import Iterable
from inspect import cleandoc

import click

from broadcaster.commands.wording import reader


class TranslatedFormatter(click.HelpFormatter):
    """Says click's own words in the terminal's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        words = reader()
        super().write_usage(prog, args, f"{words('Usage:')} " if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        words = reader()
        super().write_heading({"Options": words("Options"), "Commands": words("Commands")}.get(heading, heading))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        words = reader()
        said = {
            "Show this message and exit.": words("Show this message and exit."),
            "[default: ": words("[default: "),
            "required]": words("required]"),
        }
        translated_rows = []
        for name, text in rows:
            translated = text
            for one, other in said.items():
                translated = translated.replace(one, other)
            translated_rows.append((name, translated))
        super().write_dl(translated_rows, col_max, col_spacing)


class TranslatedContext(click.Context):
    formatter_class = TranslatedFormatter


_AS_WRITTEN = "\b\n"
"""Click's mark of a paragraph whose lines are kept."""


def paragraphs(text: str) -> list[tuple[str, str]]:
    """Return the paragraphs of a help: click's mark or nothing, and the sentence to translate."""
    found = []
    for part in cleandoc(text).split("\n\n"):
        kept = part.startswith(_AS_WRITTEN)
        found.append((_AS_WRITTEN, part.removeprefix(_AS_WRITTEN)) if kept else ("", " ".join(part.split())))
    return found


def in_words(command: click.Command) -> click.Command:
    """Return a command with its help, and that of its subcommands, in the terminal's language."""
    words = reader()
    translated = copy.copy(command)
    translated.context_class = TranslatedContext
    for name in ("help", "epilog", "short_help"):
        text = getattr(command, name)
        if text:
            setattr(translated, name, "\n\n".join(mark + words(said) for mark, said in paragraphs(text)))
    translated.params = [copy.copy(each) for each in command.params]
    for option in translated.params:
        if isinstance(option, click.Option) and option.help:
            option.help = words(option.help)
    if isinstance(translated, click.Group):
        translated.commands = {name: in_words(each) for name, each in translated.commands.items()}
    return translated
