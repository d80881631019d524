"""Serves scripts and styles bundled by esbuild, named by content hash so that browsers can cache them for ever."""

import json
import mimetypes
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from aiohttp import web

from broadcaster.errors import BadSetting, BadSettings

STATIC = Path(__file__).parent / "static"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
_FOR_EVER = "public, max-age=31536000, immutable"


_READS_GZIP = re.compile(r"(?:^|[,\s])gzip(?![\w-])(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)


def reads_gzip(request: web.Request) -> bool:
    """Return whether the client accepts gzip by name with a weight above 0 (RFC 9110 section 12.5.3)."""
    return _READS_GZIP.search(request.headers.get("Accept-Encoding", "")) is not None


class Assets:
    """The files of ``static``, cached in memory as they are few and small."""

    def __init__(self, folder: Path = STATIC) -> None:
        """Raises ``BadSettings`` if the pages were not built."""
        try:
            found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise BadSettings(BadSetting("pages-not-bundled")) from None
        self.version: str = found.pop("version", "")
        self._imports: Mapping[str, list[str]] = found.pop("imports", {})
        self._names: Mapping[str, str] = found
        self._folder = folder
        self._bodies: dict[str, tuple[bytes, bytes | None]] = {}

    def url(self, name: str) -> str:
        """Return the URL of a file such as ``console.js``. Raises ``KeyError`` for a file that was not built."""
        return f"/static/{self._names[name]}"

    def imports(self, name: str) -> list[str]:
        """Return the URLs of the files that a script imports at once."""
        return [f"/static/{each}" for each in self._imports.get(name, ())]

    def text(self, name: str) -> str:
        """Return a file's content, for inlining."""
        return (self._folder / self._names[name]).read_text(encoding="utf-8").strip()

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(path.name for path in self._folder.iterdir() if path.suffix not in (".gz", ".json"))

    def respond(self, request: web.Request, name: str, cache_control: str = _FOR_EVER) -> web.Response:
        """Return a file, compressed if accepted; 404 if missing."""
        if not _NAME.fullmatch(name) or name not in self._known:
            raise web.HTTPNotFound
        if name not in self._bodies:
            path = self._folder / name
            pressed = path.with_name(f"{name}.gz")
            self._bodies[name] = (path.read_bytes(), pressed.read_bytes() if pressed.exists() else None)
        body, pressed_body = self._bodies[name]
        headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
        if pressed_body is not None and reads_gzip(request):
            body = pressed_body
            headers["Content-Encoding"] = "gzip"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return web.Response(body=body, content_type=kind, headers=headers)


ASSETS: web.AppKey[Assets] = web.AppKey("assets")
