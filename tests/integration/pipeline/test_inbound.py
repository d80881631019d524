"""What people press and write: keys in our calls and in calls to us, and SMS by both providers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from broadcaster.store import inbox
from tests.servers.smpp import MessageCentre
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.twilio import Line

if TYPE_CHECKING:
    from pathlib import Path

ALONE = {"twilio_account_sid": "", "twilio_auth_token": "", "twilio_from": ""}
TEXTS = {"fr": {"headline": "La Risle déborde", "instruction": "Montez à l'étage."}}


@pytest.fixture
async def town(tmp_path: Path):
    async with Town(tmp_path) as made:
        yield made


async def given(api, alert) -> dict[str, int]:
    report = await api.call("GET", f"/v1/alerts/{alert['id']}/report")
    return report["answers"]


async def test_keys_answer_a_call_can_be_changed_and_leave_only_what_is_not_grave(town: Town) -> None:
    rose, paul, lea, jo = (town.resident("voice") for _ in range(4))
    twin = town.resident("voice")
    twin.landline = lea.landline
    await town.settle(rose, paul, lea, twin, jo)
    town.twilio.line(Line(press="12"), rose.landline)
    town.twilio.line(Line(press="3"), paul.landline)
    town.twilio.line(Line(press="2"), lea.landline)
    town.twilio.line(Line(press="991"), jo.landline)
    async with town.serving() as api:
        alert = await api.issue(channels=["voice"], texts=TEXTS)
        await api.finished(alert["id"])
        await town.twilio.settled()
        # Both of one landline are safe; who pressed 9 in a grave call heard it again and confirmed with 1.
        assert await given(api, alert) == {"received": 1, "safe": 3, "help": 1}
        heard = {call.to: call.heard for call in town.twilio.calls}
        assert heard[rose.landline][:3] == ["Ceci est une alerte.", "Grave danger.", "Message de L'Aigle."]
        assert "Merci : votre réponse est enregistrée.".replace(" :", "\u202f:") in heard[rose.landline]
        assert heard[paul.landline][-2].startswith("En danger, appelez le 112")
        assert heard[jo.landline].count("La Risle déborde.") == 6

        # A minor call offers to leave, and asks once more.
        town.twilio.line(Line(press="99"), jo.landline)
        minor = await api.issue(channels=["voice"], texts=TEXTS, severity="minor")
        await api.finished(minor["id"])
        await town.twilio.settled()
        said = [call.heard[-1] for call in town.twilio.calls if call.to == jo.landline][-1]
        assert said == "L'Aigle n’appellera plus ce numéro. Au revoir."
        third = await api.issue(channels=["voice"], texts=TEXTS, severity="minor")
        await api.finished(third["id"])
        assert len(await api.deliveries(third["id"])) == 3

        # Calling the number: the alert, and the way out, for who is known; forged calls are refused.
        url = f"{api.url}/hooks/twilio/call"
        played = await town.twilio.tell(url, {"From": rose.landline, "CallSid": "CA" + "0" * 32})
        assert "La Risle déborde." in played
        assert "appuyez sur 9" in played
        assert await town.twilio.tell(url, {"From": rose.landline}, forged=True) == ""
        assert "appuyez sur 9" not in await town.twilio.tell(url, {"From": "+33261999999"})
        await town.twilio.tell(f"{url}?stop=1", {"From": rose.landline, "Digits": "9"})
        last = await api.issue(channels=["voice"], texts=TEXTS)
        await api.finished(last["id"])
        assert rose.id not in {int(each["subscriber_id"]) for each in await api.deliveries(last["id"])}


async def test_texts_by_twilio_are_commands_answers_or_for_the_inbox(town: Town) -> None:
    rose, paul, zoe = town.resident("sms"), town.resident("sms"), town.resident("sms")
    await town.settle(rose, paul)
    async with town.serving() as api:
        url = f"{api.url}/hooks/twilio/sms"

        async def write(who: str, text: str, **more: str) -> str:
            return await town.twilio.tell(url, {"From": who, "Body": text, "MessageSid": "SM" + "0" * 32, **more})

        assert "Ce numero" in (await write(rose.mobile, "Aide ?")).replace("é", "e")
        alert = await api.issue(channels=["sms"], texts=TEXTS)
        await api.finished(alert["id"])
        assert "votre réponse est enregistrée" in await write(rose.mobile, "1")
        assert "sécurité" in await write(rose.mobile, "Je vais bien !")
        assert (await write(paul.mobile, "AIDE")).partition("<Message>")[2].startswith("En danger, appelez le 112")
        assert await given(api, alert) == {"safe": 1, "help": 1}
        assert "gardé pour" in await write(rose.mobile, "Merci, et le chat ?")
        assert "<Message>" not in await write(rose.mobile, "Et le chien ?")
        await asyncio.gather(*(write(rose.mobile, "Et le chien ?") for _ in range(3)))
        assert await town.twilio.tell(url, {"From": rose.mobile, "Body": "2"}, forged=True) == ""
        async with town.store.read() as unit:
            kept = [each.text for each in await inbox.page(unit, town.stations["laigle"], before=None, limit=9)]
        assert kept == ["Et le chien ?", "Merci, et le chat ?"]

        assert "START" in await write(rose.mobile, "Arrêt")
        assert "<Message>" not in await write(paul.mobile, "STOP", OptOutType="STOP")
        second = await api.issue(channels=["sms"], texts=TEXTS)
        await api.finished(second["id"])
        assert await api.deliveries(second["id"]) == []
        await write(rose.mobile, "start")
        third = await api.issue(channels=["sms"], texts=TEXTS)
        await api.finished(third["id"])
        assert len(await api.deliveries(third["id"])) == 1

        # Somebody who is on no list yet says STOP: the list that names them later writes nothing to them.
        assert "START" in await write(zoe.mobile, "STOP")
        zoe.landline = zoe.mobile
        await town.settle(zoe)
        fourth = await api.issue(channels=["sms", "voice"], texts=TEXTS)
        await api.finished(fourth["id"])
        assert {each["subscriber_id"] for each in await api.deliveries(fourth["id"])} == {str(rose.id)}
        await write(zoe.mobile, "START")
        last = await api.issue(channels=["sms", "voice"], texts=TEXTS)
        await api.finished(last["id"])
        theirs = {each["channel"] for each in await api.deliveries(last["id"]) if each["subscriber_id"] == str(zoe.id)}
        assert theirs == {"sms", "voice"}


async def test_texts_by_a_carrier_are_answered_and_one_in_parts_is_put_together(tmp_path: Path) -> None:
    async with MessageCentre() as centre, Town(tmp_path, smpp_url=centre.url, **ALONE) as town:
        rose, zoe = town.resident("sms"), town.resident("sms")
        await town.settle(rose)
        async with town.serving() as api:
            assert await centre.incoming(b"STOP", source=zoe.mobile) == 0
            await eventually(lambda: len(centre.texts) == 1, "the reply")
            await town.settle(zoe)
            question = {"question": "Pouvez-vous aider ?", "answers": ["Oui", "Non"]}
            alert = await api.issue(channels=["sms"], texts={"fr": {**TEXTS["fr"], **question}})
            await api.finished(alert["id"])
            assert [to for to, _ in centre.texts] == [zoe.mobile, rose.mobile], "Zoé gets the reply alone"
            assert centre.texts[1][1].endswith("Pouvez-vous aider ? Répondez 1 Oui, 2 Non")
            assert await centre.incoming(b"oui", source=rose.mobile) == 0
            await eventually(lambda: len(centre.texts) == 3, "the reply")
            assert centre.texts[-1] == (rose.mobile, "Merci. Votre réponse : Oui.")
            assert await centre.incoming(b"2", source=rose.mobile) == 0
            assert await given(api, alert) == {"2": 1}
            for which, part in ((2, b"de la cave"), (1, b"L'eau sort ")):
                header = bytes((5, 0, 3, 9, 2, which))
                assert await centre.incoming(header + part, 0x40, source=rose.mobile) == 0
        async with town.store.read() as unit:
            (kept,) = await inbox.page(unit, town.stations["laigle"], before=None, limit=9)
        assert (kept.number, kept.text) == (rose.mobile, "L'eau sort de la cave")
