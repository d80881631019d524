"""Routes of the visit list in the console."""

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import Route
from broadcaster.web.console.alerts import visits, volunteers
from broadcaster.web.console.routing import data_at, form_at, page_at

VISIT_ROUTES: tuple[Route, ...] = (
    page_at(
        "/console/alerts/{id}/visits",
        visits.page,
        Permission.REGISTER,
        "Whom to visit, by street.",
        query=visits.VisitsQuery,
        views=Action.UNREACHED_SEEN,
    ),
    data_at(
        "GET", "/console/alerts/{id}/visits/news", visits.news, Permission.LOOK, "Whether a visit was recorded since."
    ),
    page_at(
        "/console/alerts/{id}/volunteers",
        volunteers.page,
        Permission.EXPORT,
        "Who visits, and whom the list is shared with.",
        query=visits.VisitsQuery,
        proven=True,
        views=Action.UNREACHED_SEEN,
    ),
    form_at(
        "/console/alerts/{id}/volunteers",
        volunteers.add,
        Permission.EXPORT,
        "Give streets to a volunteer.",
        form=("name", "phone", "streets", "who"),
        proven=True,
        changes=(Action.VISITS_SHARED,),
    ),
    form_at(
        "/console/alerts/{id}/volunteers/{volunteer}/revoke",
        volunteers.revoke,
        Permission.EXPORT,
        "End a volunteer's access.",
        changes=(Action.VISITS_REVOKED,),
    ),
    page_at(
        "/console/alerts/{id}/visits.pdf",
        visits.pdf,
        Permission.EXPORT,
        "The visit list as PDF.",
        query=visits.VisitsQuery,
        proven=True,
        changes=(Action.UNREACHED_EXPORTED,),
    ),
    page_at(
        "/console/alerts/{id}/visits.csv",
        visits.table,
        Permission.EXPORT,
        "The visit list as CSV.",
        query=visits.VisitsQuery,
        proven=True,
        changes=(Action.UNREACHED_EXPORTED,),
    ),
)
