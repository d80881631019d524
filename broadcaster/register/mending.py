"""The refused lines of a list, as a list to correct and import again."""

from broadcaster.domain.refusals import located
from broadcaster.languages import CONSOLE, Words, catalogs
from broadcaster.register.planning import Plan
from broadcaster.register.refusals import LineRefusal
from broadcaster.register.sheets import csv_text


def to_mend(made: Plan, words: Words) -> bytes:
    """Return the refused lines as a list: as given, followed by what to correct.

    Once corrected, it can be imported directly: imports ignore the two added columns.
    """
    wrong: dict[int, list[LineRefusal]] = {}
    for each in made.refusals:
        wrong.setdefault(each.line, []).append(each)
    width = len(made.source.columns.headings)
    rows: list[list[object]] = [[*made.source.columns.headings, *_added(words)]]
    for line in made.source.lines():
        reasons = wrong.get(line.number)
        if reasons is not None:
            cells = [*line.cells[:width], *[""] * (width - len(line.cells))]
            rows.append([*cells, line.number, " / ".join(located(each, words) for each in reasons)])
    return csv_text(rows, made.source.delimiter).encode("utf-8-sig")


def _added(words: Words) -> tuple[str, str]:
    return words("line of the file"), words("to fix")


def is_to_mend(first_line: str) -> bool:
    """Return whether a file that begins with this line is a list to correct."""
    return any(
        first_line.rstrip().endswith(delimiter.join(_added(catalogs().words(language))))
        for language in CONSOLE
        for delimiter in ",;\t|"
    )
