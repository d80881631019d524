"""Files that operators download, and mails that they see in a frame. None is cached."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence

from aiohttp import web

from broadcaster.register.sheets import BOM, csv_text, delimiter_of
from broadcaster.web.i18n import Words

_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)
"""A mail contains its styles; nothing else is allowed, and only our pages may frame it."""


def saved(name: str, body: bytes, media: str, *, inline: bool = False) -> web.Response:
    """Return a whole file; ``inline``: the browser shows it."""
    charset = "utf-8" if media.startswith("text/") else None
    return web.Response(body=body, content_type=media, charset=charset, headers=_headers(name, inline=inline))


def table_of(name: str, rows: Iterable[Sequence[object]], words: Words) -> web.Response:
    """Return rows as CSV (RFC 4180) for the reader's spreadsheet."""
    return saved(name, (BOM + csv_text(rows, delimiter_of(words.locale))).encode(), "text/csv")


async def streamed(
    request: web.Request, name: str, pieces: AsyncIterable[str], media: str = "text/csv"
) -> web.StreamResponse:
    """Send a file as its pieces are made."""
    response = web.StreamResponse(headers={**_headers(name), "Content-Type": f"{media}; charset=utf-8"})
    await response.prepare(request)
    async for each in pieces:
        await response.write(each.encode())
    await response.write_eof()
    return response


async def csv_of(parts: AsyncIterable[Iterable[Sequence[object]]], words: Words) -> AsyncIterator[str]:
    """Yield rows as CSV (RFC 4180) for the reader's spreadsheet."""
    yield BOM
    async for rows in parts:
        yield csv_text(rows, delimiter_of(words.locale))


def framed_mail(html: str) -> web.Response:
    """Return a mail as its receiver would see it, for a frame without scripts and network access."""
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return web.Response(text=html, content_type="text/html", headers=headers)


def _headers(name: str, *, inline: bool = False) -> dict[str, str]:
    kind = "inline" if inline else "attachment"
    return {"Cache-Control": "no-store", "Content-Disposition": f'{kind}; filename="{name}"'}
