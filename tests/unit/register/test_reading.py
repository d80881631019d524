"""A file is read as it was saved: encodings, delimiters, quotation marks, and limits."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.register import reading
from broadcaster.register.reading import open_source
from broadcaster.register.records import Line, records
from broadcaster.register.refusals import ListRefused

if TYPE_CHECKING:
    from pathlib import Path


def cells(path: Path, **how: str) -> list[list[str]]:
    return [line.cells for line in open_source(path, **how).lines()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
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
    assert "quotation marks" in str(first.problem)
    assert second == Line(3, ["2", "c"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04\x00\x00id;nom\n", "no Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel, or locked with a password"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data"),
        (b"id" + b"," * 30_000, "Line 1 is longer"),
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
    with pytest.raises(ListRefused, match=r"not in Windows-1252.*name its encoding"):
        list(open_source(path).lines())


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"id,name\n1," + b"x" * 30_000)
    with pytest.raises(ListRefused, match="Line 2 is longer than 20,000"):
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
    with pytest.raises(ListRefused, match="There is no encoding latin-42"):
        open_source(path, encoding="latin-42")


def taken_and_refused(path: Path) -> tuple[list[list[str]], list[int]]:
    lines = list(open_source(path).lines())
    return [line.cells for line in lines if not line.problem], [line.number for line in lines if line.problem]


@pytest.mark.parametrize("closing", ["", '150;"Personne 150";06 39 98 00 50', '20;Personne 20";06 39 98 00 20'])
def test_a_stray_quotation_mark_costs_its_own_line_only(tmp_path: Path, closing: str):
    lines = [f"{n};Personne {n};06 39 98 00 {n % 100:02}" for n in range(1, 201)]
    lines[3] = '4;"Personne 4;06 39 98 00 04'
    if closing:
        lines[int(closing.partition(";")[0]) - 1] = closing
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["identifiant;nom;téléphone", *lines]), encoding="utf-8")
    taken, refused = taken_and_refused(path)
    assert refused == [5]
    assert [int(cells[0]) for cells in taken] == [n for n in range(1, 201) if n != 4]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_cell_over_several_lines_is_one_cell(tmp_path: Path, ending: str):
    path = tmp_path / "list.csv"
    text = 'id,note,tel\n1,"12, rue X\n(au fond, à gauche)\n\n61300 L\'Aigle",0639980001\n"2\nbis",x,\n3,,\n'
    path.write_text(text.replace("\n", ending), encoding="utf-8", newline="")
    taken, refused = taken_and_refused(path)
    assert refused == []
    assert [cells[0].split() for cells in taken] == [["1"], ["2", "bis"], ["3"]]


@given(st.text(alphabet='12;"\n\ra', max_size=120))
def test_each_line_of_any_file_is_in_exactly_one_record(text: str):
    lines = list(enumerate(io.StringIO(text, newline=""), start=1))
    found = list(records(lines, ";", 3))
    numbers = [line.number for line in found]
    assert numbers == sorted(set(numbers))
    for line, following in zip(found, [*numbers, len(lines) + 1][1:], strict=True):
        # A refused line is one line; what was joined to another was within its quotation.
        joined = "".join(part for _, part in lines[line.number - 1 : following - 1])
        assert not line.problem or following == line.number + 1
        assert "".join(line.cells).count("a") == joined.count("a") or line.problem


def test_excels_sep_line_says_the_delimiter(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("sep=;\r\nidentifiant;nom;téléphone\r\n1;Vannier, Odile;06 39 98 00 01\r\n", encoding="utf-8-sig")
    source = open_source(path)
    assert source.header == 2
    assert [(line.number, line.cells) for line in source.lines()] == [(3, ["1", "Vannier, Odile", "06 39 98 00 01"])]


def test_a_heading_may_have_a_line_break_and_a_title_above_it(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text(
        'Adhérents 2026;;;\n;;;\nidentifiant;nom;"Téléphone\nportable";courriel\n1;Vannier;0639980001;o@example.org\n',
        encoding="utf-8",
    )
    source = open_source(path)
    assert source.header == 3
    assert source.columns.at == {"external_id": (0,), "name": (1,), "mobile": (2,), "email": (3,)}
    assert [line.number for line in source.lines()] == [5]


def workbook(path: Path, sheet: str, **more: bytes) -> Path:
    """The least that is a workbook, with one sheet."""
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/></Types>',
        )
        for name, kind, target in (
            ("_rels/.rels", "officeDocument", "xl/workbook.xml"),
            ("xl/_rels/workbook.xml.rels", "worksheet", "worksheets/sheet1.xml"),
        ):
            parts.writestr(
                name,
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{office}/{kind}"'
                f' Target="{target}"/></Relationships>',
            )
        parts.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>",
        )
        parts.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>'
        )
        for name, content in more.items():
            parts.writestr(name, content)
    return path


def row(number: int, *cells: str) -> str:
    texts = (
        f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for at, cell in enumerate(cells)
        if cell
    )
    return f'<row r="{number}">{"".join(texts)}</row>'


def test_a_workbook_is_read_with_the_numbers_of_its_rows(tmp_path: Path):
    cells = '<row r="5"><c r="A5"><v>240016000000</v></c><c r="C5"><v>639980001</v></c></row>'
    path = workbook(tmp_path / "list.xlsx", row(1, "Liste 2026") + row(3, "identifiant", "nom", "tel") + cells)
    source = open_source(path)
    assert (source.header, source.encoding_name) == (3, "Excel")
    assert [(line.number, line.cells) for line in source.lines()] == [(5, ["240016000000", "", "639980001"])]


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path):
    for path in (
        workbook(tmp_path / "long.xlsx", row(1, "id"), **{"xl/media/image1.bin": bytes(310 << 20)}),
        workbook(tmp_path / "wide.xlsx", row(1, "id") + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    ):
        with pytest.raises(ListRefused, match="holds too much"):
            open_source(path)
