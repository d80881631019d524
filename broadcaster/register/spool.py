"""Intermediate data of an import, sealed in an unlinked file.

A list may have a million lines. The file is unlinked while open, so that a killed process leaves nothing; and each
piece is sealed with the vault, so that the disk reveals nothing either.
"""

import marshal
import struct
import tempfile
from collections.abc import Iterator
from typing import Any, Self

from broadcaster.store.engine.sealing import Vault

_CONTEXT = b"spool"
_LENGTH = struct.Struct(">I")


class Spool:
    """Pieces of plain data (lists, dicts, texts, bytes, numbers), written once, readable in order repeatedly."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()

    def append(self, piece: Any) -> None:
        sealed = self._vault.seal(marshal.dumps(piece), _CONTEXT)
        self._file.seek(0, 2)
        self._file.write(_LENGTH.pack(len(sealed)))
        self._file.write(sealed)

    def __iter__(self) -> Iterator[Any]:
        at = 0
        while True:
            self._file.seek(at)
            head = self._file.read(_LENGTH.size)
            if not head:
                return
            (length,) = _LENGTH.unpack(head)
            at += _LENGTH.size + length
            yield marshal.loads(self._vault.open(self._file.read(length), _CONTEXT))  # noqa: S302  sealed by ourselves

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
