"""What went wrong, in words, for a person who looks at a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.web.health_words import told
from broadcaster.web.i18n import catalogs
from broadcaster.web.pages import language_of, render

if TYPE_CHECKING:
    from aiohttp import web

    from broadcaster.http.problems import HttpProblem


def respond_in_words(request: web.Request, problem: HttpProblem) -> web.Response:
    """Return the page that tells a problem."""
    words = catalogs().words(language_of(request, "fr"))
    headings = {
        "forbidden": (words("This is not allowed"), words("Your key does not open this page.")),
        "not-found": (words("There is nothing here"), words("This link leads nowhere: it may have been cut off.")),
        "refused": (words("This can't be understood"), words("Something in this page's address is wrong.")),
        "too-many": (words("Too many requests"), words("Wait a minute, then try again.")),
        "unavailable": (words("Not available for the moment"), words("Try again in a few seconds.")),
        "internal": (words("Something went wrong here"), words("This is our mistake, not yours. Try again.")),
    }
    heading, sentence = headings.get(problem.kind, headings["refused"])
    if problem.trouble is not None and request.path.startswith("/console"):  # to operators, not to residents
        found = told(problem.trouble, words)
        sentence = f"{found['said']} {found['to_do']}"
    if problem.instance is not None:
        sentence += f" ({problem.instance.rpartition(':')[2]})"
    response = render(
        request,
        "words.html",
        words,
        {"heading": heading, "sentence": sentence, "here": request.path},
        status=problem.status,
    )
    response.headers.update(problem.headers)
    return response
