"""Everything that providers do wrong, one trouble a resident, and what must have become of each of their messages.

What lasts until it is mended (a push service that is away, wrong credentials) is a trouble of the provider; what
strikes one receiver is that receiver's.
"""

from __future__ import annotations

import json
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import update

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.store.tables import contacts
from channels.webpush import VapidKey
from tests.servers.certificates import self_signed
from tests.servers.push import Behaviour, PushService
from tests.servers.smtp import Fault
from tests.servers.twilio import Drop, Fate, Hang, Line, Refuse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.smtp import Stage
    from tests.servers.town import Resident, Town

    Harm = Callable[[Town, Resident], object]

ACCEPTED, DELIVERED, ACKNOWLEDGED = DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.ACKNOWLEDGED
CANCELLED, FAILED, GONE = DeliveryState.CANCELLED, DeliveryState.FAILED, DeliveryState.GONE
WRONG_CREDENTIALS = Refuse(401, 20003, "Authenticate")

PUSH_SERVICES: dict[str, Behaviour] = {
    "429 with Retry-After": Behaviour(status=429, retry_after="2"),
    "503 without a word": Behaviour(status=503),
    "hangs": Behaviour(trouble="hang"),
    "half a status line": Behaviour(trouble="half"),
    "drops connections": Behaviour(trouble="drop"),
    "no HTTP": Behaviour(trouble="garbage"),
}
"""Push services of their own that do so until they are mended; their people are told once, and then."""

OVER_TLS = "a certificate that proves nothing"


@dataclass(frozen=True)
class Case:
    """A trouble that strikes one receiver: what state it ends in, and how many messages come to the receiver.

    More than ``fewest`` come only where the provider took one and did not say so. ``slow``: the provider's own word
    for when to come back is half a minute or more. ``never``: it lasts until the alert is cancelled.
    """

    name: str
    way: str
    state: DeliveryState
    harm: Harm
    fewest: int = 1
    most: int = 1
    slow: bool = False
    never: bool = False


def _push(town: Town, who: Resident, **behaviour: Any) -> None:
    who.devices[0].behave(Behaviour(**behaviour))


def _made_with_another_key(town: Town, who: Resident) -> None:
    who.devices[0].application_server_key = VapidKey.generate().public


def _mail(town: Town, who: Resident, stage: Stage, what: str, times: int | None = None) -> None:
    town.smtp.fail(Fault(stage, what, times), recipient=who.mail)


def _sms(town: Town, who: Resident, fault: Refuse | Hang | Drop, times: int | None = None) -> None:
    town.twilio.fault(fault, who.mobile, times)


def _fate(town: Town, who: Resident, **fate: Any) -> None:
    town.twilio.fate(Fate(**fate), who.mobile)


def _line(town: Town, who: Resident, **line: Any) -> None:
    town.twilio.line(Line(**line), who.landline)


def _none(town: Town, who: Resident) -> None:
    pass


def _opted_out(town: Town, who: Resident) -> None:
    assert who.mobile is not None
    town.twilio.opted_out.add(who.mobile)


def _p(name: str, state: DeliveryState, *times: int, **behaviour: Any) -> Case:
    return Case(name, "push", state, partial(_push, **behaviour), *times)


def _m(name: str, state: DeliveryState, *fault: Any, came: tuple[int, int] = (1, 1), **more: Any) -> Case:
    return Case(name, "email", state, partial(_mail, stage=fault[0], what=fault[1], times=fault[2]), *came, **more)


def _s(name: str, state: DeliveryState, fault: Any, times: int | None, *came: int) -> Case:
    return Case(name, "sms", state, partial(_sms, fault=fault, times=times), *came)


def _f(name: str, state: DeliveryState, **fate: Any) -> Case:
    return Case(name, "sms", state, partial(_fate, **fate))


def _v(name: str, state: DeliveryState, **line: Any) -> Case:
    return Case(name, "voice", state, partial(_line, **line))


CASES: tuple[Case, ...] = (
    Case("a push service that is well", "push", ACCEPTED, _none),
    Case("made with another key", "push", FAILED, _made_with_another_key, 0, 0),
    _p("410", GONE, 0, 0, status=410),
    _p("400", FAILED, 0, 0, status=400),
    _p("413", FAILED, 0, 0, status=413),
    _p("taken, and half of the answer", ACCEPTED, trouble="half-body"),
    _p("taken, and then a reset", ACCEPTED, 1, 2, trouble="drop-after", times=1),
    Case("a relay that is well", "email", ACCEPTED, _none),
    _m("421", ACCEPTED, "rcpt", "421 4.3.2 shutting down", 2, slow=True),
    _m("greylisted", ACCEPTED, "rcpt", "451 4.7.1 Greylisted, come back in 1 second", 1, slow=True),
    _m("550 no such user", GONE, "rcpt", "550 5.1.1 no such user", None, came=(0, 0)),
    _m("550 by policy", FAILED, "rcpt", "550 5.7.1 not today", None, came=(0, 0)),
    _m("a full mailbox, for ever", CANCELLED, "rcpt", "452 4.2.2 full", None, came=(0, 0), never=True),
    _m("cut after DATA, not kept", ACCEPTED, "end", "disconnect", 1),
    _m("cut after DATA, kept", ACCEPTED, "kept", "disconnect", 1, came=(1, 2)),
    _m("never answers RCPT", ACCEPTED, "rcpt", "hang", 1),
    _m("never answers DATA", ACCEPTED, "data", "hang", 1),
    _m("never answers what it kept", ACCEPTED, "kept", "hang", 1, came=(1, 2)),
    Case("a carrier that is well", "sms", DELIVERED, _none),
    _s("429", DELIVERED, Refuse(429, 20429, retry_after="2"), 1),
    _s("503", DELIVERED, Refuse(503, 20503), 1),
    Case("21610", "sms", GONE, _opted_out, 0, 0),
    _s("21211", GONE, Refuse(400, 21211), None, 0, 0),
    _s("21612", FAILED, Refuse(400, 21612), None, 0, 0),
    _s("never answers, took it", DELIVERED, Hang(take=True), 1, 1, 2),
    _s("never answers, did not take it", DELIVERED, Hang(), 1),
    _s("cut after it was taken", DELIVERED, Drop("after"), 1, 1, 2),
    _f("30003", FAILED, status="undelivered", code=30003),
    _f("30005", GONE, status="undelivered", code=30005),
    _f("30006", FAILED, status="undelivered", code=30006),
    _f("callbacks before the answer", DELIVERED, telling="early"),
    _f("callbacks doubled", DELIVERED, telling="doubled"),
    _f("callbacks reversed", DELIVERED, telling="reversed"),
    _f("no callback", ACCEPTED, telling="never"),
    _f("forged callbacks of a success", ACCEPTED, telling="forged"),
    _f("forged callbacks of a failure", ACCEPTED, telling="forged", status="undelivered", code=30005),
    _v("confirmed", ACKNOWLEDGED, press="1"),
    _v("heard", DELIVERED),
    _v("an answering machine", ACCEPTED, answered_by="machine_start"),
    _v("forged callbacks of a call", ACCEPTED, telling="forged", press="1"),
)


class Troubles:
    """Makes the people of a town and their troubles; within the block, its other push services."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self._folder = folder
        self.services: dict[str, PushService] = {}
        self.people: list[tuple[Resident, Case]] = []

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            await self._open(opening)
            self._closing = opening.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._closing.aclose()

    async def _open(self, opening: AsyncExitStack) -> None:
        for name, behaviour in PUSH_SERVICES.items():
            service = self.services[name] = await opening.enter_async_context(PushService())
            service.behave(behaviour)
        trusted, strange = self._folder / "trusted", self._folder / "strange"
        for folder in (trusted, strange):
            folder.mkdir()
            self_signed(folder, ("localhost",))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._present(strange)
        self._trusted = trusted
        self.services[OVER_TLS] = await opening.enter_async_context(PushService(tls=self._tls))
        self.town.push_services += self.services.values()
        origins = (each.origin for each in self.town.push_services)
        self.town.environment |= {
            "TOCSIN_PUSH_ORIGINS": ",".join(origins),
            "SSL_CERT_FILE": str(trusted / "certificate.pem"),
        }
        self.town.twilio.fault(WRONG_CREDENTIALS)

    def _present(self, folder: Path) -> None:
        self._tls.load_cert_chain(folder / "certificate.pem", folder / "key.pem")

    def draw(self, each: int, *, slow: bool) -> None:
        """Make so many people of each trouble."""
        for name, service in self.services.items():
            case = Case(name, "push", ACCEPTED, _none)
            for _ in range(each):
                who = self.town.resident("push")
                who.devices = [service.subscribe(self.town.vapid.public)[1]]
                self.people.append((who, case))
        for case in CASES:
            for _ in range(each if slow or not case.slow else 0):
                who = self.town.resident(case.way)
                case.harm(self.town, who)
                self.people.append((who, case))

    async def poison(self, count: int) -> None:
        """Make people whose deliveries raise an exception of ours: their address opens, and lacks the keys."""
        case = Case("poison", "push", DeliveryState.DEAD_LETTER, _none, 0, 0)
        made = [self.town.resident("push") for _ in range(count)]
        await self.town.settle(*made)
        async with self.town.store.write() as unit:
            for who in made:
                of = unit.vault.fingerprint("push", who.devices[0].endpoint)
                torn = json.dumps({"endpoint": who.devices[0].endpoint}).encode()
                sealed = unit.vault.seal(torn, b"contact:" + of)
                await unit.conn.execute(update(contacts).where(contacts.c.fingerprint == of).values(sealed=sealed))
        self.people += [(who, case) for who in made]

    def mend(self) -> None:
        """End what lasts: push services are back, the certificate is the right one, Twilio lets us in."""
        for service in self.services.values():
            service.behave(Behaviour())
        self._present(self._trusted)
        self.town.twilio._standing.pop(None)

    def of(self, *names: str) -> list[Resident]:
        return [who for who, case in self.people if case.name in names]
