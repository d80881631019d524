"""Makes PDFs of pages with weasyprint, in a separate process that may hang or crash without harm.

``python -m broadcaster.web.console.alerts.report_pdf`` reads HTML and writes the PDF. It fetches nothing: only
pictures in the page itself (``data:``) are read.
"""

import asyncio
import sys

from aiohttp import web

from broadcaster.errors import TocsinError

LONGEST_S = 60.0
"""Time limit for a report, in seconds."""

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
"""Debian packages with the libraries that weasyprint needs."""

_LACKING = 3
_AT_ONCE = 2


class NoPdf(TocsinError):
    """The PDF failed. ``lacking``: because libraries are missing, which can be installed."""

    def __init__(self, *, lacking: bool) -> None:
        super().__init__(f"install {PACKAGES}" if lacking else "it took too long, or broke off")
        self.lacking = lacking


class Printer:
    """Makes PDFs, two at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def pdf_of(self, html: str, *, longest_s: float = LONGEST_S) -> bytes:
        """Return a page's PDF. Raises ``NoPdf``."""
        async with self._free:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                async with asyncio.timeout(longest_s):
                    made, _ = await process.communicate(html.encode())
            except TimeoutError:
                raise NoPdf(lacking=False) from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode != 0 or not made.startswith(b"%PDF"):
            raise NoPdf(lacking=process.returncode == _LACKING)
        return made


def main() -> None:
    """Convert stdin to stdout."""
    try:
        # Imported here: it loads system libraries, which may be missing.
        import weasyprint  # noqa: PLC0415
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError:
        sys.exit(_LACKING)
    page = sys.stdin.buffer.read().decode()
    made = weasyprint.HTML(string=page, url_fetcher=URLFetcher(allowed_protocols={"data"})).write_pdf()
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()


PRINTER: web.AppKey[Printer] = web.AppKey("printer")
