"""``tocsin alert update`` and ``cancel`` over real HTTP: what each does, and each refusal in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from broadcaster import config
from broadcaster.app import open_store
from broadcaster.store.operators import operators, passkeys
from tests.contract.stores import NOW
from tests.integration.cli.test_send import SEND

if TYPE_CHECKING:
    from pathlib import Path

REFUSED, FAILED_TO_AGREE, WAITS = 2, 6, 7
NEARER = ("--lat", "48.7631", "--lon", "0.6283", "--radius", "900")
HERE: tuple[tuple[tuple[str, ...], str, str], ...] = (
    ((), "nothing is changed", "rien ne change"),
    (("--silent",), "nothing is changed", "rien ne change"),
    (("--lang", "de", "--description", "Hoch"), "a text in de needs", "un texte en de demande"),
    (("--lat", "48.76"), "missing: --lon, --radius", "il manque : --lon, --radius"),
    (("--area", "{area}", *NEARER), "either --area or a circle", "--area ou un cercle"),
    (("--area", "{broken}"), "--area is no JSON", "n’est pas du JSON"),
    (("--expires", "soon"), "is no moment", "n’est pas un moment"),
)
"""What the command refuses, then what the service does."""
THERE = (
    (("--headline", "x" * 200), "Too long by", "Trop long de"),
    (("--expires", "2020-01-01T00:00"), "This time is over already", "Cette heure est déjà passée"),
    (("--lat", "48.7631", "--lon", "0.63", "--radius", "299"), "This circle is too small", "Ce cercle est trop petit"),
    (("--lat", "45", "--lon", "0.63", "--radius", "300"), "outside", "area"),
    (("--area", "{area}"), "area", "area"),
)


async def both(seeded: Any, url: str, *args: str, code: int, en: str, fr: str) -> None:
    """Run it twice; it must end with that code, and say so in the terminal's language."""
    for language, said in (("en_GB.UTF-8", en), ("fr_FR.UTF-8", fr)):
        ended = await seeded.beside(*args, TOCSIN_URL=url, LC_ALL=language)
        told = ended.err.replace("\u202f", " ")
        assert (ended.code, said in told) == (code, True), (args, said, told)
        assert "Traceback" not in ended.err


async def test_an_alert_is_updated_and_ended_from_the_terminal_and_what_is_refused_is_said_in_its_language(  # noqa: PLR0915  one way, walked
    seeded: Any, running: str, tmp_path: Path
) -> None:
    files = {name: str(tmp_path / f"{name}.json") for name in ("area", "broken")}
    for name, text in (("area", '{"circles": []}'), ("broken", "{")):
        (tmp_path / f"{name}.json").write_text(text)
    sent = await seeded.beside(*SEND, "--yes", "--json", TOCSIN_URL=running)
    first = sent.document["alert"]
    of_first = ("alert", "update", first["id"])
    for args, en, fr in (*HERE, *THERE):
        given = [each.format(**files) for each in args]
        await both(seeded, running, *of_first, *given, "--yes", code=REFUSED, en=en, fr=fr)
    await both(seeded, running, "alert", "update", "12", "--severity", "extreme", "--yes",
               code=REFUSED, en="There is no alert “12”", fr="Il n’y a pas d’alerte « 12 »")  # fmt: skip
    await both(
        seeded, running, *of_first, *NEARER, code=FAILED_TO_AGREE, en="nothing was updated", fr="rien n’a été mis"
    )
    asked = await seeded.beside(*of_first, *NEARER, TOCSIN_URL=running)
    assert "newly inside: " in asked.err
    assert "now outside: " in asked.err

    moved = await seeded.beside(*of_first, *NEARER, "--expires", "6h", "--yes", "--json", TOCSIN_URL=running)
    assert moved.code == 0, moved.err
    new = moved.document
    assert (new["role"], new["references"], new["texts"]) == ("update", [first["id"]], first["texts"])
    assert new["area"]["circles"][0]["radius_m"] == 900
    of_new = ("alert", "update", new["id"])
    await both(seeded, running, *of_first, "--severity", "extreme", "--yes", code=REFUSED,
               en=f"alert {new['id']} holds now", fr=new["id"])  # fmt: skip
    silent = await seeded.beside(*of_new, "--description", "Montez.", "--silent", "--yes", TOCSIN_URL=running)
    assert silent.code == 0, silent.err
    shown = (await seeded.beside("alert", "list", "--json", TOCSIN_URL=running)).document["alerts"][0]
    listed = await seeded.beside("alert", "list", TOCSIN_URL=running)
    assert (listed.out.count("replaced"), "lifted" in listed.out) == (2, False)
    told = await seeded.beside("alert", "show", first["id"], TOCSIN_URL=running)
    assert "\nreplaced " in told.out
    assert (shown["silent"], shown["texts"]["fr"]["description"]) == (True, "Montez.")
    assert shown["texts"]["fr"]["headline"] == first["texts"]["fr"]["headline"]

    # With two who may approve, other words wait; with a reason they go at once.
    store = open_store(config.load(seeded.env))
    async with store.write() as unit:
        for name in ("Ada", "Odo"):
            number = await operators.add(unit, name, NOW, mail=f"{name}@laigle.example".lower(), admin=True)
            assert number is not None
            await passkeys.add(unit, passkeys.NewPasskey(number, name.encode() * 8, b"key", 0, "phone", NOW))
    await store.close()
    words = ("alert", "update", shown["id"], "--headline", "Crue au pont", "--yes")
    await both(seeded, running, *words, code=WAITS,
               en="a second person must approve it", fr="une seconde personne doit la valider")  # fmt: skip
    await both(seeded, running, *SEND, "--yes", code=WAITS, en="/console/approvals/", fr="/console/approvals/")
    later = (*SEND, "--at", "2030-12-02 07:30", "--reason", "Marée", "--yes")
    await both(seeded, running, *later, code=WAITS, en="/console/schedules/", fr="/console/schedules/")
    listed = await seeded.beside("schedule", "list", "--json", TOCSIN_URL=running)
    scheduled = listed.document["schedules"][0]
    assert scheduled["awaiting_approval"]
    shown_so = await seeded.beside("schedule", "show", scheduled["id"], TOCSIN_URL=running)
    assert "waits for approval" in shown_so.out
    waiting = await seeded.beside(*words, "--json", TOCSIN_URL=running)
    assert (waiting.code, waiting.document["state"]) == (WAITS, "awaiting_approval")
    shown_so = await seeded.beside("alert", "show", waiting.document["id"], TOCSIN_URL=running)
    assert (shown_so.code, "Crue au pont" in shown_so.out) == (WAITS, True)
    now = await seeded.beside(*words, "--life-at-stake", "L'eau monte", "--json", TOCSIN_URL=running)
    assert now.code == 0, now.err
    gone = await seeded.beside("alert", "show", waiting.document["id"], "--json", TOCSIN_URL=running)
    assert (gone.code, gone.document["alert"]["state"]) == (0, "overtaken")

    cancel = ("alert", "cancel", new["id"])
    await both(seeded, running, *cancel, "--description", "Fini", "--yes",
               code=REFUSED, en="needs a --headline", fr="demande un --headline")  # fmt: skip
    await both(seeded, running, *cancel, code=FAILED_TO_AGREE, en="nothing was cancelled", fr="rien n’a été levé")
    await both(seeded, running, "alert", "cancel", "12", "--yes",
               code=REFUSED, en="There is no alert", fr="Il n’y a pas d’alerte")  # fmt: skip
    ended = await seeded.beside(*cancel, "--mistake", "--yes", "--json", TOCSIN_URL=running)
    assert ended.document["role"] == "mistake"
    assert ended.document["references"][-1] == now.document["id"], "whichever version is named, all end"
    await both(seeded, running, "alert", "update", now.document["id"], "--severity", "extreme", "--yes",
               code=REFUSED, en="This alert is over", fr="Cette alerte est terminée")  # fmt: skip
    await both(seeded, running, "alert", "update", ended.document["id"], "--severity", "extreme", "--yes",
               code=REFUSED, en="This is a message about an alert", fr="C’est un message au sujet")  # fmt: skip
    await both(seeded, running, "alert", "cancel", ended.document["id"], "--yes",
               code=REFUSED, en="it can't be cancelled", fr="elle ne peut pas être levée")  # fmt: skip
    await both(seeded, running.replace("127.0.0.1", "127.0.0.2"), *cancel, "--yes",
               code=5, en="no service answers at TOCSIN_URL", fr="aucun service ne répond")  # fmt: skip
