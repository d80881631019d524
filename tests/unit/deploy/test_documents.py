"""Every file, folder and name of the code that a document mentions is there."""

from __future__ import annotations

import fnmatch
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = ("broadcaster", "channels", "schedules", "zones", "tests", "docs", "deploy", "requirements", ".ci")
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "deploy").rglob("*.md")),
]
"""Not the change log, which tells of what was."""

ENDINGS = "py|js|mjs|css|html|md|po|toml|yaml|yml|txt|png|svg|conf|mako"
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(rf"[\w.*-][\w.*/-]*\.(?:{ENDINGS})")
_STRING = r"""["'](?:push|sms|voice|email)["']"""
_ON_PAGES = re.compile(
    rf"(?:[=!]=?= ?|includes\(|[\[,] ?|\bdata-[\w-]+=|\bchannel: ?){_STRING}"
    r"|\b(?:found|each|channels)\??\.(?:push|sms|voice)\b(?!\()"
)
CHANNEL_NAMED = {".py": re.compile(r"\bChannelName\.[A-Z]"), ".js": _ON_PAGES, ".html": _ON_PAGES}
FOLDER = re.compile(rf"(?:(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*|\w[\w/-]*/)")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
NAME_IN_FILE = re.compile(r"`([\w/]+\.py)`, `(_?[A-Z]\w*\.\w+|\w+)`")
NAME_IN_MODULE = re.compile(r"(?:[a-z_]+[./])*([a-z_]+)\.([A-Za-z_]\w*)")
MADE = {"registre.csv.errors.csv", "tests/bench/results/", "tests/chaos/results/"}
"""What only a run makes."""


@cache
def tree() -> frozenset[str]:
    """Every file and folder, from the root; a folder ends with a slash."""
    found = {path.name for path in ROOT.iterdir() if path.is_file()}
    for folder in FOLDERS:
        found.add(f"{folder}/")
        for path in (ROOT / folder).rglob("*"):
            found.add(path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else ""))
    return frozenset(found)


@cache
def ends() -> dict[str, list[str]]:
    """Return the paths by each end of theirs: ``pipeline/deliver.py`` is the end of one."""
    found: dict[str, list[str]] = {}
    for path in tree():
        parts = path.split("/")
        for at in range(len(parts)):
            found.setdefault("/".join(parts[at:]), []).append(path)
    return found


def among(told: str) -> list[str]:
    """Return the paths that end as told; ``*`` stands for anything."""
    if "*" not in told:
        return ends().get(told, [])
    return [path for path in tree() if fnmatch.fnmatchcase(path, told) or fnmatch.fnmatchcase(path, f"*/{told}")]


def modules(stem: str) -> list[Path]:
    """Return the modules of a name, and the packages."""
    return [ROOT / path for path in (*among(f"{stem}.py"), *among(f"{stem}/__init__.py"))]


def missing(text: str, folder: Path) -> list[str]:
    """Return what a document mentions and the tree does not have."""
    lost = [
        told
        for code in CODE.findall(text)
        for told in code.split()
        if told not in MADE
        and (FILE.fullmatch(told) or FOLDER.fullmatch(code))
        and not among(told)
        and not among(f"{told}/")
    ]
    lost += [told for told in LINK.findall(text) if not (folder / told).exists()]
    for told, name in NAME_IN_FILE.findall(text):
        if not _names(name.rpartition(".")[2], [ROOT / path for path in among(told)]):
            lost.append(f"{told}, {name}")
    for code in set(CODE.findall(text)) - MADE:
        found = NAME_IN_MODULE.fullmatch(code)
        if found and not FILE.fullmatch(code) and (files := modules(found[1])) and not _names(found[2], files):
            lost.append(code)
    return lost


def _names(name: str, files: list[Path]) -> bool:
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(word.search(path.read_text()) or among(f"{path.stem}/{name}.py") for path in files)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_mentions_is_there(path):
    assert missing(path.read_text(), path.parent) == []


def test_what_is_not_there_is_found():
    told = (
        "`pipeline/no_such.py`, `broadcaster/nowhere/`, `deliver.no_such_name`, `pipeline/deliver.py`, `no_name`, "
        "[a page](no_page.md); but `pipeline/deliver.py`, `deliver.deliver`, `sending/` and `console/live*.py`"
    )
    assert missing(told.replace("console/live", "alerts/live"), ROOT) == [
        "pipeline/no_such.py",
        "broadcaster/nowhere/",
        "no_page.md",
        "pipeline/deliver.py, no_name",
        "deliver.no_such_name",
    ]


@pytest.mark.parametrize(
    ("suffix", "text", "names"),
    [
        (".py", "found[ChannelName.SMS]", True),
        (".js", 'if (channel === "sms")', True),
        (".js", 'draft.channels.includes("voice")', True),
        (".js", 'const paid = ["sms", "voice"]', True),
        (".js", "each.sms.cut", True),
        (".js", 'list.push("sentence")', False),
        (".html", '{% if message.channel == "push" %}', True),
        (".html", '<div data-seen="email">', True),
        (".html", '<input type="email" autocomplete="email">', False),
    ],
)
def test_a_channel_is_named_by_its_member_its_string_or_its_field(suffix, text, names):
    assert bool(CHANNEL_NAMED[suffix].search(text)) is names


def test_contributing_lists_every_file_that_names_a_channel():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    listed = {path for code in CODE.findall(text) if FILE.fullmatch(code) for path in among(code)}
    naming = {
        path
        for path in tree()
        if path.startswith(("broadcaster/", "channels/")) and "/migrations/" not in path and "/static/" not in path
        if (named := CHANNEL_NAMED.get(Path(path).suffix)) and named.search((ROOT / path).read_text())
    }
    assert {Path(path).suffix for path in naming} == set(CHANNEL_NAMED), "a guard of what is nowhere guards nothing"
    assert sorted(naming - listed) == []


@pytest.mark.parametrize(("name", "most"), [("README.md", 1500), ("ARCHITECTURE.md", 2500)])
def test_the_first_documents_stay_short(name, most):
    assert len((ROOT / name).read_text().split()) <= most
