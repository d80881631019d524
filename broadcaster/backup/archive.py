"""The backup file format: a ZIP (APPNOTE 6.3.9, ZIP64) with one member per table, and a manifest.

``tables/<name>.jsonl`` has one JSON array per row, bytes in base64. ``manifest.json`` is written last: version,
migration, and for each table the columns with their kinds, row count and SHA-256. It has two marks of the sealing
secret, so that a wrong secret is detected before anything is changed, and a signature made with it. A truncated file
has no directory, and is refused.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import orjson

from broadcaster.domain.refusals import Refused
from broadcaster.store import SealBroken, Vault
from broadcaster.store.operations.rotating import opened

WHAT = "tocsin backup"
FORMAT = 1
MANIFEST = "manifest.json"
_MARK = b"tocsin"
_CONTEXT = b"backup"
_PIECE = 1 << 20
_PART = 1000
_MOST_MANIFEST = 1 << 20
_FAST = 1


class BackupRefused(Refused):
    """The file is not a backup that can be restored here."""


@dataclass(frozen=True, slots=True)
class TablePart:
    """A member's expected content: kinds of its columns in order, row count, SHA-256."""

    columns: dict[str, str]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup's description. ``numbering``: last id assigned in tables that never reuse ids."""

    version: str
    migration: str
    taken_at: str
    store: str
    tables: dict[str, TablePart]
    numbering: dict[str, int]
    format: int = FORMAT
    what: str = WHAT

    @property
    def rows(self) -> int:
        """Count the rows of all tables."""
        return sum(part.rows for part in self.tables.values())


def _signed(body: Mapping[str, Any], vault: Vault) -> str:
    return vault.fingerprint("backup manifest", json.dumps(body, sort_keys=True)).hex()


@dataclass
class Writer:
    """Writes a backup into ``file``."""

    file: IO[bytes]
    tables: dict[str, TablePart] = field(default_factory=dict)

    def __enter__(self) -> Self:
        # Fastest level: sealed data is incompressible, and base64 compresses at any level.
        self._zip = zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST)
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextmanager
    def table(self, name: str, columns: dict[str, str]) -> Iterator[Callable[[Sequence[Sequence[Any]]], None]]:
        """Write a table within the block, through the function yielded, which takes rows."""
        digest, count = hashlib.sha256(), 0
        at_bytes = [at for at, kind in enumerate(columns.values()) if kind == "bytes"]
        with self._zip.open(_member(name), "w", force_zip64=True) as member:

            def put(rows: Sequence[Sequence[Any]]) -> None:
                nonlocal count
                count += len(rows)
                text = b"".join(_line(row, at_bytes) for row in rows)
                digest.update(text)
                member.write(text)

            yield put
        self.tables[name] = TablePart(columns, count, digest.hexdigest())

    def finish(self, manifest: Manifest, vault: Vault) -> None:
        """Write the manifest, marked and signed with the secret."""
        body = asdict(manifest)
        body["key"] = {
            "sealed": base64.b64encode(vault.seal(_MARK, _CONTEXT)).decode(),
            "fingerprint": vault.fingerprint("backup", _MARK.decode()).hex(),
        }
        body["signature"] = _signed(body, vault)
        self._zip.writestr(MANIFEST, json.dumps(body, indent=1))


def _member(name: str) -> str:
    return f"tables/{name}.jsonl"


def _line(row: Sequence[Any], at_bytes: Sequence[int]) -> bytes:
    values = list(row)
    for at in at_bytes:
        if values[at] is not None:
            values[at] = base64.b64encode(values[at]).decode()
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


class Archive:
    """An existing backup. Raises ``BackupRefused`` for an invalid or truncated file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise BackupRefused("backup-no-archive", path=path) from None
        try:
            self._body = self._read_manifest()
            self.manifest = self._understood()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _read_manifest(self) -> dict[str, Any]:
        try:
            with self._zip.open(MANIFEST) as member:
                body = json.loads(member.read(_MOST_MANIFEST))
        except (KeyError, ValueError, zipfile.BadZipFile):
            body = None
        if not isinstance(body, dict) or body.get("what") != WHAT:
            raise BackupRefused("backup-no-manifest", path=self.path)
        if body.get("format") != FORMAT:
            raise BackupRefused("backup-format", path=self.path, found=body.get("format"), known=FORMAT)
        return body

    def _understood(self) -> Manifest:
        known = {name: each for name, each in self._body.items() if name not in {"key", "signature", "tables"}}
        try:
            tables = {name: TablePart(**each) for name, each in self._body["tables"].items()}
            made = Manifest(**known, tables=tables)
        except (KeyError, TypeError, AttributeError) as error:
            raise self._altered(MANIFEST) from error
        lacking = [name for name in tables if _member(name) not in self._zip.namelist()]
        if lacking:
            raise self._altered(", ".join(lacking))
        return made

    def _altered(self, part: str) -> BackupRefused:
        return BackupRefused("backup-altered", path=self.path, part=part)

    def check_secret(self, vault: Vault) -> None:
        """Raise ``SealBroken`` unless the secrets are the backup's, ``BackupRefused`` if it was altered."""
        key = self._body.get("key")
        try:
            sealed, fingerprint = base64.b64decode(key["sealed"]), key["fingerprint"]  # type: ignore[index]
        except (KeyError, TypeError, ValueError) as error:
            raise self._altered(MANIFEST) from error
        vault.open(sealed, _CONTEXT)
        if "lasting_keys" in self.manifest.tables:
            try:
                rows = [(use, value) for part in self.rows("lasting_keys") for use, value in part]
            except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
                raise self._altered("lasting_keys") from error
            vault.adopt(opened(vault, rows))
        if vault.fingerprint("backup", _MARK.decode()).hex() != fingerprint:
            raise SealBroken("seal-oldest-key")
        body = {name: each for name, each in self._body.items() if name != "signature"}
        if _signed(body, vault) != self._body.get("signature"):
            raise self._altered(MANIFEST)

    def verify(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """Read everything and compare it with the manifest. ``progress``: number of rows read."""
        read = 0
        for name, part in self.manifest.tables.items():
            digest, lines = hashlib.sha256(), 0
            try:
                with self._zip.open(_member(name)) as member:
                    while piece := member.read(_PIECE):
                        digest.update(piece)
                        lines += piece.count(b"\n")
                        progress(read + lines)
            except (zipfile.BadZipFile, OSError, EOFError) as error:
                raise self._altered(name) from error
            if digest.hexdigest() != part.sha256 or lines != part.rows:
                raise self._altered(name)
            read += lines

    def rows(self, name: str) -> Iterator[list[list[Any]]]:
        """Yield a table's rows in parts."""
        at_bytes = [at for at, kind in enumerate(self.manifest.tables[name].columns.values()) if kind == "bytes"]
        part: list[list[Any]] = []
        with self._zip.open(_member(name)) as member:
            for line in member:
                row = orjson.loads(line)
                for at in at_bytes:
                    if row[at] is not None:
                        row[at] = base64.b64decode(row[at])
                part.append(row)
                if len(part) == _PART:
                    yield part
                    part = []
        if part:
            yield part
