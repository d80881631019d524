"""A stolen database, with all its side files, says nothing of anybody."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.fixes import Fix
from broadcaster.domain.people import ChannelName, ContactStatus, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.permissions import KeyRole
from broadcaster.pipeline.deliver import deliver
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.store import sandbox, tables
from broadcaster.store.alerts import alerts
from broadcaster.store.alerts import report as reports
from broadcaster.store.people import contacts, fixes, people, profiles
from broadcaster.store.stations import stations
from channels.addresses import push_text
from channels.webpush import PushSubscription
from tests.contract.service import command, service
from tests.contract.stores import NOW, SECRET, add_station

if TYPE_CHECKING:
    from pathlib import Path

LON, LAT = 0.628312345678901, 48.763187654321
POSITION = (0.631234567890123, 48.759876543210)
NAME, LABEL = "Zoé Chantepleure-Érable", "Maison du Tilleul"
MOBILE, LANDLINE, MAIL = "+33639981234", "+33261915678", "zoe.chantepleure@laigle.example"
ENDPOINT = "https://push.example.invalid/laigle/secret-endpoint-0123456789"
GIVEN_ID = "R-2026-07"
GROUP, GROUP_SLUG, KEY_LABEL = "Dialysés à domicile", "dialyses-a-domicile", "Portable de Mme Tartempion"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def needles() -> dict[str, bytes]:
    """All that must not be found, as it could be written."""
    found = {}
    for what in (
        NAME,
        "Chantepleure",
        LABEL,
        "Tilleul",
        MOBILE,
        LANDLINE,
        MAIL,
        "zoe.chant",
        ENDPOINT,
        "secret-end",
        GIVEN_ID,
        GROUP,
        GROUP_SLUG,
        KEY_LABEL,
    ):
        for coding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1"):
            found[f"{what} in {coding}"] = what.encode(coding)
        found[f"{what} in JSON"] = what.encode("unicode_escape")
        for shift in range(3):
            whole = base64.b64encode(b"x" * shift + what.encode())
            found[f"{what} in base64, {shift}"] = whole[4 : len(whole) - 4]
    for number in (MOBILE, LANDLINE):
        found[f"{number} at home"] = b"0" + number[3:].encode()
        found[f"{number} bare"] = number[1:].encode()
        found[f"{number} as a number"] = int(number).to_bytes(8, "big")[2:]
    for value in (LON, LAT, *POSITION):
        found[f"{value} in text"] = repr(value)[:9].encode()
        for order in "<>":
            found[f"{value} {order}d"] = struct.pack(f"{order}d", value)
    return found


def stolen(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("tocsin.db")}


async def fill(services, token: str) -> None:
    """A resident of every channel, an alert to them through the sandbox, and all that comes back."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = b64(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    push = PushSubscription(endpoint=ENDPOINT, p256dh=key, auth=b64(os.urandom(16)))
    zoe = NewSubscriber(
        locale="fr",
        contacts=(
            NewContact(ChannelName.SMS, MOBILE, MOBILE),
            NewContact(ChannelName.VOICE, LANDLINE, LANDLINE),
            NewContact(ChannelName.EMAIL, MAIL, MAIL),
            NewContact(ChannelName.PUSH, push.canonical, push_text(push)),
        ),
        places=(NewPlace(LABEL, LON, LAT),),
        groups=(GROUP_SLUG,),
        external_id=GIVEN_ID,
        name=NAME,
    )
    async with services.store.write() as unit:
        town = await add_station(unit, "laigle")
        groups = await stations.ensure_groups(unit, town.id, {GROUP_SLUG: GROUP})
        await stations.add_key(unit, KeyRole.PUBLISH, town.id, KEY_LABEL, NOW)
        (one,) = await people.register(unit, town.id, [zoe], [token], groups_by_slug=groups, now=NOW)
        await fixes.keep(unit, [Fix(one, *POSITION, 12.0, NOW)])
    to_group = Audience(AudienceKind.GROUPS, (GROUP_SLUG,))
    alert, _ = await issue(services, command(town, audience=to_group))
    assert await resolve(services, alert.id) == 1
    writing = asyncio.create_task(services.ledger.run())
    async with services.store.read() as unit:
        batch_ids = list(await unit.conn.scalars(select(tables.batches.c.id)))
    for batch_id in batch_ids:
        await deliver(services, batch_id)
    while services.lingering:
        await asyncio.gather(*services.lingering)
    async with services.store.read() as unit:
        ids = list(await unit.conn.scalars(select(tables.deliveries.c.id).order_by(tables.deliveries.c.id)))
    for delivery_id, state in zip(
        ids, (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.OPENED), strict=False
    ):
        await services.ledger.receipt(delivery_id, state, code="smtp:5.1.1")
    await services.ledger.settled()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    async with services.store.write() as unit:
        contact_ids = list(await unit.conn.scalars(select(tables.contacts.c.id)))
        await contacts.opt_out(unit, contact_ids[0], town.id, NOW)
        await contacts.retire(unit, contact_ids[1:2], ContactStatus.GONE, "smtp:5.1.1", NOW)
        await people.replace(unit, town.id, one, zoe, groups_by_slug=groups, now=NOW, digest=b"d" * 16)
    async with services.store.read() as unit:
        composed = await sandbox.page(unit, alert_id=alert.id, channel=None, before=None, limit=50)
        assert {message.channel for message in composed} == set(ChannelName)
        assert any(MOBILE in message.to for message in composed), "what was composed can be read back, with the key"
        known = await profiles.read(unit, one)
        assert (known.name, known.places[0].lon) == (NAME, LON)
        await reports.report(unit, alert)
        assert await stations.group_list(unit, town.id) == [(GROUP_SLUG, GROUP, 1)]
        assert [each.label for each in await stations.keys(unit)] == [KEY_LABEL]
        assert (await alerts.by_id(unit, alert.id)).audience == to_group


async def test_the_bytes_of_a_stolen_database_hold_nobodys_address_name_or_home(tmp_path):
    token = people.new_token()
    async with service(tmp_path) as services:
        await fill(services, token)
        files = stolen(tmp_path)
    files |= {f"{name} after": raw for name, raw in stolen(tmp_path).items()}
    assert {"tocsin.db", "tocsin.db-wal"} <= set(files)
    assert any("La Risle déborde".encode() in raw or b"La Risle d\\u00e9borde" in raw for raw in files.values())
    assert any(b"laigle" in raw for raw in files.values()), "the search finds what is there"
    for what, needle in {**needles(), "the secret": SECRET, "their token": token.encode()}.items():
        for name, raw in files.items():
            assert needle not in raw, f"{what} is in {name}"


async def test_two_residents_of_one_house_cannot_be_told_to_be(tmp_path):
    """Equal addresses and places are sealed to different bytes; only the blind index is equal, and it needs the key."""
    async with service(tmp_path) as services, services.store.write() as unit:
        town = await add_station(unit, "laigle")
        person = NewSubscriber("fr", places=(NewPlace("home", LON, LAT),), name=NAME)
        await people.register(
            unit, town.id, [person, person], [people.new_token() for _ in range(2)], groups_by_slug={}, now=NOW
        )
        sealed = list(await unit.conn.scalars(select(tables.places.c.sealed)))
        names = list(await unit.conn.scalars(select(tables.subscribers.c.name)))
    assert len(set(sealed)) == len(set(names)) == 2


@pytest.mark.parametrize("secret", [b"another secret of 32 bytes, or so"])
async def test_a_stolen_database_does_not_open_with_another_key(tmp_path, secret):
    from broadcaster.store import SealBroken  # noqa: PLC0415

    async with service(tmp_path) as services:
        await fill(services, people.new_token())
    async with service(tmp_path / "other", secret_key=secret.hex()) as services:
        pass
    with pytest.raises(SealBroken):
        async with service(tmp_path, secret_key=secret.hex()):
            pass
