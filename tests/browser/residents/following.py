"""How residents follow a station in their browser, and the codes that they get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.servers.town import INSIDE
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from tests.browser.village import Village

HOUSE = {"label": "12 rue des Émangeards 61300 L'Aigle", "lon": INSIDE[0], "lat": INSIDE[1]}


async def mailed_code(village: Village, address: str, after: int = 0) -> str:
    """Return the code mailed last, after so many mails; others may have come to that address."""

    def codes() -> list[str]:
        theirs = [each.parsed for each in village.town.smtp.messages[after:] if address in str(each.parsed["To"])]
        return [code for each in theirs for code in re.findall(r"\b\d{6}\b", each["Subject"])]

    await eventually(lambda: bool(codes()), "the mail with the code")
    return codes()[-1]


async def sent_code(village: Village, number: str, *, times: int = 1) -> str:
    def there() -> list:
        return [dict(each.form)["Body"] for each in village.town.twilio.messages if dict(each.form)["To"] == number]

    await eventually(lambda: len(there()) >= times, "the SMS with the code")
    return re.search(r"\d{6}", there()[-1])[0]


async def me_of(village: Village, page) -> dict:
    token = await page.evaluate(
        """() => new Promise((done) => { const asked = indexedDB.open("tocsin", 1);
        asked.onsuccess = () => { const got = asked.result.transaction("facts").objectStore("facts").get("token");
          got.onsuccess = () => done(got.result ?? ""); }; })"""
    )
    return await page.evaluate(
        """async (token) => {
          const headers = {Authorization: `Bearer ${token}`};
          return (await fetch("/v1/subscribers/me", {headers})).json();
        }""",
        token,
    )


async def follow_by_mail(visit, village, address, *, path="", **how):
    page = await visit(path or f"/s/{village.station}", **how)
    await page.get_by_role("button", name="Par e-mail").click()
    await page.get_by_label("Votre adresse e-mail").fill(address)
    before = len(village.town.smtp.messages)
    await page.get_by_role("button", name="Recevoir mon code").click()
    await page.get_by_label("Les six chiffres").fill(await mailed_code(village, address, before))
    await expect(page.get_by_role("heading", name="Où habitez-vous")).to_be_visible()
    return page
