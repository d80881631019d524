"""English sentence of each refusal of an imported list; part of ``refusal_sentences``."""

from collections.abc import Mapping

LIST_SENTENCES: Mapping[str, str] = {
    # lines of a list
    "line-without-id": "This is empty: without it, a second import could not tell who is who.",
    "line-of-same-id": "Line %(line)s has the same id: which of them is right?",
    "line-of-same-name": "Line %(line)s has the same name and contact: which of them is right?",
    "line-of-nobody": "Without an id, a line needs a telephone or an e-mail address: it says who this is.",
    "line-of-one-who-left": (
        "Nobody follows this station under this id of an export any more: leave the line out, or give the person an id."
    ),
    "line-of-several": "Several people of this name have one of these contacts: give the list a column of ids.",
    "line-of-somebody-else": (
        "Somebody of this name is in the register with one of these contacts and other data: change them there, or"
        " give the list a column of ids."
    ),
    "line-too-wide": "The line has %(cells)s cells, and the header %(width)s: is a delimiter in a text unquoted?",
    "line-unclosed": "A quotation mark opens a text here and nothing closes it: leave the mark out, or write it twice.",
    "line-unreadable": "This is no line of CSV (%(why)s): look at its quotation marks.",
    "id-too-long": "An id is one line of %(most)s characters at most.",
    "name-too-long": "A name is one line of %(most)s characters at most.",
    "label-too-long": "A label is one line of %(most)s characters at most.",
    "address-too-long": "A part of an address is text of %(most)s characters at most.",
    "language-code": "This is no language code, as fr, en or pt-BR are.",
    "not-yes-or-no": "This is neither oui (yes, 1, x) nor non (no, 0).",
    "landline-as-mobile": (
        "This number takes no SMS: it is a landline, so put it into the column landline (or phone)."
    ),
    "half-a-place": "This is empty: a place needs both longitude and latitude.",
    "not-degrees": "This is no number of degrees, as 0.6283 or 48,7631 are.",
    "too-many-degrees": "Degrees are from -%(most)s to %(most)s.",
    "zero-zero": "0, 0 is in the sea off Africa: leave unknown places empty.",
    "list-group-name": "A group has a name of 1 to %(most)s characters, a letter or figure in it.",
    # lists as a whole
    "list-empty": "The file is empty.",
    "list-too-large": "The file is larger than %(most)s GiB: split it.",
    "list-old-excel": "The file is of an old Excel, or locked with a password: save it as xlsx or CSV.",
    "list-binary": "The file holds binary data: save the sheet as CSV first.",
    "list-line-too-long": "Line %(line)s is longer than %(most)s characters: is this a CSV file?",
    "list-too-many-lines": "The file has more than %(most)s lines: split it.",
    "list-header": "The header is no line of CSV: look at its quotation marks.",
    "list-encoding-unknown": "There is no encoding %(encoding)s: utf-8 and cp1252 are the usual ones.",
    "list-encoding": "The file is not in %(encoding)s (%(why)s): save it as “CSV UTF-8”, or name its encoding.",
    "list-unreadable": "The file is no Excel workbook that can be read: save the sheet as CSV or as xlsx.",
    "list-locked": "The workbook is locked with a password: save it without one.",
    "list-unpacked-too-large": "The workbook holds too much: save the sheet with the list as CSV.",
    "list-without-ids": (
        "There is no column external_id (or identifiant, matricule, licence…) and none of telephones or e-mail"
        " addresses: one of them must say who is who, so that the same file can be imported again."
    ),
    "list-half-a-place": "There is a column %(there)s and no %(lacks)s: a place needs both.",
    "list-two-columns": "The columns %(one)s and %(other)s both stand for %(meaning)s: rename or drop one.",
    "households-columns": "There is no column of coordinates: lon and lat, or idcar_200m.",
    "households-none": "No line of the file has a place and a number of households.",
}
