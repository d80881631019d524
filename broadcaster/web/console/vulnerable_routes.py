"""Console routes of the register of vulnerable people: longer fixed paths first."""

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import Route
from broadcaster.web.console.people import vulnerable
from broadcaster.web.console.routing import data_at, form_at, page_at

_MAY = Permission.VULNERABLE
_ONE = f"{vulnerable.VULNERABLE}/{{id}}"

ROUTES: tuple[Route, ...] = (
    page_at(vulnerable.VULNERABLE, vulnerable.listing, _MAY, "Vulnerable people.", views=Action.VULNERABLE_SEEN),
    data_at(
        "GET",
        f"{vulnerable.VULNERABLE}/list.csv",
        vulnerable.table,
        _MAY,
        "The register as CSV.",
        answers={200: "text/csv"},
        page=True,
        proven=True,
        changes=(Action.VULNERABLE_EXPORTED,),
    ),
    page_at(
        f"{vulnerable.VULNERABLE}/new", vulnerable.new, _MAY, "Enter a person: the form.", views=Action.VULNERABLE_SEEN
    ),
    form_at(
        f"{vulnerable.VULNERABLE}/new", vulnerable.add, _MAY, "Enter a person.", changes=(Action.VULNERABLE_ADDED,)
    ),
    page_at(_ONE, vulnerable.one, _MAY, "One entry.", views=Action.VULNERABLE_SEEN),
    form_at(
        _ONE,
        vulnerable.act,
        _MAY,
        "Change it, confirm it, or remove it.",
        changes=(Action.VULNERABLE_CHANGED, Action.VULNERABLE_REMOVED),
    ),
    data_at(
        "GET",
        f"{_ONE}/letter.pdf",
        vulnerable.letter,
        _MAY,
        "The acknowledgement as PDF.",
        answers={200: "application/pdf"},
        page=True,
        changes=(Action.VULNERABLE_SEEN,),
    ),
)
