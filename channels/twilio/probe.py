"""Check Twilio without sending: is the account active and funded, and does it own the sender?"""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import urlencode

from channels.base import Finding
from channels.errors import ChannelError
from channels.twilio.account import TwilioAccount
from channels.twilio.rest import TwilioRest

Use = Literal["sms", "voice"]


async def probe_account(account: TwilioAccount, rest: TwilioRest, use: Use) -> list[Finding]:
    """Return findings about account, balance and sender; never raises."""
    root = f"/2010-04-01/Accounts/{account.account_sid}"
    try:
        document = (await rest.get(f"{root}.json")).document
    except ChannelError as error:
        return [Finding("error", "Twilio does not answer as it should", detail=f"{error.code}: {error.detail}")]
    findings = [_status(document)]
    if document.get("type") == "Trial":
        findings.append(
            Finding("warning", "a trial account reaches verified numbers only", "upgrade it in Twilio's console")
        )
    for ask in (_balance, _sender):
        try:
            findings += await ask(account, rest, use)
        except ChannelError as error:
            findings.append(
                Finding("warning", "a detail could not be looked up", detail=f"{error.code}: {error.detail}")
            )
    return findings


def _status(document: dict[str, Any]) -> Finding:
    status = document.get("status")
    if status == "active":
        return Finding("ok", "the Twilio account is active")
    if isinstance(status, str):
        hint = "see the console: nothing is sent until then"
        return Finding("error", "the Twilio account is %(status)s", hint, {"status": status})
    return Finding("error", "what answers is not Twilio's API", "is the base URL right?")


async def _balance(account: TwilioAccount, rest: TwilioRest, _: Use) -> list[Finding]:
    document = (await rest.get(f"/2010-04-01/Accounts/{account.account_sid}/Balance.json")).document
    try:
        balance = Decimal(str(document.get("balance")))
    except InvalidOperation:
        return []
    gap = {"balance": f"{balance} {document.get('currency', '')}".rstrip()}
    if balance <= 0:
        hint = "Twilio sends nothing on credit: recharge the account in the console"
        return [Finding("error", "the balance is %(balance)s", hint, gap)]
    return [Finding("ok", "the balance is %(balance)s", params=gap)]


async def _sender(account: TwilioAccount, rest: TwilioRest, use: Use) -> list[Finding]:
    root = f"/2010-04-01/Accounts/{account.account_sid}"
    match account.sender_kind:
        case "alphanumeric":
            return [
                Finding(
                    "warning",
                    "the sender %(sender)s is a name: nobody can answer it STOP",
                    "each message must carry a link to opt out",
                    {"sender": account.sender},
                )
            ]
        case "messaging service":
            document = (await rest.get(f"/v1/Services/{account.sender}", "messaging")).document
            return [Finding("ok", "the Messaging Service is %(name)s", params={"name": document.get("friendly_name")})]
        case "short code":
            query = urlencode({"ShortCode": account.sender})
            document = (await rest.get(f"{root}/SMS/ShortCodes.json?{query}")).document
            return [_owned(use, account, document.get("short_codes"))]
        case "number":
            query = urlencode({"PhoneNumber": account.sender})
            document = (await rest.get(f"{root}/IncomingPhoneNumbers.json?{query}")).document
            return [_owned(use, account, document.get("incoming_phone_numbers"))]


def _owned(use: Use, account: TwilioAccount, rows: object) -> Finding:
    first = rows[0] if isinstance(rows, list) and rows else None
    gaps = {"sender": account.sender, "use": use}
    if not isinstance(first, dict):
        said = "the sender %(sender)s is not a number of this account"
        if use == "voice":  # a verified caller id may call, but is listed elsewhere
            return Finding("warning", said, "fine if it is a verified caller id; else buy or port it", gaps)
        return Finding("error", said, "buy or port it, or set another sender", gaps)
    capabilities = first.get("capabilities")
    if isinstance(capabilities, dict) and not capabilities.get(use, True):
        return Finding("error", "the sender %(sender)s can't do %(use)s", "set another sender", gaps)
    return Finding("ok", "the sender %(sender)s belongs to the account", params=gaps)
