"""What is wrong with a line, a number or an address, in the reader's words.

The register and the channels say it in English sentences with gaps; here each has its form as a message of the
catalogs, so that French is a matter of the .po files. A test reads the sources for sentences that are not here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadcaster.web.i18n import Words

SENTENCES = (
    # of telephone numbers, as channels.sms says it; a list puts before it which of several values it is
    "does not exist",
    "is empty",
    "is too long to be a number",
    "holds signs that no number has",
    "is too short: a service number can't be reached",
    "is too short",
    "is too long",
    "is not a telephone number",
    "is a premium-rate number",
    "is a shared-cost service number",
    "is a freephone service number",
    "is a company's service number",
    "is a pager",
    "is a voicemail's number",
    "is not a person's number",
    "takes no SMS: it is a landline, so put it into the column landline (or phone)",
    # of mail addresses, as channels.email says it
    "it has no @",
    "it is longer than %(n)s bytes",
    "nothing stands before the @",
    "it holds a control character or an unusual blank",
    "more than %(n)s bytes stand before the @",
    "the part before the @ holds a sign or a place of dots that is not allowed",
    "its domain is not a valid international name",
    "its domain is longer than %(n)s characters",
    "its domain has no dot",
    "its domain is not a name of letters, digits and hyphens",
    # of cells and lines, as the register says it
    "this is no language code, as fr, en or pt-BR are",
    "this is neither oui (yes, 1, x) nor non (no, 0)",
    "these are %(n)s values: %(most)s at most",
    "this is empty: a place needs both",
    "a label is one line of %(n)s characters at most",
    "0, 0 is in the sea off Africa: leave unknown places empty",
    "a part of an address is text of %(n)s characters at most",
    "a group has a name of 1 to %(n)s characters, a letter or figure in it",
    "these are %(n)s groups: %(most)s at most",
    "this is empty: without it, a second import could not tell who is who",
    "an id is one line of %(n)s characters at most",
    "a name is one line of %(n)s characters at most",
    "this is no number of degrees, as 0.6283 or 48,7631 are",
    "degrees are from -%(n)s to %(n)s",
    "it has %(n)s cells, and the header %(width)s: is a delimiter in a text unquoted?",
    "a quotation mark opens a text here and nothing closes it: leave the mark out, or write it twice",
    "this is no line of CSV (%(why)s): look at its quotation marks",
    "line %(n)s has the same id: which of them is right?",
    # of whole files
    "the file is empty",
    "the file is larger than %(n)s GiB: split it",
    "the file holds binary data: save the sheet as CSV first",
    "line %(n)s is longer than %(most)s characters: is this a CSV file?",
    "the file has more than %(n)s lines: split it",
    "the file is of an old Excel, or locked with a password: save it as xlsx or CSV",
    "the file is no Excel workbook that can be read: save the sheet as CSV or as xlsx",
    "the workbook is locked with a password: save it without one",
    "the workbook holds too much: save the sheet with the list as CSV",
    "the header is no line of CSV: look at its quotation marks",
    "the file is not in %(encoding)s (%(why)s): save it as “CSV UTF-8”, or give --encoding",
    "the columns %(one)s and %(other)s both stand for %(meaning)s: rename or drop one",
    (
        "there is no column external_id (or identifiant, matricule, licence…): it says who is who, so that the"
        " same file can be imported again; number the lines of the list once, and keep the numbers"
    ),
    "there is a column %(there)s and no %(lacks)s: a place needs both",
)
_WHICH = re.compile(r"value (?P<n>\d+) of (?P<many>\d+):? (?P<rest>.+)")
_GAP = re.compile(r"%\\\((\w+)\\\)s|%\((\w+)\)s")


def told(sentence: str, words: Words) -> str:
    """Return an English sentence of the register in the reader's language, as a sentence; what is not known stays."""
    which = _WHICH.fullmatch(sentence)
    if which is not None:
        number = words("value %(n)s of %(many)s", n=which["n"], many=which["many"])
        return number + words(": ") + told(which["rest"], words)
    for candidate in (sentence, sentence.removeprefix("it "), f"it {sentence}"):
        for pattern, message in _patterns():
            found = pattern.fullmatch(candidate)
            if found is not None:
                gaps = found.groupdict()
                return words(message, **gaps) if gaps else words(message)
    return sentence


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(_pattern(message)), message) for message in SENTENCES]


def _pattern(message: str) -> str:
    seen: set[str] = set()

    def gap(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.+?)"

    return _GAP.sub(gap, re.escape(message))
