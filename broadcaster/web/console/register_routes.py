"""Console routes for residents, groups and stations; longer fixed paths first."""

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
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
from broadcaster.web.console.routing import data_at, form_at, page_at
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.stations import boundary as station_boundary
from broadcaster.web.console.stations import coverage, map_kept, policies, poster, stations
from broadcaster.web.console.stations import new as station_new
from broadcaster.web.console.uploading import LARGEST_FORM

_CSV, _HTML = "text/csv", "text/html"

ROUTES: tuple[Route, ...] = (
    page_at("/console/people", people.listing, Permission.LOOK, "Residents.", views=Action.PEOPLE_SEEN),
    page_at("/console/people/new", person.new, Permission.REGISTER, "Add a person: the form."),
    form_at("/console/people/new", person.add, Permission.REGISTER, "Add somebody.", changes=(Action.PERSON_ADDED,)),
    page_at("/console/people/import", importing.ask, Permission.REGISTER, "Which list?"),
    form_at(
        "/console/people/import",
        importing.upload,
        Permission.REGISTER,
        "Look at a list.",
        largest=LARGEST_FORM,
        changes=(Action.LIST_UPLOADED,),
    ),
    page_at(
        "/console/people/import/{token}",
        importing.preview,
        Permission.REGISTER,
        "What a list would change.",
        views=Action.IMPORT_SEEN,
    ),
    form_at(
        "/console/people/import/{token}",
        importing.apply,
        Permission.REGISTER,
        "Let it change that.",
        changes=(Action.LIST_IMPORTED,),
    ),
    form_at(
        "/console/people/import/{token}/forget",
        importing.forget,
        Permission.REGISTER,
        "Not this list.",
        changes=(Action.LIST_FORGOTTEN,),
    ),
    data_at(
        "GET",
        "/console/people/import/{token}/refused.csv",
        importing.refused,
        Permission.REGISTER,
        "What to mend.",
        answers={200: _CSV},
        views=Action.IMPORT_SEEN,
    ),
    page_at(
        "/console/people/addresses",
        addresses.page,
        Permission.REGISTER,
        "Where addresses are.",
        views=Action.ADDRESSES_SEEN,
    ),
    form_at(
        "/console/people/addresses",
        addresses.say,
        Permission.REGISTER,
        "An operator's word for one.",
        changes=(Action.ADDRESS_SET,),
    ),
    data_at(
        "GET",
        "/console/people/addresses.json",
        addresses.left,
        Permission.REGISTER,
        "How many addresses wait.",
        answers={200: addresses.AddressesLeft},
    ),
    page_at(
        "/console/people/sign-ups",
        sign_ups.listing,
        Permission.REGISTER,
        "Who is not confirmed yet?",
        views=Action.SIGN_UPS_SEEN,
    ),
    form_at(
        "/console/people/sign-ups",
        sign_ups.remove,
        Permission.REGISTER,
        "Remove a wave of sign-ups.",
        changes=(Action.SIGN_UPS_REMOVED,),
    ),
    page_at(
        "/console/people/left-out",
        left_out.page,
        Permission.REGISTER,
        "Who asked to be left out?",
        views=Action.ERASURES_SEEN,
    ),
    form_at(
        "/console/people/left-out",
        left_out.undo,
        Permission.REGISTER,
        "They signed that they want to be in again.",
        changes=(Action.LEFT_OUT_UNDONE,),
    ),
    page_at("/console/people/export", exporting.ask, Permission.EXPORT, "Which part of the register?"),
    data_at(
        "GET",
        "/console/people/export.csv",
        exporting.download,
        Permission.EXPORT,
        "The register.",
        answers={200: _CSV},
        page=True,
        proven=True,
        changes=(Action.REGISTER_EXPORTED,),
    ),
    form_at(
        "/console/people/{id}/identity",
        person.identify,
        Permission.REGISTER,
        "They showed who they are.",
        changes=(Action.IDENTITY_SET,),
    ),
    page_at("/console/people/{id}", person.one, Permission.REGISTER, "One resident.", views=Action.PERSON_SEEN),
    page_at(
        "/console/people/{id}/edit",
        person.edit,
        Permission.REGISTER,
        "Change a person: the form.",
        views=Action.PERSON_SEEN,
    ),
    form_at(
        "/console/people/{id}/edit",
        person.change,
        Permission.REGISTER,
        "Change somebody.",
        changes=(Action.PERSON_CHANGED,),
    ),
    form_at(
        "/console/people/{id}/contacts/{contact}/revive",
        person.revive,
        Permission.REGISTER,
        "This address works again.",
        changes=(Action.CONTACT_REVIVED,),
    ),
    page_at(
        "/console/people/{id}/remove", person.ask_to_remove, Permission.REGISTER, "Really?", views=Action.PERSON_SEEN
    ),
    form_at(
        "/console/people/{id}/remove",
        person.remove,
        Permission.REGISTER,
        "Remove somebody.",
        changes=(Action.PERSON_REMOVED, Action.PERSON_ERASED),
    ),
    form_at(
        "/console/people/{id}/signed",
        signed.record,
        Permission.REGISTER,
        "They signed that they want messages again.",
        changes=(Action.OPT_OUT_UNDONE,),
    ),
    page_at("/console/groups", groups.listing, Permission.LOOK, "Groups."),
    form_at("/console/groups", groups.add, Permission.REGISTER, "Add a group.", changes=(Action.GROUP_ADDED,)),
    page_at("/console/groups/{slug}", groups.one, Permission.REGISTER, "One group."),
    form_at(
        "/console/groups/{slug}",
        groups.rename,
        Permission.REGISTER,
        "Give a group another name.",
        changes=(Action.GROUP_RENAMED,),
    ),
    page_at("/console/groups/{slug}/delete", groups.ask_to_delete, Permission.REGISTER, "Really?"),
    form_at(
        "/console/groups/{slug}/delete",
        groups.delete,
        Permission.REGISTER,
        "Delete a group.",
        changes=(Action.GROUP_DELETED,),
    ),
    data_at(
        "GET",
        "/console/sandbox/{id}/mail",
        sandbox.mail,
        Permission.LOOK,
        "A mail as it would look.",
        answers={200: _HTML},
        views=Action.SANDBOX_SEEN,
    ),
    page_at("/console/stations", stations.listing, Permission.LOOK, "Stations."),
    page_at("/console/stations/new", station_new.ask, Permission.STATIONS, "Which one?"),
    form_at(
        "/console/stations/new",
        station_new.add,
        Permission.STATIONS,
        "Add a station.",
        largest=SHAPE,
        changes=(Action.STATION_ADDED,),
    ),
    page_at("/console/stations/boundary", station_boundary.ask, Permission.STATIONS, "A territory out of a file."),
    form_at(
        "/console/stations/boundary", station_boundary.look, Permission.STATIONS, "Look at it.", largest=LARGEST_FORM
    ),
    data_at(
        "GET",
        "/console/communes",
        station_new.find,
        Permission.STATIONS,
        "Communes by name.",
        answers={200: station_new.CommunesFound},
    ),
    data_at(
        "GET",
        "/console/communes/{insee}/ground.json",
        station_new.ground,
        Permission.STATIONS,
        "What a commune's map is drawn on.",
    ),
    page_at("/console/stations/{slug}", stations.one, Permission.LOOK, "One station."),
    page_at("/console/stations/{slug}/edit", stations.edit, Permission.SETTINGS, "Change a station: the form."),
    form_at(
        "/console/stations/{slug}/edit",
        stations.change,
        Permission.SETTINGS,
        "Change a station.",
        changes=(Action.STATION_CHANGED,),
    ),
    page_at("/console/stations/{slug}/policies", policies.page, Permission.SETTINGS, "How alerts escalate: the form."),
    form_at(
        "/console/stations/{slug}/policies",
        policies.save,
        Permission.SETTINGS,
        "Change how alerts escalate.",
        changes=(Action.POLICIES_CHANGED,),
    ),
    page_at("/console/stations/{slug}/poster", poster.page, Permission.LOOK, "The poster with the QR code."),
    data_at(
        "GET",
        "/console/stations/{slug}/poster.svg",
        poster.svg,
        Permission.LOOK,
        "It as SVG.",
        answers={200: "image/svg+xml"},
    ),
    data_at(
        "GET",
        "/console/stations/{slug}/poster.pdf",
        poster.pdf,
        Permission.LOOK,
        "It as PDF.",
        answers={200: "application/pdf"},
    ),
    page_at("/console/stations/{slug}/coverage", coverage.page, Permission.SETTINGS, "Who is not enrolled."),
    form_at(
        "/console/stations/{slug}/coverage",
        coverage.upload,
        Permission.SETTINGS,
        "Open figures of households.",
        largest=LARGEST_FORM,
        changes=(Action.FIGURES_REPLACED,),
    ),
    data_at(
        "GET",
        "/console/stations/{slug}/coverage/letter.pdf",
        coverage.letter,
        Permission.SETTINGS,
        "The letter to some streets.",
        answers={200: "application/pdf"},
    ),
    page_at(
        "/console/stations/{slug}/map", map_kept.page, Permission.SETTINGS, "The map for when the network is down."
    ),
    form_at(
        "/console/stations/{slug}/map", map_kept.begin, Permission.SETTINGS, "Fetch it.", changes=(Action.MAP_FETCHED,)
    ),
    data_at(
        "GET", "/console/stations/{slug}/map.json", map_kept.progress, Permission.SETTINGS, "How much of it is here."
    ),
)
