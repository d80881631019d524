"""Console routes for residents, groups and stations; longer fixed paths first."""

from broadcaster.domain.audit import Action
from broadcaster.http.route import SHAPE, Route
from broadcaster.web.console.people import (
    addresses,
    exporting,
    groups,
    importing,
    left_out,
    people,
    person,
    sign_ups,
    signed,
)
from broadcaster.web.console.routing import EXPORT, LOOK, REGISTER, SETTINGS, STATIONS
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.stations import boundary as station_boundary
from broadcaster.web.console.stations import coverage, map_kept, policies, poster, stations
from broadcaster.web.console.stations import new as station_new
from broadcaster.web.console.uploading import LARGEST_FORM

_CSV, _HTML = "text/csv", "text/html"

ROUTES: tuple[Route, ...] = (
    LOOK.page("/console/people", people.listing, "Residents.", views=Action.PEOPLE_SEEN),
    REGISTER.page("/console/people/new", person.new, "Add a person: the form."),
    REGISTER.form("/console/people/new", person.add, "Add somebody.", changes=(Action.PERSON_ADDED,)),
    REGISTER.page("/console/people/import", importing.ask, "Which list?"),
    REGISTER.form(
        "/console/people/import",
        importing.upload,
        "Look at a list.",
        largest=LARGEST_FORM,
        changes=(Action.LIST_UPLOADED,),
    ),
    REGISTER.page(
        "/console/people/import/{token}", importing.preview, "What a list would change.", views=Action.IMPORT_SEEN
    ),
    REGISTER.form(
        "/console/people/import/{token}", importing.apply, "Let it change that.", changes=(Action.LIST_IMPORTED,)
    ),
    REGISTER.form(
        "/console/people/import/{token}/forget", importing.forget, "Not this list.", changes=(Action.LIST_FORGOTTEN,)
    ),
    REGISTER.data(
        "GET",
        "/console/people/import/{token}/refused.csv",
        importing.refused,
        "What to mend.",
        answers={200: _CSV},
        views=Action.IMPORT_SEEN,
    ),
    REGISTER.page("/console/people/addresses", addresses.page, "Where addresses are.", views=Action.ADDRESSES_SEEN),
    REGISTER.form(
        "/console/people/addresses", addresses.say, "An operator's word for one.", changes=(Action.ADDRESS_SET,)
    ),
    REGISTER.data(
        "GET",
        "/console/people/addresses.json",
        addresses.left,
        "How many addresses wait.",
        answers={200: addresses.AddressesLeft},
    ),
    REGISTER.page(
        "/console/people/sign-ups", sign_ups.listing, "Who is not confirmed yet?", views=Action.SIGN_UPS_SEEN
    ),
    REGISTER.form(
        "/console/people/sign-ups", sign_ups.remove, "Remove a wave of sign-ups.", changes=(Action.SIGN_UPS_REMOVED,)
    ),
    REGISTER.page("/console/people/left-out", left_out.page, "Who asked to be left out?", views=Action.ERASURES_SEEN),
    REGISTER.form(
        "/console/people/left-out",
        left_out.undo,
        "They signed that they want to be in again.",
        changes=(Action.LEFT_OUT_UNDONE,),
    ),
    EXPORT.page("/console/people/export", exporting.ask, "Which part of the register?"),
    EXPORT.data(
        "GET",
        "/console/people/export.csv",
        exporting.download,
        "The register.",
        answers={200: _CSV},
        page=True,
        proven=True,
        changes=(Action.REGISTER_EXPORTED,),
    ),
    REGISTER.form(
        "/console/people/{id}/identity", person.identify, "They showed who they are.", changes=(Action.IDENTITY_SET,)
    ),
    REGISTER.page("/console/people/{id}", person.one, "One resident.", views=Action.PERSON_SEEN),
    REGISTER.page("/console/people/{id}/edit", person.edit, "Change a person: the form.", views=Action.PERSON_SEEN),
    REGISTER.form("/console/people/{id}/edit", person.change, "Change somebody.", changes=(Action.PERSON_CHANGED,)),
    REGISTER.form(
        "/console/people/{id}/contacts/{contact}/revive",
        person.revive,
        "This address works again.",
        changes=(Action.CONTACT_REVIVED,),
    ),
    REGISTER.page("/console/people/{id}/remove", person.ask_to_remove, "Really?", views=Action.PERSON_SEEN),
    REGISTER.form(
        "/console/people/{id}/remove",
        person.remove,
        "Remove somebody.",
        changes=(Action.PERSON_REMOVED, Action.PERSON_ERASED),
    ),
    REGISTER.form(
        "/console/people/{id}/signed",
        signed.record,
        "They signed that they want messages again.",
        changes=(Action.OPT_OUT_UNDONE,),
    ),
    LOOK.page("/console/groups", groups.listing, "Groups."),
    REGISTER.form("/console/groups", groups.add, "Add a group.", changes=(Action.GROUP_ADDED,)),
    REGISTER.page("/console/groups/{slug}", groups.one, "One group."),
    REGISTER.form(
        "/console/groups/{slug}", groups.rename, "Give a group another name.", changes=(Action.GROUP_RENAMED,)
    ),
    REGISTER.page("/console/groups/{slug}/delete", groups.ask_to_delete, "Really?"),
    REGISTER.form("/console/groups/{slug}/delete", groups.delete, "Delete a group.", changes=(Action.GROUP_DELETED,)),
    LOOK.data(
        "GET",
        "/console/sandbox/{id}/mail",
        sandbox.mail,
        "A mail as it would look.",
        answers={200: _HTML},
        views=Action.SANDBOX_SEEN,
    ),
    LOOK.page("/console/stations", stations.listing, "Stations."),
    STATIONS.page("/console/stations/new", station_new.ask, "Which one?"),
    STATIONS.form(
        "/console/stations/new", station_new.add, "Add a station.", largest=SHAPE, changes=(Action.STATION_ADDED,)
    ),
    STATIONS.page("/console/stations/boundary", station_boundary.ask, "A territory out of a file."),
    STATIONS.form("/console/stations/boundary", station_boundary.look, "Look at it.", largest=LARGEST_FORM),
    STATIONS.data(
        "GET", "/console/communes", station_new.find, "Communes by name.", answers={200: station_new.CommunesFound}
    ),
    STATIONS.data(
        "GET", "/console/communes/{insee}/ground.json", station_new.ground, "What a commune's map is drawn on."
    ),
    LOOK.page("/console/stations/{slug}", stations.one, "One station."),
    SETTINGS.page("/console/stations/{slug}/edit", stations.edit, "Change a station: the form."),
    SETTINGS.form(
        "/console/stations/{slug}/edit", stations.change, "Change a station.", changes=(Action.STATION_CHANGED,)
    ),
    SETTINGS.page("/console/stations/{slug}/policies", policies.page, "How alerts escalate: the form."),
    SETTINGS.form(
        "/console/stations/{slug}/policies",
        policies.save,
        "Change how alerts escalate.",
        changes=(Action.POLICIES_CHANGED,),
    ),
    LOOK.page("/console/stations/{slug}/poster", poster.page, "The poster with the QR code."),
    LOOK.data("GET", "/console/stations/{slug}/poster.svg", poster.svg, "It as SVG.", answers={200: "image/svg+xml"}),
    LOOK.data("GET", "/console/stations/{slug}/poster.pdf", poster.pdf, "It as PDF.", answers={200: "application/pdf"}),
    SETTINGS.page("/console/stations/{slug}/coverage", coverage.page, "Who is not enrolled."),
    SETTINGS.form(
        "/console/stations/{slug}/coverage",
        coverage.upload,
        "Open figures of households.",
        largest=LARGEST_FORM,
        changes=(Action.FIGURES_REPLACED,),
    ),
    SETTINGS.data(
        "GET",
        "/console/stations/{slug}/coverage/letter.pdf",
        coverage.letter,
        "The letter to some streets.",
        answers={200: "application/pdf"},
    ),
    SETTINGS.page("/console/stations/{slug}/map", map_kept.page, "The map for when the network is down."),
    SETTINGS.form("/console/stations/{slug}/map", map_kept.begin, "Fetch it.", changes=(Action.MAP_FETCHED,)),
    SETTINGS.data("GET", "/console/stations/{slug}/map.json", map_kept.progress, "How much of it is here."),
)
