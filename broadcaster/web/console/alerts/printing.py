"""Pages as PDF files."""

from collections.abc import Mapping
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from broadcaster.web.assets import ASSETS
from broadcaster.web.console.alerts.report_pdf import PACKAGES, PRINTER, NoPdf
from broadcaster.web.console.downloads import saved
from broadcaster.web.console.frame import show
from broadcaster.web.i18n import Words


async def printed(
    request: web.Request,
    template: str,
    words: Words,
    facts: Mapping[str, Any],
    name: str,
    *,
    without: tuple[str, Mapping[str, Any]],
    inline: bool = False,
) -> web.Response:
    """Return a page as a PDF file. If that fails, ``without`` is the page that says what to install, and its facts."""
    context = {"_": words, "language": words.language, "sheet": request.app[ASSETS].text("report.css"), **facts}
    html = aiohttp_jinja2.render_string(f"console/{template}", request, context)
    try:
        return await pdf_file(request, html, name, inline=inline)
    except NoPdf as no:
        said = words("The PDF could not be made in time.")
        if no.lacking:
            said = words("This machine lacks what makes a PDF (Debian: %(packages)s).", packages=PACKAGES)
        page, more = without
        told = {"heading": words("No PDF"), "sentence": said, **more}
        return show(request, page, words, told, tab=page.partition("/")[0], status=503)


async def pdf_file(request: web.Request, html: str, name: str, *, inline: bool) -> web.Response:
    """Return HTML as a PDF file. Raises ``NoPdf``."""
    return saved(name, await request.app[PRINTER].pdf_of(html), "application/pdf", inline=inline)
