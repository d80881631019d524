"""Console routes of the register of vulnerable people: longer fixed paths first."""

from broadcaster.domain.audit import Action
from broadcaster.http.route import Route
from broadcaster.web.console.people import vulnerable
from broadcaster.web.console.routing import VULNERABLE

_ALL = vulnerable.VULNERABLE
_ONE = f"{_ALL}/{{id}}"

ROUTES: tuple[Route, ...] = (
    VULNERABLE.page(_ALL, vulnerable.listing, views=Action.VULNERABLE_SEEN),
    VULNERABLE.file(f"{_ALL}/list.csv", vulnerable.table, "text/csv", Action.VULNERABLE_EXPORTED, proven=True),
    VULNERABLE.page(f"{_ALL}/new", vulnerable.new, views=Action.VULNERABLE_SEEN),
    VULNERABLE.form(f"{_ALL}/new", vulnerable.add, Action.VULNERABLE_ADDED),
    VULNERABLE.page(_ONE, vulnerable.one, views=Action.VULNERABLE_SEEN),
    VULNERABLE.form(_ONE, vulnerable.act, Action.VULNERABLE_CHANGED, Action.VULNERABLE_REMOVED),
    VULNERABLE.file(f"{_ONE}/letter.pdf", vulnerable.letter, "application/pdf", Action.VULNERABLE_SEEN),
)
