"""An operator's own account: how they sign in, and their passkeys."""

from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.operators import Operator, party_of
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.domain.zones import zone_of
from broadcaster.http.answers import answer, nothing
from broadcaster.http.contacts import read_as
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store.operators import operators, passkeys, passwords, pushes
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.operators import webauthn_checks as checks
from broadcaster.web.console.operators.entering import OptionsOut, PasskeyIn, keep_passkey, use_of
from broadcaster.web.pages import to, written_short
from broadcaster.web.resident.frame import push_key
from channels.sms import parse_phone

ACCOUNT = "/console/account"


async def page(call: Call[None, None]) -> web.Response:
    """Show how the operator may sign in."""
    words, zone = words_of(call.request), zone_of("FR")
    async with call.services.store.read() as unit:
        who = await myself(unit, call)
        known = await passkeys.of(unit, who.id)
        codes = await passwords.codes_left(unit, who.id)
        browsers = await pushes.of(unit, [who.id])
    facts = {
        "who": who,
        "passkeys": [
            {
                "id": each.id,
                "device": each.device,
                "made": written_short(each.made_at, zone, words),
                "used": "" if each.used_at is None else written_short(each.used_at, zone, words),
            }
            for each in known
        ],
        "removable": len(known) > 1 or who.has_password,
        "codes": codes,
        "browsers": [
            {"id": each.id, "device": each.device, "made": written_short(each.made_at, zone, words)}
            for each in browsers
        ],
        "push_key": push_key(call.services),
        "done": {
            "added": words("The passkey was added."),
            "password-removed": words("The password was removed: it opens nothing any more."),
            "phone": words("The change was saved."),
            "pushed": words("Notifications come to this device. A first one was just sent."),
            "unreached": words("This device is signed up, but a first notification could not be sent to it."),
            "unpushed": words("No more notifications come to that device."),
            "removed": words("The passkey was removed: it opens nothing any more."),
        }.get(call.request.query.get("done", ""), ""),
    }
    return show(call.request, "operators/account.html", words, facts)


async def options(call: Call[None, None]) -> web.Response:
    """Return the options with which the browser makes another passkey."""
    services = call.services
    async with services.store.read() as unit:
        who = await myself(unit, call)
        handle = await operators.handle(unit, who.id)
        known = await passkeys.of(unit, who.id)
    challenge = passkeys.new_challenge(services.store.vault, use_of(who.id), services.clock.now())
    party = party_of(services.base_url)
    return answer(OptionsOut(options=checks.to_make(party, handle, who.mail or who.name, challenge, known)))


async def add(call: Call[PasskeyIn, None]) -> web.Response:
    """Store another passkey. Raises ``Refused``."""

    async def keep(unit: Unit) -> None:
        await keep_passkey(unit, call, await myself(unit, call), call.body.credential)

    await call.services.store.transact(keep)
    return nothing()


async def remove(call: Call[None, None]) -> web.Response:
    """Remove a passkey. Raises ``Refused`` if it is the last way to sign in."""
    number = call.number()
    async with call.services.store.write() as unit:
        who = await myself(unit, call)
        if not await passkeys.remove(unit, who.id, number):
            raise Refused("last-way-in")
        await call.record(unit, Action.PASSKEY_REMOVED, who.id, passkey=number)
    return to(f"{ACCOUNT}?done=removed")


async def set_phone(call: Call[None, None]) -> web.Response:
    """Set or delete the number to which requests to approve alerts go. Raises ``Refused``."""
    said = (await form_of(call.request)).get("phone", "").strip()
    with read_as("phone"):
        phone = parse_phone(said).e164 if said else None
    async with call.services.store.write() as unit:
        who = await myself(unit, call)
        await operators.set_phone(unit, who.id, phone)
        await call.record(unit, Action.PHONE_SET, who.id, kept=phone is not None)
    return to(f"{ACCOUNT}?done=phone")


async def myself(unit: Unit, call: Call[Any, Any]) -> Operator:
    """Return the signed-in operator. Raises ``NotFound`` for a key's session."""
    found = None if call.caller is None else await operators.by_id(unit, call.caller.key_id)
    if found is None:
        raise NotFound("operator-missing")
    return found
