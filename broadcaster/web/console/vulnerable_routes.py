"""Console routes of the register of vulnerable people: longer fixed paths first."""

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import Route
from broadcaster.web.console.people import vulnerable
from broadcaster.web.console.routing import VULNERABLE

_MAY = Permission.VULNERABLE
_ONE = f"{vulnerable.VULNERABLE}/{{id}}"

ROUTES: tuple[Route, ...] = (
    VULNERABLE.page(vulnerable.VULNERABLE, vulnerable.listing, views=Action.VULNERABLE_SEEN),
    VULNERABLE.data(
        "GET",
        f"{vulnerable.VULNERABLE}/list.csv",
        vulnerable.table,
        answers={200: "text/csv"},
        page=True,
        proven=True,
        changes=(Action.VULNERABLE_EXPORTED,),
    ),
    VULNERABLE.page(f"{vulnerable.VULNERABLE}/new", vulnerable.new, views=Action.VULNERABLE_SEEN),
    VULNERABLE.form(f"{vulnerable.VULNERABLE}/new", vulnerable.add, changes=(Action.VULNERABLE_ADDED,)),
    VULNERABLE.page(_ONE, vulnerable.one, views=Action.VULNERABLE_SEEN),
    VULNERABLE.form(_ONE, vulnerable.act, changes=(Action.VULNERABLE_CHANGED, Action.VULNERABLE_REMOVED)),
    VULNERABLE.data(
        "GET",
        f"{_ONE}/letter.pdf",
        vulnerable.letter,
        answers={200: "application/pdf"},
        page=True,
        changes=(Action.VULNERABLE_SEEN,),
    ),
)
