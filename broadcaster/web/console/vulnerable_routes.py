"""Console routes of the register of vulnerable people: longer fixed paths first."""

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import Route
from broadcaster.web.console.people import vulnerable
from broadcaster.web.console.routing import VULNERABLE

_MAY = Permission.VULNERABLE
_ONE = f"{vulnerable.VULNERABLE}/{{id}}"

ROUTES: tuple[Route, ...] = (
    VULNERABLE.page(vulnerable.VULNERABLE, vulnerable.listing, "Vulnerable people.", views=Action.VULNERABLE_SEEN),
    VULNERABLE.data(
        "GET",
        f"{vulnerable.VULNERABLE}/list.csv",
        vulnerable.table,
        "The register as CSV.",
        answers={200: "text/csv"},
        page=True,
        proven=True,
        changes=(Action.VULNERABLE_EXPORTED,),
    ),
    VULNERABLE.page(
        f"{vulnerable.VULNERABLE}/new", vulnerable.new, "Enter a person: the form.", views=Action.VULNERABLE_SEEN
    ),
    VULNERABLE.form(
        f"{vulnerable.VULNERABLE}/new", vulnerable.add, "Enter a person.", changes=(Action.VULNERABLE_ADDED,)
    ),
    VULNERABLE.page(_ONE, vulnerable.one, "One entry.", views=Action.VULNERABLE_SEEN),
    VULNERABLE.form(
        _ONE,
        vulnerable.act,
        "Change it, confirm it, or remove it.",
        changes=(Action.VULNERABLE_CHANGED, Action.VULNERABLE_REMOVED),
    ),
    VULNERABLE.data(
        "GET",
        f"{_ONE}/letter.pdf",
        vulnerable.letter,
        "The acknowledgement as PDF.",
        answers={200: "application/pdf"},
        page=True,
        changes=(Action.VULNERABLE_SEEN,),
    ),
)
