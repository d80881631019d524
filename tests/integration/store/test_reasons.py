"""Reasons that an older version stored as sentences are codes in columns after the migration."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from broadcaster.domain.people import ChannelName
from broadcaster.domain.reasons import Reason, Why, unpack
from broadcaster.store import Store, Vault
from broadcaster.store.operations.migrate import migrate, upgrade
from tests.contract.stores import SECRET

PUSH, SMS, EMAIL = ChannelName.PUSH, ChannelName.SMS, ChannelName.EMAIL
WHYS = {
    "": [],
    "no contact that works by the channels of this alert": [Why(Reason.NO_CONTACT)],
    "paused by their own wish": [Why(Reason.PAUSED)],
    "opted out: they asked for no more messages": [Why(Reason.OPTED_OUT)],
    "push gone (push:410); sms failed (smpp:UNDELIV 027)": [
        Why(Reason.GONE, PUSH, "push:410"),
        Why(Reason.FAILED, SMS, "smpp:UNDELIV 027"),
    ],
    "push cancelled (tocsin:cancelled (may have left)); email dead_letter (tocsin:bug KeyError)": [
        Why(Reason.CANCELLED, PUSH),
        Why(Reason.BUG, EMAIL, "KeyError"),
    ],
    "push gone (tocsin:contact-retired); email gone (tocsin:erased); sms dead_letter (tocsin:sealed)": [
        Why(Reason.RETIRED, PUSH),
        Why(Reason.ERASED, EMAIL),
        Why(Reason.SEALED, SMS),
    ],
    "email failed (smtp:550 5.7.1 (x); y)": [Why(Reason.FAILED, EMAIL, "smtp:550 5.7.1 (x); y")],
    "push failed (push:400); email failed (smtp:5": [
        Why(Reason.FAILED, PUSH, "push:400"),
        Why(Reason.FAILED, EMAIL, "smtp:5"),
    ],
    "smoke signals": [Why(Reason.OTHER)],
}
CODES = {
    (0, None): (None, None, False, None),
    (0, "twilio:timeout by twilio (may have left)"): ("twilio:timeout by twilio (may have left)", None, True, "twilio"),
    (0, "tocsin:interrupted (may have left)"): ("tocsin:interrupted (may have left)", None, True, None),
    (20, None): (None, None, False, None),
    (30, "tocsin:expired (may have left)"): (None, "expired", True, None),
    (31, "tocsin:cancelled"): (None, "cancelled", False, None),
    (32, "smtp:a reply of forty-five characters or so (may have le"): (
        "smtp:a reply of forty-five characters or so",
        "failed",
        True,
        None,
    ),
    (32, "twilio:30003"): ("twilio:30003", "failed", False, None),
    (33, "tocsin:erased"): (None, "contact-erased", False, None),
    (33, "tocsin:contact-retired"): (None, "contact-retired", False, None),
    (33, None): (None, "gone", False, None),
    (34, "tocsin:bug KeyError"): ("KeyError", "service-error", False, None),
    (34, "tocsin:sealed"): (None, "address-sealed", False, None),
}


@pytest.fixture
async def migrated(empty_url):
    """A store of the version before with a row of each kind, migrated."""
    store = Store(empty_url, Vault([SECRET]))
    try:
        await store.run_sync(lambda connection: upgrade(connection, "0027", vault=store.vault))
        async with store.write() as unit:
            for number, why in enumerate(WHYS, 1):
                await unit.conn.execute(
                    text(
                        "INSERT INTO recipients (alert_id, subscriber_id, state, pending, held, why, since_at,"
                        " unconfirmed) VALUES (1, :number, 10, 0, 0, :why, 0, :no)"
                    ),
                    {"number": number, "why": why, "no": False},
                )
            for number, (state, code) in enumerate(CODES, 1):
                await unit.conn.execute(
                    text(
                        "INSERT INTO deliveries (id, alert_id, subscriber_id, contact_id, channel, batch_id, state,"
                        " attempts, code, created_at) VALUES (:number, 1, 1, :number, 1, 1, :state, 1, :code, 0)"
                    ),
                    {"number": number, "state": state, "code": code},
                )
        await migrate(store)
        yield store
    finally:
        await store.close()


async def test_the_migration_makes_codes_of_what_was_said_of_people_and_deliveries(migrated):
    async with migrated.read() as unit:
        people = await unit.conn.execute(text("SELECT why, reasons FROM recipients ORDER BY subscriber_id"))
        assert {why: unpack(reasons) for why, reasons in people} == WHYS
        columns = "code, reason, maybe_sent, provider"
        rows = await unit.conn.execute(text(f"SELECT {columns} FROM deliveries ORDER BY id"))
        assert [(code, reason, bool(maybe), by) for code, reason, maybe, by in rows] == list(CODES.values())


async def test_a_process_of_the_version_before_writes_on_in_the_new_shape(migrated):
    async with migrated.write() as unit:
        await unit.conn.execute(
            text(
                "INSERT INTO recipients (alert_id, subscriber_id, state, pending, held, why, since_at, unconfirmed)"
                " VALUES (2, 1, 10, 0, 0, 'paused by their own wish', 0, :no)"
            ),
            {"no": False},
        )
        reasons = await unit.conn.scalar(text("SELECT reasons FROM recipients WHERE alert_id = 2"))
        assert unpack(reasons) == []
