"""Generates synthetic residents, who do not exist, and neither do their addresses.

Phone numbers are from ARCEP's ranges for fiction (decision 2018-0881, 10,000 each); mail goes to ``.example`` and
pushes to ``.invalid``, which are never in the DNS (RFC 2606, RFC 6761). Push keys are real points of P-256: the sandbox
encrypts as for a browser.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.register.contacts import mail_contact, push_contact
from channels.webpush import PushSubscription
from zones import Area

MOST = 8000
"""The most residents: more would need more phone numbers than are reserved for fiction."""
GROUPS = {
    "ecole-des-tilleuls": "École des Tilleuls, parents (synthetic)",
    "college-de-la-risle": "Collège de la Risle, parents (synthetic)",
    "club-athletique": "Club athlétique (synthetic)",
}
_SCHOOLS = ("ecole-des-tilleuls", "college-de-la-risle")
_CLUB = "club-athletique"

_MOBILE = "+3363998{:04d}"
_LANDLINE = "+3326191{:04d}"
_MAIL = "resident{:05d}@laigle.example"
_ENDPOINT = "https://push.example.invalid/laigle/{:05d}-{}"

_GIVEN = (
    "Alice", "Bruno", "Camille", "Denis", "Élodie", "Fabien", "Gaëlle", "Hugo", "Inès", "Jules", "Karine", "Léo",
    "Maëlle", "Noé", "Océane", "Paul", "Quentin", "Rose", "Sacha", "Théo", "Ursule", "Victor", "Yasmine", "Zoé",
)  # fmt: skip
_FAMILY = (
    "Aubépine", "Bruyère", "Charme", "Douglas", "Érable", "Fougère", "Genêt", "Houx", "Iris", "Jonquille", "Lierre",
    "Merisier", "Noisetier", "Orme", "Peuplier", "Romarin", "Sureau", "Tremble", "Verveine", "Yeuse",
)  # fmt: skip

# A town of Normandy: six in ten live within about a kilometre of the town hall, the others in hamlets and farms.
_CENTRAL = 0.6
_SPREAD_M = 750.0
_METRES_A_DEGREE = 111_320.0
_HOUSEHOLD_SIZES = (0.38, 0.34, 0.14, 0.10, 0.04)
_NO_CHANNEL = 0.03
_P_ORDER = int("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)


@dataclass(frozen=True, slots=True)
class _Household:
    """Shared by a household; ``places``: home and, for pupils' parents, the school."""

    family: str
    landline: str | None
    places: tuple[NewPlace, ...]
    groups: tuple[str, ...]


class Town:
    """Draws points and people in ``area``, denser about ``centre`` (lon, lat). Deterministic by seed."""

    def __init__(self, area: Area, centre: tuple[float, float], random_seed: int) -> None:
        self._area = area
        self._centre = centre
        self._random = np.random.default_rng(random_seed)

    def points(self, count: int) -> list[tuple[float, float]]:
        """Return ``count`` points (lon, lat) inside the boundary."""
        boxes = self._area.bounds()
        west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
        east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
        shrink = float(np.cos(np.radians(self._centre[1])))
        found: list[tuple[float, float]] = []
        while len(found) < count:
            wanted = max(64, 2 * (count - len(found)))
            central = self._random.random(wanted) < _CENTRAL
            away = self._random.normal(0.0, _SPREAD_M / _METRES_A_DEGREE, (wanted, 2))
            lons = np.where(central, self._centre[0] + away[:, 0] / shrink, self._random.uniform(west, east, wanted))
            lats = np.where(central, self._centre[1] + away[:, 1], self._random.uniform(south, north, wanted))
            inside = self._area.covers(lons, lats)
            found.extend(zip(lons[inside].round(6).tolist(), lats[inside].round(6).tolist(), strict=True))
        return found[:count]

    def residents(self, count: int) -> Iterator[NewSubscriber]:
        """Return ``count`` residents, household by household."""
        homes = iter(self.points(count))
        schools = self.points(len(_SCHOOLS))
        works = self.points(40)
        made = household = 0
        while made < count:
            size = min(count - made, 1 + int(self._random.choice(len(_HOUSEHOLD_SIZES), p=_HOUSEHOLD_SIZES)))
            home = NewPlace("domicile", *next(homes))
            # A household has one landline for all its members.
            landline = _LANDLINE.format(household) if self._chance(0.42) else None
            school = int(self._random.integers(len(_SCHOOLS))) if size > 1 and self._chance(0.35) else None
            family = _FAMILY[int(self._random.integers(len(_FAMILY)))]
            there = [home] if school is None else [home, NewPlace("école", *schools[school])]
            lives = _Household(family, landline, tuple(there), () if school is None else (_SCHOOLS[school],))
            for _ in range(size):
                work = NewPlace("travail", *works[int(self._random.integers(len(works)))])
                yield self._resident(made, lives, work)
                made += 1
            household += 1

    def _resident(self, number: int, lives: _Household, work: NewPlace) -> NewSubscriber:
        at_work = (work,) if not lives.groups and self._chance(0.22) else ()
        club = (_CLUB,) if self._chance(0.06) else ()
        given = _GIVEN[int(self._random.integers(len(_GIVEN)))]
        return NewSubscriber(
            locale="en" if self._chance(0.06) else "fr",
            contacts=() if self._chance(_NO_CHANNEL) else tuple(self._contacts(number, lives.landline)),
            places=lives.places + at_work,
            groups=lives.groups + club,
            external_id=f"synthetic-{number + 1:05d}",
            name=f"{given} {lives.family} (synthetic)",
        )

    def _contacts(self, number: int, landline: str | None) -> Iterator[NewContact]:
        if self._chance(0.58):
            for device in range(2 if self._chance(0.2) else 1):
                yield push_contact(self._subscription(_ENDPOINT.format(number + 1, device + 1)))
        if self._chance(0.74):
            mobile = _MOBILE.format(number)
            yield NewContact(ChannelName.SMS, mobile, mobile)
        if landline is not None:
            yield NewContact(ChannelName.VOICE, landline, landline)
        if self._chance(0.5):
            yield mail_contact(_MAIL.format(number + 1))

    def _subscription(self, endpoint: str) -> PushSubscription:
        secret = 1 + int.from_bytes(self._random.bytes(32)) % (_P_ORDER - 1)
        point = (
            ec.derive_private_key(secret, ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )
        return PushSubscription(endpoint, _base64url(point), _base64url(self._random.bytes(16)))

    def _chance(self, share: float) -> bool:
        return bool(self._random.random() < share)


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
