"""Routes for residents' and visitors' devices."""

from functools import partial

from broadcaster.domain.audit import Action
from broadcaster.http import answering, cells, confirmations, identity, polls, residents, subscribers, trials
from broadcaster.http.route import SMALL, Access, Route
from broadcaster.http.schemas.answers import AnswerIn, AnswerMade, AnswersOut
from broadcaster.http.schemas.polls import MyPollOut, VoteIn
from broadcaster.http.schemas.reports import ReceiptIn
from broadcaster.http.schemas.residents import (
    CellOut,
    CellQuery,
    CodeIn,
    ConfirmationMade,
    ConfirmationOut,
    ContactToConfirm,
    DataOut,
    ErasureOut,
    PushIn,
    SignUpIn,
    StationAlerts,
    VisitIn,
    VisitMade,
    WayOut,
)
from broadcaster.http.schemas.subscribers import WishesIn
from broadcaster.http.schemas.trials import TrialAnswer, TrialIn, TrialOut, TrialsOut

_ME = "/v1/subscribers/me"

_MINE = partial(Route, access=Access.SUBSCRIBER, tag="subscribers")
_PUBLIC = partial(Route, access=Access.PUBLIC, tag="subscribers")

RESIDENT_ROUTES: tuple[Route, ...] = (
    _PUBLIC(
        "POST",
        "/v1/stations/{slug}/confirmations",
        confirmations.sign_up,
        {202: ConfirmationMade},
        "Follow a station by phone or mail: sends a code there, and nothing else.",
        body=SignUpIn,
        largest=SMALL,
    ),
    Route(
        "POST",
        "/v1/confirmations",
        confirmations.confirm,
        {200: ConfirmationOut},
        "Give the code that came; without one, how it stands.",
        access=Access.SIGNED,
        body=CodeIn,
        largest=SMALL,
        fails=(404,),
        tag="subscribers",
    ),
    _MINE(
        "POST",
        _ME + "/confirmations",
        confirmations.add,
        {202: ConfirmationMade},
        "Add a phone or a mail of mine: sends a code there.",
        body=ContactToConfirm,
        largest=SMALL,
        fails=(409,),
    ),
    _MINE(
        "PUT",
        _ME + "/follows/{slug}",
        residents.follow,
        {204: None},
        "Follow a further station.",
        largest=0,
        fails=(422,),
    ),
    _MINE(
        "PUT",
        _ME + "/follows/{slug}/wishes",
        subscribers.choose,
        {204: None},
        "Which topics of a station I want, from which severity on, and which in a daily digest.",
        body=WishesIn,
        largest=SMALL,
    ),
    _MINE("DELETE", _ME + "/follows/{slug}", residents.unfollow, {204: None}, "Leave a station and its groups."),
    _MINE(
        "PUT",
        _ME + "/opened/{token}",
        residents.opened,
        {204: None},
        "I have read this alert's page: what waits for my quiet hours to end need not be sent.",
        largest=0,
    ),
    _MINE(
        "GET",
        _ME + "/answers/{token}",
        answering.mine,
        {200: AnswersOut},
        "What I may answer to an alert (the token of its page), and did.",
    ),
    _MINE(
        "PUT",
        _ME + "/answers/{token}",
        answering.answer,
        {200: AnswerMade},
        "My answer to an alert.",
        body=AnswerIn,
        largest=SMALL,
    ),
    _MINE("GET", _ME + "/polls/{token}", polls.mine, {200: MyPollOut}, "Whether I may vote, and have."),
    _MINE(
        "PUT",
        _ME + "/polls/{token}",
        polls.vote,
        {204: None},
        "My vote, once.",
        body=VoteIn,
        largest=SMALL,
        fails=(403, 409),
    ),
    _MINE("DELETE", _ME + "/position", residents.forget_position, {204: None}, "Forget where my device was."),
    _MINE(
        "PUT",
        _ME + "/push",
        residents.renew_push,
        {204: None},
        "My browser's new push subscription, in the place of its old one.",
        body=PushIn,
        largest=SMALL,
    ),
    _MINE(
        "POST",
        _ME + "/identity",
        identity.begin,
        {200: WayOut},
        "Where I show who I am, by FranceConnect.",
        largest=SMALL,
        fails=(404,),
    ),
    _MINE("DELETE", _ME + "/identity", identity.forget, {204: None}, "Forget how sure it is who I am."),
    _MINE(
        "POST",
        _ME + "/trials",
        trials.begin,
        {202: TrialOut},
        "Send a test to a contact of mine.",
        body=TrialIn,
        largest=SMALL,
        fails=(404, 409),
    ),
    _MINE("GET", _ME + "/trials", trials.listing, {200: TrialsOut}, "The last test of each contact of mine."),
    _MINE(
        "PUT", _ME + "/trials/{id}", trials.tell, {204: None}, "Whether a test came.", body=TrialAnswer, largest=SMALL
    ),
    Route(
        "POST",
        "/v1/trials/{token}",
        trials.take,
        {204: None},
        "A device showed the test that was pushed to it.",
        access=Access.SIGNED,
        body=ReceiptIn,
        largest=SMALL,
        link=trials.USE,
        tag="receipts",
    ),
    _MINE("GET", _ME + "/data", residents.data, {200: DataOut}, "All that is kept of me, to take away."),
    _MINE(
        "DELETE",
        _ME,
        residents.erase,
        {200: ErasureOut},
        "Forget me wholly: the answer is the proof.",
        changes=(Action.PERSON_ERASED,),
    ),
    _PUBLIC(
        "POST",
        "/v1/visits",
        residents.visit,
        {201: VisitMade},
        "Tell me while I am here, for some hours; then forget me.",
        body=VisitIn,
        largest=SMALL,
    ),
    Route(
        "GET",
        "/v1/cells",
        cells.cell,
        {200: CellOut},
        "The alerts that reach into a coarse cell.",
        access=Access.PUBLIC,
        query=CellQuery,
        tag="public",
    ),
    Route(
        "GET",
        "/v1/stations/{slug}/alerts",
        cells.of_station,
        {200: StationAlerts},
        "What holds in a station now.",
        access=Access.PUBLIC,
        tag="public",
    ),
)
