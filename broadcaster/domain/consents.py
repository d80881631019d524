"""Proof of consent: by which act a contact came in, or was taken back.

Each act is kept with its time and its way. Who signs up by a page also agrees to a text, which is kept once for all
who read it.
"""

from dataclasses import dataclass, field

from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.domain.words import Worded

TEXT_VERSION = "1"
"""Version of the text that people read where they sign up (``http.consents``)."""


class Way(Worded):
    """``PAGE``: the sign-up page; ``QR``: the same, opened by the code of a poster. ``OWN``: *My alerts*.

    ``VISIT``: the page for visitors. ``RENEWED``: a browser replaced its subscription by a new one. ``COUNTER``: an
    operator, for the person. ``LIST``: the import of a list. ``KEY``: an API key of the station. ``SIGNED``: a signed
    request. ``SMS``: START or STOP. ``CALL``: a key in a call. ``LINK``: the link in a message.
    """

    PAGE = 1
    QR = 2
    OWN = 3
    VISIT = 4
    RENEWED = 5
    COUNTER = 6
    LIST = 7
    KEY = 8
    SIGNED = 9
    SMS = 10
    CALL = 11
    LINK = 12


@dataclass(frozen=True, slots=True)
class Consent:
    """An act that brings in contacts, or takes them back. ``text``: what the person agreed to, as they read it.

    ``lifted``: filled by ``suppression.lift`` with the stations (None: all) for which the act took them off the list of
    people who asked to be left out.
    """

    way: Way
    actor: Actor
    text: str = ""
    lifted: list[int | None] = field(default_factory=list, compare=False)

    @property
    def key_id(self) -> int | None:
        """Return the operator or key that acted for the person."""
        return self.actor.id if self.actor.kind in (ActorKind.OPERATOR, ActorKind.KEY) else None
