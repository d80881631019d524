"""The audit log's newest hash leaves the database once a day: to the service's log, and to its administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from broadcaster.domain.audit import Action
from broadcaster.pipeline import auditing
from broadcaster.store.operations import audit, audit_reading
from broadcaster.store.operations.audit_reading import Fault, Only
from broadcaster.store.operators import operators
from broadcaster.store.tables import audit_entries
from tests.contract.service import service
from tests.contract.stores import BY, NOW

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_newest_hash_is_logged_and_mailed_once_a_day_and_finds_a_cut_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = []

    async def mail(_services, _name, address, *, said, **_):  # type: ignore[no-untyped-def]
        mails.append((address, said))
        return True

    monkeypatch.setattr(auditing, "send_mail", mail)
    async with service(tmp_path) as services:
        await auditing.send_head(services)
        assert not mails, "there is nothing yet"
        async with services.store.write() as unit:
            await operators.add(unit, "Rose", NOW, mail="rose@town.example", admin=True)
            await operators.add(unit, "Ada", NOW, admin=True)
            for number in range(3):
                await audit.record(unit, BY, Action.PERSON_SEEN, number)
        await auditing.chain_entries(services)
        with capture_logs() as logs:
            for _ in range(2):
                await auditing.send_head(services)
        (logged,) = [each["head"] for each in logs if "head" in each]
        ((address, said),) = mails
        assert (address, logged in said) == ("rose@town.example", True)
        async with services.store.read() as unit:
            (told,) = await audit_reading.page(unit, Only(action=Action.HEAD_SENT), limit=9)
        assert (f"{told.params['seq']}:{told.params['hash']}", told.params["mails"]) == (logged, 1)
        services.clock.forward(days=1)  # type: ignore[attr-defined]
        await auditing.chain_entries(services)
        await auditing.send_head(services)
        assert len(mails) == 2
        seq, _, mark = logged.partition(":")
        async with services.store.write() as unit:
            await unit.conn.execute(audit_entries.delete().where(audit_entries.c.seq >= int(seq)))
            found = await audit_reading.verify(unit, (int(seq), bytes.fromhex(mark)))
        assert (Fault.CUT, int(seq)) in found.faults
