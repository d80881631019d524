"""Routes for residents' and visitors' devices."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.http import answering, cells, polls
from broadcaster.http.people import (
    confirmations,
    corrections,
    identity,
    listed,
    own_data,
    residents,
    subscribers,
    trials,
)
from broadcaster.http.route import Access, Route
from broadcaster.http.schemas.answers import AnswerMade, AnswersOut
from broadcaster.http.schemas.base import SMALL
from broadcaster.http.schemas.polls import MyPollOut
from broadcaster.http.schemas.residents import (
    CellOut,
    ConfirmationMade,
    ConfirmationOut,
    CorrectionOut,
    DataOut,
    ErasureOut,
    StationAlerts,
    VisitMade,
    WayOut,
)
from broadcaster.http.schemas.subscribers import SubscriberOut
from broadcaster.http.schemas.trials import TrialOut, TrialsOut

_ME, _SIGNED = "/v1/subscribers/me", Access.SIGNED

_MINE = partial(Route, access=Access.SUBSCRIBER, tag="subscribers")
_PUBLIC = partial(Route, access=Access.PUBLIC, tag="subscribers")
_LISTED = partial(Route, "POST", access=_SIGNED, tag="subscribers")
_ASKED = (Action.CORRECTION_ASKED,)

RESIDENT_ROUTES: tuple[Route, ...] = (
    _MINE("GET", _ME, subscribers.show, {200: SubscriberOut}),
    _MINE(
        "PATCH",
        _ME,
        subscribers.change,
        {200: SubscriberOut},
        fails=(409,),
        changes=(Action.VULNERABLE_REMOVED, Action.PERSON_CHANGED, Action.LEFT_OUT_UNDONE),
    ),
    _MINE("PUT", _ME + "/position", subscribers.move, {204: None}, access=Access.DEVICE),
    _PUBLIC("POST", "/v1/stations/{slug}/confirmations", confirmations.sign_up, {202: ConfirmationMade}),
    _PUBLIC("POST", "/v1/confirmations", confirmations.confirm, {200: ConfirmationOut}, access=_SIGNED, fails=(404,)),
    _MINE("POST", _ME + "/confirmations", confirmations.add, {202: ConfirmationMade}, fails=(409,)),
    _MINE("PUT", _ME + "/follows/{slug}", residents.follow, {204: None}, largest=0, fails=(422,)),
    _MINE("PUT", _ME + "/follows/{slug}/wishes", subscribers.choose, {204: None}),
    _MINE("DELETE", _ME + "/follows/{slug}", residents.unfollow, {204: None}),
    _MINE("PUT", _ME + "/opened/{token}", residents.opened, {204: None}, largest=0),
    _MINE("GET", _ME + "/answers/{token}", answering.mine, {200: AnswersOut}),
    _MINE("PUT", _ME + "/answers/{token}", answering.answer, {200: AnswerMade}),
    _MINE("GET", _ME + "/polls/{token}", polls.mine, {200: MyPollOut}),
    _MINE("PUT", _ME + "/polls/{token}", polls.vote, {204: None}, fails=(403, 409)),
    _MINE("DELETE", _ME + "/position", residents.forget_position, {204: None}),
    _MINE("PUT", _ME + "/push", residents.renew_push, {204: None}),
    _MINE("POST", _ME + "/identity", identity.begin, {200: WayOut}, largest=SMALL, fails=(404,)),
    _MINE("DELETE", _ME + "/identity", identity.forget, {204: None}),
    _MINE("POST", _ME + "/trials", trials.begin, {202: TrialOut}, fails=(404, 409)),
    _MINE("GET", _ME + "/trials", trials.listing, {200: TrialsOut}),
    _MINE("PUT", _ME + "/trials/{id}", trials.tell, {204: None}),
    Route("POST", "/v1/trials/{token}", trials.take, {204: None}, access=_SIGNED, link=trials.USE, tag="receipts"),
    _MINE("GET", _ME + "/data", own_data.mine, {200: DataOut}),
    _MINE("DELETE", _ME, residents.erase, {200: ErasureOut}, changes=(Action.PERSON_ERASED,)),
    _PUBLIC("POST", "/v1/visits", residents.visit, {201: VisitMade}),
    _PUBLIC("POST", "/v1/stations/{slug}/listed", listed.ask, {202: ConfirmationMade}),
    _LISTED("/v1/listed/data", listed.data, {200: DataOut}, fails=(404,), views=Action.PERSON_EXPORTED),
    _LISTED("/v1/listed/erasure", listed.erase, {200: ErasureOut}, fails=(404, 409), changes=(Action.PERSON_ERASED,)),
    _LISTED("/v1/listed/corrections", corrections.ask, {201: CorrectionOut}, fails=(404,), changes=_ASKED),
    _LISTED("/v1/listed/contacts", corrections.add_contact, {202: ConfirmationMade}, fails=(404,), changes=_ASKED),
    Route("GET", "/v1/cells", cells.cell, {200: CellOut}, access=Access.PUBLIC, tag="public"),
    Route(
        "GET", "/v1/stations/{slug}/alerts", cells.of_station, {200: StationAlerts}, access=Access.PUBLIC, tag="public"
    ),
)
