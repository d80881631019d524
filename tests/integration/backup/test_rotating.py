"""The secret is changed while the service writes, is interrupted, and goes on; on both stores."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime

import pytest
from sqlalchemy import JSON, LargeBinary, func, select

from broadcaster.backup import Archive, back_up, restore
from broadcaster.domain.refusals import Conflict
from broadcaster.store import SealBroken, Vault
from broadcaster.store.operations import processes, rotating
from broadcaster.store.people import people, profiles
from broadcaster.store.tables import metadata, raw, subscribers
from tests.contract.stores import NOW, SECRET, mail, register, resident
from tests.servers.forked import ran, started

NEW = b"another secret, of 32 bytes too."
OTHER = b"a third one, that nobody knows.."


def test_a_rotation_misses_no_sealed_column():
    """A sealed column has no length; a hash has one. A new one is entered in ``rotating.SEALED``."""
    unsealed = {("passkeys", "credential"), ("passkeys", "public_key"), ("lasting_keys", "sealed")}
    columns = [(table.name, column) for table in metadata.sorted_tables for column in table.columns]
    octets = {
        (name, each.name) for name, each in columns if isinstance(each.type, LargeBinary) and each.type.length is None
    }
    known = {(each.table.name, each.column.name) for each in rotating.SEALED}
    assert octets - unsealed == {each for each in known if each[1] != "audience"}
    audiences = {(name, each.name) for name, each in columns if isinstance(each.type, JSON) and each.name == "audience"}
    assert audiences == {each for each in known if each[1] == "audience"}


class Killed(Exception):
    pass


async def test_everything_is_sealed_anew_beside_writers_and_after_an_interruption(full, empty, tmp_path, monkeypatch):
    monkeypatch.setattr(rotating, "PAGE", 10)
    full.vault = Vault([NEW])
    with pytest.raises(SealBroken):
        await rotating.rotate(full)
    async with full.write() as unit:
        unit.vault = Vault([SECRET])
        await processes.announce(unit, "a process", ["web"], [], datetime.now(UTC))
    full.vault = Vault([NEW, SECRET])
    with pytest.raises(Conflict, match="newest secret"):
        await rotating.rotate(full)
    async with full.write() as unit:
        await processes.announce(unit, "a process", ["web"], [], datetime.now(UTC))
        await processes.withdraw(unit, "a process")

    def die(done):
        if done > 40:
            raise Killed

    written = []

    async def write():
        for n in range(20):
            async with full.write() as unit:
                written.extend(await register(unit, 1, resident(mail(f"w{n}@town.example"), name=f"W {n}")))
            await asyncio.sleep(0)

    with pytest.raises(Killed):
        await rotating.rotate(full, die)
    _, done = await asyncio.gather(write(), rotating.rotate(full))
    assert done > 40
    assert await rotating.rotate(full) == 0
    full.vault = Vault([NEW])
    await rotating.adopt(full)
    await every_value_opens(full, full.vault.key_id)
    await back_up(full, tmp_path / "b", now=NOW)
    empty.vault = Vault([NEW])
    with Archive(tmp_path / "b") as archive:
        archive.check_secret(empty.vault)
        await restore(empty, archive, now=datetime.now(UTC))
    empty.vault = Vault([OTHER, NEW])
    await rotating.adopt(empty)
    await every_value_opens(empty, Vault([NEW]).key_id)
    async with empty.read() as unit:
        known = await people.by_external_ids(unit, 1, ["R3"])
        assert (await profiles.read(unit, known["R3"][0])).name == "Zoé 3", "found by its blind index"
        assert len(written) == 20
        assert (await profiles.read(unit, written[-1])).name == "W 19"
        assert await unit.conn.scalar(select(subscribers.c.id).where(subscribers.c.id == written[0])) == written[0]


async def test_a_rotation_that_is_killed_midway_goes_on_when_it_is_run_again(full, full_url, tmp_path):
    """``kill -9`` of the command itself, at the first page that it has sealed of several."""
    data = tmp_path / "from"
    (data / "secret.key").write_text(f"{NEW.hex()},{SECRET.hex()}")
    env = {"PATH": os.environ["PATH"], "TOCSIN_DATA_DIR": str(data), "TOCSIN_LOG_LEVEL": "error", "LANG": "C.UTF-8"}
    env |= {} if full.sqlite else {"TOCSIN_DATABASE_URL": full_url}
    async with full.write() as unit:
        await register(unit, 1, *(resident(mail(f"k{n}@town.example"), name=f"K {n}") for n in range(1200)))
    sealers = select(func.substr(subscribers.c.name, 1, 1, type_=LargeBinary)).distinct()

    async def sealed_by():
        async with full.read() as unit:
            found = set(await unit.conn.scalars(sealers.where(func.length(subscribers.c.name) > 1)))
        return {each[0] for each in found}

    old, new = Vault([SECRET]).key_id, Vault([NEW]).key_id
    with (tmp_path / "errors").open("wb") as errors:
        rotation = await started("keys", "rotate", env=env, errors=errors.fileno())
        async with asyncio.timeout(60):
            while await sealed_by() == {old}:
                assert rotation.returncode is None, (tmp_path / "errors").read_text()
        rotation.kill()
        assert await rotation.wait() == -signal.SIGKILL
    assert await sealed_by() == {old, new}, "midway"
    code, said, trouble = await ran("keys", "rotate", env=env)
    assert (code, "newest secret" in said) == (0, True), trouble
    assert (data / "secret.key").read_text().strip() == NEW.hex()
    assert (data / "secret.key.old").read_text().split() == [SECRET.hex()]
    full.vault = Vault([NEW])
    await rotating.adopt(full)
    await every_value_opens(full, new)
    async with full.read() as unit:
        known = await people.by_external_ids(unit, 1, ["R3"])
        assert (await profiles.read(unit, known["R3"][0])).name == "Zoé 3"


async def every_value_opens(store, key_id):
    """Without the old secret, each value opens in its place; none is left that another key sealed."""
    opened = set()
    async with store.read() as unit:
        for sealed in rotating.SEALED:
            keys = [raw(each) for each in sealed.of]
            for value, *of in await unit.conn.execute(select(sealed.column.label("old"), *keys)):
                found = rotating.value_of(sealed, value)
                if found is not None:
                    assert found[0] == key_id, sealed.column
                    unit.vault.open(found, rotating.context_of(sealed, of))
                    opened.add(f"{sealed.table.name}.{sealed.column.name}")
    assert len(opened) > len(rotating.SEALED) - 12, "and most columns hold something"
