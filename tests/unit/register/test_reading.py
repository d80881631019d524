"""A file is read as it was saved: encodings, delimiters, quotation marks, and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadcaster.register import reading
from broadcaster.register.reading import Line, open_source
from broadcaster.register.refusals import ListRefused

if TYPE_CHECKING:
    from pathlib import Path


def cells(path: Path, **how: str) -> list[list[str]]:
    return [line.cells for line in open_source(path, **how).lines()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encoding_and_delimiter_are_found_out(tmp_path: Path, delimiter: str, encoding: str):
    path = tmp_path / "list.csv"
    text = f"Identifiant{delimiter}Prénom{delimiter}Nom\r\nA1{delimiter}Zoé{delimiter}L’Œillet\r\n"
    path.write_bytes(text.encode(encoding))
    assert cells(path) == [["A1", "Zoé", "L’Œillet"]]


def test_a_comma_in_the_headings_does_not_win_over_the_delimiter(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text('id;"Nom, prénom, usuel";portable\nA1;"Orme, Zoé";0639980001\n', encoding="utf-8")
    assert cells(path) == [["A1", "Orme, Zoé", "0639980001"]]


def test_a_line_is_counted_from_where_it_begins(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text('id,name\n1,"two\nlines"\n\n2,one\n', encoding="utf-8")
    assert [(line.number, line.cells) for line in open_source(path).lines()] == [
        (2, ["1", "two\nlines"]),
        (5, ["2", "one"]),
    ]


def test_a_quotation_mark_out_of_place_spoils_its_own_line_only(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text('id,name\n1,"a"b\n2,c\n', encoding="utf-8")
    first, second = open_source(path).lines()
    assert (first.number, first.cells) == (2, [])
    assert "quotation marks" in first.problem
    assert second == Line(3, ["2", "c"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04\x00\x00id;nom\n", "binary data"),
        (b"id" + b"," * 30_000, "the header is longer"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes, told: str):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(ListRefused, match=told):
        open_source(path)


def test_a_byte_that_is_in_no_encoding_says_what_to_do(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"id,name\n1,caf\xe9\n2,\x81\n")
    with pytest.raises(ListRefused, match=r"not in Windows-1252.*give --encoding"):
        list(open_source(path).lines())


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"id,name\n1," + b"x" * 30_000)
    with pytest.raises(ListRefused, match="line 2 is longer than 20,000"):
        list(open_source(path).lines())


def test_lines_beyond_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MAX_LINES", 2)
    path = tmp_path / "list.csv"
    path.write_text("id\n1\n2\n3\n", encoding="utf-8")
    with pytest.raises(ListRefused, match="more than 2 lines"):
        list(open_source(path).lines())


def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("id\n1\n", encoding="utf-8")
    with pytest.raises(ListRefused, match="there is no encoding 'latin-42'"):
        open_source(path, encoding="latin-42")
