"""Routes of the visit list in the console."""

from broadcaster.domain.audit import Action
from broadcaster.http.route import Route
from broadcaster.web.console.alerts import visits, volunteers
from broadcaster.web.console.routing import EXPORT, LOOK, REGISTER

VISIT_ROUTES: tuple[Route, ...] = (
    REGISTER.page("/console/alerts/{id}/visits", visits.page, views=Action.UNREACHED_SEEN),
    LOOK.data("GET", "/console/alerts/{id}/visits/news", visits.news),
    EXPORT.page("/console/alerts/{id}/volunteers", volunteers.page, proven=True, views=Action.UNREACHED_SEEN),
    EXPORT.form(
        "/console/alerts/{id}/volunteers",
        volunteers.add,
        Action.VISITS_SHARED,
        form=("name", "phone", "streets", "who"),
        proven=True,
    ),
    EXPORT.form("/console/alerts/{id}/volunteers/{volunteer}/revoke", volunteers.revoke, Action.VISITS_REVOKED),
    EXPORT.page("/console/alerts/{id}/visits.pdf", visits.pdf, Action.UNREACHED_EXPORTED, proven=True),
    EXPORT.page("/console/alerts/{id}/visits.csv", visits.table, Action.UNREACHED_EXPORTED, proven=True),
)
